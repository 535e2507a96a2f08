//! The answer while it is made.

use fhir::Tree;
use record::Refusal;
use std::collections::HashMap;

/// The members of an object.
#[derive(Default)]
pub(super) struct Out {
    members: Vec<(String, Tree)>,
    /// Where each stands: there may be thousands.
    places: HashMap<String, usize>,
}

/// How a value goes under its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum As {
    /// It is the value.
    One,
    /// It is one of a list.
    Item,
}

impl Out {
    /// Puts a value under a name.
    pub fn put(&mut self, name: &str, value: Tree, how: As) -> Result<(), Refusal> {
        let Some(place) = self.places.get(name) else {
            self.places.insert(name.to_owned(), self.members.len());
            let value = if how == As::Item { Tree::Array(vec![value]) } else { value };
            self.members.push((name.to_owned(), value));
            return Ok(());
        };
        match (&mut self.members[*place].1, how) {
            (Tree::Array(list), As::Item) => list.push(value),
            _ => return Err(several(name)),
        }
        Ok(())
    }

    /// Refuses a field that was asked for twice and is not the same both times.
    pub fn agree(&self, again: Out) -> Result<(), Refusal> {
        let is_same = |(name, value): &(String, Tree)| {
            self.places.get(name).is_some_and(|place| self.members[*place].1 == *value)
        };
        match again.members.into_iter().find(|one| !is_same(one)) {
            Some((name, _)) => Err(several(&name)),
            None => Ok(()),
        }
    }

    /// True when something is under this name.
    pub fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    pub fn tree(self) -> Tree {
        Tree::Object(self.members)
    }
}

fn several(name: &str) -> Refusal {
    let text = format!("{name} would have several values. Give it an alias, or leave @singleton out.");
    Refusal::invalid("query", text)
}
