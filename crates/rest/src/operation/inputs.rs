//! What an operation is given: a query, or the parameters of a body.

use crate::status::No;
use fhir::json::{Json, Value};
use record::Refusal;
use service::interaction::Pairs;

/// The input of one call.
pub(crate) struct Inputs {
    query: Pairs,
    body: Option<Json>,
}

impl Inputs {
    pub(super) fn new(query: Pairs, body: Option<Json>) -> Inputs {
        Inputs { query, body }
    }

    /// The body, if it is a resource that is no Parameters: that is the one that the operation is about
    /// (FHIR R4 operations.html#request).
    pub(crate) fn bare(&self) -> Option<Value<'_>> {
        self.body.as_ref().map(Json::root).filter(|root| !is_parameters(*root))
    }

    /// The parts of the Parameters that have this name.
    pub(crate) fn parts<'i>(&'i self, name: &'i str) -> impl Iterator<Item = Value<'i>> {
        self.parameters().filter(move |part| part.str("name").as_deref() == Some(name))
    }

    /// The values of the parts of this name, of whatever type.
    pub(crate) fn values<'i>(&'i self, name: &'i str) -> impl Iterator<Item = Value<'i>> {
        self.parts(name).filter_map(value)
    }

    /// The resource in the part of this name.
    pub(crate) fn resource<'i>(&'i self, name: &'i str) -> Option<Value<'i>> {
        self.parts(name).find_map(|part| part.get("resource"))
    }

    /// The simple values of this name, from the query and from the body.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let of_query = self.query.iter().filter(|(n, _)| n == name).map(|(_, value)| value.clone());
        of_query.chain(self.values(name).filter_map(simple)).collect()
    }

    /// The first of [`Inputs::texts`].
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.texts(name).into_iter().next()
    }

    /// Refuses what the operation does not know by name.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        let in_body = self.parameters().map(|part| part.str("name").unwrap_or_default().into_owned());
        let mut names = self.query.iter().map(|(name, _)| name.clone()).chain(in_body);
        match names.find(|name| !known.contains(&name.as_str())) {
            Some(name) => {
                let text = format!("{name:?} is not understood here. Use {}.", known.join(", "));
                Err(Refusal::invalid(name, text))
            }
            None => Ok(()),
        }
    }

    /// All as pairs, for an operation whose values are all simple.
    pub(super) fn pairs(&self) -> Result<Pairs, No> {
        if let Some(kind) = self.bare().and_then(|root| root.str("resourceType")) {
            let text =
                format!("This operation takes a Parameters resource and not a resource of type {kind:?}.");
            return Err(Refusal::invalid("resourceType", text).into());
        }
        let mut pairs = self.query.clone();
        for part in self.parameters() {
            let name = part.str("name").unwrap_or_default().into_owned();
            let text = value(part).and_then(simple).ok_or_else(|| {
                Refusal::invalid(
                    "Parameters.parameter",
                    format!("The parameter {name:?} has no simple value."),
                )
            })?;
            pairs.push((name, text));
        }
        Ok(pairs)
    }

    fn parameters(&self) -> impl Iterator<Item = Value<'_>> {
        let root = self.body.as_ref().map(Json::root).filter(|root| is_parameters(*root));
        root.and_then(|root| root.get("parameter")).into_iter().flat_map(Value::items)
    }
}

fn is_parameters(root: Value<'_>) -> bool {
    root.str("resourceType").as_deref() == Some("Parameters")
}

/// The `value[x]` of a part.
fn value(part: Value<'_>) -> Option<Value<'_>> {
    part.members().find(|(member, _)| member.starts_with("value")).map(|(_, value)| value)
}

fn simple(value: Value<'_>) -> Option<String> {
    let text = value.as_str().or(value.as_number().map(Into::into)).map(|text| text.into_owned());
    text.or_else(|| value.as_bool().map(|is| is.to_string()))
}
