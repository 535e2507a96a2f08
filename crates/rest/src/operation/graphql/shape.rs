//! The answer while it is made.

use fhir::Tree;
use record::Refusal;

/// The members of an object.
#[derive(Default)]
pub(super) struct Out(Vec<(String, Tree)>);

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
        let there = self.0.iter_mut().find(|(known, _)| known == name);
        match (there, how) {
            (None, As::One) => self.0.push((name.to_owned(), value)),
            (None, As::Item) => self.0.push((name.to_owned(), Tree::Array(vec![value]))),
            (Some((_, Tree::Array(list))), As::Item) => list.push(value),
            _ => return Err(several(name)),
        }
        Ok(())
    }

    /// Refuses a field that was asked for twice and is not the same both times.
    pub fn agree(&self, again: Out) -> Result<(), Refusal> {
        match again.0.into_iter().find(|one| !self.0.contains(one)) {
            Some((name, _)) => Err(several(&name)),
            None => Ok(()),
        }
    }

    /// True when something is under this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    pub fn tree(self) -> Tree {
        Tree::Object(self.0)
    }
}

fn several(name: &str) -> Refusal {
    let text = format!("{name} would have several values. Give it an alias, or leave @singleton out.");
    Refusal::invalid("query", text)
}
