//! Dates and times of any precision, as FHIR and FHIRPath write them: `2024`, `2024-02`, `2024-02-29`,
//! `2024-02-29T10:30:00.5+01:00`. Each stands for a range of milliseconds.

mod reckon;

use std::cmp::Ordering;
use std::fmt;

/// How much of a date was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// `2024`
    Year,
    /// `2024-02`
    Month,
    /// `2024-02-29`
    Day,
    /// `2024-02-29T10`, which FHIRPath writes and FHIR does not.
    Hour,
    /// `2024-02-29T10:30`
    Minute,
    /// `2024-02-29T10:30:00`
    Second,
    /// `2024-02-29T10:30:00.5` and finer. Digits beyond the third are dropped.
    Millisecond,
}

/// A date or date and time, with what was written of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialDate {
    /// Year, month, day, hour, minute, second, millisecond; what was not written is the least it can be.
    fields: [u16; 7],
    /// The last field that was written.
    pub precision: Precision,
    /// How many digits of a second's fraction count: 0 to 3.
    fraction: u8,
    /// Minutes east of Greenwich, if a zone was written.
    pub zone: Option<i16>,
}

const DAY: i64 = 86_400_000;

impl PartialDate {
    /// Reads a whole text. Dates that do not exist are refused.
    pub fn parse(text: &str) -> Option<PartialDate> {
        let mut reader = Reader { bytes: text.as_bytes(), at: 0 };
        let mut date = PartialDate {
            fields: [reader.digits(4)?, 1, 1, 0, 0, 0, 0],
            precision: Precision::Year,
            fraction: 0,
            zone: None,
        };
        if reader.takes(b'-') {
            date.fields[1] = reader.digits(2)?;
            date.precision = Precision::Month;
            if reader.takes(b'-') {
                date.fields[2] = reader.digits(2)?;
                date.precision = Precision::Day;
            }
        }
        if date.precision == Precision::Day && reader.takes(b'T') {
            date.clock(&mut reader)?;
            date.zone = reader.zone()?;
        }
        (reader.done() && date.exists()).then_some(date)
    }

    /// Reads a time of day, `10:30:00`, as that time on 1 January of year 1, without a zone.
    pub fn parse_time(text: &str) -> Option<PartialDate> {
        let mut reader = Reader { bytes: text.as_bytes(), at: 0 };
        let mut date = PartialDate {
            fields: [1, 1, 1, 0, 0, 0, 0],
            precision: Precision::Hour,
            fraction: 0,
            zone: None,
        };
        date.clock(&mut reader)?;
        (reader.done() && date.exists()).then_some(date)
    }

    fn clock(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        self.fields[3] = reader.digits(2)?;
        self.precision = Precision::Hour;
        if reader.takes(b':') {
            self.fields[4] = reader.digits(2)?;
            self.precision = Precision::Minute;
            if reader.takes(b':') {
                self.fields[5] = reader.digits(2)?;
                self.precision = Precision::Second;
                if reader.takes(b'.') {
                    (self.fields[6], self.fraction) = reader.fraction()?;
                    self.precision = Precision::Millisecond;
                }
            }
        }
        Some(())
    }

    fn exists(&self) -> bool {
        let [year, month, day, hour, minute, second, _] = self.fields;
        let clock = hour < 24 && minute < 60 && second <= 60;
        year >= 1 && (1..=12).contains(&month) && day >= 1 && day <= days_in(year, month) && clock
    }

    /// The first and last millisecond it stands for, since 1970 UTC. No zone is taken as UTC.
    pub fn range(&self) -> (i64, i64) {
        let [year, month, day, hour, minute, second, milli] = self.fields.map(i64::from);
        let date = days_since_1970(year, month, day) * DAY;
        let clock = ((hour * 60 + minute) * 60 + second) * 1000 + milli;
        let start = date + clock - i64::from(self.zone.unwrap_or(0)) * 60_000;
        let length = match self.precision {
            Precision::Year => (days_since_1970(year + 1, 1, 1) - days_since_1970(year, 1, 1)) * DAY,
            Precision::Month => i64::from(days_in(self.fields[0], self.fields[1])) * DAY,
            Precision::Day => DAY,
            Precision::Hour => 3_600_000,
            Precision::Minute => 60_000,
            Precision::Second => 1000,
            Precision::Millisecond => 10_i64.pow(3 - u32::from(self.fraction)),
        };
        (start, start + length - 1)
    }

