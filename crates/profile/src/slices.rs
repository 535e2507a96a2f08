//! How often an element comes, and its slices (R4, profiling.html#slicing).

use crate::node::{Check, Node, Profile, Rules, Step, Test};
use crate::same::{has_pattern, is_fixed};
use crate::spot::{Spot, named};
use crate::walk::{Walk, is_of};
use fhir::definitions::type_def;
use fhir::validate::place::Place;

impl<'v> Walk<'_, 'v> {
    /// All items of an element, by what a profile says of it. `place` is that of what they stand in.
    pub fn sliced(&mut self, profile: &Profile, node: &Node, found: &[Spot<'v>], place: &Place<'_>) {
        self.count(node, found.len(), place);
        for spot in found {
            self.layered(profile, node, spot, &at(place, spot));
        }
        if !node.slices.is_empty() {
            self.cut(profile, node, found, place);
        }
    }

    /// Sorts items into the slices of a node.
    fn cut(&mut self, profile: &Profile, node: &Node, found: &[Spot<'v>], place: &Place<'_>) {
        let mut items: Vec<Vec<Spot<'v>>> = node.slices.iter().map(|_| Vec::new()).collect();
        let rules = node.slicing.as_ref().map_or(Rules::Open, |slicing| slicing.rules);
        let is_ordered = node.slicing.as_ref().is_some_and(|slicing| slicing.is_ordered);
        let (mut last, mut unmatched) = (0, false);
        for spot in found {
            let here = at(place, spot);
            let slice = (0..node.slices.len()).find(|n| self.is_in(&node.slices[*n], spot, &here));
            let rest = || node.slices.iter().position(|slice| slice.slice.as_deref() == Some("@default"));
            let Some(n) = slice.or_else(rest) else {
                unmatched = true;
                if rules == Rules::Closed {
                    let text = format!(
                        "This is in no slice of {}, which is closed. Make it one of {}, or leave it out.",
                        node.label,
                        names(&node.slices)
                    );
                    self.fault("structure", &here, text);
                }
                continue;
            };
            if unmatched && rules == Rules::OpenAtEnd {
                let text = format!("What is in no slice of {} must come behind this.", node.label);
                self.fault("structure", &here, text);
            }
            if is_ordered && n < last {
                let text =
                    format!("{} must come before those of the slices behind it.", node.slices[n].label);
                self.fault("structure", &here, text);
            }
            last = last.max(n);
            items[n].push(*spot);
        }
        for (slice, items) in node.slices.iter().zip(items) {
            // Where nothing tells the items of a slice, nothing can be said of how many there are.
            if !slice.tests.is_empty() || slice.slice.as_deref() == Some("@default") {
                self.sliced(profile, slice, &items, place);
            }
        }
    }

    fn count(&mut self, node: &Node, count: usize, place: &Place<'_>) {
        if count < node.min {
            return self.too_few(node, count, place);
        }
        if let Some(max) = node.max.filter(|max| count > *max) {
            let here = place.element(&node.name);
            let text = match max {
                0 => format!("{} must not be given here. Leave it out.", node.label),
                1 => format!("{} may come once only, and there are {count}. Keep one.", node.label),
                _ => format!("{} may come {max} times at most, and there are {count}.", node.label),
            };
            self.fault("structure", &here, text);
        }
    }

    fn too_few(&mut self, node: &Node, count: usize, place: &Place<'_>) {
        if count == 0 {
            return self.missing(node, place);
        }
        let text = format!("{} must come {} times at least, and there are {count}.", node.label, node.min);
        self.fault("required", &place.element(&node.name), text);
    }

    /// An element that must be there and is not.
    pub fn missing(&mut self, node: &Node, place: &Place<'_>) {
        let text = format!("{} must be given. Add it.", node.label);
        self.fault("required", &place.element(&node.name), text);
    }

    /// Whether an item is of a slice.
    pub fn is_in(&mut self, slice: &Node, spot: &Spot<'v>, place: &Place<'_>) -> bool {
        !slice.tests.is_empty() && slice.tests.iter().all(|test| self.passes(test, spot, place))
    }

    fn passes(&mut self, test: &Test, spot: &Spot<'v>, place: &Place<'_>) -> bool {
        let mut there = vec![*spot];
        for step in &test.path {
            there = there.iter().flat_map(|spot| self.step(step, spot)).collect();
        }
        let is = |spot: &Spot<'v>, code: &str| type_def(code).is_some_and(|def| is_of(spot.kind, def));
        match &test.check {
            Check::Exists(wanted) => there.is_empty() != *wanted,
            Check::Fixed(fixed) => {
                there.iter().any(|spot| spot.value.is_some_and(|value| is_fixed(value, fixed.root())))
            }
            Check::Pattern(pattern) => {
                there.iter().any(|spot| spot.value.is_some_and(|value| has_pattern(value, pattern.root())))
            }
            Check::Bound(set) => there.iter().any(|spot| self.is_bound(set, spot)),
            Check::Types(codes) => there.iter().any(|spot| codes.iter().any(|code| is(spot, code))),
            Check::Profiles(urls) => {
                there.iter().any(|spot| urls.iter().any(|url| self.meets(url, spot, place) == Some(true)))
            }
        }
    }

    fn step(&self, step: &Step, spot: &Spot<'v>) -> Vec<Spot<'v>> {
        match step {
            Step::Child(name) => named(spot.node(), name),
            Step::OfType(kind) => {
                let of = type_def(kind).filter(|of| is_of(spot.kind, of));
                of.map(|_| *spot).into_iter().collect()
            }
            Step::Extension(url) => {
                let all = named(spot.node(), "extension").into_iter();
                let told = |spot: &Spot<'v>| spot.value.and_then(|v| v.str("url")).is_some_and(|u| u == *url);
                all.filter(told).collect()
            }
            Step::Resolve => self.around.led_to(spot).into_iter().collect(),
        }
    }
}

/// The names of slices, for a sentence.
fn names(slices: &[Node]) -> String {
    let names: Vec<&str> = slices.iter().filter_map(|slice| slice.slice.as_deref()).collect();
    names.join(", ")
}

/// The place of an item of what stands at `place`.
fn at<'p>(place: &'p Place<'p>, spot: &Spot<'_>) -> Place<'p> {
    let here = place.element(spot.element.path);
    match spot.index {
        Some(index) => here.at(index),
        None => here,
    }
}
