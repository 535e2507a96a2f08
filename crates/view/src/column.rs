//! Columns, and how the values of FHIR become their cells.

use crate::cell::Cell;
use fhir::Value;
use fhir::definitions::{Primitive, TypeDef, type_def};
use fhir::fhirpath::{Item, Scalar};
use fhir::json::Kind;
use std::borrow::Cow;

/// A column of a view.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name, unlike any other of the view.
    pub name: String,
    /// What its values are.
    pub shape: Shape,
    /// True when it may have several values in one row.
    pub collection: bool,
    /// Where its path stands in the view, e.g. `select[0].column[1].path`.
    pub(crate) at: String,
    /// True for `%rowIndex`, which is there also where nothing else is.
    pub(crate) counts: bool,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// A `boolean`.
    Boolean,
    /// An `integer`, `positiveInt` or `unsignedInt`: 32 bits.
    Integer,
    /// An `integer64`: 64 bits.
    Long,
    /// A `decimal`, which keeps the digits it was written with.
    Decimal,
    /// An `instant`.
    Instant,
    /// Any other primitive, among them `date` and `dateTime`, which may be partial.
    Text,
    /// A type with elements, which becomes JSON.
    Json(&'static TypeDef),
    /// The view does not say: any primitive.
    Open,
}

/// What names of types in a view may begin with.
const STRUCTURE: &str = "http://hl7.org/fhir/StructureDefinition/";
/// The same of FHIRPath's own types, as StructureDefinitions name them.
const SYSTEM: &str = "http://hl7.org/fhirpath/System.";

impl Shape {
    /// The shape that the `type` of a column names; nothing when there is no such type.
    pub fn named(name: &str) -> Option<Shape> {
        let name = name.strip_prefix(STRUCTURE).unwrap_or(name);
        let name = name.strip_prefix(SYSTEM).or_else(|| name.strip_prefix("FHIR.")).unwrap_or(name);
        match name {
            "integer64" | "Long" => return Some(Shape::Long),
            "Boolean" => return Some(Shape::Boolean),
            "Integer" => return Some(Shape::Integer),
            "Decimal" => return Some(Shape::Decimal),
            "String" | "Date" | "DateTime" | "Time" => return Some(Shape::Text),
            _ => {}
        }
        type_def(name).map(Shape::of)
    }

    /// The shape of a type's values.
    pub fn of(kind: &'static TypeDef) -> Shape {
        match kind.primitive {
            Some(Primitive::Boolean) => Shape::Boolean,
            Some(Primitive::Integer | Primitive::PositiveInt | Primitive::UnsignedInt) => Shape::Integer,
            Some(Primitive::Decimal) => Shape::Decimal,
            Some(Primitive::Instant) => Shape::Instant,
            Some(_) => Shape::Text,
            None => Shape::Json(kind),
        }
    }

    fn title(self) -> &'static str {
        match self {
            Shape::Boolean => "a boolean",
            Shape::Integer => "a whole number of 32 bits",
            Shape::Long => "a whole number",
            Shape::Decimal => "a number",
            Shape::Instant | Shape::Text => "text",
            Shape::Json(kind) => kind.name,
            Shape::Open => "a primitive",
        }
    }

    /// The cell of an item: nothing where the item has no value; why not where it does not fit.
    pub(crate) fn cell<'a>(self, item: &Item<'a>) -> Result<Option<Cell<'a>>, String> {
        let (cell, kind) = match item {
            Item::Node(node) => {
                let Some(value) = node.value else { return Ok(None) };
                (of_value(node.kind, value), node.kind.name)
            }
            Item::Computed(scalar) => (of_scalar(scalar), scalar.type_name()),
        };
        match (self, cell) {
            (Shape::Open, Cell::Json(_)) => Err(format!(
                "The value is a {kind}, which is no primitive. Say so with \"type\": \"{kind}\", or go on to one of \
                 its elements."
            )),
            (Shape::Json(wanted), cell @ Cell::Json(_)) if wanted.name == kind => Ok(Some(cell)),
            (Shape::Open, cell)
            | (Shape::Boolean, cell @ Cell::Boolean(_))
            | (Shape::Long, cell @ Cell::Integer(_))
            | (Shape::Decimal, cell @ Cell::Decimal(_))
            | (Shape::Text | Shape::Instant, cell @ Cell::Text(_)) => Ok(Some(cell)),
            (Shape::Integer, Cell::Integer(n)) if i32::try_from(n).is_ok() => Ok(Some(Cell::Integer(n))),
            (Shape::Decimal, Cell::Integer(n)) => Ok(Some(Cell::Decimal(Cow::Owned(n.to_string())))),
            _ => Err(format!(
                "The value is a {kind}, but the column's type wants {}. Change the type or the path.",
                self.title()
            )),
        }
    }
}

fn of_value<'a>(kind: &'static TypeDef, value: Value<'a>) -> Cell<'a> {
    match value.kind() {
        Kind::Object | Kind::Array => Cell::Json(value.canonical()),
        Kind::Bool => Cell::Boolean(value.as_bool() == Some(true)),
        Kind::Number => {
            let text = value.raw();
            match kind.primitive {
                Some(Primitive::Decimal) => Cell::Decimal(Cow::Borrowed(text)),
                _ => text.parse().map_or(Cell::Decimal(Cow::Borrowed(text)), Cell::Integer),
            }
        }
        Kind::String => value.as_str().map_or(Cell::Null, Cell::Text),
        Kind::Null => Cell::Null,
    }
}

fn of_scalar<'a>(scalar: &Scalar) -> Cell<'a> {
    match scalar {
        Scalar::Boolean(truth) => Cell::Boolean(*truth),
        Scalar::Integer(n) => Cell::Integer(*n),
        Scalar::Decimal(_) => Cell::Decimal(Cow::Owned(scalar.to_string())),
        _ => Cell::Text(Cow::Owned(scalar.to_string())),
    }
}
