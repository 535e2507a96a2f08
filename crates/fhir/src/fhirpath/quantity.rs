//! Quantities: units of UCUM through the crate of that name, and the words of the calendar.
//!
//! A year and a month of the calendar have no length in UCUM's units, so they are compared with each other and
//! with other words of the calendar only; from the week down, the calendar's units are UCUM's (FHIRPath 2.0,
//! "Time-valued Quantities").

use super::number::{Fixed, Number};
use octofhir_ucum as ucum;
use std::cmp::Ordering;

/// Characters of a unit that a product or quotient may have.
const UNIT_MAX: usize = 200;

/// `year` for `years` and `year`, and so on.
pub(super) fn calendar_unit(word: &str) -> Option<&'static str> {
    const UNITS: &[&str] = &["year", "month", "week", "day", "hour", "minute", "second", "millisecond"];
    let word = word.strip_suffix('s').unwrap_or(word);
    UNITS.iter().find(|unit| **unit == word).copied()
}

/// A unit as the calendar or UCUM has it.
enum Measure {
    /// So many months of the calendar.
    Months(i64),
    Ucum(ucum::EvalResult),
}

fn measure(unit: &str) -> Option<Measure> {
    let code = match calendar_unit(unit) {
        Some("year") => return Some(Measure::Months(12)),
        Some("month") => return Some(Measure::Months(1)),
        Some("week") => "wk",
        Some("day") => "d",
        Some("hour") => "h",
        Some("minute") => "min",
        Some("second") => "s",
        Some(_) => "ms",
        None => unit,
    };
    let parsed = ucum::parse_expression(code).ok()?;
    ucum::evaluate(&parsed).ok().map(Measure::Ucum)
}

/// What a value in each of two units is multiplied with, so that the products can be compared. Nothing when
/// the units measure different things.
fn factors(u: &str, v: &str) -> Option<(ucum::Number, ucum::Number)> {
    const DAY_SECONDS: i64 = 86_400;
    if u == v {
        return Some((ucum::Number::ONE, ucum::Number::ONE));
    }
    // A month is 30 days and a year 365 where they meet other words of the calendar.
    let days = |months: i64| if months == 12 { 365 } else { 30 };
    let of = |months: i64| ucum::Number::from_i64(days(months) * DAY_SECONDS);
    match (measure(u)?, measure(v)?) {
        (Measure::Months(a), Measure::Months(b)) => {
            Some((ucum::Number::from_i64(a), ucum::Number::from_i64(b)))
        }
        (Measure::Months(a), Measure::Ucum(b)) => calendar_unit(v).map(|_| (of(a), b.factor)),
        (Measure::Ucum(a), Measure::Months(b)) => calendar_unit(u).map(|_| (a.factor, of(b))),
        (Measure::Ucum(a), Measure::Ucum(b)) => {
            // What is measured from another zero (Cel) is only compared with its own unit.
            let plain = a.special.is_none() && b.special.is_none();
            (plain && a.is_commensurable(&b)).then_some((a.factor, b.factor))
        }
    }
}

/// True when two units measure the same thing.
pub(super) fn are_comparable(u: &str, v: &str) -> bool {
    factors(u, v).is_some()
}

/// The order of two quantities; nothing when their units measure different things or one is unknown.
pub(super) fn order((a, u): (&Number, &str), (b, v): (&Number, &str)) -> Option<Ordering> {
    if u == v {
        return Some(a.value.cmp(&b.value));
    }
    let (f, g) = factors(u, v)?;
    Some(scaled(a, f)?.cmp(&scaled(b, g)?))
}

fn scaled(number: &Number, factor: ucum::Number) -> Option<ucum::Number> {
    ucum::Number::parse(&number.value.to_string())?.checked_mul(factor)
}

/// `~`: equal when both are rounded to the places of the one with fewer. A year counts as UCUM's `a`, a month
/// as its `mo`.
pub(super) fn is_like((a, u): (&Number, &str), (b, v): (&Number, &str)) -> bool {
    let definite = |unit| match calendar_unit(unit) {
        Some("year") => "a",
        Some("month") => "mo",
        _ => unit,
    };
    let Some(b) = converted(b, definite(v), definite(u)) else { return false };
    alike(a, &b)
}

