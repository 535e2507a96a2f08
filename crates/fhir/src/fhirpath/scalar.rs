//! Values that FHIRPath computes with.

use super::Item;
use super::number::Number;
use super::quantity::{self, calendar_unit};
use crate::date::PartialDate;
use crate::definitions::Primitive;
use crate::json::{Kind, Value};
use std::cmp::Ordering;
use std::fmt;

/// A value of one of FHIRPath's own types.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `true`
    Boolean(bool),
    /// `1`
    Integer(i64),
    /// `1.5`
    Decimal(Number),
    /// `'a'`
    String(String),
    /// `@2024-01-01`
    Date(PartialDate),
    /// `@2024-01-01T10:00`
    DateTime(PartialDate),
    /// `@T10:00`
    Time(PartialDate),
    /// `4 'mg'`, `1 year`
    Quantity {
        /// How many.
        value: Number,
        /// The UCUM code, or the calendar's word in the singular.
        unit: String,
    },
    /// What `type()` tells.
    Type {
        /// `FHIR` or `System`.
        namespace: &'static str,
        /// `Patient`, `Integer`.
        name: &'static str,
    },
}

impl Scalar {
    /// The name of its type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Scalar::Boolean(_) => "Boolean",
            Scalar::Integer(_) => "Integer",
            Scalar::Decimal(_) => "Decimal",
            Scalar::String(_) => "String",
            Scalar::Date(_) => "Date",
            Scalar::DateTime(_) => "DateTime",
            Scalar::Time(_) => "Time",
            Scalar::Quantity { .. } => "Quantity",
            Scalar::Type { .. } => "SimpleTypeInfo",
        }
    }

    /// What a quantity or the description of a type has under a name.
    pub(super) fn part(&self, name: &str) -> Option<Scalar> {
        match (self, name) {
            (Scalar::Quantity { value, .. }, "value") => Some(Scalar::Decimal(value.clone())),
            (Scalar::Quantity { unit, .. }, "unit") => Some(Scalar::String(unit.clone())),
            (Scalar::Type { namespace, .. }, "namespace") => Some(Scalar::String((*namespace).to_owned())),
            (Scalar::Type { name, .. }, "name") => Some(Scalar::String((*name).to_owned())),
            _ => None,
        }
    }

    /// The number that an integer or decimal is.
    pub(super) fn number(&self) -> Option<Number> {
        match self {
            Scalar::Integer(n) => Some(Number::whole(*n)),
            Scalar::Decimal(number) => Some(number.clone()),
            _ => None,
        }
    }

    /// A quantity, or a number as a quantity of the unit `1`.
    pub(super) fn quantity(&self) -> Option<(Number, &str)> {
        match self {
            Scalar::Quantity { value, unit } => Some((value.clone(), unit)),
            other => other.number().map(|number| (number, "1")),
        }
    }

    /// `=`: nothing when it is open, as between dates of different precision.
    pub(super) fn equals(&self, other: &Scalar) -> Option<bool> {
        use Scalar::*;
        match (self, other) {
            (Date(a) | DateTime(a), Date(b) | DateTime(b)) | (Time(a), Time(b)) => {
                a.order(b).map(|order| order == Ordering::Equal)
            }
            (Integer(_), Decimal(_)) | (Decimal(_), Integer(_)) => Some(self.number() == other.number()),
            (Quantity { .. }, Quantity { .. } | Integer(_) | Decimal(_))
            | (Integer(_) | Decimal(_), Quantity { .. }) => {
                self.order(other).ok()?.map(|order| order == Ordering::Equal)
            }
            _ => Some(self == other),
        }
    }

    /// `~`: never open; text without regard to case and white space, numbers to the places of the one with
    /// fewer.
    pub(super) fn is_like(&self, other: &Scalar) -> bool {
        use Scalar::*;
        match (self, other) {
            (String(a), String(b)) => {
                let plain = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
                plain(a) == plain(b)
            }
            (Integer(_) | Decimal(_), Integer(_) | Decimal(_)) => {
                self.number().zip(other.number()).is_some_and(|(a, b)| quantity::alike(&a, &b))
            }
            (Quantity { .. }, _) | (_, Quantity { .. }) => {
                let both = self.quantity().zip(other.quantity());
                both.is_some_and(|((a, u), (b, v))| quantity::is_like((&a, u), (&b, v)))
            }
            _ => self.equals(other).unwrap_or(false),
        }
    }

    /// The order of two values of one type; `Err` when they have none, `Ok(None)` when it is open.
    pub(super) fn order(&self, other: &Scalar) -> Result<Option<Ordering>, ()> {
        use Scalar::*;
        match (self, other) {
            (Integer(a), Integer(b)) => Ok(Some(a.cmp(b))),
            (Decimal(a), Decimal(b)) => Ok(Some(a.value.cmp(&b.value))),
            (Integer(_), Decimal(_)) | (Decimal(_), Integer(_)) => {
                Ok(self.number().zip(other.number()).map(|(a, b)| a.value.cmp(&b.value)))
            }
            (String(a), String(b)) => Ok(Some(a.cmp(b))),
            (Date(a) | DateTime(a), Date(b) | DateTime(b)) | (Time(a), Time(b)) => Ok(a.order(b)),
            (Quantity { .. }, Quantity { .. } | Integer(_) | Decimal(_))
            | (Integer(_) | Decimal(_), Quantity { .. }) => {
                let both = self.quantity().zip(other.quantity());
                Ok(both.and_then(|((a, u), (b, v))| quantity::order((&a, u), (&b, v))))
            }
            _ => Err(()),
        }
    }
}

