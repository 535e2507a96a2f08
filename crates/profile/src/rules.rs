//! What a profile says of one value.

use crate::node::{self, Constraint};
use crate::same::{has_pattern, is_fixed, order};
use crate::spot::Spot;
use crate::walk::Walk;
use crate::world::World;
use fhir::fhirpath::{Arena, Context, Fault, Item, Node, Scalar};
use fhir::json::Kind;
use fhir::validate::place::Place;
use fhir::{Json, Value};
use std::cmp::Ordering;

/// Steps that one rule may take.
const STEPS_MAX: u32 = 200_000;
/// A fixed value is spelt out when its text is no longer than this.
const SHOWN_MAX: usize = 200;

impl<'v> Walk<'_, 'v> {
    /// Everything that a node says of an item itself; not of what is in it.
    pub fn rules(&mut self, node: &node::Node, spot: &Spot<'v>, place: &Place<'_>) {
        if let Some(value) = spot.value {
            self.values(node, value, place);
        } else if node.fixed.is_some() || node.pattern.is_some() {
            self.fault("value", place, format!("{} must have a value.", node.label));
        }
        if let Some(binding) = &node.binding {
            self.bound(binding, &node.label, spot, place);
        }
        if spot.kind.name == "Reference" {
            self.targets(node, spot, place);
        }
        for constraint in &node.constraints {
            self.constraint(constraint, spot, place);
        }
    }

    fn values(&mut self, node: &node::Node, value: Value<'v>, place: &Place<'_>) {
        if let Some(fixed) = node.fixed.as_ref().filter(|fixed| !is_fixed(value, fixed.root())) {
            self.fault("value", place, format!("{} must be {}.", node.label, shown(fixed)));
        }
        if let Some(pattern) = node.pattern.as_ref().filter(|pattern| !has_pattern(value, pattern.root())) {
            self.fault("value", place, format!("{} must have {}.", node.label, shown(pattern)));
        }
        let beyond = |limit: &Option<Json>, wrong: Ordering| {
            limit.as_ref().filter(|limit| order(value, limit.root()) == Some(wrong)).map(shown)
        };
        if let Some(least) = beyond(&node.least, Ordering::Less) {
            self.fault("value", place, format!("{} must be {least} or more.", node.label));
        }
        if let Some(most) = beyond(&node.most, Ordering::Greater) {
            self.fault("value", place, format!("{} must be {most} or less.", node.label));
        }
        let length = || value.as_str().map_or(0, |text| text.chars().count());
        if let Some(max) = node.length_max.filter(|max| value.kind() == Kind::String && length() > *max) {
            self.fault("value", place, format!("{} may have {max} characters at most.", node.label));
        }
        if let Some(min) = node.length_min.filter(|min| value.kind() == Kind::String && length() < *min) {
            self.fault("value", place, format!("{} must have {min} characters at least.", node.label));
        }
    }

    fn constraint(&mut self, constraint: &Constraint, spot: &Spot<'v>, place: &Place<'_>) {
        let contains = || self.around.resource.value.is_some_and(|value| value.get("contained").is_some());
        if constraint.of_contained && !contains() {
            return;
        }
        if self.holds(constraint, spot.node()) == Ok(false) {
            let text = format!("The rule {} is broken: {}", constraint.key, sentence(&constraint.human));
            match constraint.is_error {
                true => self.fault("invariant", place, text),
                false => self.warn("invariant", place, text),
            }
        }
    }

    /// Whether a rule holds of an item. One that has no answer holds: R4's own rules count on it (`ras-2` of a
    /// prediction without a probability). A fault where it cannot be evaluated: then nothing is said of it.
    pub fn holds(&self, constraint: &Constraint, node: Node<'v>) -> Result<bool, Fault> {
        let (world, arena) = (World { walk: self }, Arena::new());
        let context = Context {
            root: self.around.root,
            now: self.options.now,
            steps: STEPS_MAX,
            outside: Some((&world, &arena)),
            ..Context::new(self.around.resource)
        };
        let items = constraint.expression.evaluate_in(Item::Node(node), &context)?;
        Ok(match &items[..] {
            [] => true,
            [Item::Computed(Scalar::Boolean(truth))] => *truth,
            [Item::Node(node)] => node.value.and_then(Value::as_bool).unwrap_or(true),
            _ => true,
        })
    }
}

fn shown(value: &Json) -> String {
    let text = value.root().canonical();
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

fn sentence(human: &str) -> String {
    let human = human.trim();
    if human.ends_with(['.', '!', '?', ')']) { human.to_owned() } else { format!("{human}.") }
}
