//! How each data type is read for each kind of parameter: the tables of R4 search
//! (<https://hl7.org/fhir/R4/search.html#table>, 3.1.1.4.9 to 3.1.1.4.16).

use crate::date::PartialDate;
use crate::decimal::Decimal;
use crate::definitions::{ParamKind, TypeDef};
use crate::fhirpath::{Item, Scalar};
use crate::json::Value;
use crate::search::query::{has_scheme, local_target};
use crate::search::value::{Entry, SearchValue, Target};
use std::borrow::Cow;

/// Reads the values in an element.
pub(super) type Read = fn(Value<'_>, &mut Sink<'_>);

/// Where the values of one parameter go.
pub(super) struct Sink<'e> {
    pub param: u16,
    pub entries: &'e mut Vec<Entry>,
}

impl Sink<'_> {
    fn push(&mut self, value: SearchValue) {
        self.entries.push(Entry { param: self.param, value });
    }
}

/// How a type is read for a kind of parameter; nothing when the standard gives it no value there.
pub(super) fn reader(kind: ParamKind, def: &TypeDef) -> Option<Read> {
    Some(match (kind, def.name) {
        (ParamKind::Token, "code" | "string" | "id" | "uri" | "canonical" | "url" | "markdown") => code,
        (ParamKind::Token, "boolean") => boolean,
        (ParamKind::Token, "Coding") => coding,
        (ParamKind::Token, "CodeableConcept") => concept,
        (ParamKind::Token, "Identifier") => identifier,
        (ParamKind::Token, "ContactPoint") => contact_point,
        (ParamKind::String, "string" | "markdown" | "code" | "id") => string,
        (ParamKind::String, "HumanName") => human_name,
        (ParamKind::String, "Address") => address,
        (ParamKind::Date, "date" | "dateTime" | "instant") => date,
        (ParamKind::Date, "Period") => period,
        (ParamKind::Date, "Timing") => timing,
        (ParamKind::Number, "decimal" | "integer" | "positiveInt" | "unsignedInt") => number,
        (ParamKind::Number, "Range") => number_range,
        (ParamKind::Quantity, "Quantity" | "Age" | "Count" | "Distance" | "Duration") => quantity,
        (ParamKind::Quantity, "Money") => money,
        (ParamKind::Quantity, "Range") => quantity_range,
        (ParamKind::Quantity, "SampledData") => sampled_data,
        (ParamKind::Uri, "uri" | "url" | "canonical" | "oid" | "uuid") => uri,
        (ParamKind::Reference, "Reference") => reference,
        (ParamKind::Reference, "canonical" | "uri" | "url") => canonical,
        _ => return None,
    })
}

/// Reads the values in an element; one that has none that is compared is still there.
pub(super) fn into(read: Read, value: Value<'_>, sink: &mut Sink<'_>) {
    let before = sink.entries.len();
    read(value, sink);
    if sink.entries.len() == before {
        sink.push(SearchValue::Present);
    }
}

/// Reads an item of a computed result.
pub(super) fn item(kind: ParamKind, item: &Item<'_>, sink: &mut Sink<'_>) {
    match item {
        Item::Node(node) => {
            if let (Some(read), Some(value)) = (reader(kind, node.kind), node.value) {
                into(read, value, sink);
            }
        }
        Item::Computed(Scalar::Boolean(truth)) if kind == ParamKind::Token => {
            sink.push(SearchValue::Token { system: None, code: truth.to_string(), types: Vec::new() });
        }
        Item::Computed(Scalar::String(text)) if kind == ParamKind::String => {
            sink.push(SearchValue::String(text.clone()));
        }
        Item::Computed(_) => {}
    }
}

fn owned(object: Value<'_>, name: &str) -> Option<String> {
    object.str(name).map(Cow::into_owned)
}

fn code(value: Value<'_>, sink: &mut Sink<'_>) {
    if let Some(code) = value.as_str() {
        sink.push(SearchValue::Token { system: None, code: code.into_owned(), types: Vec::new() });
    }
}

fn boolean(value: Value<'_>, sink: &mut Sink<'_>) {
    if value.as_bool().is_some() {
        sink.push(SearchValue::Token { system: None, code: value.raw().to_owned(), types: Vec::new() });
    }
}

