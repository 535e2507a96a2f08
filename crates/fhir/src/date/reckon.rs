//! Sums with dates, and how early and late a date of limited precision can be.

use super::{DAY, PartialDate, Precision, civil, days_in, days_since_1970};

/// Days that stand for a month or a year where a date has no days.
const MONTH_DAYS: i64 = 30;
const YEAR_DAYS: i64 = 365;

impl PartialDate {
    /// The date so many months later, on the last day of a month that is too short. A date that is a year only
    /// goes on by whole years. Nothing beyond the years 1 to 9999.
    pub fn plus_months(&self, months: i64) -> Option<PartialDate> {
        let months = if self.precision == Precision::Year { months / 12 * 12 } else { months };
        let [year, month, day, ..] = self.fields;
        let count = (i64::from(year) * 12 + i64::from(month) - 1).checked_add(months)?;
        let year = u16::try_from(count.div_euclid(12)).ok().filter(|year| (1..=9999).contains(year))?;
        let month = count.rem_euclid(12) as u16 + 1;
        let mut later = *self;
        later.fields[..3].copy_from_slice(&[year, month, day.min(days_in(year, month))]);
        Some(later)
    }

    /// The date so many milliseconds later, as far as its precision tells them. Nothing beyond the years 1 to
    /// 9999.
    pub fn plus_milliseconds(&self, milliseconds: i64) -> Option<PartialDate> {
        match self.precision {
            Precision::Year => return self.plus_months(milliseconds / (YEAR_DAYS * DAY) * 12),
            Precision::Month => return self.plus_months(milliseconds / (MONTH_DAYS * DAY)),
            _ => {}
        }
        let unit = self.unit_milliseconds();
        let [year, month, day, hour, minute, second, milli] = self.fields.map(i64::from);
        let clock = ((hour * 60 + minute) * 60 + second) * 1000 + milli;
        let start = days_since_1970(year, month, day) * DAY + clock;
        let moment = start.checked_add(milliseconds / unit * unit)?;
        let (first, last) = (days_since_1970(1, 1, 1), days_since_1970(10_000, 1, 1));
        let days = moment.div_euclid(DAY);
        if !(first..last).contains(&days) {
            return None;
        }
        let mut later = *self;
        let (year, month, day) = civil(days);
        let clock = moment.rem_euclid(DAY);
        let (hour, minute) = ((clock / 3_600_000) as u16, (clock / 60_000 % 60) as u16);
        later.fields = [year, month, day, hour, minute, (clock / 1000 % 60) as u16, (clock % 1000) as u16];
        if later.fields[6] > 0 && self.precision == Precision::Second {
            (later.precision, later.fraction) = (Precision::Millisecond, 3);
        }
        Some(later)
    }

    /// The date with less of it known; not with more.
    pub fn to_precision(&self, precision: Precision) -> PartialDate {
        const LEAST: [u16; 7] = [1, 1, 1, 0, 0, 0, 0];
        let mut date = *self;
        if precision < self.precision {
            let known = precision as usize + 1;
            date.fields[known..].copy_from_slice(&LEAST[known..]);
            (date.precision, date.fraction) = (precision, 0);
        }
        if precision <= Precision::Day {
            date.zone = None;
        }
        date
    }

    /// The earliest or latest that it can stand for, to this precision.
    pub(crate) fn boundary(&self, precision: Precision, late: bool) -> PartialDate {
        let mut edge = *self;
        if late {
            let latest = [9999, 12, 31, 23, 59, 59, 999];
            let known = self.precision as usize + 1;
            if known < 7 {
                edge.fields[known..].copy_from_slice(&latest[known..]);
            }
            if self.precision < Precision::Day {
                edge.fields[2] = days_in(edge.fields[0], edge.fields[1]);
            }
        }
        (edge.precision, edge.fraction) = (Precision::Millisecond, 3);
        edge.to_precision(precision)
    }

    /// A clock without a zone in the zone where it is reached first, or last.
    pub(crate) fn in_outermost_zone(mut self, late: bool) -> PartialDate {
        const EAST_MOST: i16 = 14 * 60;
        const WEST_MOST: i16 = -12 * 60;
        if self.precision > Precision::Day && self.zone.is_none() {
            self.zone = Some(if late { WEST_MOST } else { EAST_MOST });
        }
        self
    }

    /// A time of day so many milliseconds later, past midnight as on any clock: 23:00 and two hours are 01:00.
    pub(crate) fn plus_on_clock(&self, milliseconds: i64) -> Option<PartialDate> {
        let unit = self.unit_milliseconds();
        let mut later = self.plus_milliseconds((milliseconds / unit * unit).rem_euclid(DAY))?;
        later.fields[..3].copy_from_slice(&self.fields[..3]);
        Some(later)
    }

    /// The shortest that can be added to a date with a day or a time.
    fn unit_milliseconds(&self) -> i64 {
        match self.precision {
            Precision::Year | Precision::Month | Precision::Day => DAY,
            Precision::Hour => 3_600_000,
            Precision::Minute => 60_000,
            // A fraction that was not written is none.
            Precision::Second | Precision::Millisecond => 1,
        }
    }
}
