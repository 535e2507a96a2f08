//! What R4 says of Bundles in words (bundle.html#bundle-unique, #references).

use crate::walk::Walk;
use fhir::Value;
use fhir::definitions::is_resource;
use fhir::validate::place::Place;

impl<'v> Walk<'_, 'v> {
    /// The rules of a Bundle that its invariants do not say.
    pub fn bundle(&mut self, bundle: Value<'v>, place: &Place<'_>) {
        let kind = bundle.str("type").unwrap_or_default();
        let is_request =
            matches!(&*kind, "transaction" | "batch" | "transaction-response" | "batch-response");
        let entries = place.element("entry");
        for (index, entry) in bundle.get("entry").into_iter().flat_map(Value::items).enumerate() {
            let here = entries.at(index);
            let resource = entry.get("resource");
            match entry.str("fullUrl") {
                None if resource.is_some() && !is_request => {
                    let text = "An entry must have a fullUrl, unless the Bundle is a transaction or a batch.";
                    self.fault("required", &here.element("fullUrl"), text);
                }
                Some(url) if !url.contains(':') => {
                    self.fault("value", &here.element("fullUrl"), "A fullUrl must be absolute.");
                }
                Some(url) => {
                    let id = resource.and_then(|resource| resource.str("id"));
                    if id.zip(named_id(&url)).is_some_and(|(id, named)| id != named) {
                        let text = "The fullUrl must end in the id of the resource.";
                        self.fault("value", &here.element("fullUrl"), text);
                    }
                }
                None => {}
            }
        }
    }
}

/// The id that a RESTful address ends in.
fn named_id(url: &str) -> Option<&str> {
    let (rest, id) = url.split("/_history/").next()?.rsplit_once('/')?;
    let kind = rest.rsplit('/').next()?;
    (url.starts_with("http") && is_resource(kind)).then_some(id)
}
