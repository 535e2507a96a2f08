//! Discriminators (R4, profiling.html#discriminator): what tells the slices of an element apart, read from what each
//! slice says at the discriminator's path.

use crate::element::{Element, items, text};
use crate::merge::is_choice;
use crate::node::{Check, Step, Test};
use crate::snapshot::{Error, Snapshots};
use fhir::{Json, Limits, Tree};

/// How far below the element that a discriminator names fixed values are looked for.
const BELOW_MAX: usize = 4;

/// The questions that tell whether an item is of a slice. None when nothing tells: then no item is.
pub fn tests(sliced: &Tree, slice: &Element, snapshots: &Snapshots) -> Result<Vec<Test>, Error> {
    let looking = Looking { snapshots };
    let mut tests = Vec::new();
    for discriminator in items(sliced.get("slicing").and_then(|slicing| slicing.get("discriminator"))) {
        let kind = text(discriminator, "type").unwrap_or("value");
        let path = steps(text(discriminator, "path").unwrap_or("$this"))?;
        let mut found = vec![slice.clone()];
        for step in &path {
            found = found.iter().flat_map(|element| looking.step(element, step)).collect();
        }
        match kind {
            "value" | "pattern" => {
                found.iter().for_each(|element| looking.values(element, &path, BELOW_MAX, &mut tests));
            }
            "exists" => tests.extend(found.first().and_then(exists).map(|check| Test { path, check })),
            "type" => {
                let codes: Vec<String> = found.iter().flat_map(codes).collect();
                let any = codes.is_empty() || codes.iter().any(|code| code == "Resource");
                tests.extend((!any).then_some(Test { path, check: Check::Types(codes) }));
            }
            "profile" => {
                let profiles: Vec<String> =
                    found.iter().flat_map(|element| looking.profiles(element)).collect();
                let check = Check::Profiles(profiles.clone());
                tests.extend((!profiles.is_empty()).then_some(Test { path, check }));
            }
            _ => return Err(Error(format!("The discriminator type {kind} is not one of FHIR R4."))),
        }
    }
    Ok(tests)
}

/// What is wrong with the discriminators of a sliced element: a path that names what the element does not have.
pub fn astray(sliced: &Element, path: &str, snapshots: &Snapshots) -> Option<String> {
    let looking = Looking { snapshots };
    for discriminator in items(sliced.rules.get("slicing").and_then(|slicing| slicing.get("discriminator"))) {
        let told = text(discriminator, "path").unwrap_or("$this");
        let steps = match steps(told) {
            Ok(steps) => steps,
            Err(e) => return Some(e.0),
        };
        let mut found = vec![sliced.clone()];
        for step in &steps {
            let next: Vec<Element> = found.iter().flat_map(|element| looking.step(element, step)).collect();
            let is_known = found.iter().any(|element| !looking.inside(element).is_empty());
            if let (Step::Child(name), true, true) = (step, is_known, next.is_empty()) {
                return Some(format!(
                    "The discriminator {told} of {path} names {name}, which is no element there."
                ));
            }
            found = next;
        }
    }
    None
}

/// The steps of a discriminator's path.
fn steps(path: &str) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    let mut rest = path.trim();
    while !rest.is_empty() {
        let end = rest.find(['.', '(']).unwrap_or(rest.len());
        let name = &rest[..end];
        let argument =
            rest[end..].strip_prefix('(').map(|behind| behind.split_once(')').unwrap_or((behind, "")));
        let step = match (name, argument) {
            ("$this", None) => None,
            (name, None) => Some(Step::Child(name.to_owned())),
            ("resolve", Some(_)) => Some(Step::Resolve),
            ("extension", Some((url, _))) => Some(Step::Extension(url.trim_matches(['\'', ' ']).to_owned())),
            ("ofType", Some((kind, _))) => Some(Step::OfType(kind.trim().to_owned())),
            _ => {
                return Err(Error(format!(
                    "The discriminator {path} uses {name}(), which FHIR R4 does not allow."
                )));
            }
        };
        steps.extend(step);
        rest = argument.map_or(&rest[end..], |(_, behind)| behind);
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    Ok(steps)
}

struct Looking<'s> {
    snapshots: &'s Snapshots,
}

