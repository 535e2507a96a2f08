//! Extensions: whether they are known and may stand where they stand (R4, extensibility.html,
//! defining-extensions.html#context).

use crate::node::{Check, Profile, Usage};
use crate::spot::Spot;
use crate::walk::{Walk, is_of};
use fhir::Value;
use fhir::definitions::{TypeDef, TypeKind, type_def};
use fhir::fhirpath::{Expression, Item, Node};
use fhir::validate::place::Place;

/// What an extension stands in.
#[derive(Clone, Copy)]
pub struct Owner<'v> {
    /// Its type.
    pub kind: &'static TypeDef,
    /// The type that it is an element of, and its name there.
    pub of: Option<(&'static TypeDef, &'static str)>,
    /// Its value; of a primitive its id and extensions.
    pub value: Value<'v>,
}

impl<'v> Walk<'_, 'v> {
    /// An extension by its address.
    pub fn extension(&mut self, spot: &Spot<'v>, owner: &Owner<'v>, place: &Place<'_>) {
        let Some(value) = spot.value else { return };
        let Some(url) = value.str("url") else { return };
        // Extensions within one that is known are its own affair.
        if !url.contains(':') {
            if owner.kind.name != "Extension" {
                self.fault("value", &place.element("url"), "The url of an extension must be absolute.");
            }
            return;
        }
        let is_modifier = spot.element.name == "modifierExtension";
        match self.profiles.compiled(&url) {
            Some(Ok(profile)) => {
                self.profile(&profile, spot, place);
                self.no_other_parts(&profile, value, place);
                if let Some(usage) = &profile.extension {
                    self.usage(usage, is_modifier, owner, place);
                }
            }
            Some(Err(e)) => self.warn("exception", place, e.0),
            None if is_modifier => {
                let text = "This extension changes the meaning of what it stands in, and is not known here. Correct \
                            its url, or add the package that defines it.";
                self.fault("extension", place, text);
            }
            None => {
                let text = "This extension is not known here, so it was not checked. Correct its url, or add \
                            the package that defines it.";
                self.warn("informational", place, text);
            }
        }
    }

    /// The parts of a complex extension are those that its definition names.
    fn no_other_parts(&mut self, profile: &Profile, value: Value<'v>, place: &Place<'_>) {
        let parts = profile.root.children.iter().find(|child| child.name == "extension");
        let slices = parts.map_or(&[][..], |parts| &parts.slices);
        let fixed = slices.iter().flat_map(|slice| &slice.tests).filter_map(|test| match &test.check {
            Check::Fixed(url) => url.root().as_str(),
            _ => None,
        });
        let known: Vec<_> = fixed.collect();
        for (index, part) in value.get("extension").into_iter().flat_map(Value::items).enumerate() {
            let Some(url) = part.str("url") else { continue };
            if !url.contains(':') && !known.contains(&url) {
                let text = format!("{} does not define a part of this name.", profile.definition.url);
                self.fault("structure", &place.element("extension").at(index), text);
            }
        }
    }

    fn usage(&mut self, usage: &Usage, is_modifier: bool, owner: &Owner<'v>, place: &Place<'_>) {
        if usage.is_modifier && !is_modifier {
            let text = "This extension changes meaning and must stand in modifierExtension.";
            self.fault("structure", place, text);
        }
        if !usage.is_modifier && is_modifier {
            let text = "This extension does not change meaning and must stand in extension.";
            self.fault("structure", place, text);
        }
        if !usage.contexts.is_empty()
            && !usage.contexts.iter().any(|context| self.stands_in(context, owner, place))
        {
            let all: Vec<&str> = usage.contexts.iter().map(|(_, context)| context.as_str()).collect();
            let text = format!("This extension may not stand here, only in: {}.", all.join(", "));
            self.fault("structure", place, text);
        }
        for invariant in &usage.invariants {
            if self.holds(invariant, owner.node()) == Ok(false) {
                let text = format!("This extension may stand only where this holds: {}", invariant.human);
                self.fault("structure", place, text);
            }
        }
    }

    /// Whether an owner is what a context of use says.
    fn stands_in(&self, (sort, context): &(String, String), owner: &Owner<'v>, place: &Place<'_>) -> bool {
        match sort.as_str() {
            "element" => {
                let context = context.trim_end_matches("[x]");
                context == "Element"
                    // A context may be one element of one profile; which that is, its name does not say.
                    || context.contains(':')
                    || type_def(context).is_some_and(|of| is_of(owner.kind, of))
                    || owner.of.is_some_and(|(of, name)| context == format!("{}.{name}", of.name))
                    || context == self.path(place)
            }
            "extension" => {
                owner.kind.name == "Extension" && owner.value.str("url").is_some_and(|url| url == *context)
            }
            _ => self.is_found(context, owner),
        }
    }

    /// Whether an expression on the resource gives the owner.
    fn is_found(&self, expression: &str, owner: &Owner<'v>) -> bool {
        let (Ok(expression), Some(resource)) = (Expression::parse(expression), self.around.resource.value)
        else {
            return true;
        };
        let node = owner.node();
        let span = |value: Option<Value<'v>>| value.map(Value::span);
        let is_it = |item: &Item<'v>| match item {
            Item::Node(found) if node.value.is_some() => span(found.value) == span(node.value),
            Item::Node(found) => span(found.extras) == span(node.extras),
            Item::Computed(_) => false,
        };
        expression.evaluate(resource).is_ok_and(|items| items.iter().any(is_it))
    }

    /// The path of what an extension at a place stands in, from the resource that it is in: `Patient.contact.name`.
    fn path(&self, place: &Place<'_>) -> String {
        let text = place.to_string();
        let names = text.split('.').map(|name| name.split('[').next().unwrap_or(name));
        let mut path: Vec<&str> = names.collect();
        path.pop();
        let inner = path.iter().rposition(|name| matches!(*name, "resource" | "contained"));
        let below = path.split_off(inner.unwrap_or(0) + 1);
        let kind = self.around.resource.kind.name;
        below.iter().fold(kind.to_owned(), |path, name| format!("{path}.{name}"))
    }
}

impl<'v> Owner<'v> {
    /// As FHIRPath takes it.
    fn node(&self) -> Node<'v> {
        let (value, extras) = match self.kind.kind {
            TypeKind::Primitive => (None, Some(self.value)),
            _ => (Some(self.value), None),
        };
        Node { kind: self.kind, value, extras }
    }
}
