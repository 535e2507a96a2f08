//! How early and late, small and large a value of limited precision can be (of the next version of FHIRPath).

use super::{Function, one};
use crate::date::{PartialDate, Precision};
use crate::fhirpath::ast::Node;
use crate::fhirpath::eval::{Evaluation, Items, Outcome, Scope, boolean, fault};
use crate::fhirpath::number::{Fixed, Number, ten_to};
use crate::fhirpath::{Item, Scalar, quantity};

/// Digits after the point of a boundary, unless more or fewer are asked for; and the most.
const PLACES: i64 = 8;
const PLACES_MAX: i64 = 28;

impl<'a> Evaluation<'_, 'a> {
    pub(super) fn of_boundaries(
        &mut self,
        function: Function,
        items: &[Item<'a>],
        arguments: &[Node],
        scope: &Scope<'_, 'a>,
    ) -> Outcome<Items<'a>> {
        let scalar = match items {
            [] => return Ok(Vec::new()),
            [item] => item.scalar(),
            _ => return fault(format!("One value is expected where {} are.", items.len())),
        };
        let Some(scalar) = scalar else { return Ok(Vec::new()) };
        if function == Function::Precision {
            return Ok(digits(&scalar).map_or_else(Vec::new, |digits| one(Scalar::Integer(digits))));
        }
        if function == Function::Comparable {
            let other = self.single(&arguments[0], scope)?.and_then(|item| item.scalar());
            let both = scalar.quantity().zip(other.as_ref().and_then(Scalar::quantity));
            return Ok(both.map_or_else(Vec::new, |((_, u), (_, v))| boolean(quantity::are_comparable(u, v))));
        }
        let digits = match arguments.first() {
            Some(digits) => match self.integer(digits, scope)? {
                Some(digits) => Some(digits),
                None => return Ok(Vec::new()),
            },
            None => None,
        };
        let high = function == Function::HighBoundary;
        Ok(boundary(scalar, digits, high).map_or_else(Vec::new, one))
    }
}

fn boundary(scalar: Scalar, digits: Option<i64>, high: bool) -> Option<Scalar> {
    match scalar {
        Scalar::Integer(n) => of_number(&Number::whole(n), digits, high).map(Scalar::Decimal),
        Scalar::Decimal(number) => of_number(&number, digits, high).map(Scalar::Decimal),
        Scalar::Quantity { value, unit } => {
            of_number(&value, digits, high).map(|value| Scalar::Quantity { value, unit })
        }
        Scalar::Date(date) => Some(Scalar::Date(date.boundary(precision(digits.unwrap_or(8))?, high))),
        Scalar::DateTime(date) => {
            let edge = date.boundary(precision(digits.unwrap_or(17))?, high);
            Some(Scalar::DateTime(edge.in_outermost_zone(high)))
        }
        Scalar::Time(time) => Some(Scalar::Time(time.boundary(clock_precision(digits.unwrap_or(9))?, high))),
        _ => None,
    }
}

/// Half a unit of the last digit down or up. With fewer places than were written, the digits beyond are cut off
/// on the side of zero and rounded on the other, as the published examples have it.
fn of_number(number: &Number, places: Option<i64>, high: bool) -> Option<Number> {
    let places = places.unwrap_or(PLACES);
    if !(0..=PLACES_MAX).contains(&places) {
        return None;
    }
    let fixed = Fixed::of(number)?;
    let sign = if high { 1 } else { -1 };
    let edge = Fixed { mantissa: fixed.mantissa.checked_mul(10)? + 5 * sign, places: fixed.places + 1 };
    let places = places as u32;
    if edge.places <= places {
        let mantissa = edge.mantissa.checked_mul(ten_to(places - edge.places)?)?;
        return Some(Fixed { mantissa, places }.number());
    }
    let away = (edge.mantissa < 0) != high;
    Some(if away { edge.rounded(places) } else { edge.cut(places) }.number())
}

/// The precision of a date with so many digits.
fn precision(digits: i64) -> Option<Precision> {
    Some(match digits {
        4 => Precision::Year,
        6 => Precision::Month,
        8 => Precision::Day,
        10 => Precision::Hour,
        12 => Precision::Minute,
        14 => Precision::Second,
        17 => Precision::Millisecond,
        _ => return None,
    })
}

fn clock_precision(digits: i64) -> Option<Precision> {
    precision(digits + 8).filter(|precision| *precision > Precision::Day)
}

/// `precision()`: digits after the point of a number, digits of a date or time.
fn digits(scalar: &Scalar) -> Option<i64> {
    let of_date = |date: &PartialDate| match date.precision {
        Precision::Year => 4,
        Precision::Month => 6,
        Precision::Day => 8,
        Precision::Hour => 10,
        Precision::Minute => 12,
        Precision::Second => 14,
        Precision::Millisecond => 17,
    };
    match scalar {
        Scalar::Integer(_) => Some(0),
        Scalar::Decimal(number) | Scalar::Quantity { value: number, .. } => Some(number.places.into()),
        Scalar::Date(date) | Scalar::DateTime(date) => Some(of_date(date)),
        Scalar::Time(time) => Some(of_date(time) - 8),
        _ => None,
    }
}
