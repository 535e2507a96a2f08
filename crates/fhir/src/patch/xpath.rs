//! As much of XPath 1.0 as XML Patch needs to point at one node (RFC 5261, 4.1): a path of child steps from the
//! root, each perhaps with conditions, the last perhaps an attribute, a text or a comment.
//!
//! `f:Patient/f:identifier[f:system/@value='urn:x'][1]/f:value/@value`

use crate::xml::{FHIR, Node, Part, XHTML};
use std::sync::Arc;

/// Steps and conditions of one path, at most.
const STEPS_MAX: usize = 64;

/// A path, its prefixes resolved.
pub struct Path {
    steps: Vec<Step>,
}

struct Step {
    test: Test,
    conditions: Vec<Condition>,
}

/// What a step leads to.
#[derive(Clone, PartialEq, Eq)]
enum Test {
    Element(Name),
    AnyElement,
    Attribute(Name),
    Text,
    Comment,
    /// `.`
    Itself,
}

#[derive(Clone, PartialEq, Eq)]
struct Name {
    local: String,
    /// Empty for none.
    namespace: Arc<str>,
}

enum Condition {
    Position(usize),
    /// Some node at this path is there, and has this text if one is given.
    Has(Vec<Test>, Option<String>),
}

/// The node that a path leads to: the way to it from the root by numbers of nodes, and perhaps an attribute there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub nodes: Vec<usize>,
    pub attribute: Option<usize>,
}

/// What prefixes stand for where the path was written.
pub struct Prefixes<'d> {
    /// Outermost first.
    pub declared: Vec<&'d [(String, Arc<str>)]>,
}

impl Prefixes<'_> {
    /// The prefixes that everybody writes in FHIR need no declaration.
    fn of(&self, prefix: &str) -> Result<Arc<str>, String> {
        let declared = self.declared.iter().rev().flat_map(|list| list.iter());
        let known = declared.filter(|(p, _)| p == prefix).map(|(_, namespace)| namespace.clone()).next();
        match (known, prefix) {
            (Some(namespace), _) => Ok(namespace),
            (None, "" | "f" | "fhir") => Ok(FHIR.into()),
            (None, "h" | "xhtml") => Ok(XHTML.into()),
            (None, _) => Err(format!("the prefix {prefix:?} stands for no namespace")),
        }
    }
}

impl Path {
    pub fn read(text: &str, prefixes: &Prefixes<'_>) -> Result<Path, String> {
        let mut reader = Reader { rest: text.trim(), prefixes, left: STEPS_MAX };
        reader.take("/");
        let mut steps = vec![reader.step()?];
        while reader.take("/") {
            steps.push(reader.step()?);
        }
        if !reader.rest.is_empty() {
            return Err(format!("{:?} in its path is not understood", reader.rest));
        }
        Ok(Path { steps })
    }

    /// Every place that it leads to.
    pub fn find(&self, root: &Part) -> Vec<Place> {
        let mut found: Vec<Place> = Vec::new();
        for (depth, step) in self.steps.iter().enumerate() {
            found = match depth {
                0 if step.is_root(root) => vec![Place { nodes: Vec::new(), attribute: None }],
                0 => Vec::new(),
                _ => found.iter().flat_map(|place| step.from(root, place)).collect(),
            };
        }
        found
    }
}

impl Step {
    /// What it leads to from one place.
    fn from(&self, root: &Part, place: &Place) -> Vec<Place> {
        let Some(element) = element_at(root, &place.nodes).filter(|_| place.attribute.is_none()) else {
            return Vec::new();
        };
        let below =
            |at: usize| Place { nodes: place.nodes.iter().copied().chain([at]).collect(), attribute: None };
        if let Test::Attribute(name) = &self.test {
            let found = element.attributes.iter().position(|a| is_called(name, &a.local, &a.namespace));
            return found.map(|at| Place { attribute: Some(at), ..place.clone() }).into_iter().collect();
        }
        let mut list: Vec<usize> =
            (0..element.nodes.len()).filter(|at| self.test.fits(&element.nodes[*at])).collect();
        for condition in &self.conditions {
            list = match condition {
                Condition::Position(number) => {
                    list.get(number.wrapping_sub(1)).copied().into_iter().collect()
                }
                Condition::Has(path, text) => {
                    let holds = |at: &usize| holds(&element.nodes[*at], path, text.as_deref());
                    list.into_iter().filter(holds).collect()
                }
            };
        }
        list.into_iter().map(below).collect()
    }

    /// Whether the root is what the first step leads to.
    fn is_root(&self, root: &Part) -> bool {
        let fits = match &self.test {
            Test::Element(name) => is_called(name, &root.local, &root.namespace),
            test => *test == Test::AnyElement,
        };
        fits && self.conditions.iter().all(|condition| match condition {
            Condition::Position(number) => *number == 1,
            Condition::Has(path, text) => has(root, path, text.as_deref()),
        })
    }
}

