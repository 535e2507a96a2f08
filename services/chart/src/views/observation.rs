//! What was measured or found, and the reports that gather results.

use super::Resource;
use super::element::{Reference, codes, concept, first, notes, period, plain, reference, when};
use super::unit::unit;
use fhir::json::Value;
use html::{Flag, Reference as Range, ResultLine, When, number};

/// Where a measurement belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// Vital signs and body size.
    Vital,
    /// Scores, examination, habits.
    Assessment,
    /// What a laboratory or another service found.
    Result,
}

/// One value with what belongs to it.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The same for all values of the same test; fit for an address.
    pub key: String,
    /// What was measured.
    pub title: String,
    /// The value in words.
    pub line: ResultLine,
    /// The value as a number.
    pub value: Option<f64>,
}

/// One Observation.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Logical id.
    pub id: String,
    /// When it was measured or collected.
    pub at: Option<When>,
    /// Where it belongs.
    pub sort: Sort,
    /// What it says. Blood pressure is one value made of two.
    pub main: Measured,
    /// Systolic and diastolic.
    pub pressure: Option<(f64, f64)>,
    /// Other parts.
    pub parts: Vec<Measured>,
    /// `Preliminary`, `Corrected`; nothing when final.
    pub status: Option<&'static str>,
    /// Who did it.
    pub performer: Option<Reference>,
    /// Remarks.
    pub notes: Vec<String>,
    /// Its page.
    pub href: String,
}

impl Reading {
    /// Reads an Observation; nothing when it was entered in error or never done.
    pub fn of(resource: &Resource, patient: &str) -> Option<Reading> {
        let value = resource.value();
        let status = match value.str("status").as_deref() {
            Some("entered-in-error" | "cancelled") => return None,
            Some("registered" | "preliminary") => Some("Preliminary"),
            Some("amended" | "corrected") => Some("Corrected"),
            _ => None,
        };
        let parts: Vec<Measured> =
            value.get("component").into_iter().flat_map(Value::items).map(measured).collect();
        let pressure = pressure(&parts);
        let mut main = measured(value);
        if main.line.value.is_empty() {
            main.line.value = match pressure {
                Some((systolic, diastolic)) => format!("{systolic:.0}/{diastolic:.0}"),
                None => parts_in_words(&parts),
            };
            main.line.unit = if pressure.is_some() { "mmHg".into() } else { String::new() };
        }
        Some(Reading {
            id: resource.id.clone(),
            at: when(value, "effective").or_else(|| when(value, "issued")),
            sort: sort(value, &main.key),
            main,
            pressure,
            parts,
            status,
            performer: reference(first(value.get("performer"))),
            notes: notes(value),
            href: resource.href(patient),
        })
    }

    /// True when the value or one of its parts is out of range.
    pub fn is_out(&self) -> bool {
        std::iter::once(&self.main).chain(&self.parts).any(|m| m.line.flag.is_some_and(Flag::is_out))
    }
}

fn measured(value: Value<'_>) -> Measured {
    let code = value.get("code");
    let title = concept(code).unwrap_or_else(|| "Measurement without a name".into());
    let key = codes(code).into_iter().next().map_or_else(|| super::slug(&title), |(_, code)| code);
    let quantity = value.get("valueQuantity");
    let number = quantity.and_then(|q| q.get("value")).or_else(|| value.get("valueInteger")).and_then(plain);
    let number: Option<f64> = number.and_then(|n| n.parse().ok());
    let reference = reference_range(value);
    let coded =
        codes(first(value.get("interpretation"))).into_iter().find_map(|(_, code)| Flag::from_code(&code));
    let compared = quantity.is_some_and(|q| q.get("comparator").is_some());
    let flag = coded.or_else(|| number.filter(|_| !compared).and_then(|n| reference.flag(n)));
    let unit = quantity.map(|q| unit(&q.str("unit").or_else(|| q.str("code")).unwrap_or_default()));
    Measured {
        key,
        title,
        line: ResultLine { value: in_words(value), unit: unit.unwrap_or_default(), reference, flag },
        value: number,
    }
}

/// The value in whichever form it came.
fn in_words(value: Value<'_>) -> String {
    let quantity = |q: Value<'_>| {
        let comparator = q.str("comparator").unwrap_or_default();
        q.get("value").and_then(plain).map(|n| format!("{comparator}{}", number(&n)))
    };
    let end = |range: Value<'_>, name: &str| range.get(name).and_then(quantity);
    let known = value
        .get("valueQuantity")
        .and_then(quantity)
        .or_else(|| concept(value.get("valueCodeableConcept")))
        .or_else(|| value.str("valueString").map(|text| text.into_owned()))
        .or_else(|| value.get("valueInteger").and_then(plain))
        .or_else(|| value.get("valueBoolean").and_then(plain))
        .or_else(|| when(value, "value").map(When::text))
        .or_else(|| value.str("valueTime").map(|text| text.into_owned()))
        .or_else(|| {
            let range = value.get("valueRange")?;
            Some(format!("{} to {}", end(range, "low")?, end(range, "high")?))
        })
        .or_else(|| {
            let ratio = value.get("valueRatio")?;
            Some(format!("{} in {}", end(ratio, "numerator")?, end(ratio, "denominator")?))
        })
        .or_else(|| value.get("valueSampledData").map(|_| "Recording".to_owned()));
    known
        .or_else(|| {
            concept(value.get("dataAbsentReason")).map(|why| format!("No value: {}", why.to_lowercase()))
        })
        .unwrap_or_default()
}

