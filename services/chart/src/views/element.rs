//! The data types of FHIR in words.

use fhir::json::{Kind, Value};
use html::When;

/// The words of a CodeableConcept: its text, else what a code is called, else the code.
pub fn concept(value: Option<Value<'_>>) -> Option<String> {
    let value = value?;
    let of_coding = |name: &str| {
        value
            .get("coding")
            .into_iter()
            .flat_map(Value::items)
            .find_map(|coding| filled(coding.str(name)?.as_ref()))
    };
    value
        .str("text")
        .and_then(|text| filled(&text))
        .or_else(|| of_coding("display"))
        .or_else(|| of_coding("code").map(|code| words(&code)))
        .map(|text| text.replace('\u{200b}', ""))
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The (system, code) pairs of a CodeableConcept.
pub(super) fn codes(value: Option<Value<'_>>) -> Vec<(String, String)> {
    let codings = value.and_then(|v| v.get("coding")).into_iter().flat_map(Value::items);
    codings
        .filter_map(|coding| {
            let system = coding.str("system").unwrap_or_default().into_owned();
            Some((system, coding.str("code")?.into_owned()))
        })
        .collect()
}

/// True when a CodeableConcept has this code in any system.
pub(super) fn has_code(value: Option<Value<'_>>, code: &str) -> bool {
    codes(value).iter().any(|(_, c)| c == code)
}

/// A code as words, where there are no better ones: `in-progress` is `In progress`.
pub fn words(code: &str) -> String {
    let text = code.replace(['-', '_'], " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Letters and digits of a text with hyphens between, for addresses.
pub fn slug(text: &str) -> String {
    let kept =
        text.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect::<String>();
    kept.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// The time of an element that has several forms: `onset` may be `onsetDateTime`, `onsetPeriod` ...
pub(super) fn when(value: Value<'_>, name: &str) -> Option<When> {
    let direct = |name: &str| value.str(name).and_then(|text| When::parse(&text));
    direct(name)
        .or_else(|| direct(&format!("{name}DateTime")))
        .or_else(|| direct(&format!("{name}Date")))
        .or_else(|| direct(&format!("{name}Instant")))
        .or_else(|| period(value.get(&format!("{name}Period"))).0)
}

/// Start and end of a Period.
pub(super) fn period(value: Option<Value<'_>>) -> (Option<When>, Option<When>) {
    let end = |name: &str| value.and_then(|v| v.str(name)).and_then(|text| When::parse(&text));
    (end("start"), end("end"))
}

/// A reference: type and id when it is to a resource of this record, and the words that stand with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// Type.
    pub kind: String,
    /// Id.
    pub id: String,
    /// Words.
    pub display: Option<String>,
}

/// Reads a Reference.
pub fn reference(value: Option<Value<'_>>) -> Option<Reference> {
    let value = value?;
    let display = value.str("display").and_then(|text| filled(&text));
    let address = value.str("reference").unwrap_or_default();
    let local = address.split("/_history/").next().unwrap_or_default();
    let (kind, id) = local.rsplit_once('/').unwrap_or(("", ""));
    let kind = kind.rsplit('/').next().unwrap_or_default();
    if kind.is_empty() && display.is_none() && !address.starts_with('#') {
        return None;
    }
    let id = if address.starts_with('#') { &address[..] } else { id };
    Some(Reference { kind: kind.to_owned(), id: id.to_owned(), display })
}

/// The first filled text of an array of Annotations.
pub(super) fn notes(value: Value<'_>) -> Vec<String> {
    let notes = value.get("note").into_iter().flat_map(Value::items);
    notes.filter_map(|note| filled(note.str("text")?.as_ref())).collect()
}

/// The first item of an array, or the value itself when it is none.
pub(super) fn first(value: Option<Value<'_>>) -> Option<Value<'_>> {
    value?.each().next()
}

/// A number or a string as text.
pub(super) fn plain(value: Value<'_>) -> Option<String> {
    match value.kind() {
        Kind::Number => value.as_number().map(str::to_owned),
        Kind::String => value.as_str().map(|text| text.into_owned()),
        Kind::Bool => value.as_bool().map(|yes| if yes { "Yes".to_owned() } else { "No".to_owned() }),
        _ => None,
    }
}