impl fmt::Display for Scalar {
    /// As FHIRPath's `toString` writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Boolean(b) => b.fmt(f),
            Scalar::Integer(n) => n.fmt(f),
            Scalar::Decimal(d) => d.fmt(f),
            Scalar::String(s) => s.fmt(f),
            Scalar::Quantity { value, unit } => match calendar_unit(unit) {
                Some(word) if *value == Number::whole(1) => write!(f, "{value} {word}"),
                Some(word) => write!(f, "{value} {word}s"),
                None => write!(f, "{value} '{unit}'"),
            },
            Scalar::Date(date) | Scalar::DateTime(date) => date.fmt(f),
            Scalar::Time(date) => date.write_clock(f),
            Scalar::Type { namespace, name } => write!(f, "{namespace}.{name}"),
        }
    }
}

impl<'a> Item<'a> {
    /// The computed value that this is or stands for: a primitive's value, or a Quantity's.
    pub fn scalar(&self) -> Option<Scalar> {
        match self {
            Item::Computed(scalar) => Some(scalar.clone()),
            Item::Node(node) => match node.kind.primitive {
                Some(primitive) => of_primitive(primitive, node.value?),
                None if super::specifier::is_quantity(node.kind) => of_quantity(node.value?),
                None => None,
            },
        }
    }
}

fn of_primitive(primitive: Primitive, value: Value<'_>) -> Option<Scalar> {
    match value.kind() {
        Kind::Bool => value.as_bool().map(Scalar::Boolean),
        Kind::Number => {
            let text = value.as_number()?;
            match primitive {
                Primitive::Decimal => Number::parse(text).map(Scalar::Decimal),
                _ => text.parse().ok().map(Scalar::Integer),
            }
        }
        Kind::String => {
            let text = value.as_str()?;
            let moment = match primitive {
                Primitive::Date => PartialDate::parse(&text).map(Scalar::Date),
                Primitive::DateTime | Primitive::Instant => PartialDate::parse(&text).map(Scalar::DateTime),
                Primitive::Time => PartialDate::parse_time(&text).map(Scalar::Time),
                _ => None,
            };
            Some(moment.unwrap_or_else(|| Scalar::String(text.into_owned())))
        }
        _ => None,
    }
}

/// Nothing of a quantity with a comparator: `< 5` is no value (R4, "Using FHIRPath with FHIR").
fn of_quantity(value: Value<'_>) -> Option<Scalar> {
    if value.get("comparator").is_some() {
        return None;
    }
    let number = Number::parse(value.get("value")?.as_number()?)?;
    let unit = value.str("code").or_else(|| value.str("unit"));
    Some(Scalar::Quantity { value: number, unit: unit.map_or_else(|| "1".to_owned(), |u| u.into_owned()) })
}
