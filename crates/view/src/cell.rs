//! Rows of cells.

use std::borrow::Cow;

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// There is none.
    Null,
    /// A boolean.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A decimal with the digits it was written with.
    Decimal(Cow<'a, str>),
    /// Any other primitive, as FHIR writes it.
    Text(Cow<'a, str>),
    /// What is no primitive, as JSON on one line.
    Json(String),
    /// The values of a column that is a collection.
    List(Vec<Cell<'a>>),
}

/// Rows of one view. Their cells point into the resources that they were made from.
#[derive(Clone, Debug, Default)]
pub struct Rows<'a> {
    pub(crate) width: usize,
    pub(crate) count: usize,
    pub(crate) cells: Vec<Cell<'a>>,
}

impl<'a> Rows<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// How many cells they have together.
    pub fn cells(&self) -> usize {
        self.cells.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Each row in turn.
    pub fn iter(&self) -> impl Iterator<Item = &[Cell<'a>]> {
        (0..self.count).map(|row| &self.cells[row * self.width..][..self.width])
    }

    /// Keeps the first rows only.
    pub fn truncate(&mut self, count: usize) {
        if count < self.count {
            self.count = count;
            self.cells.truncate(count * self.width);
        }
    }
}
