//! Dates and times as staff read them: London time, `14-Mar-1945`, `12-Nov-2026 09:05`. A month is never a
//! number, nothing depends on a browser's settings, and what is known only to the year is shown as a year.

use chrono::{
    DateTime, Datelike, LocalResult, Months, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc,
};
use chrono_tz::{Europe::London, Tz};
use maud::{Markup, Render, html};

/// A date or time, as exactly as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// A year.
    Year(i32),
    /// A month of a year.
    Month(i32, u32),
    /// A day.
    Day(NaiveDate),
    /// A moment: milliseconds since 1970 UTC.
    Moment(i64),
}

impl When {
    /// Reads a FHIR date, dateTime or instant. A time without a zone is London's.
    pub fn parse(text: &str) -> Option<When> {
        if text.contains('T') {
            return match DateTime::parse_from_rfc3339(text) {
                Ok(time) => Some(When::Moment(time.timestamp_millis())),
                Err(_) => parse_local(text).map(When::Moment),
            };
        }
        let mut parts = text.splitn(3, '-');
        let year = parts.next().filter(|y| y.len() == 4)?.parse().ok()?;
        let Some(month) = parts.next() else { return Some(When::Year(year)) };
        let month = month.parse().ok().filter(|m| (1..=12).contains(m))?;
        let Some(day) = parts.next() else { return Some(When::Month(year, month)) };
        NaiveDate::from_ymd_opt(year, month, day.parse().ok()?).map(When::Day)
    }

    /// The first millisecond it can mean. For order and for arithmetic.
    pub fn start(self) -> i64 {
        match self {
            When::Year(year) => midnight(year, 1, 1),
            When::Month(year, month) => midnight(year, month, 1),
            When::Day(day) => midnight(day.year(), day.month(), day.day()),
            When::Moment(ms) => ms,
        }
    }

    /// Its day in London, the first one when it is a year or a month.
    pub fn day(self) -> NaiveDate {
        match self {
            When::Day(day) => day,
            other => london(other.start()).date_naive(),
        }
    }

    /// The day alone, where the time of day says nothing.
    pub fn without_time(self) -> When {
        match self {
            When::Moment(_) => When::Day(self.day()),
            other => other,
        }
    }

    /// `14-Mar-1945`, `12-Nov-2026 09:05`, `Mar-1945`, `1945`.
    pub fn text(self) -> String {
        match self {
            When::Year(year) => format!("{year:04}"),
            When::Month(year, month) => format!("{}-{year:04}", month_name(month)),
            When::Day(day) => day.format("%d-%b-%Y").to_string(),
            When::Moment(ms) => london(ms).format("%d-%b-%Y %H:%M").to_string(),
        }
    }

    /// `Tue 05-Jan-2027`, with the time when it has one.
    pub fn with_weekday(self) -> String {
        match self {
            When::Day(_) | When::Moment(_) => format!("{} {}", self.day().format("%a"), self.text()),
            other => other.text(),
        }
    }

    /// `14 March 1945`: the form that patients read.
    pub fn for_patients(self) -> String {
        match self {
            When::Year(year) => format!("{year:04}"),
            When::Month(..) => self.day().format("%B %Y").to_string(),
            When::Day(_) | When::Moment(_) => self.day().format("%-d %B %Y").to_string(),
        }
    }

    /// The value of a `datetime` attribute.
    fn machine(self) -> String {
        match self {
            When::Year(year) => format!("{year:04}"),
            When::Month(year, month) => format!("{year:04}-{month:02}"),
            When::Day(day) => day.format("%Y-%m-%d").to_string(),
            When::Moment(ms) => london(ms).format("%Y-%m-%dT%H:%M%:z").to_string(),
        }
    }
}

impl Render for When {
    fn render(&self) -> Markup {
        html! { time datetime=(self.machine()) { (self.text()) } }
    }
}

/// A moment as London's clocks show it.
pub(crate) fn london(ms: i64) -> DateTime<Tz> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default().with_timezone(&London)
}

fn midnight(year: i32, month: u32, day: u32) -> i64 {
    NaiveDate::from_ymd_opt(year, month, day)
        .map_or(0, |d| of_local(d.and_hms_opt(0, 0, 0).unwrap_or_default()))
}

/// A local time of London as a moment. An hour that comes twice in autumn means the first; one that is left
/// out in spring means the hour after.
fn of_local(local: NaiveDateTime) -> i64 {
    match London.from_local_datetime(&local) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => time.timestamp_millis(),
        LocalResult::None => Utc.from_utc_datetime(&local).timestamp_millis(),
    }
}

fn month_name(month: u32) -> &'static str {
    const NAMES: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    NAMES.get(month as usize - 1).copied().unwrap_or("")
}

/// `09:05`: the time of day of a moment, in London.
pub fn clock(ms: i64) -> String {
    let time = london(ms);
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// A length of time in whole numbers, at most two units: `12min`, `1hr 42min`, `3d`, `3d 4hr`.
pub fn duration(ms: i64) -> String {
    let minutes = TimeDelta::milliseconds(ms.max(0)).num_minutes();
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let parts = match (days, hours) {
        (0, 0) => vec![(minutes, "min")],
        (0, _) => vec![(hours, "hr"), (minutes, "min")],
        (1..7, _) => vec![(days, "d"), (hours, "hr")],
        _ => vec![(days, "d")],
    };
    let kept = parts.iter().enumerate().filter(|(i, (n, _))| *i == 0 || *n > 0);
    kept.map(|(_, (n, unit))| format!("{n}{unit}")).collect::<Vec<_>>().join(" ")
}

/// The value of an `<input type="datetime-local">` for a moment: London time to the minute.
pub fn local_input(ms: i64) -> String {
    london(ms).format("%Y-%m-%dT%H:%M").to_string()
}

/// Reads what an `<input type="datetime-local">` sends, as London time; a day alone is its last minute, so that
/// "as at a day" shows what was written on that day.
pub fn parse_local(text: &str) -> Option<i64> {
    for form in ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"] {
        if let Ok(local) = NaiveDateTime::parse_from_str(text, form) {
            return Some(of_local(local));
        }
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(of_local(day.and_hms_opt(23, 59, 0)?))
}

/// A day `months` later; the last of the month when the month is shorter.
pub(crate) fn months_later(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX)
}
