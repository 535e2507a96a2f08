//! What the operators of arithmetic make of two values.

use super::ast::Operator;
use super::eval::{Outcome, fault};
use super::number::{Fixed, Number};
use super::quantity;
use super::scalar::Scalar;

/// What an arithmetic operator makes of two values; nothing when it cannot be said.
pub(super) fn compute(operator: Operator, a: Scalar, b: Scalar) -> Outcome<Option<Scalar>> {
    use Scalar::*;
    match (&a, &b) {
        (Integer(a), Integer(b)) if operator != Operator::Over => Ok(integers(operator, *a, *b).map(Integer)),
        (Integer(_) | Decimal(_), Integer(_) | Decimal(_)) => Ok(decimals(operator, &a, &b)),
        (String(a), String(b)) if operator == Operator::Plus => Ok(Some(String(format!("{a}{b}")))),
        (Quantity { .. }, Quantity { .. } | Integer(_) | Decimal(_)) | (_, Quantity { .. })
            if a.quantity().is_some() && !matches!(operator, Operator::Div | Operator::Mod) =>
        {
            Ok(quantities(operator, &a, &b))
        }
        (Date(_) | DateTime(_) | Time(_), Quantity { value, unit })
            if matches!(operator, Operator::Plus | Operator::Subtract) =>
        {
            let value = if operator == Operator::Plus { value.clone() } else { value.clone().negated() };
            super::moment::plus(&a, &value, unit)
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

fn decimals(operator: Operator, a: &Scalar, b: &Scalar) -> Option<Scalar> {
    let (x, y) = (Fixed::of(&a.number()?)?, Fixed::of(&b.number()?)?);
    if operator == Operator::Div {
        return x.div(y).and_then(|whole| i64::try_from(whole).ok()).map(Scalar::Integer);
    }
    fixed(operator, x, y).map(|result| Scalar::Decimal(result.number()))
}

fn fixed(operator: Operator, a: Fixed, b: Fixed) -> Option<Fixed> {
    match operator {
        Operator::Plus => a.plus(b),
        Operator::Subtract => a.plus(Fixed { mantissa: -b.mantissa, ..b }),
        Operator::Times => a.times(b),
        Operator::Mod => a.modulo(b),
        _ => a.over(b),
    }
}

/// Sums are in the unit of the left; units of products and quotients are put together.
fn quantities(operator: Operator, a: &Scalar, b: &Scalar) -> Option<Scalar> {
    let ((x, u), (y, v)) = (a.quantity()?, b.quantity()?);
    let of = |y: &Number| Some(fixed(operator, Fixed::of(&x)?, Fixed::of(y)?)?.number());
    let (value, unit) = match operator {
        Operator::Times => (of(&y)?, quantity::combined(u, '.', v)?),
        Operator::Over => (of(&y)?, quantity::combined(u, '/', v)?),
        _ => (of(&quantity::converted(&y, v, u)?)?, u.to_owned()),
    };
    Some(Scalar::Quantity { value, unit })
}
