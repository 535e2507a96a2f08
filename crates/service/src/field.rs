//! The fields of a command's input: declared once, from which form, operation definition and help are made.

use crate::Values;
use fhir::Issue;
use fhir::date::{PartialDate, Precision};

/// A field of a command's input.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The name in forms and in Parameters: small letters, digits and hyphens.
    pub name: &'static str,
    /// What is written in it.
    pub kind: FieldKind,
    /// False when it may be left empty.
    pub required: bool,
    /// The label above it.
    pub label: &'static str,
    /// The hint under the label; empty for none.
    pub hint: &'static str,
}

impl Field {
    /// The patient that a command is about.
    pub const PATIENT: Field = Field {
        name: "patient",
        kind: FieldKind::Reference(&["Patient"]),
        required: true,
        label: "Patient",
        hint: "",
    };
    /// The password once more, for what must not be done from a session that someone left open.
    pub const PROOF: Field = Field {
        name: access::PROOF,
        kind: FieldKind::Proof,
        required: false,
        label: "Your password",
        hint: "To show that it is you. Leave it empty if you sign in without one",
    };
}

/// What is written in a field.
#[derive(Clone, Copy, Debug)]
pub enum FieldKind {
    /// One line.
    String,
    /// Several lines.
    Text,
    /// A whole day: `2026-11-24`.
    Date,
    /// A moment: London time of a form, or with a time zone.
    DateTime,
    /// Yes or no.
    Boolean,
    /// A whole number.
    Integer,
    /// One of these codes, each with its words.
    Code(&'static [(&'static str, &'static str)]),
    /// The password of whoever asks, once more. It is checked before the command runs, which does not get it.
    Proof,
    /// A resource of one of these types: `Patient/123`.
    Reference(&'static [&'static str]),
}

impl FieldKind {
    /// The name of the FHIR data type.
    pub fn fhir_type(self) -> &'static str {
        match self {
            FieldKind::String | FieldKind::Proof => "string",
            FieldKind::Text => "markdown",
            FieldKind::Date => "date",
            FieldKind::DateTime => "dateTime",
            FieldKind::Boolean => "boolean",
            FieldKind::Integer => "integer",
            FieldKind::Code(_) => "code",
            FieldKind::Reference(_) => "Reference",
        }
    }

    /// What is wrong with a value of this kind.
    fn fault(self, value: &str) -> Option<String> {
        match self {
            FieldKind::String if value.contains(['\n', '\r']) => Some("Write it on one line.".to_owned()),
            FieldKind::String | FieldKind::Text | FieldKind::Proof => None,
            FieldKind::Date => {
                let whole = PartialDate::parse(value).is_some_and(|date| date.precision == Precision::Day);
                (!whole).then(|| format!("Write the date like 2026-11-24. You entered {value}"))
            }
            FieldKind::DateTime => crate::values::instant(value)
                .is_none()
                .then(|| format!("Write date and time like 2026-11-24T09:05. You entered {value}")),
            FieldKind::Boolean => {
                (value != "true" && value != "false").then(|| "Answer yes or no.".to_owned())
            }
            FieldKind::Integer => {
                value.parse::<i32>().is_err().then(|| format!("Write a whole number. You entered {value}"))
            }
            FieldKind::Code(codes) => (!codes.iter().any(|(code, _)| *code == value)).then(|| {
                let codes: Vec<&str> = codes.iter().map(|(code, _)| *code).collect();
                format!("Choose one of {}.", codes.join(", "))
            }),
            FieldKind::Reference(types) => {
                let (kind, id) = value.split_once('/').unwrap_or_default();
                let fits = types.contains(&kind) && !id.is_empty() && !id.contains('/');
                (!fits).then(|| {
                    format!("Name one {} as type and id, like {}/123.", types.join(" or "), types[0])
                })
            }
        }
    }
}

/// Everything that is wrong with these values as the input of these fields.
pub(crate) fn faults(fields: &[Field], values: &Values) -> Vec<Issue> {
    let mut faults = Vec::new();
    for name in values.names() {
        if !fields.iter().any(|field| field.name == name) {
            faults.push(Issue::new("not-supported", name, "There is no such field. Leave it out."));
        }
    }
    for field in fields {
        let given = values.all(field.name);
        if given.len() > 1 {
            faults.push(Issue::new("invalid", field.name, format!("Give one value for {}.", field.label)));
        }
        match given.first() {
            None if field.required => {
                faults.push(Issue::new("required", field.name, format!("Enter {}.", sentence(field.label))));
            }
            None => {}
            Some(value) => {
                faults.extend(field.kind.fault(value).map(|text| Issue::new("value", field.name, text)));
            }
        }
    }
    faults
}

/// A label in the middle of a sentence: its first letter is small unless the second is a capital too.
fn sentence(label: &str) -> String {
    let mut letters = label.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => label.to_owned(),
    }
}
