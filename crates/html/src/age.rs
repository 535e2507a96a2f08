//! Ages in words, as a patient banner shows them (NHS Common User Interface, patient banner guide, table 7).

use crate::When;
use crate::when::{london, months_later};
use chrono::NaiveDate;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// The age at a moment of someone born then: at most two units, a unit that is zero left out.
///
/// Under 2 hours `90min`, under 2 days `26hrs`, under 4 weeks `3d`, under 1 year `4w 1d`, under 2 years
/// `12m 8d`, under 18 years `4y 1m`, then `81y`. Hours need a time of birth; a birth known only to the month or
/// the year gives `Approx 81y`. Nothing for a birth that is still to come.
pub fn age(born: When, now: i64) -> Option<String> {
    if now < born.start() {
        return None;
    }
    let today = london(now).date_naive();
    match born {
        When::Year(_) | When::Month(..) => Some(format!("Approx {}y", whole_years(born.day(), today))),
        When::Day(day) => Some(of_days((today - day).num_days(), day, today)),
        When::Moment(at) if now - at < 2 * HOUR => Some(format!("{}min", (now - at) / 60_000)),
        When::Moment(at) if now - at < 2 * DAY => Some(format!("{}hrs", (now - at) / HOUR)),
        When::Moment(at) => Some(of_days((now - at) / DAY, born.day(), today)),
    }
}

/// The age that someone reached. What is known of birth and death decides how exactly.
pub fn age_at_death(born: When, died: When) -> Option<String> {
    match (born, died) {
        (When::Moment(_), When::Moment(at)) => age(born, at),
        // A day is over when it ends; someone who died on the day of birth lived less than one.
        _ => age(born.without_time(), died.without_time().start()),
    }
}

fn of_days(days: i64, born: NaiveDate, today: NaiveDate) -> String {
    if days < 28 {
        return format!("{days}d");
    }
    let years = whole_years(born, today);
    let months = whole_months(born, today);
    match years {
        0 => two(days / 7, "w", days % 7, "d"),
        1 => two(months, "m", (today - months_later(born, months as u32)).num_days(), "d"),
        2..18 => two(years, "y", months - years * 12, "m"),
        _ => format!("{years}y"),
    }
}

fn two(large: i64, large_unit: &str, small: i64, small_unit: &str) -> String {
    match small {
        0 => format!("{large}{large_unit}"),
        _ => format!("{large}{large_unit} {small}{small_unit}"),
    }
}

fn whole_months(from: NaiveDate, to: NaiveDate) -> i64 {
    use chrono::Datelike;
    let months = (to.year() - from.year()) * 12 + to.month() as i32 - from.month() as i32;
    let months = months.max(0);
    i64::from(if months_later(from, months as u32) > to { months - 1 } else { months })
}

fn whole_years(from: NaiveDate, to: NaiveDate) -> i64 {
    whole_months(from, to) / 12
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_local;

    fn born(text: &str) -> When {
        When::parse(text).unwrap()
    }

    #[test]
    fn the_published_vectors_hold() {
        // The vectors count months of 31 days.
        let start = parse_local("2022-01-01T12:00").unwrap();
        for (elapsed, expected) in [
            (90 * 60_000, "90min"),
            (DAY + 2 * HOUR, "26hrs"),
            (3 * DAY + 17 * HOUR, "3d"),
            (27 * DAY, "27d"),
            (28 * DAY, "4w"),
            (29 * DAY, "4w 1d"),
            ((365 + 1) * DAY, "12m 1d"),
            ((365 + 8) * DAY, "12m 8d"),
            ((365 + 39) * DAY, "13m 8d"),
            // Four years hold one leap day.
            ((4 * 365 + 1 + 39) * DAY, "4y 1m"),
        ] {
            assert_eq!(age(When::Moment(start), start + elapsed).as_deref(), Some(expected));
        }
    }

    #[test]
    fn an_age_changes_on_its_boundaries() {
        for (birth, today, expected) in [
            ("1945-03-14", "2026-11-12", "81y"),
            ("1945-11-13", "2026-11-12", "80y"),
            ("1945-11-12", "2026-11-12", "81y"),
            ("2008-11-12", "2026-11-12", "18y"),
            ("2008-11-13", "2026-11-12", "17y 11m"),
            ("2024-11-12", "2026-11-12", "2y"),
            ("2024-11-13", "2026-11-12", "23m 30d"),
            ("2025-11-12", "2026-11-12", "12m"),
            ("2025-11-13", "2026-11-12", "52w"),
            ("2026-11-12", "2026-11-12", "0d"),
            ("2024-02-29", "2025-02-28", "12m"),
            ("1945", "2026-11-12", "Approx 81y"),
            ("1945-12", "2026-11-12", "Approx 80y"),
        ] {
            let now = parse_local(&format!("{today}T10:00")).unwrap();
            assert_eq!(age(born(birth), now).as_deref(), Some(expected), "{birth} on {today}");
        }
    }

    #[test]
    fn someone_not_yet_born_has_no_age() {
        assert_eq!(age(born("2026-11-13"), parse_local("2026-11-12T10:00").unwrap()), None);
    }

    #[test]
    fn age_at_death_takes_what_is_known() {
        for (birth, death, expected) in [
            ("1937-06-19", "2026-11-02", "89y"),
            ("1937-06-19", "2026-11-02T03:10:00Z", "89y"),
            ("2026-11-01T08:00:00Z", "2026-11-01T09:15:00Z", "75min"),
            ("2026-11-01", "2026-11-01T09:15:00Z", "0d"),
            ("1937", "2026", "Approx 89y"),
        ] {
            assert_eq!(age_at_death(born(birth), born(death)).as_deref(), Some(expected), "{birth} {death}");
        }
    }
}
