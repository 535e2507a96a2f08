//! Functions of numbers, in decimals throughout. Powers with fractions, roots and logarithms have sixteen digits
//! after the point at most.

use super::{Function, one};
use crate::fhirpath::ast::Node;
use crate::fhirpath::eval::{Evaluation, Items, Outcome, Scope, fault};
use crate::fhirpath::number::Fixed;
use crate::fhirpath::{Item, Scalar};

impl<'a> Evaluation<'_, 'a> {
    pub(super) fn of_maths(
        &mut self,
        function: Function,
        items: &[Item<'a>],
        arguments: &[Node],
        scope: &Scope<'_, 'a>,
    ) -> Outcome<Items<'a>> {
        use Function::*;
        let scalar = match items {
            [] => return Ok(Vec::new()),
            [item] => item.scalar(),
            _ => return fault(format!("One number is expected where {} items are.", items.len())),
        };
        let other = match arguments.first() {
            Some(argument) => match self.single(argument, scope)?.map(|item| item.scalar()) {
                Some(Some(other)) => Some(other),
                Some(None) => return fault("A number is expected."),
                None => return Ok(Vec::new()),
            },
            None => None,
        };
        let result = match (scalar, function) {
            (Some(Scalar::Integer(n)), Abs) => n.checked_abs().map(Scalar::Integer),
            (Some(Scalar::Integer(n)), Ceiling | Floor | Truncate) => Some(Scalar::Integer(n)),
            (Some(Scalar::Quantity { value, unit }), Abs | Ceiling | Floor | Round | Truncate) => {
                let result = Fixed::of(&value).and_then(|fixed| of_fixed(function, fixed, other.as_ref()));
                let value = result.and_then(|result| result.number());
                value.map(|value| Scalar::Quantity { value, unit })
            }
            (Some(Scalar::Integer(n)), Power) => match other {
                Some(Scalar::Integer(power)) if power >= 0 => {
                    u32::try_from(power).ok().and_then(|power| n.checked_pow(power)).map(Scalar::Integer)
                }
                other => of_fixed(function, Fixed { mantissa: n.into(), places: 0 }, other.as_ref()),
            },
            (Some(scalar), _) => match scalar.number() {
                Some(number) => {
                    Fixed::of(&number).and_then(|fixed| of_fixed(function, fixed, other.as_ref()))
                }
                None => return fault(format!("A number is expected, not a {}.", scalar.type_name())),
            },
            (None, _) => return fault("A number is expected."),
        };
        Ok(result.map_or_else(Vec::new, one))
    }
}

fn of_fixed(function: Function, x: Fixed, other: Option<&Scalar>) -> Option<Scalar> {
    use Function::*;
    let whole = |n: i128| i64::try_from(n).ok().map(Scalar::Integer);
    let cut = x.cut(0).mantissa;
    let exact = x.without_zeros().places == 0;
    let decimal = |fixed: Fixed| Some(Scalar::Decimal(fixed.number()));
    match function {
        Abs => decimal(Fixed { mantissa: x.mantissa.checked_abs()?, ..x }),
        Truncate => whole(cut),
        Ceiling => whole(if x.mantissa > 0 && !exact { cut + 1 } else { cut }),
        Floor => whole(if x.mantissa < 0 && !exact { cut - 1 } else { cut }),
        Round => match other {
            None => decimal(x.rounded(0)),
            Some(Scalar::Integer(places)) => decimal(x.rounded(u32::try_from(*places).ok()?)),
            Some(_) => None,
        },
        Sqrt => decimal(root(x)?),
        Exp => decimal(exp(scaled(x)?)?),
        Ln => decimal(unscaled(ln(scaled(x)?)?)),
        Log => {
            let exact = |x| Some(Fixed { mantissa: ln(scaled(x)?)?, places: PLACES });
            let base = exact(Fixed::of(&other?.number()?)?)?;
            decimal(exact(x)?.over(base)?.rounded(RESULT_PLACES).without_zeros())
        }
        _ => decimal(power(x, Fixed::of(&other?.number()?)?)?),
    }
}

/// Digits after the point that are reckoned with, and that a result is given.
const PLACES: u32 = 18;
const RESULT_PLACES: u32 = 14;
const ONE: i128 = 1_000_000_000_000_000_000;
/// The logarithm of 2, times [`ONE`].
const LN_2: i128 = 693_147_180_559_945_309;

/// A number times [`ONE`], if it is not so large that products would overflow.
fn scaled(x: Fixed) -> Option<i128> {
    let x = x.cut(PLACES);
    x.with_places(PLACES).filter(|n| n.unsigned_abs() < 100_000_000_000 * ONE.unsigned_abs())
}

/// To as many places as are sure: fourteen, and no more than sixteen digits.
fn unscaled(mantissa: i128) -> Fixed {
    let whole = (mantissa / ONE).unsigned_abs().checked_ilog10().map_or(0, |log| log + 1);
    let places = RESULT_PLACES.min(16_u32.saturating_sub(whole));
    Fixed { mantissa, places: PLACES }.rounded(places).without_zeros()
}

