//! Dates and times with time-valued quantities (FHIRPath 2.0, "Date/Time Arithmetic").

use super::eval::{Outcome, fault};
use super::number::{Fixed, Number};
use super::quantity::calendar_unit;
use super::scalar::Scalar;
use crate::date::PartialDate;

/// A date or time so much later. Digits after the point count for seconds only; what is finer than the date is
/// turned into its own precision and cut off.
pub(super) fn plus(moment: &Scalar, value: &Number, unit: &str) -> Outcome<Option<Scalar>> {
    let word = match (unit, calendar_unit(unit)) {
        (_, Some(word)) => word,
        ("wk", _) => "week",
        ("d", _) => "day",
        ("h", _) => "hour",
        ("min", _) => "minute",
        ("s", _) => "second",
        ("ms", _) => "millisecond",
        _ => {
            return fault(format!(
                "{unit} cannot be added to a date or time; write it as year, month or day."
            ));
        }
    };
    let milliseconds = match word {
        "week" => 7 * 86_400_000,
        "day" => 86_400_000,
        "hour" => 3_600_000,
        "minute" => 60_000,
        "second" => 1000,
        _ => 1,
    };
    let Some(amount) = Fixed::of(value) else { return Ok(None) };
    let whole = |number: Fixed| i64::try_from(number.cut(0).mantissa).ok();
    let months = || whole(amount)?.checked_mul(if word == "year" { 12 } else { 1 });
    let length = || match word {
        "second" => whole(amount.times(Fixed { mantissa: milliseconds.into(), places: 0 })?),
        _ => whole(amount)?.checked_mul(milliseconds),
    };
    let later = |date: &PartialDate| match word {
        "year" | "month" => date.plus_months(months()?),
        _ => date.plus_milliseconds(length()?),
    };
    Ok(match moment {
        Scalar::Date(date) => later(date).map(Scalar::Date),
        Scalar::DateTime(date) => later(date).map(Scalar::DateTime),
        Scalar::Time(_) if matches!(word, "year" | "month" | "week" | "day") => {
            return fault(format!("A {word} cannot be added to a time of day."));
        }
        Scalar::Time(time) => length().and_then(|length| time.plus_on_clock(length)).map(Scalar::Time),
        _ => None,
    })
}