/// True when two numbers are equal to the places of the one with fewer; zeros at the end do not count.
pub(super) fn alike(a: &Number, b: &Number) -> bool {
    let (Some(x), Some(y)) = (Fixed::of(a), Fixed::of(b)) else { return a == b };
    let (x, y) = (x.without_zeros(), y.without_zeros());
    let places = x.places.min(y.places);
    x.rounded(places) == y.rounded(places)
}

/// A value in another unit.
pub(super) fn converted(value: &Number, from: &str, to: &str) -> Option<Number> {
    if from == to {
        return Some(value.clone());
    }
    let (f, g) = factors(from, to)?;
    Number::parse(&scaled(value, f)?.checked_div(g)?.to_string())
}

/// The unit of a product or, with `/`, of a quotient; `1` when nothing is left to measure.
pub(super) fn combined(u: &str, operator: char, v: &str) -> Option<String> {
    let plain = |unit| match calendar_unit(unit) {
        Some("year" | "month") => None,
        Some("week") => Some("wk"),
        Some("day") => Some("d"),
        Some("hour") => Some("h"),
        Some("minute") => Some("min"),
        Some("second") => Some("s"),
        Some(_) => Some("ms"),
        None => Some(unit),
    };
    let (u, v) = (plain(u)?, plain(v)?);
    let grouped = |unit: &str| match unit {
        _ if unit.starts_with('/') => format!("(1{unit})"),
        _ if unit.contains(['.', '/']) => format!("({unit})"),
        _ => unit.to_owned(),
    };
    let text = match (u, v) {
        (_, "1") => u.to_owned(),
        ("1", _) if operator == '.' => v.to_owned(),
        _ => format!("{}{operator}{}", grouped(u), grouped(v)),
    };
    let result =
        ucum::evaluate(&ucum::parse_expression(&text).ok().filter(|_| text.len() <= UNIT_MAX)?).ok()?;
    let nothing_left = result.is_scalar() && result.factor == ucum::Number::ONE;
    Some(if nothing_left { "1".to_owned() } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn units_of_one_dimension_are_compared() {
        let order = |a, u, b, v| order((&number(a), u), (&number(b), v));
        assert_eq!(order("4.0000", "g", "4000.0", "mg"), Some(Ordering::Equal));
        assert_eq!(order("1", "[in_i]", "2.54", "cm"), Some(Ordering::Equal));
        assert_eq!(order("6", "day", "1", "wk"), Some(Ordering::Less));
        assert_eq!(order("1", "year", "12", "month"), Some(Ordering::Equal));
        assert_eq!(order("1", "year", "365", "day"), Some(Ordering::Equal));
        assert_eq!(order("1", "year", "1", "a"), None);
        assert_eq!(order("1", "g", "1", "m"), None);
        assert_eq!(order("1", "[IU]", "1", "mg"), None);
        assert_eq!(order("37", "Cel", "310", "K"), None);
        assert_eq!(order("1", "no unit", "2", "no unit"), Some(Ordering::Less));
    }

    #[test]
    fn equivalence_rounds_and_takes_a_year_for_a_year() {
        let like = |a, u, b, v| is_like((&number(a), u), (&number(b), v));
        assert!(like("4", "g", "4040", "mg"));
        assert!(!like("4.0001", "g", "4040", "mg"));
        assert!(like("1", "year", "1", "a"));
        assert!(!like("1", "g", "1", "m"));
    }

    #[test]
    fn units_are_multiplied_and_divided() {
        assert_eq!(combined("cm", '.', "m").as_deref(), Some("cm.m"));
        assert_eq!(combined("g", '/', "m/s").as_deref(), Some("g/(m/s)"));
        assert_eq!(combined("m", '/', "m").as_deref(), Some("1"));
        assert_eq!(combined("/min", '.', "kg").as_deref(), Some("(1/min).kg"));
        assert_eq!(combined("year", '.', "kg"), None);
        assert_eq!(combined("nonsense", '.', "kg"), None);
    }
}