/// `a` x `b` / [`ONE`], without overflow.
fn product(a: i128, b: i128) -> Option<i128> {
    let (whole, rest) = (a / ONE, a % ONE);
    let (b_whole, b_rest) = (b / ONE, b % ONE);
    let high = whole.checked_mul(b)?;
    high.checked_add(rest.checked_mul(b_whole)?)?.checked_add(rest.checked_mul(b_rest)? / ONE)
}

/// e to a power, by halving the power until the series is short.
fn exp(x: i128) -> Option<Fixed> {
    // The power in halvings: x = k ln 2 + rest, |rest| <= ln 2.
    let halvings = x / LN_2;
    let rest = x % LN_2;
    let (mut sum, mut term) = (ONE, ONE);
    for n in 1..40 {
        term = product(term, rest)? / n;
        if term == 0 {
            break;
        }
        sum += term;
    }
    let halvings = i32::try_from(halvings).ok().filter(|k| k.abs() < 64)?;
    let result = if halvings >= 0 { sum.checked_mul(1 << halvings)? } else { sum >> -halvings };
    Some(unscaled(result))
}

/// The natural logarithm of a number above zero: halved or doubled to lie near 1, then by the series of
/// ln((1+y)/(1-y)).
fn ln(x: i128) -> Option<i128> {
    if x <= 0 {
        return None;
    }
    let (mut x, mut doublings) = (x, 0);
    while x > ONE * 4 / 3 {
        x /= 2;
        doublings += 1;
    }
    while x < ONE * 2 / 3 {
        x *= 2;
        doublings -= 1;
    }
    let y = (x - ONE).checked_mul(ONE)? / (x + ONE);
    let square = product(y, y)?;
    let (mut sum, mut power) = (0, y);
    for n in (1..60).step_by(2) {
        if power == 0 {
            break;
        }
        sum += power / n;
        power = product(power, square)?;
    }
    Some(2 * sum + doublings * LN_2)
}

/// The square root of a number that is not below zero.
fn root(x: Fixed) -> Option<Fixed> {
    if x.mantissa < 0 {
        return None;
    }
    // An even number of places, and as many more as there is room for.
    let mut x = Fixed { mantissa: x.with_places(x.places + x.places % 2)?, places: x.places + x.places % 2 };
    while x.places < 2 * RESULT_PLACES
        && let Some(mantissa) = x.mantissa.checked_mul(100)
    {
        x = Fixed { mantissa, places: x.places + 2 };
    }
    Some(Fixed { mantissa: x.mantissa.isqrt(), places: x.places / 2 }.without_zeros())
}

/// A power: by products where it is whole, else through the logarithm. Nothing for a fraction of a number below
/// zero, and for what is too large.
fn power(x: Fixed, power: Fixed) -> Option<Fixed> {
    let whole = power.without_zeros();
    if whole.places > 0 {
        return if x.mantissa == 0 { Some(x) } else { exp(product(ln(scaled(x)?)?, scaled(power)?)?) };
    }
    let count = u32::try_from(whole.mantissa.unsigned_abs()).ok()?;
    let mut result = Fixed { mantissa: 1, places: 0 };
    let (mut square, mut left) = (x, count);
    while left > 0 {
        if left & 1 == 1 {
            result = result.times(square)?;
        }
        left >>= 1;
        if left > 0 {
            square = square.times(square)?;
        }
    }
    if whole.mantissa < 0 { Fixed { mantissa: 1, places: 0 }.over(result) } else { Some(result) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhirpath::Number;

    fn of(function: Function, x: &str, other: Option<&str>) -> String {
        let fixed = |text: &str| Fixed::of(&Number::parse(text).unwrap()).unwrap();
        let other = other.map(|text| Scalar::Decimal(fixed(text).number()));
        of_fixed(function, fixed(x), other.as_ref()).map_or("none".into(), |scalar| scalar.to_string())
    }

    #[test]
    fn roots_powers_and_logarithms_are_right_to_fourteen_digits() {
        use Function::*;
        assert_eq!(of(Sqrt, "2", None), "1.41421356237309");
        assert_eq!(of(Sqrt, "81", None), "9");
        assert_eq!(of(Sqrt, "0.25", None), "0.5");
        assert_eq!(of(Sqrt, "-1", None), "none");
        assert_eq!(of(Exp, "1", None), "2.71828182845905");
        assert_eq!(of(Exp, "-1", None), "0.36787944117144");
        assert_eq!(of(Exp, "20", None), "485165195.4097903");
        assert_eq!(of(Exp, "1000000", None), "none");
        assert_eq!(of(Ln, "10", None), "2.30258509299405");
        assert_eq!(of(Ln, "0.001", None), "-6.90775527898214");
        assert_eq!(of(Ln, "0", None), "none");
        assert_eq!(of(Log, "16", Some("2")), "4");
        assert_eq!(of(Log, "100.0", Some("10.0")), "2");
        assert_eq!(of(Log, "5", Some("1")), "none");
        assert_eq!(of(Power, "2.5", Some("2")), "6.25");
        assert_eq!(of(Power, "2", Some("0.5")), "1.4142135623731");
        assert_eq!(of(Power, "2", Some("-2")), "0.25");
        assert_eq!(of(Power, "-1", Some("0.5")), "none");
        assert_eq!(of(Power, "9999999999", Some("99999999")), "none");
    }
}