fn coding(value: Value<'_>, sink: &mut Sink<'_>) {
    let (mut system, mut code, mut display) = (None, None, None);
    for (name, value) in value.members() {
        match name.as_ref() {
            "system" => system = value.as_str(),
            "code" => code = value.as_str(),
            "display" => display = value.as_str(),
            _ => {}
        }
    }
    if system.is_some() || code.is_some() {
        let (system, code) = (system.map(Cow::into_owned), code.unwrap_or_default().into_owned());
        sink.push(SearchValue::Token { system, code, types: Vec::new() });
    }
    if let Some(display) = display {
        sink.push(SearchValue::TokenText(display.into_owned()));
    }
}

fn concept(value: Value<'_>, sink: &mut Sink<'_>) {
    for (name, value) in value.members() {
        match name.as_ref() {
            "coding" => value.items().for_each(|item| coding(item, sink)),
            "text" => token_text(value, sink),
            _ => {}
        }
    }
}

fn token_text(value: Value<'_>, sink: &mut Sink<'_>) {
    if let Some(text) = value.as_str() {
        sink.push(SearchValue::TokenText(text.into_owned()));
    }
}

fn identifier(value: Value<'_>, sink: &mut Sink<'_>) {
    let (mut system, mut code, mut types) = (None, None, Vec::new());
    for (name, value) in value.members() {
        match name.as_ref() {
            "system" => system = value.as_str(),
            "value" => code = value.as_str(),
            "type" => {
                let codings = value.get("coding").into_iter().flat_map(Value::items);
                types.extend(codings.filter_map(|coding| {
                    Some((owned(coding, "system").unwrap_or_default(), owned(coding, "code")?))
                }));
                value.get("text").into_iter().for_each(|text| token_text(text, sink));
            }
            _ => {}
        }
    }
    if system.is_some() || code.is_some() {
        let (system, code) = (system.map(Cow::into_owned), code.unwrap_or_default().into_owned());
        sink.push(SearchValue::Token { system, code, types });
    }
}

/// A telephone number or address has no namespace: `phone` is a use, not a system of codes.
fn contact_point(value: Value<'_>, sink: &mut Sink<'_>) {
    value.get("value").into_iter().for_each(|value| code(value, sink));
}

fn string(value: Value<'_>, sink: &mut Sink<'_>) {
    if let Some(text) = value.as_str() {
        sink.push(SearchValue::String(text.into_owned()));
    }
}

fn human_name(value: Value<'_>, sink: &mut Sink<'_>) {
    for (name, value) in value.members() {
        if matches!(name.as_ref(), "family" | "given" | "prefix" | "suffix" | "text") {
            value.each().for_each(|part| string(part, sink));
        }
    }
}

fn address(value: Value<'_>, sink: &mut Sink<'_>) {
    for (name, value) in value.members() {
        if matches!(name.as_ref(), "line" | "city" | "district" | "state" | "postalCode" | "country" | "text")
        {
            value.each().for_each(|part| string(part, sink));
        }
    }
}

fn range_of(value: Value<'_>) -> Option<(i64, i64)> {
    PartialDate::parse(&value.as_str()?).map(|date| date.range())
}

fn date(value: Value<'_>, sink: &mut Sink<'_>) {
    if let Some((start, end)) = range_of(value) {
        sink.push(SearchValue::Date { start, end });
    }
}

/// "Explicit: the period as it is; an end that is not there is open" (3.1.1.4.10).
fn period_range(value: Value<'_>) -> Option<(i64, i64)> {
    let start = value.get("start").and_then(range_of).map(|range| range.0);
    let end = value.get("end").and_then(range_of).map(|range| range.1);
    (start.is_some() || end.is_some()).then(|| (start.unwrap_or(i64::MIN), end.unwrap_or(i64::MAX)))
}

fn period(value: Value<'_>, sink: &mut Sink<'_>) {
    if let Some((start, end)) = period_range(value) {
        sink.push(SearchValue::Date { start, end });
    }
}

/// From the first of its events or bounds to the last.
fn timing(value: Value<'_>, sink: &mut Sink<'_>) {
    let events = value.get("event").into_iter().flat_map(Value::each).filter_map(range_of);
    let bounds = value.at(&["repeat", "boundsPeriod"]).and_then(period_range);
    let whole = events.chain(bounds).reduce(|(start, end), (from, to)| (start.min(from), end.max(to)));
    if let Some((start, end)) = whole {
        sink.push(SearchValue::Date { start, end });
    }
}

