//! What references and canonicals may lead to (R4, references.html; ElementDefinition.type.targetProfile).

use crate::node::{Node, Type};
use crate::outside::Found;
use crate::spot::Spot;
use crate::walk::{Walk, outermost};
use fhir::definitions::type_def;
use fhir::validate::place::Place;
use fhir::{Value, fhirpath};
use package::canonical;

/// The definitions that are most often taken for others.
const NAMED: &[&str] = &["StructureDefinition", "ValueSet", "CodeSystem"];

impl<'v> Walk<'_, 'v> {
    /// Whether what a reference to a contained resource leads to is there (`ref-1`).
    pub fn contained(&mut self, value: Value<'v>, place: &Place<'_>) {
        let reference = value.str("reference").filter(|reference| reference.starts_with('#'));
        if reference.is_some_and(|reference| self.around.local(&reference).is_none()) {
            let text = "No contained resource has this id. Put it into contained.";
            self.fault("not-found", &place.element("reference"), text);
        }
    }

    /// Whether a canonical names what its element allows. What is not here may be anything (R4,
    /// references.html#canonical).
    pub fn canonical_target(&mut self, spot: &Spot<'v>, place: &Place<'_>) {
        let targets = spot.element.targets;
        let told = spot.value.and_then(Value::as_str).filter(|told| !told.starts_with('#'));
        let Some(told) = told.filter(|_| spot.kind.name == "canonical" && !targets.is_empty()) else {
            return;
        };
        let (url, _) = canonical(&told);
        let source = self.profiles.source();
        let is_here = |kind: &&&str| source.find(kind, url, None).is_some();
        if targets.contains(&"Resource") || targets.iter().any(|kind| is_here(&kind)) {
            return;
        }
        if let Some(other) = NAMED.iter().find(is_here) {
            let text =
                format!("This must name a {}, and what has this address is a {other}.", targets.join(" or "));
            self.fault("structure", place, text);
        }
    }

    /// Whether a Reference leads to what its element allows.
    pub fn targets(&mut self, node: &Node, spot: &Spot<'v>, place: &Place<'_>) {
        let Some(of) = node.type_of("Reference").filter(|of| !of.targets.is_empty()) else { return };
        let local = self.around.led_to(spot);
        let reference = spot.value.and_then(|value| value.str("reference"));
        let brought = match (&local, self.options.resolver, reference) {
            (Some(found), ..) if found.value.is_some() => None,
            (_, Some(resolver), Some(reference)) if !reference.starts_with('#') => {
                match resolver.resolve(&reference) {
                    Found::Resource(json) => Some(json),
                    Found::Nowhere => {
                        self.fault("not-found", place, "This refers to a resource that is not here.");
                        None
                    }
                    Found::NotKnown => None,
                }
            }
            _ => None,
        };
        let brought = brought.as_ref().and_then(|json| fhirpath::Node::resource(json.root()));
        let Some(kind) = brought.map(|node| node.kind).or(local.map(|found| found.kind)) else { return };
        let fitting: Vec<&String> =
            of.targets.iter().filter(|(_, of)| fits(of.as_deref(), kind.name)).map(|(url, _)| url).collect();
        if fitting.is_empty() {
            let text = format!("{} must refer to {}, not to {}.", node.label, kinds(of), kind.name);
            return self.fault("structure", place, text);
        }
        if fitting.iter().any(|url| is_core(url)) {
            return;
        }
        let meets = match (brought, local) {
            (Some(node), _) => {
                let mut apart = Walk::begin(self.profiles, self.options, node);
                apart.depth = self.depth + 1;
                fitting.iter().any(|url| apart.meets(url, &outermost(node), place) != Some(false))
            }
            (None, Some(found)) if found.value.is_some() => {
                let (Some(value), kind) = (found.value, found.kind) else { return };
                let target = fhirpath::Node { kind, value: Some(value), extras: None };
                let before = self.around.enter(target, crate::outside::Standing::Alone);
                let meets = fitting.iter().any(|url| self.meets(url, &found, place) != Some(false));
                self.around.leave(before);
                meets
            }
            _ => true,
        };
        if !meets {
            let names: Vec<&str> = fitting.iter().map(|url| url.as_str()).collect();
            let text = format!("{} must refer to a resource that meets {}.", node.label, names.join(" or "));
            self.fault("structure", place, text);
        }
    }
}

/// True for R4's own types: of those every resource is by its resourceType.
fn is_core(url: &str) -> bool {
    url.strip_prefix("http://hl7.org/fhir/StructureDefinition/").is_some_and(|name| type_def(name).is_some())
}

/// A target of which the type is not known fits everything.
fn fits(of: Option<&str>, kind: &str) -> bool {
    of.is_none_or(|of| of == kind || matches!(of, "Resource" | "DomainResource"))
}

fn kinds(of: &Type) -> String {
    let mut kinds: Vec<&str> = of.targets.iter().filter_map(|(_, kind)| kind.as_deref()).collect();
    kinds.dedup();
    kinds.join(" or ")
}
