//! How often, in words: no Latin, no abbreviations.

use super::element::{concept, plain};
use fhir::json::Value;
use html::number;

/// `once a day`, `3 times a day`, `every 4 hours`, `up to 4 times a day when needed`. Nothing when not said.
pub(super) fn frequency(dosage: Value<'_>) -> Option<String> {
    let timing = dosage.get("timing");
    let repeat = timing.and_then(|t| t.get("repeat"));
    let often = repeat
        .and_then(repeated)
        .or_else(|| timing.and_then(|t| t.get("code")).and_then(|code| coded(code)))
        .map(|often| match repeat.and_then(at_events) {
            Some(events) => format!("{often} {events}"),
            None => often,
        })
        .or_else(|| repeat.and_then(at_events));
    let needed = dosage.get("asNeededBoolean").and_then(Value::as_bool) == Some(true);
    let reason = concept(dosage.get("asNeededCodeableConcept"));
    match (often, needed, reason) {
        (Some(often), _, Some(reason)) => Some(format!("{often} when needed for {}", reason.to_lowercase())),
        (None, _, Some(reason)) => Some(format!("when needed for {}", reason.to_lowercase())),
        (Some(often), true, None) => Some(format!("{often} when needed")),
        (None, true, None) => Some("when needed".into()),
        (often, false, None) => often,
    }
}

/// `for 7 days`.
pub(super) fn duration(dosage: Value<'_>) -> Option<String> {
    let repeat = dosage.at(&["timing", "repeat"])?;
    if let Some(bounds) = repeat.get("boundsDuration") {
        let value = plain(bounds.get("value")?)?;
        let unit = bounds.str("unit").or_else(|| bounds.str("code"))?;
        return Some(format!("for {}", amount(&value, &unit)));
    }
    let count = plain(repeat.get("count")?)?;
    Some(if count == "1" { "one dose".into() } else { format!("{count} doses") })
}

fn repeated(repeat: Value<'_>) -> Option<String> {
    // `1.0` days are one day.
    let text = |name: &str| repeat.get(name).and_then(plain).map(|n| n.trim_end_matches(".0").to_owned());
    let unit = text("periodUnit")?;
    let period = text("period").unwrap_or_else(|| "1".into());
    let frequency = text("frequency").unwrap_or_else(|| "1".into());
    let most = text("frequencyMax");
    let times = match (frequency.as_str(), most) {
        (low, Some(high)) if low != high => format!("{low} to {high} times"),
        ("1", _) => "once".into(),
        ("2", _) => "twice".into(),
        (n, _) => format!("{n} times"),
    };
    Some(match (times.as_str(), period.as_str()) {
        (times, "1") => format!("{times} a {}", one(&unit)),
        ("once", _) => format!("every {}", amount(&period, &unit)),
        (times, _) => format!("{times} every {}", amount(&period, &unit)),
    })
}

/// Meals, times of day and days of the week.
fn at_events(repeat: Value<'_>) -> Option<String> {
    let list = |name: &str| -> Vec<String> {
        let items = repeat.get(name).into_iter().flat_map(Value::each);
        items.filter_map(|item| item.as_str()).map(|item| event(&item)).collect()
    };
    let mut parts = list("when");
    let times: Vec<String> = list("timeOfDay").iter().map(|time| time.chars().take(5).collect()).collect();
    if !times.is_empty() {
        parts.push(format!("at {}", times.join(", ")));
    }
    let days = list("dayOfWeek");
    if !days.is_empty() {
        parts.push(format!("on {}", days.join(", ")));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn event(code: &str) -> String {
    match code {
        "MORN" | "MORN.early" | "MORN.late" => "in the morning",
        "NOON" => "at noon",
        "AFT" | "AFT.early" | "AFT.late" => "in the afternoon",
        "EVE" | "EVE.early" | "EVE.late" => "in the evening",
        "NIGHT" | "HS" => "at night",
        "WAKE" => "on waking",
        "C" => "with meals",
        "CM" => "with breakfast",
        "CD" => "with lunch",
        "CV" => "with the evening meal",
        "AC" => "before meals",
        "ACM" => "before breakfast",
        "ACD" => "before lunch",
        "ACV" => "before the evening meal",
        "PC" => "after meals",
        "PCM" => "after breakfast",
        "PCD" => "after lunch",
        "PCV" => "after the evening meal",
        "mon" => "Monday",
        "tue" => "Tuesday",
        "wed" => "Wednesday",
        "thu" => "Thursday",
        "fri" => "Friday",
        "sat" => "Saturday",
        "sun" => "Sunday",
        other => other,
    }
    .to_owned()
}

fn coded(code: Value<'_>) -> Option<String> {
    let codes = super::element::codes(Some(code));
    let known = codes.iter().find_map(|(_, code)| {
        Some(match code.as_str() {
            "QD" => "once a day",
            "BID" => "twice a day",
            "TID" => "3 times a day",
            "QID" => "4 times a day",
            "AM" => "in the morning",
            "PM" => "in the afternoon",
            "QOD" => "every 2 days",
            "BED" => "at night",
            "WK" => "once a week",
            "MO" => "once a month",
            "Q1H" => "every hour",
            "Q2H" => "every 2 hours",
            "Q3H" => "every 3 hours",
            "Q4H" => "every 4 hours",
            "Q6H" => "every 6 hours",
            "Q8H" => "every 8 hours",
            _ => return None,
        })
    });
    known.map(str::to_owned).or_else(|| concept(Some(code)))
}

fn one(unit: &str) -> &str {
    match unit {
        "s" => "second",
        "min" => "minute",
        "h" => "hour",
        "d" => "day",
        "wk" => "week",
        "mo" => "month",
        "a" => "year",
        other => other,
    }
}

/// `7 days`, `1 week`.
fn amount(value: &str, unit: &str) -> String {
    let unit = one(unit).trim_end_matches('s');
    format!("{} {unit}{}", number(value), if value == "1" { "" } else { "s" })
}
