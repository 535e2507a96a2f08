//! `toInteger()` and the like, `convertsToInteger()` and the like (FHIRPath 2.0, "Conversion").

use super::{Function, one};
use crate::date::{PartialDate, Precision};
use crate::fhirpath::ast::Node;
use crate::fhirpath::eval::{Evaluation, Items, Outcome, Scope, boolean, fault};
use crate::fhirpath::number::Number;
use crate::fhirpath::quantity::{self, calendar_unit};
use crate::fhirpath::{Item, Scalar};

impl<'a> Evaluation<'_, 'a> {
    pub(super) fn of_conversions(
        &mut self,
        function: Function,
        items: &[Item<'a>],
        arguments: &[Node],
        scope: &Scope<'_, 'a>,
    ) -> Outcome<Items<'a>> {
        let item = match items {
            [] => return Ok(Vec::new()),
            [item] => item,
            _ => return fault(format!("One value is expected where {} are.", items.len())),
        };
        let (kind, only_asked) = match function {
            Function::ConvertsTo(kind) => (kind, true),
            Function::To(kind) => (kind, false),
            _ => return Ok(Vec::new()),
        };
        let mut result = item.scalar().and_then(|scalar| converted(scalar, kind));
        if let Some(unit) = arguments.first() {
            let Some(unit) = self.string(unit, scope)? else { return Ok(Vec::new()) };
            result = result.and_then(|scalar| in_unit(&scalar, &unit));
        }
        match result {
            result if only_asked => Ok(boolean(result.is_some())),
            Some(Scalar::String(text)) => self.text(text),
            Some(scalar) => Ok(one(scalar)),
            None => Ok(Vec::new()),
        }
    }
}

fn converted(scalar: Scalar, kind: &str) -> Option<Scalar> {
    match kind {
        "Boolean" => to_boolean(&scalar).map(Scalar::Boolean),
        "Integer" => match scalar {
            Scalar::Integer(n) => Some(Scalar::Integer(n)),
            Scalar::Boolean(b) => Some(Scalar::Integer(b.into())),
            Scalar::String(text) => unsigned_plus(&text).parse().ok().map(Scalar::Integer),
            _ => None,
        },
        "Decimal" => match scalar {
            Scalar::Boolean(b) => Some(Scalar::Decimal(Number::whole(b.into()))),
            Scalar::String(text) => plain_number(&text).map(Scalar::Decimal),
            other => other.number().map(Scalar::Decimal),
        },
        "String" => match scalar {
            Scalar::Type { .. } => None,
            scalar => Some(Scalar::String(scalar.to_string())),
        },
        "Date" => match scalar {
            Scalar::Date(date) => Some(Scalar::Date(date)),
            Scalar::DateTime(date) => {
                Some(Scalar::Date(date.to_precision(date.precision.min(Precision::Day))))
            }
            Scalar::String(text) => {
                PartialDate::parse(&text).filter(|date| date.precision <= Precision::Day).map(Scalar::Date)
            }
            _ => None,
        },
        "DateTime" => match scalar {
            Scalar::Date(date) | Scalar::DateTime(date) => Some(Scalar::DateTime(date)),
            Scalar::String(text) => PartialDate::parse(&text).map(Scalar::DateTime),
            _ => None,
        },
        "Time" => match scalar {
            Scalar::Time(time) => Some(Scalar::Time(time)),
            Scalar::String(text) => PartialDate::parse_time(&text).map(Scalar::Time),
            _ => None,
        },
        _ => to_quantity(scalar),
    }
}

fn to_boolean(scalar: &Scalar) -> Option<bool> {
    match scalar {
        Scalar::Boolean(b) => Some(*b),
        Scalar::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(true),
            "false" | "f" | "no" | "n" | "0" | "0.0" => Some(false),
            _ => None,
        },
        other => {
            let number = other.number()?;
            let is = |n| number == Number::whole(n);
            (is(1) || is(0)).then(|| is(1))
        }
    }
}

/// A text without the plus that a number may begin with.
fn unsigned_plus(text: &str) -> &str {
    text.strip_prefix('+').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(text)
}

/// A number without an exponent.
fn plain_number(text: &str) -> Option<Number> {
    Number::parse(unsigned_plus(text)).filter(|_| !text.contains(['e', 'E']))
}

/// `4`, `4 'mg'`, `4 days`
fn to_quantity(scalar: Scalar) -> Option<Scalar> {
    let of = |value, unit: &str| Some(Scalar::Quantity { value, unit: unit.to_owned() });
    match scalar {
        Scalar::Quantity { .. } => Some(scalar),
        Scalar::Boolean(b) => of(Number::whole(b.into()), "1"),
        Scalar::String(text) => {
            let end = text.find(|c: char| c.is_whitespace() || c == '\'').unwrap_or(text.len());
            let (number, unit) = (plain_number(&text[..end])?, text[end..].trim());
            match unit.strip_prefix('\'').and_then(|unit| unit.strip_suffix('\'')) {
                Some(unit) if !unit.is_empty() => of(number, unit),
                None if unit.is_empty() => of(number, "1"),
                None => of(number, calendar_unit(unit)?),
                Some(_) => None,
            }
        }
        other => of(other.number()?, "1"),
    }
}

fn in_unit(scalar: &Scalar, unit: &str) -> Option<Scalar> {
    let (value, from) = scalar.quantity()?;
    let unit = calendar_unit(unit).unwrap_or(unit);
    let value = quantity::converted(&value, from, unit)?;
    Some(Scalar::Quantity { value, unit: unit.to_owned() })
}
