//! The FHIRPath of a view.

use fhir::definitions::TypeDef;
use fhir::fhirpath::{Expression, Item, Node, Scalar};

/// The constants of a view, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Constants(Vec<(String, Scalar)>);

impl Constants {
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| other == name)
    }

    pub fn add(&mut self, name: &str, scalar: Scalar) {
        self.0.push((name.to_owned(), scalar));
    }
}

/// An expression and where it stands in the view.
#[derive(Debug)]
pub(crate) struct Path {
    text: String,
    at: String,
    expression: Expression,
    kind: Option<&'static TypeDef>,
}

/// What an expression is evaluated on.
#[derive(Clone, Copy)]
pub(crate) struct Focus<'f, 'a> {
    pub item: &'f Item<'a>,
    /// `%rowIndex`
    pub index: usize,
    /// `%resource`
    pub resource: Node<'a>,
}

impl Path {
    /// Parses an expression that stands on items of `kind`, where that is known.
    pub fn parse(
        text: &str,
        at: &str,
        kind: Option<&'static TypeDef>,
        constants: &Constants,
    ) -> Result<Path, String> {
        let _ = constants;
        let expression = match kind {
            Some(kind) => Expression::parse_for(text, kind),
            None => Expression::parse(text),
        };
        let expression =
            expression.map_err(|error| format!("This is no FHIRPath that can be used: {error}."))?;
        Ok(Path { text: text.to_owned(), at: at.to_owned(), expression, kind: None })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it stands in the view.
    pub fn at(&self) -> &str {
        &self.at
    }

    /// The type of what it gives, where that is known.
    pub fn kind(&self) -> Option<&'static TypeDef> {
        self.kind
    }

    /// What it gives.
    pub fn evaluate<'a>(&self, focus: Focus<'_, 'a>) -> Result<Vec<Item<'a>>, String> {
        self.expression.evaluate_on(focus.item.clone(), focus.resource).map_err(|fault| fault.reason)
    }
}