    /// The order by FHIRPath's rules: field by field, nothing when one of the two ends before they differ.
    /// Seconds and milliseconds are one field.
    pub fn order(&self, other: &PartialDate) -> Option<Ordering> {
        let (a, b) = match (self.zone, other.zone) {
            (Some(_), Some(_)) => (self.in_utc(), other.in_utc()),
            (None, None) => (*self, *other),
            // A zone on one side only leaves the order open unless only whole dates are compared.
            _ if self.precision.min(other.precision) <= Precision::Day => (*self, *other),
            _ => return None,
        };
        let last = |date: &PartialDate| date.precision.min(Precision::Second) as usize;
        for i in 0..=last(&a).min(last(&b)) {
            let order = match i {
                5 => (a.fields[5], a.fields[6]).cmp(&(b.fields[5], b.fields[6])),
                _ => a.fields[i].cmp(&b.fields[i]),
            };
            if order != Ordering::Equal {
                return Some(order);
            }
        }
        (last(&a) == last(&b)).then_some(Ordering::Equal)
    }

    fn in_utc(self) -> PartialDate {
        if self.precision < Precision::Hour || self.zone.is_none_or(|zone| zone == 0) {
            return self;
        }
        let (start, _) = self.range();
        let (year, month, day) = civil(start.div_euclid(DAY));
        let clock = start.rem_euclid(DAY);
        let (hour, minute) = ((clock / 3_600_000) as u16, (clock / 60_000 % 60) as u16);
        let [.., second, milli] = self.fields;
        PartialDate { fields: [year, month, day, hour, minute, second, milli], zone: Some(0), ..self }
    }
}

impl fmt::Display for PartialDate {
    /// As it was written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [year, month, day, ..] = self.fields;
        match self.precision {
            Precision::Year => write!(f, "{year:04}"),
            Precision::Month => write!(f, "{year:04}-{month:02}"),
            Precision::Day => write!(f, "{year:04}-{month:02}-{day:02}"),
            _ => {
                write!(f, "{year:04}-{month:02}-{day:02}T")?;
                self.write_clock(f)?;
                match self.zone {
                    None => Ok(()),
                    Some(0) => f.write_str("Z"),
                    Some(zone) => {
                        let sign = if zone < 0 { '-' } else { '+' };
                        write!(f, "{sign}{:02}:{:02}", zone.abs() / 60, zone.abs() % 60)
                    }
                }
            }
        }
    }
}

impl PartialDate {
    /// Writes the time of day only.
    pub(crate) fn write_clock(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [.., hour, minute, second, milli] = self.fields;
        write!(f, "{hour:02}")?;
        if self.precision >= Precision::Minute {
            write!(f, ":{minute:02}")?;
        }
        if self.precision >= Precision::Second {
            write!(f, ":{second:02}")?;
        }
        if self.precision >= Precision::Millisecond {
            write!(f, ".{milli:03}")?;
        }
        Ok(())
    }
}

/// Days in a month of the proleptic Gregorian calendar.
fn days_in(year: u16, month: u16) -> u16 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01. Counts in years that begin in March, so that the leap day is a year's last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + day
        - 1
        - 719_468
}

/// The date that lies so many days after 1970-01-01.
fn civil(days: i64) -> (u16, u16, u16) {
    // At or before the right year, whichever side of 1970 it lies on.
    let mut year = 1969 + days.div_euclid(365).min(days.div_euclid(366));
    while days_since_1970(year + 1, 1, 1) <= days {
        year += 1;
    }
    let mut left = days - days_since_1970(year, 1, 1);
    let mut month = 1;
    while left >= i64::from(days_in(year as u16, month)) {
        left -= i64::from(days_in(year as u16, month));
        month += 1;
    }
    (year as u16, month, left as u16 + 1)
}

