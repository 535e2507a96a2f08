//! What an operation is given.

use crate::issue::Refused;
use fhir::json::Value;
use std::borrow::Cow;

/// The parts of a Parameters resource. A value may have any type, since what was said in a query has none.
#[derive(Clone, Copy)]
pub(crate) struct Inputs<'v> {
    body: Option<Value<'v>>,
    /// What holds where the body says nothing: the outer parameters of a batch.
    outer: Option<Value<'v>>,
}

impl<'v> Inputs<'v> {
    pub fn new(body: Option<Value<'v>>) -> Inputs<'v> {
        Inputs { body, outer: None }
    }

    /// Those of one validation of a batch.
    pub fn within(self, body: Value<'v>) -> Inputs<'v> {
        Inputs { body: Some(body), outer: self.body }
    }

    /// The parts of a name.
    pub fn parts(self, name: &str) -> impl Iterator<Item = Value<'v>> {
        let own = parts(self.body).any(|(own, _)| own == name);
        let place = if own { self.body } else { self.outer };
        parts(place).filter(move |(own, _)| own == name).map(|(_, part)| part)
    }

    /// The `value[x]` of the first part of a name.
    pub fn value(self, name: &str) -> Option<Value<'v>> {
        self.parts(name).find_map(value)
    }

    /// The resource in the first part of a name.
    pub fn resource(self, name: &str) -> Option<Value<'v>> {
        self.parts(name).find_map(|part| part.get("resource"))
    }

    pub fn texts(self, name: &str) -> Vec<String> {
        self.parts(name).filter_map(value).filter_map(simple).collect()
    }

    pub fn text(self, name: &str) -> Option<String> {
        self.texts(name).into_iter().next()
    }

    pub fn flag(self, name: &str) -> Result<Option<bool>, Refused> {
        match self.text(name).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(Refused::invalid(name, format!("{name} is true or false, not {other:?}."))),
        }
    }

    pub fn count(self, name: &str) -> Result<Option<usize>, Refused> {
        // FHIR's integers have 31 bits.
        let read = |text: String| match text.parse::<u32>() {
            Ok(count) if count <= i32::MAX as u32 => Ok(count as usize),
            _ => Err(Refused::invalid(
                name,
                format!("{name} is a whole number that is not too large, not {text:?}."),
            )),
        };
        self.text(name).map(read).transpose()
    }
}

fn parts<'v>(body: Option<Value<'v>>) -> impl Iterator<Item = (Cow<'v, str>, Value<'v>)> {
    let all = body.and_then(|body| body.get("parameter")).into_iter().flat_map(Value::items);
    all.filter_map(|part| Some((part.str("name")?, part)))
}

pub(crate) fn value(part: Value<'_>) -> Option<Value<'_>> {
    part.members().find(|(name, _)| name.starts_with("value")).map(|(_, value)| value)
}

pub(crate) fn simple(value: Value<'_>) -> Option<String> {
    let text = value.as_str().or(value.as_number().map(Cow::Borrowed)).map(Cow::into_owned);
    text.or_else(|| value.as_bool().map(|is| is.to_string()))
}
