//! Values compared with what a profile says (R4, elementdefinition.html: fixed[x], pattern[x], minValue[x],
//! maxValue[x]).

use fhir::Value;
use fhir::date::PartialDate;
use fhir::decimal::Decimal;
use fhir::definitions::type_def;
use fhir::fhirpath::{Expression, Item, Node, Scalar};
use fhir::json::Kind;
use std::cmp::Ordering;

/// True when a value is exactly this: the same members with the same values, in any order.
pub fn is_fixed(value: Value<'_>, fixed: Value<'_>) -> bool {
    match (value.kind(), fixed.kind()) {
        (Kind::Object, Kind::Object) => {
            let all = |a: Value<'_>, b: Value<'_>| {
                a.members().all(|(name, member)| b.get(&name).is_some_and(|other| is_fixed(other, member)))
            };
            all(fixed, value) && value.members().count() == fixed.members().count()
        }
        (Kind::Array, Kind::Array) => {
            value.items().count() == fixed.items().count()
                && value.items().zip(fixed.items()).all(|(value, fixed)| is_fixed(value, fixed))
        }
        (a, b) => a == b && is_same(value, fixed),
    }
}

/// True when a value has all that a pattern has; of an array, an item for each of the pattern's.
pub fn has_pattern(value: Value<'_>, pattern: Value<'_>) -> bool {
    match (value.kind(), pattern.kind()) {
        (Kind::Object, Kind::Object) => pattern
            .members()
            .all(|(name, wanted)| value.get(&name).is_some_and(|member| has_pattern(member, wanted))),
        (Kind::Array, Kind::Array) => {
            pattern.items().all(|wanted| value.items().any(|item| has_pattern(item, wanted)))
        }
        (a, b) => a == b && is_same(value, pattern),
    }
}

fn is_same(a: Value<'_>, b: Value<'_>) -> bool {
    match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => a == b,
        _ => a.raw() == b.raw(),
    }
}

/// How a value stands to a limit; nothing where they cannot be compared.
pub fn order(value: Value<'_>, limit: Value<'_>) -> Option<Ordering> {
    if let (Some(value), Some(limit)) = (value.as_number(), limit.as_number()) {
        return Some(Decimal::parse(value)?.cmp(&Decimal::parse(limit)?));
    }
    if let (Some(value), Some(limit)) = (value.as_str(), limit.as_str()) {
        let read = |text: &str| PartialDate::parse(text).or_else(|| PartialDate::parse_time(text));
        return read(&value)?.order(&read(&limit)?);
    }
    quantities(value, limit)
}

/// Quantities by their value where they are in one unit, else by what UCUM makes of them.
fn quantities(value: Value<'_>, limit: Value<'_>) -> Option<Ordering> {
    let (number, other) = (value.get("value")?.as_number()?, limit.get("value")?.as_number()?);
    let unit =
        |quantity: Value<'_>| quantity.str("code").or(quantity.str("unit")).map(|unit| unit.into_owned());
    let (unit, limits) = (unit(value), unit(limit));
    if unit == limits {
        return Some(Decimal::parse(number)?.cmp(&Decimal::parse(other)?));
    }
    let [unit, limits] = [unit?, limits?].map(|unit| unit.replace(['\'', '\\'], ""));
    let is = |operator: &str| {
        let text = format!("({number} '{unit}') {operator} ({other} '{limits}')");
        let items = Expression::parse(&text)
            .ok()?
            .evaluate_on(Item::Computed(Scalar::Boolean(true)), nowhere())
            .ok()?;
        match items.first()? {
            Item::Computed(Scalar::Boolean(truth)) => Some(*truth),
            _ => None,
        }
    };
    match (is("<")?, is(">")?) {
        (true, _) => Some(Ordering::Less),
        (_, true) => Some(Ordering::Greater),
        _ => Some(Ordering::Equal),
    }
}

/// What an expression stands on that names nothing of a resource.
fn nowhere() -> Node<'static> {
    let kind = type_def("Element").expect("the tables hold Element");
    Node { kind, value: None, extras: None }
}
