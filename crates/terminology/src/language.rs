//! Which name of a concept is for whom.

use crate::system::{Concept, Designation, System};
use crate::text;
use fhir::Tree;
use std::borrow::Cow;

/// Languages in the order in which they are wanted (RFC 9110, section 12.5.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Languages {
    ranges: Vec<String>,
    /// Whether no other language may stand in: `*;q=0`.
    strict: bool,
    /// As it was said.
    pub said: String,
}

impl Languages {
    pub fn parse(said: &str) -> Languages {
        let mut weighed: Vec<(u32, String)> = Vec::new();
        let mut strict = false;
        for range in said.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let weight =
                parts.find_map(|part| part.strip_prefix("q=")).and_then(|q| q.trim().parse::<f32>().ok());
            let weight = (weight.unwrap_or(1.0).clamp(0.0, 1.0) * 1000.0) as u32;
            match (name, weight) {
                ("", _) => {}
                ("*", 0) => strict = true,
                ("*", _) | (_, 0) => {}
                (name, weight) => weighed.push((weight, name.to_owned())),
            }
        }
        weighed.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        let ranges = weighed.into_iter().map(|(_, name)| name).collect();
        // One way to write it: a comma alone, but a blank before what has a weight.
        let said = said.split(',').map(str::trim).collect::<Vec<_>>();
        let said = said.iter().enumerate().map(|(i, one)| match (i, one.contains(';')) {
            (0, _) => (*one).to_owned(),
            (_, true) => format!(", {one}"),
            (_, false) => format!(",{one}"),
        });
        Languages { ranges, strict, said: said.collect() }
    }

    /// Whether any language is wanted more than others.
    pub fn any(&self) -> bool {
        !self.ranges.is_empty()
    }

    /// Whether a text in this language is wanted: also one in `en` where `en-GB` is (RFC 4647, lookup).
    pub fn want(&self, language: Option<&str>) -> bool {
        self.ranges.iter().any(|range| text::speaks(language, range) || text::speaks(language, root(range)))
    }

    /// The languages, for a message.
    pub fn list(&self) -> String {
        match self.ranges.is_empty() {
            true => "--".to_owned(),
            false => self.ranges.join(", "),
        }
    }

    /// The name for who wants these languages, with its place in `names`.
    pub fn pick(&self, names: &[Name<'_>]) -> Option<usize> {
        let usual = names.iter().position(|name| name.main);
        let ranges = self.ranges.iter().flat_map(|range| [range.as_str(), root(range)]);
        for range in ranges {
            let fits = |name: &&Name<'_>| name.shown && text::speaks(name.language.as_deref(), range);
            let exact =
                |name: &Name<'_>| name.language.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(range));
            let mut fitting = names.iter().enumerate().filter(|(_, name)| fits(name));
            let first = fitting.clone().find(|(_, name)| exact(name)).or_else(|| fitting.next());
            if let Some((place, _)) = first {
                return Some(place);
            }
        }
        usual.filter(|_| !(self.strict && self.any()))
    }
}

/// The language of a regional one.
fn root(range: &str) -> &str {
    range.split('-').next().unwrap_or(range)
}

/// A display or a designation.
#[derive(Clone, Debug)]
pub(crate) struct Name<'n> {
    pub language: Option<Cow<'n, str>>,
    pub usage: Option<(Cow<'n, str>, Cow<'n, str>)>,
    pub value: Cow<'n, str>,
    pub extensions: Vec<Tree>,
    /// Whether it is the display of the system.
    pub main: bool,
    /// Whether it can be shown as the display.
    pub shown: bool,
}

impl<'n> Name<'n> {
    pub fn of(designation: Designation<'n>, extensions: Vec<Tree>) -> Name<'n> {
        let Designation { language, usage, value } = designation;
        let shown = usage.as_ref().is_none_or(|(system, code)| {
            *system == "http://terminology.hl7.org/CodeSystem/hl7TermMaintInfra"
                || *system == "http://snomed.info/sct"
                || *code == "display"
        });
        Name { language, usage, value, shown, extensions, main: false }
    }

    /// Whether it is out of use.
    pub fn withdrawn(&self) -> bool {
        let status = self.extensions.iter().filter_map(|one| one.get("valueCode"));
        status
            .filter_map(Tree::as_text)
            .any(|status| matches!(status, "withdrawn" | "deprecated" | "retired"))
    }

    /// As ValueSet.expansion.contains.designation.
    pub fn tree(&self) -> Tree {
        let mut tree = Tree::object();
        if !self.extensions.is_empty() {
            tree.set("extension", self.extensions.clone());
        }
        let tree = tree.maybe("language", self.language.as_deref());
        let usage = self.usage.as_ref().map(|(system, code)| coding(system, code, None));
        tree.maybe("use", usage).with("value", &*self.value)
    }
}

/// A Coding.
pub(crate) fn coding(system: &str, code: &str, display: Option<&str>) -> Tree {
    let system = (!system.is_empty()).then_some(system);
    Tree::object().maybe("system", system).with("code", code).maybe("display", display)
}

/// All names of a concept, its display first.
pub(crate) fn names(system: &dyn System, concept: Concept) -> Vec<Name<'_>> {
    let display = system.display(concept, None).map(|value| Name {
        language: system.language().map(Cow::Borrowed),
        usage: None,
        value,
        extensions: Vec::new(),
        main: true,
        shown: true,
    });
    let others = system.designations(concept).into_iter().enumerate();
    let others = others.map(|(nth, one)| Name::of(one, system.designation_extensions(concept, nth)));
    display.into_iter().chain(others).collect()
}