fn decimal(value: Value<'_>) -> Option<Decimal> {
    value.as_number().and_then(Decimal::parse)
}

fn number(value: Value<'_>, sink: &mut Sink<'_>) {
    if let Some(number) = decimal(value) {
        sink.push(SearchValue::Number { low: Some(number.clone()), high: Some(number) });
    }
}

/// The value of one end of a Range.
fn end_of(range: Value<'_>, name: &str) -> Option<Decimal> {
    range.at(&[name, "value"]).and_then(decimal)
}

fn number_range(value: Value<'_>, sink: &mut Sink<'_>) {
    let (low, high) = (end_of(value, "low"), end_of(value, "high"));
    if low.is_some() || high.is_some() {
        sink.push(SearchValue::Number { low, high });
    }
}

/// A quantity with a comparator (`< 5`) is all that it may be; 5 itself is not among it.
fn quantity(value: Value<'_>, sink: &mut Sink<'_>) {
    let (mut number, mut comparator, mut system, mut code, mut unit) = (None, None, None, None, None);
    for (name, value) in value.members() {
        match name.as_ref() {
            "value" => number = decimal(value),
            "comparator" => comparator = value.as_str(),
            "system" => system = value.as_str().map(Cow::into_owned),
            "code" => code = value.as_str().map(Cow::into_owned),
            "unit" => unit = value.as_str().map(Cow::into_owned),
            _ => {}
        }
    }
    let Some(number) = number else { return };
    let (low, high) = match comparator.as_deref() {
        Some("<") => (None, Some(number.before())),
        Some("<=") => (None, Some(number)),
        Some(">") => (Some(number.behind()), None),
        Some(">=") => (Some(number), None),
        _ => (Some(number.clone()), Some(number)),
    };
    sink.push(SearchValue::Quantity { low, high, system, code, unit });
}

/// The system of currencies (<https://hl7.org/fhir/R4/valueset-currencies.html>).
const CURRENCIES: &str = "urn:iso:std:iso:4217";

fn money(value: Value<'_>, sink: &mut Sink<'_>) {
    let Some(number) = value.get("value").and_then(decimal) else { return };
    let code = owned(value, "currency");
    let system = code.is_some().then(|| CURRENCIES.to_owned());
    sink.push(SearchValue::Quantity {
        low: Some(number.clone()),
        high: Some(number),
        system,
        code,
        unit: None,
    });
}

fn quantity_range(value: Value<'_>, sink: &mut Sink<'_>) {
    let (low, high) = (end_of(value, "low"), end_of(value, "high"));
    if low.is_none() && high.is_none() {
        return;
    }
    let part = |name: &str| ["low", "high"].iter().find_map(|end| owned(value.get(end)?, name));
    let (system, code, unit) = (part("system"), part("code"), part("unit"));
    sink.push(SearchValue::Quantity { low, high, system, code, unit });
}

fn sampled_data(value: Value<'_>, sink: &mut Sink<'_>) {
    value.get("origin").into_iter().for_each(|origin| quantity(origin, sink));
}

fn uri(value: Value<'_>, sink: &mut Sink<'_>) {
    if let Some(text) = value.as_str() {
        sink.push(SearchValue::Uri(text.into_owned()));
    }
}

/// Literal references; those to contained resources (`#x`) are found in their container only. Logical ones.
fn reference(value: Value<'_>, sink: &mut Sink<'_>) {
    for (name, value) in value.members() {
        match name.as_ref() {
            "reference" => {
                let text = value.as_str().unwrap_or_default();
                match local_target(&text) {
                    Some(target) => sink.push(SearchValue::Reference(target)),
                    None if has_scheme(&text) => {
                        sink.push(SearchValue::Reference(Target::Url(text.into_owned())));
                    }
                    None => {}
                }
            }
            "identifier" => {
                if let Some(code) = owned(value, "value") {
                    let system = owned(value, "system");
                    sink.push(SearchValue::ReferenceIdentifier { system, value: code });
                }
            }
            _ => {}
        }
    }
}

/// A canonical is found with its version and without.
fn canonical(value: Value<'_>, sink: &mut Sink<'_>) {
    let Some(text) = value.as_str().filter(|text| !text.starts_with('#')) else { return };
    if let Some((url, _version)) = text.split_once('|') {
        sink.push(SearchValue::Reference(Target::Url(url.to_owned())));
    }
    sink.push(SearchValue::Reference(Target::Url(text.into_owned())));
}