impl Test {
    fn fits(&self, node: &Node) -> bool {
        match (self, node) {
            (Test::Element(name), Node::Element(element)) => {
                is_called(name, &element.local, &element.namespace)
            }
            (Test::AnyElement, Node::Element(_)) => true,
            (Test::Text, Node::Text(_)) | (Test::Comment, Node::Comment(_)) => true,
            _ => false,
        }
    }
}

fn is_called(name: &Name, local: &str, namespace: &str) -> bool {
    name.local == local && &*name.namespace == namespace
}

/// The element at the end of this way.
pub fn element_at<'d>(root: &'d Part, way: &[usize]) -> Option<&'d Part> {
    way.iter().try_fold(root, |element, at| match element.nodes.get(*at)? {
        Node::Element(inner) => Some(inner),
        _ => None,
    })
}

fn holds(node: &Node, path: &[Test], text: Option<&str>) -> bool {
    match node {
        Node::Element(element) => has(element, path, text),
        Node::Text(words) | Node::Comment(words) => {
            path == [Test::Itself] && text.is_none_or(|text| text == words)
        }
    }
}

fn has(element: &Part, path: &[Test], text: Option<&str>) -> bool {
    let is = |words: &str| text.is_none_or(|text| text == words);
    match path {
        [] | [Test::Itself] => is(&element.words()),
        [Test::Attribute(name)] => {
            element.attributes.iter().any(|a| is_called(name, &a.local, &a.namespace) && is(&a.value))
        }
        [test, rest @ ..] => element.nodes.iter().filter(|node| test.fits(node)).any(|node| match node {
            Node::Element(inner) => has(inner, rest, text),
            Node::Text(words) | Node::Comment(words) => rest.is_empty() && is(words),
        }),
    }
}

struct Reader<'t> {
    rest: &'t str,
    prefixes: &'t Prefixes<'t>,
    /// How many more steps and conditions it may have.
    left: usize,
}

impl<'t> Reader<'t> {
    fn take(&mut self, sign: &str) -> bool {
        match self.rest.trim_start().strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn step(&mut self) -> Result<Step, String> {
        let (test, mut conditions) = (self.test()?, Vec::new());
        while self.take("[") {
            self.spend()?;
            conditions.push(self.condition()?);
            if !self.take("]") {
                return Err("a condition in its path must end with ]".to_owned());
            }
        }
        Ok(Step { test, conditions })
    }

    fn spend(&mut self) -> Result<(), String> {
        self.left = self.left.checked_sub(1).ok_or(format!("its path has more than {STEPS_MAX} parts"))?;
        Ok(())
    }

    fn test(&mut self) -> Result<Test, String> {
        self.spend()?;
        if self.take("@") {
            return Ok(Test::Attribute(self.attribute()?));
        }
        if self.take("*") {
            return Ok(Test::AnyElement);
        }
        if self.take("text()") {
            return Ok(Test::Text);
        }
        if self.take("comment()") {
            return Ok(Test::Comment);
        }
        if self.take(".") {
            return Ok(Test::Itself);
        }
        Ok(Test::Element(self.element()?))
    }

    /// The name of an element; without a prefix it is in the namespace that holds there.
    fn element(&mut self) -> Result<Name, String> {
        let (prefix, local) = self.name()?;
        Ok(Name { namespace: self.prefixes.of(prefix)?, local: local.to_owned() })
    }

    /// The name of an attribute; without a prefix it is in no namespace.
    fn attribute(&mut self) -> Result<Name, String> {
        let (prefix, local) = self.name()?;
        let namespace = if prefix.is_empty() { "".into() } else { self.prefixes.of(prefix)? };
        Ok(Name { namespace, local: local.to_owned() })
    }

    fn name(&mut self) -> Result<(&'t str, &'t str), String> {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        if local.is_empty() || local.contains(':') || rest.starts_with('(') {
            return Err(
                "its path is one of names, @names, *, text(), comment() and conditions in []".to_owned()
            );
        }
        Ok((prefix, local))
    }

    fn condition(&mut self) -> Result<Condition, String> {
        let digits = self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 {
            let (number, rest) = self.rest.split_at(digits);
            self.rest = rest;
            return number.parse().map(Condition::Position).map_err(|_| format!("{number} is too large"));
        }
        let mut path = vec![self.test()?];
        while self.take("/") {
            path.push(self.test()?);
        }
        if !self.take("=") {
            return Ok(Condition::Has(path, None));
        }
        let quote = self.rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let quote = quote.ok_or("after = a text in quotes is expected")?;
        let (text, rest) = self.rest[1..].split_once(quote).ok_or("a text in its path does not end")?;
        self.rest = rest;
        Ok(Condition::Has(path, Some(text.to_owned())))
    }
}
