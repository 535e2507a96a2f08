//! The constants of a view.

use fhir::Value;
use fhir::date::PartialDate;
use fhir::fhirpath::{Number, Scalar};
use fhir::json::Kind;

/// The value of a constant from its `value[x]`: why not, if it is none.
pub(crate) fn scalar(kind: &str, value: Value<'_>) -> Result<Scalar, String> {
    let text = value.as_str();
    let text = text.as_deref();
    let scalar = match kind {
        "Boolean" => value.as_bool().map(Scalar::Boolean),
        "Integer" | "PositiveInt" | "UnsignedInt" => whole(value.as_number()),
        // R5 writes it as a string.
        "Integer64" => whole(text.or(value.as_number())),
        "Decimal" => value.as_number().and_then(Number::parse).map(Scalar::Decimal),
        "Date" => text.and_then(PartialDate::parse).map(Scalar::Date),
        "DateTime" | "Instant" => text.and_then(PartialDate::parse).map(Scalar::DateTime),
        "Time" => text.and_then(PartialDate::parse_time).map(Scalar::Time),
        "Base64Binary" | "Canonical" | "Code" | "Id" | "Oid" | "String" | "Uri" | "Url" | "Uuid" => {
            text.map(|text| Scalar::String(text.to_owned()))
        }
        _ => return Err("A constant is of a primitive type, e.g. valueString or valueCode.".to_owned()),
    };
    scalar.ok_or_else(|| {
        let is = match value.kind() {
            Kind::String | Kind::Number | Kind::Bool => value.raw(),
            _ => "this",
        };
        format!("value{kind} cannot be {is}. Give a value of that type.")
    })
}

fn whole(text: Option<&str>) -> Option<Scalar> {
    text?.parse().ok().map(Scalar::Integer)
}