struct Reader<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    fn done(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn takes(&mut self, byte: u8) -> bool {
        let found = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn digits(&mut self, count: usize) -> Option<u16> {
        let digits = self.bytes.get(self.at..self.at + count)?;
        self.at += count;
        digits.iter().try_fold(0, |n, d| d.is_ascii_digit().then(|| n * 10 + u16::from(d - b'0')))
    }

    /// At least one digit; milliseconds and how many of the digits made them.
    fn fraction(&mut self) -> Option<(u16, u8)> {
        let (mut milli, mut count) = (0, 0);
        while let Some(digit @ b'0'..=b'9') = self.bytes.get(self.at) {
            if count < 3 {
                milli = milli * 10 + u16::from(digit - b'0');
                count += 1;
            }
            self.at += 1;
        }
        (count > 0).then(|| (milli * 10_u16.pow(3 - u32::from(count)), count))
    }

    /// `Z`, `+01:00`, `-01:00`, or nothing. A space stands for the plus that URL decoding has eaten.
    fn zone(&mut self) -> Option<Option<i16>> {
        let sign = match self.bytes.get(self.at) {
            Some(b'Z') => {
                self.at += 1;
                return Some(Some(0));
            }
            Some(b'+' | b' ') => 1,
            Some(b'-') => -1,
            _ => return Some(None),
        };
        self.at += 1;
        let hours = self.digits(2)?;
        let minutes = if self.takes(b':') {
            self.digits(2)?
        } else {
            return None;
        };
        (hours <= 14 && minutes < 60).then(|| Some(sign * (hours * 60 + minutes) as i16))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Instant;

    fn range(text: &str) -> String {
        match PartialDate::parse(text) {
            Some(date) => format!("{} {}", Instant(date.range().0), Instant(date.range().1)),
            None => "refused".into(),
        }
    }

    #[test]
    fn a_date_stands_for_the_whole_of_its_precision() {
        for (text, expected) in [
            ("2024", "2024-01-01T00:00:00.000Z 2024-12-31T23:59:59.999Z"),
            ("2023-02", "2023-02-01T00:00:00.000Z 2023-02-28T23:59:59.999Z"),
            ("2024-02-29", "2024-02-29T00:00:00.000Z 2024-02-29T23:59:59.999Z"),
            ("1905-08-23", "1905-08-23T00:00:00.000Z 1905-08-23T23:59:59.999Z"),
            ("2024-02-29T10:30Z", "2024-02-29T10:30:00.000Z 2024-02-29T10:30:59.999Z"),
            ("2024-02-29T10:30:05+01:00", "2024-02-29T09:30:05.000Z 2024-02-29T09:30:05.999Z"),
            ("2024-02-29T10:30:05 01:00", "2024-02-29T09:30:05.000Z 2024-02-29T09:30:05.999Z"),
            ("2024-02-29T23:30:05.5-02:30", "2024-03-01T02:00:05.500Z 2024-03-01T02:00:05.599Z"),
            ("2024-02-29T23:30:05.123456Z", "2024-02-29T23:30:05.123Z 2024-02-29T23:30:05.123Z"),
        ] {
            assert_eq!(range(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "24",
            "2024-",
            "2024-13",
            "2023-02-29",
            "2024-00-01",
            "2024-2-1",
            "2024-02-29T25:00Z",
            "x",
            "2024-02-29T",
            "2024-02-29T10:30:00.Z",
            "2024-02-29T10:30:00+0100",
            "2024-02-29 10:30",
            "2024-01-01Z",
            "٢٠٢٤",
        ] {
            assert_eq!(range(text), "refused", "{text}");
        }
    }

    #[test]
    fn every_day_of_nine_centuries_has_its_number() {
        let mut day = days_since_1970(1600, 1, 1);
        for year in 1600..2500 {
            for month in 1..=12 {
                for date in 1..=days_in(year, month) {
                    assert_eq!(days_since_1970(year.into(), month.into(), date.into()), day);
                    assert_eq!(civil(day), (year, month, date));
                    day += 1;
                }
            }
        }
        assert_eq!(days_since_1970(1970, 1, 1), 0);
    }

    #[test]
    fn order_is_open_when_precision_ends_first() {
        let order = |a: &str, b: &str| PartialDate::parse(a).unwrap().order(&PartialDate::parse(b).unwrap());
        assert_eq!(order("2024", "2023-05"), Some(Ordering::Greater));
        assert_eq!(order("2024", "2024-05"), None);
        assert_eq!(order("2024-05-01T10:00:00Z", "2024-05-01T11:00:00+01:00"), Some(Ordering::Equal));
        assert_eq!(order("2024-05-01T10:00:00Z", "2024-05-01T10:00:00.000Z"), Some(Ordering::Equal));
        assert_eq!(order("2024-05-01T10:00:00", "2024-05-01T10:00:00Z"), None);
        let time = |text: &str| PartialDate::parse_time(text).unwrap();
        assert_eq!(time("10:30").order(&time("10:29:59")), Some(Ordering::Greater));
    }
}
