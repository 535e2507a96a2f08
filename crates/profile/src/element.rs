//! The elements of a definition as a tree: what a snapshot or a differential lists by path stands below one another
//! here, with the slices of an element beside its own children.

use fhir::{Tree, Value};

/// Elements inside one another at most. Deeper than any definition goes.
const DEPTH_MAX: usize = 64;

/// An element of a definition.
#[derive(Clone, Debug)]
pub struct Element {
    /// The last part of its path: `identifier`, `value[x]`.
    pub name: String,
    /// The name of the slice that it is, if it is one.
    pub slice: Option<String>,
    /// All that is said of it (its ElementDefinition without id, path and sliceName).
    pub rules: Tree,
    /// What differentials have said of it: a part of `rules`. Empty in R4's own definitions.
    pub said: Tree,
    /// The elements in it.
    pub children: Vec<Element>,
    /// Its slices.
    pub slices: Vec<Element>,
}

impl Element {
    /// An element of which nothing is said.
    pub fn new(name: &str) -> Element {
        let (rules, said) = (Tree::object(), Tree::object());
        Element { name: name.to_owned(), slice: None, rules, said, children: Vec::new(), slices: Vec::new() }
    }

    /// The tree of `snapshot.element` or `differential.element`; an error as a sentence.
    pub fn tree<'v>(list: impl Iterator<Item = Value<'v>>) -> Result<Element, String> {
        let mut open: Vec<Element> = Vec::new();
        let mut path: Vec<String> = Vec::new();
        for value in list {
            let Some(at) = value.str("path").filter(|path| !path.is_empty()) else {
                return Err("An element of the definition has no path.".to_owned());
            };
            let names: Vec<&str> = at.split('.').collect();
            if names.iter().any(|name| name.is_empty()) || names.len() > DEPTH_MAX {
                return Err(format!("The path {at} is not sound: a name is missing, or it is too deep."));
            }
            if path.first().is_some_and(|root| root != names[0]) {
                return Err(format!("The path {at} does not begin with {}.", path[0]));
            }
            let shared = path.iter().zip(&names).take_while(|(a, b)| a == *b).count();
            // The same path again is another slice, or the element said twice.
            let keep = if shared == names.len() && shared > 1 { shared - 1 } else { shared };
            close(&mut open, keep);
            for name in &names[open.len()..] {
                open.push(Element::new(name));
            }
            let last = open.last_mut().expect("a path has a name");
            last.slice = value.str("sliceName").map(|name| name.into_owned());
            last.rules = rules(value);
            path = names.into_iter().map(str::to_owned).collect();
        }
        close(&mut open, 1);
        open.pop().ok_or_else(|| "The definition has no elements.".to_owned())
    }

    /// The child of this name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The element at a path below this one (`contact.name`), slices left aside.
    pub fn below<'n>(&self, mut names: impl Iterator<Item = &'n str>) -> Option<&Element> {
        names.try_fold(self, |element, name| element.child(name))
    }

    /// The text of a rule such as `max`.
    pub fn text(&self, rule: &str) -> Option<&str> {
        text(&self.rules, rule)
    }

    /// The codes and profiles of its types.
    pub fn types(&self) -> impl Iterator<Item = &Tree> {
        items(self.rules.get("type"))
    }

    /// Forgets what differentials have said of it and of all below.
    pub fn hush(&mut self) {
        self.said = Tree::object();
        self.children.iter_mut().chain(&mut self.slices).for_each(Element::hush);
    }

    /// True when a differential has said something of it or of an element below.
    pub fn is_touched(&self) -> bool {
        matches!(&self.said, Tree::Object(members) if !members.is_empty())
            || self.children.iter().chain(&self.slices).any(Element::is_touched)
    }

    /// As the list that a snapshot is, each with its id and path.
    pub fn list(&self) -> Vec<Tree> {
        let mut list = Vec::new();
        self.write(&self.name, &self.name, &mut list);
        list
    }

    fn write(&self, path: &str, id: &str, list: &mut Vec<Tree>) {
        let mut tree = Tree::object().with("id", id).with("path", path);
        if let Some(slice) = &self.slice {
            tree.set("sliceName", slice.as_str());
        }
        if let Tree::Object(rules) = &self.rules {
            rules.iter().for_each(|(name, rule)| tree.set(name, rule.clone()));
        }
        list.push(tree);
        for child in &self.children {
            child.write(&format!("{path}.{}", child.name), &format!("{id}.{}", child.name), list);
        }
        // The slices of a slice are told from it by their names only: `a/b`.
        let unsliced = match &self.slice {
            Some(slice) => id.strip_suffix(&format!(":{slice}")).unwrap_or(id),
            None => id,
        };
        for slice in &self.slices {
            let name = slice.slice.as_deref().unwrap_or_default();
            slice.write(path, &format!("{unsliced}:{name}"), list);
        }
    }

    /// Puts a child where it belongs: a slice to the slices of the element that it cuts.
    fn put(&mut self, child: Element) {
        let at = match self.children.iter().position(|c| c.name == child.name) {
            Some(at) => at,
            None if child.slice.is_none() => return self.children.push(child),
            None => {
                self.children.push(Element::new(&child.name));
                self.children.len() - 1
            }
        };
        let target = &mut self.children[at];
        match &child.slice {
            Some(_) => target.put_slice(child),
            None => {
                child.children.into_iter().for_each(|c| target.put(c));
                target.rules = child.rules;
            }
        }
    }

    fn put_slice(&mut self, slice: Element) {
        let name = slice.slice.clone().unwrap_or_default();
        let cut = |known: &Element| {
            known.slice.as_deref().is_some_and(|k| {
                name.strip_prefix(k).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        match self.slices.iter_mut().rev().find(|known| cut(known)) {
            Some(known) if known.slice == slice.slice => {
                slice.children.into_iter().for_each(|child| known.put(child));
                if let Tree::Object(rules) = slice.rules {
                    rules.into_iter().for_each(|(name, rule)| known.rules.set(&name, rule));
                }
            }
            Some(known) => known.put_slice(slice),
            None => self.slices.push(slice),
        }
    }
}

/// Closes elements until `keep` are open.
fn close(open: &mut Vec<Element>, keep: usize) {
    while open.len() > keep.max(1) {
        let done = open.pop().expect("there are more than one");
        open.last_mut().expect("there is one more").put(done);
    }
}

fn rules(value: Value<'_>) -> Tree {
    let own = |name: &str| matches!(name, "id" | "path" | "sliceName");
    let rules = value.members().filter(|(name, _)| !own(name));
    Tree::Object(rules.map(|(name, rule)| (name.into_owned(), Tree::from(rule))).collect())
}

/// The text under a name.
pub fn text<'t>(tree: &'t Tree, name: &str) -> Option<&'t str> {
    match tree.get(name)? {
        Tree::String(text) | Tree::Number(text) => Some(text),
        _ => None,
    }
}

/// The items of an array.
pub fn items(tree: Option<&Tree>) -> impl Iterator<Item = &Tree> {
    let items = match tree {
        Some(Tree::Array(items)) => items.as_slice(),
        _ => &[],
    };
    items.iter()
}
