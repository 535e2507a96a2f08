//! Where in a resource we are, printed as FHIRPath. It is a chain on the stack: nothing is allocated unless
//! there is a fault to tell.

use std::fmt;

/// Names of strangers longer than this are cut short in sentences and places.
const SHOWN_MAX: usize = 40;

/// An element and the ones that it is in.
#[derive(Clone, Copy)]
pub struct Place<'p> {
    up: Option<&'p Place<'p>>,
    name: &'p str,
    index: Option<usize>,
}

impl<'p> Place<'p> {
    /// The outermost.
    pub fn root(name: &'p str) -> Place<'p> {
        Place { up: None, name, index: None }
    }

    /// The element called `name` in this one.
    pub fn element(&'p self, name: &'p str) -> Place<'p> {
        Place { up: Some(self), name, index: None }
    }

    /// Which item of an array this is.
    pub fn index(&self) -> Option<usize> {
        self.index
    }

    /// The item at `index` of this element.
    pub fn at(self, index: usize) -> Place<'p> {
        Place { index: Some(index), ..self }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(up) = self.up {
            write!(f, "{up}.")?;
        }
        f.write_str(&shown(self.name))?;
        match self.index {
            Some(index) => write!(f, "[{index}]"),
            None => Ok(()),
        }
    }
}

/// A name that somebody sent, cut short if need be.
pub fn shown(name: &str) -> String {
    match name.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.to_owned(),
    }
}
