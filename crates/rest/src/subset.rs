//! `_summary` and `_elements`: parts of a resource.

use crate::status::No;
use crate::wants::Wants;
use fhir::json::{Json, Limits};
use fhir::resource::{Subset as Part, subset};
use fhir::search::Summary;
use record::{Body, Refusal};

/// Which part of a resource is wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subset {
    /// `_summary`.
    pub summary: Summary,
    /// `_elements`; empty for all.
    pub elements: Vec<String>,
}

impl Subset {
    /// Takes `_summary` and `_elements` out of a query that is no search.
    pub(crate) fn of(wants: &mut Wants) -> Result<Subset, No> {
        let summary = match wants.take("_summary").as_deref() {
            None | Some("false") => Summary::No,
            Some("true") => Summary::Yes,
            Some("text") => Summary::Text,
            Some("data") => Summary::Data,
            Some(other) => {
                let text = format!(
                    "_summary={other} is not possible for one resource. Use true, text, data or false."
                );
                return Err(Refusal::invalid("_summary", text).into());
            }
        };
        let elements = wants.take("_elements").unwrap_or_default();
        let elements = elements.split(',').map(str::trim).filter(|name| !name.is_empty());
        Ok(Subset { summary, elements: elements.map(str::to_owned).collect() })
    }

    /// Appends the wanted part of a body.
    pub(crate) fn write(&self, body: &Body, out: &mut String) {
        let part = match self.summary {
            Summary::Yes => Part::Summary,
            Summary::Text => Part::Text,
            Summary::Data => Part::Data,
            Summary::No | Summary::Count if self.elements.is_empty() => return out.push_str(&body.text),
            Summary::No | Summary::Count => Part::Elements(&self.elements),
        };
        let limits = Limits { bytes: usize::MAX, depth: usize::MAX, number: usize::MAX };
        match Json::parse(body.text.as_str(), limits) {
            Ok(json) => subset(json.root(), part, out),
            // The record's own text is sound; if it is not, its reader is to see that.
            Err(_) => out.push_str(&body.text),
        }
    }
}
