//! Definitions that are validated as resources: whether they agree with those that they name.

use crate::compile::compile;
use crate::narrowing;
use crate::snapshot::Error;
use crate::walk::Walk;
use fhir::Value;
use fhir::definitions::SEARCH_PARAMS;
use fhir::validate::place::Place;
use package::canonical;
use std::sync::Arc;

impl<'v> Walk<'_, 'v> {
    /// The type of each search parameter SHALL be that of its definition (R4, capabilitystatement-definitions.html,
    /// rest.resource.searchParam.type).
    pub fn capability_statement(&mut self, statement: Value<'v>, place: &Place<'_>) {
        let list =
            |value: Value<'v>, name: &str| value.get(name).into_iter().flat_map(Value::items).enumerate();
        let rests = place.element("rest");
        for (at, rest) in list(statement, "rest") {
            let here = rests.at(at);
            let resources = here.element("resource");
            for (at, resource) in list(rest, "resource") {
                let here = resources.at(at);
                let params = here.element("searchParam");
                for (at, param) in list(resource, "searchParam") {
                    self.same_type(param, "definition", &params.at(at));
                }
            }
        }
    }

    /// A parameter must be consistent with the one that it derives from (R4, searchparameter-definitions.html,
    /// derivedFrom).
    pub fn search_parameter(&mut self, parameter: Value<'v>, place: &Place<'_>) {
        self.same_type(parameter, "derivedFrom", place);
    }

    /// Whether the type of a search parameter is that of the SearchParameter that it names, if that is here.
    fn same_type(&mut self, told: Value<'v>, name: &str, place: &Place<'_>) {
        let Some(wanted) = told.str(name).and_then(|reference| self.type_of_parameter(&reference)) else {
            return;
        };
        if told.str("type").is_some_and(|kind| kind != wanted) {
            let text =
                format!("The SearchParameter that {name} names is of the type {wanted}. Give the same type.");
            self.fault("value", &place.element("type"), text);
        }
    }

    /// The type of the SearchParameter with this canonical address: one of R4's own, or one of the source.
    fn type_of_parameter(&self, reference: &str) -> Option<String> {
        let (url, version) = canonical(reference);
        if let Some(own) = SEARCH_PARAMS.iter().find(|param| param.url == url) {
            return Some(own.kind.code().to_owned());
        }
        let definition = self.profiles.source().find("SearchParameter", url, version)?;
        definition.root().str("type").map(|kind| kind.into_owned())
    }

    /// A profile must be one that can be used, and narrow its base only (R4, profiling.html#constraint-types).
    pub fn structure_definition(&mut self, sd: Value<'v>, place: &Place<'_>) {
        let (Some(base), true) = (sd.str("baseDefinition"), is_profile(sd)) else { return };
        let here = place.element("baseDefinition");
        if sd.str("url").is_some_and(|url| url == canonical(&base).0) {
            return self.fault(
                "value",
                &here,
                "A profile must not build on itself. Name another baseDefinition.",
            );
        }
        let snapshots = &self.profiles.snapshots;
        let base = match snapshots.definition(&base) {
            Some(Ok(base)) => base,
            Some(Err(e)) => return self.warn("exception", &here, e.0),
            None => {
                let text = "The baseDefinition is not here, so the profile was not checked. Add its package.";
                return self.warn("not-found", &here, text);
            }
        };
        let made = snapshots.draft(sd).and_then(|made| {
            let faults = narrowing::faults(&base.root, &made.root, snapshots);
            compile(Arc::new(made), snapshots).map(|_| faults)
        });
        match made {
            Ok(faults) => faults.into_iter().for_each(|text| self.fault("value", place, text)),
            Err(Error(text)) => self.fault("value", place, format!("This profile cannot be used. {text}")),
        }
    }
}

/// True for what narrows a resource or a data type, by a differential.
fn is_profile(sd: Value<'_>) -> bool {
    let is_constraint = sd.str("derivation").is_some_and(|derivation| derivation == "constraint");
    is_constraint && sd.str("kind").is_some_and(|kind| kind != "logical") && sd.get("differential").is_some()
}