fn reference_range(value: Value<'_>) -> Range {
    let ranges = value.get("referenceRange").into_iter().flat_map(Value::items);
    let normal = |r: &Value<'_>| codes(r.get("type")).iter().all(|(_, code)| code == "normal");
    let Some(range) = ranges.into_iter().find(normal) else { return Range::default() };
    let limit = |name: &str| range.at(&[name, "value"]).and_then(plain);
    Range { low: limit("low"), high: limit("high"), text: range.str("text").map(|text| text.into_owned()) }
}

fn pressure(parts: &[Measured]) -> Option<(f64, f64)> {
    let part = |code: &[&str]| parts.iter().find(|p| code.contains(&p.key.as_str())).and_then(|p| p.value);
    Some((part(&["8480-6", "271649006"])?, part(&["8462-4", "271650006"])?))
}

fn parts_in_words(parts: &[Measured]) -> String {
    let text = |part: &Measured| format!("{} {}", part.title, part.line.text());
    parts.iter().filter(|p| !p.line.value.is_empty()).map(text).collect::<Vec<_>>().join("; ")
}

/// Measurements of people, whatever their category says: LOINC codes of vital signs and body size.
const VITAL: [&str; 17] = [
    "9279-1", "59408-5", "2708-6", "3151-8", "85354-9", "55284-4", "8867-4", "80288-4", "67775-7", "8310-5",
    "8331-1", "29463-7", "8302-2", "39156-5", "9843-4", "8289-1", "72514-3",
];

/// The order of a set of observations, as the charts of wards have it; what is not among them comes after.
pub fn rank(key: &str) -> usize {
    VITAL.iter().position(|vital| *vital == key).unwrap_or(VITAL.len())
}

/// Short words for the signs that come in sets, where a set stands in one line.
pub fn short_name(key: &str) -> Option<&'static str> {
    Some(match key {
        "9279-1" => "Respirations",
        "59408-5" | "2708-6" => "SpO₂",
        "3151-8" => "Oxygen",
        "85354-9" | "55284-4" => "BP",
        "8867-4" => "Pulse",
        "80288-4" | "67775-7" => "Consciousness",
        "8310-5" | "8331-1" => "Temperature",
        "29463-7" => "Weight",
        "8302-2" => "Height",
        "39156-5" => "BMI",
        "72514-3" => "Pain",
        _ => return None,
    })
}

fn sort(value: Value<'_>, key: &str) -> Sort {
    let categories = value.get("category").into_iter().flat_map(Value::items);
    let category = categories.flat_map(|c| codes(Some(c))).map(|(_, code)| code).next();
    match category.as_deref() {
        _ if VITAL.contains(&key) => Sort::Vital,
        Some("vital-signs" | "vital-sign") => Sort::Vital,
        Some("social-history" | "survey" | "activity" | "exam") => Sort::Assessment,
        _ => Sort::Result,
    }
}

/// A DiagnosticReport.
#[derive(Clone, Debug)]
pub struct Panel {
    /// What was reported.
    pub title: String,
    /// When what it reports was collected or done.
    pub at: Option<When>,
    /// When it was issued.
    pub issued: Option<When>,
    /// `Preliminary`, `Corrected`; nothing when final.
    pub status: Option<&'static str>,
    /// The conclusion.
    pub conclusion: Option<String>,
    /// Ids of the Observations in it, in order.
    pub results: Vec<String>,
    /// Who reports.
    pub performer: Option<Reference>,
    /// Its page.
    pub href: String,
}

impl Panel {
    /// Reads a DiagnosticReport; nothing when it was entered in error.
    pub fn of(resource: &Resource, patient: &str) -> Option<Panel> {
        let value = resource.value();
        let status = match value.str("status").as_deref() {
            Some("entered-in-error" | "cancelled") => return None,
            Some("registered" | "partial" | "preliminary") => Some("Preliminary"),
            Some("amended" | "corrected" | "appended") => Some("Corrected"),
            _ => None,
        };
        let results = value.get("result").into_iter().flat_map(Value::items);
        Some(Panel {
            title: concept(value.get("code")).unwrap_or_else(|| "Report".into()),
            at: when(value, "effective").or(period(value.get("effectivePeriod")).0),
            issued: when(value, "issued"),
            status,
            conclusion: value
                .str("conclusion")
                .map(|text| text.into_owned())
                .or_else(|| concept(first(value.get("conclusionCode")))),
            results: results.filter_map(|r| reference(Some(r))).map(|r| r.id).collect(),
            performer: reference(first(value.get("performer"))),
            href: resource.href(patient),
        })
    }
}
