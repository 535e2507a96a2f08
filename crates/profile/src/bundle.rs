//! What R4 says of Bundles in words (bundle.html#bundle-unique, #references).

use crate::walk::Walk;
use fhir::Value;
use fhir::definitions::is_resource;
use fhir::validate::place::Place;

impl<'v> Walk<'_, 'v> {
    /// The rules of a Bundle that its invariants do not say.
    pub fn bundle(&mut self, bundle: Value<'v>, place: &Place<'_>) {
        let kind = bundle.str("type").unwrap_or_default();
        for once in ["self", "first", "last", "next", "previous"] {
            let links = bundle.get("link").into_iter().flat_map(Value::items);
            if links.filter(|link| link.str("relation").is_some_and(|told| told == once)).count() > 1 {
                let text = format!("There may be one link with the relation {once}.");
                self.fault("structure", &place.element("link"), text);
            }
        }
        let is_request =
            matches!(&*kind, "transaction" | "batch" | "transaction-response" | "batch-response");
        let entries = place.element("entry");
        for (index, entry) in bundle.get("entry").into_iter().flat_map(Value::items).enumerate() {
            let here = entries.at(index);
            let resource = entry.get("resource");
            // What a search or an operation says of itself has no identity (R4, bundle.html#bundle-unique).
            let is_outcome = resource.is_some_and(|resource| is_of_type(resource, "OperationOutcome"));
            match entry.str("fullUrl") {
                None if resource.is_some() && !is_request && !is_outcome => {
                    let text = "An entry must have a fullUrl, unless the Bundle is a transaction or a batch.";
                    self.fault("required", &here.element("fullUrl"), text);
                }
                Some(url) if !url.contains(':') => {
                    self.fault("value", &here.element("fullUrl"), "A fullUrl must be absolute.");
                }
                Some(url) => {
                    let id = resource.and_then(|resource| resource.str("id"));
                    if id.is_none() && resource.is_some() && !is_request && named_id(&url).is_some() {
                        let text = "The fullUrl ends in the id of a resource, which has none itself. Give it the id.";
                        self.fault("value", &here.element("resource"), text);
                    }
                    if id.zip(named_id(&url)).is_some_and(|(id, named)| id != named) {
                        let text = "The fullUrl must end in the id of the resource.";
                        self.fault("value", &here.element("fullUrl"), text);
                    }
                }
                None => {}
            }
            if let Some(resource) = resource.filter(|_| kind == "searchset") {
                self.found(entry, resource, &here);
            }
        }
    }

    /// An entry of what a search found (R4, http.html#search).
    fn found(&mut self, entry: Value<'v>, resource: Value<'v>, place: &Place<'_>) {
        let is_outcome = is_of_type(resource, "OperationOutcome");
        let mode = entry.at(&["search", "mode"]).and_then(Value::as_str).unwrap_or_default();
        let here = place.element("resource");
        if mode == "outcome" && !is_outcome {
            self.fault("structure", &here, "An entry of the mode outcome must be an OperationOutcome.");
        } else if mode != "outcome" && !is_outcome && resource.get("id").is_none() {
            self.fault("required", &here.element("id"), "What a search finds must have an id.");
        }
    }

    /// Whether the size that an attachment tells is that of its data.
    pub fn attachment(&mut self, attachment: Value<'v>, place: &Place<'_>) {
        let told =
            attachment.get("size").and_then(Value::as_number).and_then(|size| size.parse::<usize>().ok());
        let (Some(told), Some(data)) = (told, attachment.str("data")) else { return };
        let letters = data.bytes().filter(|c| !c.is_ascii_whitespace() && *c != b'=').count();
        if told != letters * 3 / 4 {
            self.fault(
                "value",
                &place.element("size"),
                "The size is not that of the data. Give the bytes of the data.",
            );
        }
    }
}

fn is_of_type(resource: Value<'_>, kind: &str) -> bool {
    resource.str("resourceType").is_some_and(|told| told == kind)
}

/// The id that a RESTful address ends in.
fn named_id(url: &str) -> Option<&str> {
    let (rest, id) = url.split("/_history/").next()?.rsplit_once('/')?;
    let kind = rest.rsplit('/').next()?;
    (url.starts_with("http") && is_resource(kind)).then_some(id)
}
