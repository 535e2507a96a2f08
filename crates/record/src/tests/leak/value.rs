//! Conditions on the values that a resource has, in every form in which a client can write them.

use super::chance::Chance;
use fhir::Instant;
use fhir::Value;
use fhir::definitions::{ParamKind, SearchParam, search_params};
use fhir::search::{Decimal, SearchValue, Target, extract_param};

const PREFIXES: &[&str] = &["", "", "", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"];

/// A name and value that this resource meets, or nearly.
pub(super) fn condition(chance: &mut Chance, kind: &str, resource: Value<'_>) -> Option<(String, String)> {
    let params: Vec<&'static SearchParam> =
        search_params(kind).iter().filter(|p| p.kind != ParamKind::Special).collect();
    for _ in 0..8 {
        let param = *chance.pick(&params);
        if chance.one_in(12) && param.kind != ParamKind::Composite {
            return Some((format!("{}:missing", param.code), chance.one_in(2).to_string()));
        }
        let values = extract_param(resource, param);
        if values.is_empty() {
            continue;
        }
        let (value, again) = (chance.pick(&values), chance.pick(&values));
        let (modifier, mut text) = written(chance, value);
        if chance.one_in(5) {
            let (other, more) = written(chance, again);
            if other == modifier {
                text = format!("{text},{more}");
            }
        }
        return Some((format!("{}{modifier}", param.code), text));
    }
    None
}

/// A modifier and a text that asks for this value.
fn written(chance: &mut Chance, value: &SearchValue) -> (String, String) {
    let plain = |text: String| (String::new(), text);
    match value {
        SearchValue::Token { types, code, .. } if !types.is_empty() && chance.one_in(4) => {
            let (system, kind) = &types[0];
            (":of-type".to_owned(), format!("{}|{}|{}", escaped(system), escaped(kind), escaped(code)))
        }
        SearchValue::Token { system, code, .. } => {
            let modifier = if chance.one_in(4) { ":not" } else { "" };
            (modifier.to_owned(), token(chance, system.as_deref(), code))
        }
        SearchValue::TokenText(text) => (":text".to_owned(), escaped(start_of(chance, text))),
        SearchValue::String(text) => match chance.below(3) {
            0 => (":exact".to_owned(), escaped(text)),
            1 => {
                let end = end_of(chance, text);
                (":contains".to_owned(), escaped(start_of(chance, end)))
            }
            _ => plain(escaped(start_of(chance, text))),
        },
        SearchValue::Reference(Target::Local(kind, id)) => match chance.below(3) {
            0 => plain(id.clone()),
            1 => (format!(":{kind}"), id.clone()),
            _ => plain(format!("{kind}/{id}")),
        },
        SearchValue::ReferenceIdentifier { system, value } => {
            let system = system.as_deref().map(escaped).unwrap_or_default();
            (":identifier".to_owned(), format!("{system}|{}", escaped(value)))
        }
        SearchValue::Uri(text) => match chance.below(3) {
            0 => (":below".to_owned(), text.rsplit_once('/').map_or(text.as_str(), |(up, _)| up).to_owned()),
            1 => (":above".to_owned(), format!("{text}/more")),
            _ => plain(text.clone()),
        },
        SearchValue::Present => (":missing".to_owned(), "false".to_owned()),
        _ => plain(unmodified(chance, value)),
    }
}

/// The forms that take no modifier; these may also be parts of a composite.
fn unmodified(chance: &mut Chance, value: &SearchValue) -> String {
    match value {
        SearchValue::Token { system, code, .. } => token(chance, system.as_deref(), code),
        SearchValue::TokenText(text) | SearchValue::String(text) => escaped(text),
        SearchValue::Uri(text) => text.clone(),
        SearchValue::Reference(Target::Local(kind, id)) => format!("{kind}/{id}"),
        SearchValue::Reference(Target::Url(url)) => escaped(url),
        SearchValue::ReferenceIdentifier { value, .. } => escaped(value),
        SearchValue::Date { start, end } => date(chance, *start, *end),
        SearchValue::Number { low, high } => number(chance, low.as_ref().or(high.as_ref())),
        SearchValue::Quantity { low, high, system, code, unit } => {
            let number = number(chance, low.as_ref().or(high.as_ref()));
            match (chance.below(3), code.as_deref().or(unit.as_deref())) {
                (0, Some(code)) => format!("{number}|{}|{code}", system.as_deref().unwrap_or_default()),
                (1, Some(code)) => format!("{number}||{code}"),
                _ => number,
            }
        }
        SearchValue::Composite(parts) => {
            let part = |values: &Vec<SearchValue>| {
                let value = chance.pick(values);
                unmodified(chance, value)
            };
            parts.iter().map(part).collect::<Vec<_>>().join("$")
        }
        SearchValue::Present => "x".to_owned(),
    }
}

fn token(chance: &mut Chance, system: Option<&str>, code: &str) -> String {
    let code = escaped(code);
    match (chance.below(4), system) {
        (0, None) => format!("|{code}"),
        (0, Some(system)) => format!("{}|", escaped(system)),
        (1, Some(system)) => format!("{}|{code}", escaped(system)),
        _ => code,
    }
}

/// A date with a prefix: a moment or the year, month or day that it lies in.
pub(super) fn date(chance: &mut Chance, start: i64, end: i64) -> String {
    let at = if start == i64::MIN { end } else { start };
    let text = Instant(at).to_string();
    let length = [4, 7, 10, text.len()][chance.below(4)];
    format!("{}{}", chance.pick(PREFIXES), &text[..length])
}

fn number(chance: &mut Chance, value: Option<&Decimal>) -> String {
    let text = value.map_or("1".to_owned(), Decimal::to_string);
    format!("{}{text}", chance.pick(PREFIXES))
}

fn start_of<'t>(chance: &mut Chance, text: &'t str) -> &'t str {
    let length = 1 + chance.below(text.chars().count().max(1));
    text.char_indices().nth(length).map_or(text, |(at, _)| &text[..at])
}

fn end_of<'t>(chance: &mut Chance, text: &'t str) -> &'t str {
    let skipped = chance.below(text.chars().count().max(1));
    text.char_indices().nth(skipped).map_or(text, |(at, _)| &text[at..])
}

/// With a backslash before what a query would take for a separator (R4 search, 3.1.1.4).
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| if r"\,|$".contains(c) { vec!['\\', c] } else { vec![c] }).collect()
}
