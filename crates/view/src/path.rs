//! The FHIRPath of a view.

use fhir::definitions::TypeDef;
use fhir::fhirpath::{Context, Expression, Item, Node, Scalar, Setting};

/// The constants of a view, by name.
#[derive(Debug, Default)]
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
        let values: Vec<(&str, Scalar)> =
            constants.0.iter().map(|(name, scalar)| (name.as_str(), scalar.clone())).collect();
        let setting = Setting { kind, constants: &["rowIndex"], values: &values };
        let expression = Expression::compile(text, setting)
            .map_err(|error| format!("This is no FHIRPath that can be used: {error}."))?;
        let faults = kind.map(|kind| expression.faults_on(kind)).unwrap_or_default();
        if !faults.is_empty() {
            return Err(faults.join(" "));
        }
        Ok(Path { text: text.to_owned(), at: at.to_owned(), expression })
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
        self.expression.gives()
    }

    /// What it gives.
    pub fn evaluate<'a>(&self, focus: Focus<'_, 'a>) -> Result<Vec<Item<'a>>, String> {
        let context = Context { row: focus.index, ..Context::new(focus.resource) };
        self.expression.evaluate_in(focus.item.clone(), &context).map_err(|fault| fault.reason)
    }
}
