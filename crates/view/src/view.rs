//! A checked view.

use crate::column::Column;
use crate::path::Path;
use fhir::definitions::TypeDef;

/// A ViewDefinition that has been checked, with its expressions parsed once. It is run on any number of resources,
/// also by several threads at once.
#[derive(Debug)]
pub struct View {
    /// Its name, when it has one: letters, digits and underscores.
    pub name: Option<String>,
    /// The resources that it is of.
    pub(crate) kind: &'static TypeDef,
    /// The columns of its rows, in their order.
    pub(crate) columns: Vec<Column>,
    /// Conditions that a resource must meet to be in it.
    pub(crate) conditions: Vec<Path>,
    /// All its selects, as nested ones.
    pub(crate) root: Select,
}

/// A selection structure: columns, nested selects and a union, for each item that it stands on.
#[derive(Debug, Default)]
pub(crate) struct Select {
    pub each: Unnest,
    /// Its own columns.
    pub own: Vec<(Column, Path)>,
    /// Nested selects, which are joined with its own columns and one another.
    pub nested: Vec<Select>,
    /// Selects whose rows are put one after the other, and then joined as those of one nested select.
    pub union: Vec<Select>,
    /// Columns in all.
    pub width: usize,
}

/// What a select stands on.
#[derive(Debug, Default)]
pub(crate) enum Unnest {
    /// What its parent stands on.
    #[default]
    Once,
    /// Each item of a path.
    ForEach(Path),
    /// Each item of a path, or nothing once, so that there is a row all the same.
    ForEachOrNull(Path),
    /// All items that some paths lead to, again and again.
    Repeat(Vec<Path>),
}

impl View {
    /// The type of the resources that it is of, e.g. `Patient`.
    pub fn resource(&self) -> &'static str {
        self.kind.name
    }

    /// The columns of its rows, in their order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }
}
