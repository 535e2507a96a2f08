//! Sums and products. Whole numbers are exact; decimals have 28 digits or the result is empty, as FHIRPath
//! asks of an overflow.

use super::ast::Operator;
use super::eval::{Outcome, fault};
use super::scalar::Scalar;
use crate::decimal::Decimal;

/// `mantissa` x 10^-`places`.
#[derive(Clone, Copy)]
struct Fixed {
    mantissa: i128,
    places: u32,
}

/// Digits after the point that a quotient has at most.
const QUOTIENT_PLACES: u32 = 12;

/// What an arithmetic operator makes of two values; nothing when it cannot be said.
pub(super) fn compute(operator: Operator, a: Scalar, b: Scalar) -> Outcome<Option<Scalar>> {
    use Scalar::*;
    match (&a, &b) {
        (Integer(a), Integer(b)) if operator != Operator::Over => Ok(integers(operator, *a, *b).map(Integer)),
        (Integer(_) | Decimal(_), Integer(_) | Decimal(_)) => {
            let (Decimal(x), Decimal(y)) = (a.widened(), b.widened()) else {
                return Ok(None);
            };
            let (Some(x), Some(y)) = (Fixed::of(&x), Fixed::of(&y)) else {
                return Ok(None);
            };
            let whole = matches!(operator, Operator::Div);
            let result = fixed(operator, x, y);
            Ok(match result {
                Some(result) if whole => i64::try_from(result.mantissa).ok().map(Integer),
                result => result.and_then(Fixed::decimal).map(Decimal),
            })
        }
        (String(a), String(b)) if operator == Operator::Plus => Ok(Some(String(format!("{a}{b}")))),
        (Quantity { value: x, unit: u }, Quantity { value: y, unit: v })
            if u == v && matches!(operator, Operator::Plus | Operator::Subtract) =>
        {
            let (Some(x), Some(y)) = (Fixed::of(x), Fixed::of(y)) else {
                return Ok(None);
            };
            let value = fixed(operator, x, y).and_then(Fixed::decimal);
            Ok(value.map(|value| Quantity { value, unit: u.clone() }))
        }
        _ => fault(format!("A {} and a {} cannot be reckoned together.", a.type_name(), b.type_name())),
    }
}

fn integers(operator: Operator, a: i64, b: i64) -> Option<i64> {
    match operator {
        Operator::Plus => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Times => a.checked_mul(b),
        Operator::Div => a.checked_div(b),
        Operator::Mod => a.checked_rem(b),
        _ => None,
    }
}

fn fixed(operator: Operator, a: Fixed, b: Fixed) -> Option<Fixed> {
    if operator == Operator::Times {
        return Some(Fixed { mantissa: a.mantissa.checked_mul(b.mantissa)?, places: a.places + b.places });
    }
    let places = a.places.max(b.places);
    let (x, y) = (a.with_places(places)?, b.with_places(places)?);
    match operator {
        Operator::Plus => Some(Fixed { mantissa: x.checked_add(y)?, places }),
        Operator::Subtract => Some(Fixed { mantissa: x.checked_sub(y)?, places }),
        Operator::Mod => Some(Fixed { mantissa: x.checked_rem(y)?, places }),
        Operator::Div => Some(Fixed { mantissa: x.checked_div(y)?, places: 0 }),
        _ => {
            let scaled = x.checked_mul(10_i128.checked_pow(QUOTIENT_PLACES)?)?;
            Some(Fixed { mantissa: scaled.checked_div(y)?, places: QUOTIENT_PLACES })
        }
    }
}

impl Fixed {
    fn of(decimal: &Decimal) -> Option<Fixed> {
        let digits = decimal.digits.len() as i32;
        let (places, zeros) = (digits - decimal.exponent, decimal.exponent - digits);
        if digits > 28 || places > 28 || zeros > 28 {
            return None;
        }
        let mantissa = if digits == 0 { 0 } else { decimal.digits.parse::<i128>().ok()? };
        let mantissa = mantissa.checked_mul(10_i128.checked_pow(zeros.max(0) as u32)?)?;
        let mantissa = if decimal.negative { -mantissa } else { mantissa };
        Some(Fixed { mantissa, places: places.max(0) as u32 })
    }

    fn with_places(self, places: u32) -> Option<i128> {
        self.mantissa.checked_mul(10_i128.checked_pow(places - self.places)?)
    }

    fn decimal(self) -> Option<Decimal> {
        Decimal::parse(&format!("{}e-{}", self.mantissa, self.places))
    }
}