impl Looking<'_> {
    /// What a definition says one step further on.
    fn step(&self, element: &Element, step: &Step) -> Vec<Element> {
        match step {
            Step::Child(name) => {
                let inside = self.inside(element);
                let own = inside.iter().flat_map(|of| &of.children);
                let named =
                    own.filter(|child| child.name.trim_end_matches("[x]") == name || child.name == *name);
                named.flat_map(with_needed_slices).collect()
            }
            Step::Extension(url) => {
                let inside = self.inside(element);
                let own = inside.iter().flat_map(|of| &of.children).filter(|child| child.name == "extension");
                let cut = own
                    .flat_map(|child| &child.slices)
                    .filter(|cut| listed(cut, "profile").any(|p| p == *url));
                let found: Vec<Element> = cut.cloned().collect();
                if found.is_empty() { self.root(url).into_iter().collect() } else { found }
            }
            Step::Resolve => listed(element, "targetProfile").filter_map(|url| self.root(&url)).collect(),
            Step::OfType(_) => vec![element.clone()],
        }
    }

    /// The element itself when it says what is in it, else the roots of its types' definitions.
    fn inside(&self, element: &Element) -> Vec<Element> {
        if !element.children.is_empty() {
            return vec![element.clone()];
        }
        let profiles: Vec<Element> = listed(element, "profile").filter_map(|url| self.root(&url)).collect();
        if !profiles.is_empty() {
            return profiles;
        }
        let codes = element.types().filter_map(|of| text(of, "code"));
        codes.filter_map(|code| Some(self.snapshots.of_type(code)?.ok()?.root.clone())).collect()
    }

    /// The outermost element of a definition, with the types that it has.
    fn root(&self, url: &str) -> Option<Element> {
        let definition = self.snapshots.definition(url)?.ok()?;
        let mut root = definition.root.clone();
        let of = Tree::object().with("code", definition.kind.as_str()).with("profile", vec![Tree::from(url)]);
        root.rules.set("type", vec![of]);
        Some(root)
    }

    /// What an element says of its value, or what the elements in it say of theirs.
    fn values(&self, element: &Element, path: &[Step], further: usize, tests: &mut Vec<Test>) {
        let at = path.to_vec();
        if let Some(value) = valued(element, "fixed") {
            tests.push(Test { path: at, check: Check::Fixed(value) });
        } else if let Some(value) = valued(element, "pattern") {
            tests.push(Test { path: at, check: Check::Pattern(value) });
        } else if let Some(set) = required(element) {
            tests.push(Test { path: at, check: Check::Bound(set) });
        } else if element.text("max") == Some("0") {
            tests.push(Test { path: at, check: Check::Exists(false) });
        } else if further > 0 {
            let profiled = listed(element, "profile").filter_map(|url| self.root(&url));
            let roots: Vec<Element> = profiled.collect();
            let inside = if element.children.iter().any(Element::is_touched) {
                std::slice::from_ref(element)
            } else {
                &roots
            };
            for child in inside.iter().flat_map(|of| &of.children).filter(|child| child.is_touched()) {
                let step = Step::Child(child.name.trim_end_matches("[x]").to_owned());
                let path = [path, &[step]].concat();
                for one in with_needed_slices(child) {
                    self.values(&one, &path, further - 1, tests);
                }
            }
        }
    }

    /// The profiles that the value, or what it refers to, must meet.
    fn profiles(&self, element: &Element) -> Vec<String> {
        listed(element, "profile").collect()
    }
}

/// An element and those of its slices that must be there.
fn with_needed_slices(element: &Element) -> Vec<Element> {
    let needed = element.slices.iter().filter(|slice| slice.text("min").is_some_and(|min| min != "0"));
    let mut all: Vec<Element> = needed.cloned().collect();
    // What the element says of all its items goes with what it says of each slice.
    if all.is_empty() || valued(element, "fixed").is_some() || valued(element, "pattern").is_some() {
        all.push(element.clone());
    }
    all
}

fn listed(element: &Element, list: &str) -> impl Iterator<Item = String> {
    let all = element.types().flat_map(|of| items(of.get(list)));
    let all: Vec<String> =
        all.filter_map(|url| if let Tree::String(url) = url { Some(url.clone()) } else { None }).collect();
    all.into_iter()
}

fn codes(element: &Element) -> Vec<String> {
    element.types().filter_map(|of| text(of, "code")).map(str::to_owned).collect()
}

fn exists(element: &Element) -> Option<Check> {
    match (element.text("min"), element.text("max")) {
        (_, Some("0")) => Some(Check::Exists(false)),
        (Some(min), _) if min != "0" => Some(Check::Exists(true)),
        _ => None,
    }
}

fn required(element: &Element) -> Option<String> {
    // The codes that R4 itself binds an element to are the same for every slice.
    let binding =
        element.said.get("binding").filter(|binding| text(binding, "strength") == Some("required"))?;
    text(binding, "valueSet").map(str::to_owned)
}

fn valued(element: &Element, choice: &str) -> Option<Json> {
    let Tree::Object(members) = &element.rules else { return None };
    let (_, value) = members.iter().find(|(name, _)| is_choice(name, choice))?;
    Json::parse(value.text(), Limits::FILE).ok()
}
