//! Named values: what a form and a Parameters resource have in common.

use fhir::json::{Kind as JsonKind, Value};
use fhir::{Instant, Issue};
use record::{Kind, Refusal};

/// Values by name, in order. Blank ones are left out, as a form sends every field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    pairs: Vec<(String, String)>,
}

impl Values {
    /// From the pairs of a form.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Values {
        let trimmed = pairs.into_iter().map(|(name, value)| (name, value.trim().to_owned()));
        Values { pairs: trimmed.filter(|(_, value)| !value.is_empty()).collect() }
    }

    /// From a FHIR Parameters resource: primitive values and references. Every fault at once.
    pub fn from_parameters(resource: Value<'_>) -> Result<Values, Refusal> {
        if resource.str("resourceType").as_deref() != Some("Parameters") {
            return Err(Refusal::invalid("", "Send a Parameters resource."));
        }
        let (mut pairs, mut faults) = (Vec::new(), Vec::new());
        for (i, parameter) in resource.get("parameter").into_iter().flat_map(Value::items).enumerate() {
            let at = format!("Parameters.parameter[{i}]");
            match (parameter.str("name"), value(parameter)) {
                (Some(name), Some(value)) => pairs.push((name.into_owned(), value)),
                (None, _) => faults.push(Issue::new("required", at, "The parameter has no name.")),
                (_, None) => {
                    let text = "Give the parameter one value: a primitive or a reference.";
                    faults.push(Issue::new("value", at, text));
                }
            }
        }
        if faults.is_empty() { Ok(Values::new(pairs)) } else { Err(Refusal::many(Kind::Invalid, faults)) }
    }

    /// The first value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).into_iter().next()
    }

    /// All values of this name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.pairs.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a required field, which has been checked to be there.
    pub fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    /// The value of a date-and-time field.
    pub fn instant(&self, name: &str) -> Option<Instant> {
        instant(self.get(name)?)
    }

    /// The value of a yes-or-no field.
    pub fn yes(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// The names that have values.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(name, _)| name.as_str())
    }

    /// All pairs, in order.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }
}

/// A moment with a time zone, or London time as a form sends it.
pub(crate) fn instant(text: &str) -> Option<Instant> {
    Instant::parse(text).or_else(|| html::parse_local(text).map(Instant))
}

fn value(parameter: Value<'_>) -> Option<String> {
    let mut values = parameter.members().filter(|(name, _)| name.starts_with("value"));
    let (name, value) = values.next()?;
    if values.next().is_some() {
        return None;
    }
    match value.kind() {
        JsonKind::String => value.as_str().map(|text| text.into_owned()),
        JsonKind::Number | JsonKind::Bool => Some(value.raw().to_owned()),
        JsonKind::Object if name == "valueReference" => value.str("reference").map(|text| text.into_owned()),
        _ => None,
    }
}
