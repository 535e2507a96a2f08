//! Days and moments as people in England write them down: local time, with its offset.

use chrono::{Datelike, NaiveDate};
use std::fmt;

/// Days since 1 January 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    /// The day of the calendar. A day past the end of a month is the month's last.
    pub fn of(year: i32, month: u32, day: u32) -> Day {
        let date = (1..=day).rev().find_map(|day| NaiveDate::from_ymd_opt(year, month, day));
        let date = date.expect("every month has a first day");
        Day(date.num_days_from_ce() - EPOCH)
    }

    fn date(self) -> NaiveDate {
        NaiveDate::from_num_days_from_ce_opt(self.0 + EPOCH)
            .expect("days stay within a few centuries of today")
    }

    /// Year, month and day of month.
    pub fn parts(self) -> (i32, u32, u32) {
        let date = self.date();
        (date.year(), date.month(), date.day())
    }

    /// The year.
    pub fn year(self) -> i32 {
        self.date().year()
    }

    /// The day so many days later, or earlier if negative.
    pub fn plus(self, days: i32) -> Day {
        Day(self.0 + days)
    }

    /// The same day of the year so many years later, or earlier if negative.
    pub fn plus_years(self, years: i32) -> Day {
        let (year, month, day) = self.parts();
        Day::of(year + years, month, day)
    }

    /// Days from `earlier` to this.
    pub fn since(self, earlier: Day) -> i32 {
        self.0 - earlier.0
    }

    /// Years from `earlier` to this, with fraction.
    pub fn years_since(self, earlier: Day) -> f64 {
        f64::from(self.0 - earlier.0) / 365.25
    }

    /// Whole years of age on this day of someone born then.
    pub fn age(self, birth: Day) -> i32 {
        let (year, month, day) = self.parts();
        let (birth_year, birth_month, birth_day) = birth.parts();
        year - birth_year - i32::from((month, day) < (birth_month, birth_day))
    }

    /// This day, or the Monday after if it falls on a weekend.
    pub fn working(self) -> Day {
        // Day 0 was a Thursday.
        match (self.0 + 3).rem_euclid(7) {
            5 => self.plus(2),
            6 => self.plus(1),
            _ => self,
        }
    }

    /// This day at a time of the clock.
    pub fn at(self, hour: i32, minute: i32) -> Moment {
        Moment { day: self, minute: hour * 60 + minute }
    }

    /// `14 March 1945`, as letters have it.
    pub fn long(self) -> String {
        let (year, month, day) = self.parts();
        format!("{day} {} {year}", MONTHS[month as usize - 1])
    }
}

impl fmt::Display for Day {
    /// `1945-03-14`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// A minute of a day on English clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The local day.
    pub day: Day,
    /// Minutes since local midnight.
    pub minute: i32,
}

impl Moment {
    /// The moment so many minutes later, or earlier if negative. Ignores that two days a year have 23 or 25
    /// hours.
    pub fn plus(self, minutes: i32) -> Moment {
        let minute = self.minute + minutes;
        Moment { day: self.day.plus(minute.div_euclid(1440)), minute: minute.rem_euclid(1440) }
    }

    /// Minutes from `earlier` to this.
    pub fn since(self, earlier: Moment) -> i32 {
        self.day.since(earlier.day) * 1440 + self.minute - earlier.minute
    }
}

impl From<fhir::Instant> for Moment {
    fn from(instant: fhir::Instant) -> Moment {
        let minutes = instant.0.div_euclid(60_000);
        let utc =
            Moment { day: Day(minutes.div_euclid(1440) as i32), minute: minutes.rem_euclid(1440) as i32 };
        let local = utc.plus(60);
        if summer(local) { local } else { utc }
    }
}

impl fmt::Display for Moment {
    /// `2026-06-03T09:10:00+01:00`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = if summer(*self) { "+01:00" } else { "+00:00" };
        write!(f, "{}T{:02}:{:02}:00{offset}", self.day, self.minute / 60, self.minute % 60)
    }
}

/// Whether clocks show British Summer Time: from the last Sunday of March, 02:00, to the last Sunday of
/// October, 02:00, by local clocks (Summer Time Order 2002).
fn summer(local: Moment) -> bool {
    let (year, month, _) = local.day.parts();
    match month {
        4..=9 => true,
        3 => local >= last_sunday(year, 3).at(2, 0),
        10 => local < last_sunday(year, 10).at(2, 0),
        _ => false,
    }
}

fn last_sunday(year: i32, month: u32) -> Day {
    let last = Day::of(year, month, 31);
    last.plus(-(last.0 + 4).rem_euclid(7))
}

/// Days from the first day of the common era to 1 January 1970.
const EPOCH: i32 = 719_163;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_dates() {
        assert_eq!(Day(0).to_string(), "1970-01-01");
        assert_eq!(Day::of(1945, 3, 14).to_string(), "1945-03-14");
        assert_eq!(Day::of(2023, 2, 31).to_string(), "2023-02-28");
        assert_eq!(Day::of(2024, 2, 29).plus_years(1).to_string(), "2025-02-28");
    }

    #[test]
    fn age_turns_on_the_birthday() {
        let birth = Day::of(1945, 3, 14);
        assert_eq!(Day::of(2026, 3, 13).age(birth), 80);
        assert_eq!(Day::of(2026, 3, 14).age(birth), 81);
    }

    #[test]
    fn weekends_move_to_monday() {
        assert_eq!(Day::of(2026, 8, 1).working(), Day::of(2026, 8, 3));
        assert_eq!(Day::of(2026, 8, 2).working(), Day::of(2026, 8, 3));
        assert_eq!(Day::of(2026, 8, 3).working(), Day::of(2026, 8, 3));
    }

    #[test]
    fn clocks_change_on_the_last_sundays_of_march_and_october() {
        let offset = |moment: Moment| moment.to_string()[19..].to_owned();
        assert_eq!(offset(Day::of(2026, 3, 29).at(0, 59)), "+00:00");
        assert_eq!(offset(Day::of(2026, 3, 29).at(2, 0)), "+01:00");
        assert_eq!(offset(Day::of(2026, 10, 25).at(0, 59)), "+01:00");
        assert_eq!(offset(Day::of(2026, 10, 25).at(2, 0)), "+00:00");
    }

    #[test]
    fn instants_become_local_moments() {
        let local = |text| Moment::from(fhir::Instant::parse(text).unwrap()).to_string();
        assert_eq!(local("2026-07-01T23:30:00Z"), "2026-07-02T00:30:00+01:00");
        assert_eq!(local("2026-12-01T23:30:00Z"), "2026-12-01T23:30:00+00:00");
    }
}
