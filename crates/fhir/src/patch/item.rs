//! Where an element stands in a resource, and how it is changed there. In JSON a primitive has two members, its
//! value and its id and extensions; here they are one.

use crate::Tree;
use crate::definitions::{Element, TypeDef, TypeKind, type_def};
use crate::json::{Json, Value};
use crate::validate::find;

/// A step inwards.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Item(usize),
}

/// One element: the object that has it, what it is called there, and which of several it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    owner: Vec<Step>,
    pub name: String,
    pub index: Option<usize>,
}

/// A value with its id and extensions; either may be missing.
#[derive(Clone, Debug, Default)]
pub struct Both {
    pub value: Option<Tree>,
    pub extras: Option<Tree>,
}

impl Spot {
    /// The element that has this part of a document; nothing for the outermost.
    pub fn of(document: &Json, part: Value<'_>) -> Option<Spot> {
        let mut steps = Vec::new();
        locate(document.root(), part.span(), &mut steps);
        let mut last = steps.pop()?;
        let mut index = None;
        if let Step::Item(at) = last {
            index = Some(at);
            last = steps.pop()?;
        }
        let Step::Member(name) = last else { return None };
        let name = name.strip_prefix('_').map(str::to_owned).unwrap_or(name);
        Some(Spot { owner: steps, name, index })
    }

    /// Whether both are of one list, or the same.
    pub fn is_beside(&self, other: &Spot) -> bool {
        self.owner == other.owner && self.name == other.name && self.index.is_some()
    }

    /// The definition of this element.
    pub fn element(&self, document: &Tree) -> Option<&'static Element> {
        let owner = self.owner_type(document)?;
        find(owner, &self.name, 0).map(|at| &owner.elements[at])
    }

    /// The type of the object that has it.
    pub fn owner_type(&self, document: &Tree) -> Option<&'static TypeDef> {
        let mut def = resource_type(document)?;
        let mut tree = document;
        for step in &self.owner {
            tree = inwards(tree, step)?;
            match step {
                Step::Member(name) => {
                    let plain = name.strip_prefix('_').unwrap_or(name);
                    def = match plain.len() == name.len() {
                        true => def.elements[find(def, plain, 0)?].type_def(),
                        false => type_def("Element")?,
                    };
                }
                Step::Item(_) => {}
            }
            if def.kind == TypeKind::Resource && matches!(tree, Tree::Object(_)) {
                def = resource_type(tree)?;
            }
        }
        Some(def)
    }

    /// The object that has it.
    pub fn owner<'t>(&self, document: &'t mut Tree) -> Option<&'t mut Tree> {
        self.owner.iter().try_fold(document, inwards_mut)
    }

    /// Takes away what has become empty around it: FHIR has neither empty objects nor empty lists.
    pub fn prune(&self, document: &mut Tree) {
        let mut steps = self.owner.clone();
        while let Some(last) = steps.pop() {
            let Some(parent) = steps.iter().try_fold(&mut *document, inwards_mut) else { return };
            let empty = |tree: &Tree| match tree {
                Tree::Object(members) => members.is_empty(),
                Tree::Array(items) => items.is_empty(),
                _ => false,
            };
            if !inwards(parent, &last).is_some_and(empty) {
                return;
            }
            match (parent, last) {
                (Tree::Object(members), Step::Member(name)) => members.retain(|(n, _)| *n != name),
                (Tree::Array(items), Step::Item(at)) => drop(items.remove(at)),
                _ => return,
            }
        }
    }
}

fn resource_type(tree: &Tree) -> Option<&'static TypeDef> {
    match tree.get("resourceType")? {
        Tree::String(name) => type_def(name),
        _ => None,
    }
}

fn inwards<'t>(tree: &'t Tree, step: &Step) -> Option<&'t Tree> {
    match (tree, step) {
        (Tree::Object(_), Step::Member(name)) => tree.get(name),
        (Tree::Array(items), Step::Item(at)) => items.get(*at),
        _ => None,
    }
}

fn inwards_mut<'t>(tree: &'t mut Tree, step: &Step) -> Option<&'t mut Tree> {
    match (tree, step) {
        (Tree::Object(members), Step::Member(name)) => {
            members.iter_mut().find(|(n, _)| n == name).map(|(_, value)| value)
        }
        (Tree::Array(items), Step::Item(at)) => items.get_mut(*at),
        _ => None,
    }
}

/// The way from `value` to the part that spans these bytes.
fn locate(value: Value<'_>, span: (usize, usize), steps: &mut Vec<Step>) {
    let mut here = value;
    while here.span() != span {
        let around = |v: &Value<'_>| v.span().0 <= span.0 && span.1 <= v.span().1;
        let member = here.members().find(|(_, v)| around(v));
        let item = here.items().enumerate().find(|(_, v)| around(v));
        match (member, item) {
            (Some((name, inner)), _) => {
                steps.push(Step::Member(name.into_owned()));
                here = inner;
            }
            (None, Some((at, inner))) => {
                steps.push(Step::Item(at));
                here = inner;
            }
            (None, None) => return,
        }
    }
}

/// What `owner` has under a name: each item with its id and extensions.
pub fn items(owner: &Tree, name: &str) -> Vec<Both> {
    let list = |name: &str| match owner.get(name) {
        None => Vec::new(),
        Some(Tree::Array(items)) => items.iter().map(|item| Some(item.clone())).collect(),
        Some(other) => vec![Some(other.clone())],
    };
    let some = |item: Option<Tree>| item.filter(|tree| *tree != Tree::Null);
    let (values, mut extras) = (list(name), list(&format!("_{name}")));
    let mut values = values;
    let count = values.len().max(extras.len());
    values.resize(count, None);
    extras.resize(count, None);
    values.into_iter().zip(extras).map(|(v, e)| Both { value: some(v), extras: some(e) }).collect()
}

/// Puts items in place of what `owner` has under a name.
pub fn put(owner: &mut Tree, name: &str, repeats: bool, items: Vec<Both>) {
    let (values, extras): (Vec<_>, Vec<_>) = items.into_iter().map(|item| (item.value, item.extras)).unzip();
    put_one(owner, name, repeats, values);
    put_one(owner, &format!("_{name}"), repeats, extras);
}

fn put_one(owner: &mut Tree, name: &str, repeats: bool, items: Vec<Option<Tree>>) {
    if items.iter().all(Option::is_none) {
        if let Tree::Object(members) = owner {
            members.retain(|(n, _)| n != name);
        }
        return;
    }
    let mut items = items.into_iter().map(|item| item.unwrap_or(Tree::Null));
    match repeats {
        true => owner.set(name, items.collect::<Vec<_>>()),
        false => owner.set(name, items.next().unwrap_or(Tree::Null)),
    }
}
