//! Decimals as FHIRPath reckons with them. Sums and products are exact; a result of more than 28 digits is
//! rounded, or empty where that is not possible, as FHIRPath asks of an overflow.

use crate::decimal::Decimal;
use std::fmt;

/// A decimal with how many digits after the point were written of it: `1.50` equals `1.5`, but prints as
/// `1.50` and has a smaller margin (`lowBoundary()`).
#[derive(Clone, Debug)]
pub struct Number {
    /// The value.
    pub value: Decimal,
    /// Digits after the point.
    pub places: u32,
}

impl Number {
    /// Reads a number as JSON writes it.
    pub fn parse(text: &str) -> Option<Number> {
        let value = Decimal::parse(text)?;
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let places = i64::try_from(fraction).ok()? - exponent.parse::<i64>().ok()?;
        Some(Number { value, places: u32::try_from(places).unwrap_or(0) })
    }

    /// A whole number.
    pub fn whole(n: i64) -> Number {
        Number { value: Decimal::parse(&n.to_string()).unwrap_or(Decimal::ZERO), places: 0 }
    }

    pub(super) fn negated(mut self) -> Number {
        self.value.negative = !self.value.negative && !self.value.digits.is_empty();
        self
    }
}

impl PartialEq for Number {
    /// By value: `1.50` is `1.5`.
    fn eq(&self, other: &Number) -> bool {
        self.value == other.value
    }
}

impl fmt::Display for Number {
    /// Without an exponent, with as many digits after the point as were written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.value.to_string();
        let fraction = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let missing = (self.places as usize).saturating_sub(fraction);
        let point = if fraction == 0 && missing > 0 { "." } else { "" };
        write!(f, "{text}{point}{:0<missing$}", "")
    }
}

/// Digits that a number may have to be reckoned with.
const DIGITS_MAX: u32 = 28;
/// Digits after the point that a quotient is given, if there is room for them.
const QUOTIENT_PLACES: [u32; 3] = [16, 12, 8];

/// `mantissa` x 10^-`places`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fixed {
    pub mantissa: i128,
    pub places: u32,
}

impl Fixed {
    /// Nothing when the number has too many digits.
    pub fn of(number: &Number) -> Option<Fixed> {
        let value = &number.value;
        let digits = value.digits.len() as i64;
        let exponent = i64::from(value.exponent);
        let (places, zeros) = ((digits - exponent).max(0), (exponent - digits).max(0));
        if digits.max(places).max(digits + zeros) > i64::from(DIGITS_MAX) {
            return None;
        }
        let mantissa = if digits == 0 { 0 } else { value.digits.parse::<i128>().ok()? };
        let mantissa = mantissa.checked_mul(ten_to(zeros as u32)?)?;
        let fixed =
            Fixed { mantissa: if value.negative { -mantissa } else { mantissa }, places: places as u32 };
        let wanted = number.places.clamp(fixed.places, DIGITS_MAX);
        Some(match fixed.with_places(wanted) {
            Some(mantissa) => Fixed { mantissa, places: wanted },
            None => fixed,
        })
    }

    pub fn number(self) -> Number {
        let Fixed { mantissa, places } = self;
        let value = Decimal::parse(&format!("{mantissa}e-{places}")).unwrap_or(Decimal::ZERO);
        Number { value, places }
    }

    /// The mantissa with more places.
    pub fn with_places(self, places: u32) -> Option<i128> {
        self.mantissa.checked_mul(ten_to(places.checked_sub(self.places)?)?)
    }

    /// With at most so many places; half goes away from zero.
    pub fn rounded(self, places: u32) -> Fixed {
        self.shortened(places, |rest, unit| rest.unsigned_abs() * 2 >= unit.unsigned_abs())
    }

    /// With at most so many places, the rest cut off.
    pub fn cut(self, places: u32) -> Fixed {
        self.shortened(places, |_, _| false)
    }

    fn shortened(self, places: u32, further: fn(i128, i128) -> bool) -> Fixed {
        let Some(unit) = self.places.checked_sub(places).filter(|n| *n > 0).map(ten_to) else { return self };
        // All digits go where the unit is larger than any number can be.
        let Some(unit) = unit else { return Fixed { mantissa: 0, places } };
        let (mantissa, rest) = (self.mantissa / unit, self.mantissa % unit);
        let step = if further(rest, unit) { self.mantissa.signum() } else { 0 };
        Fixed { mantissa: mantissa + step, places }
    }

    pub fn plus(self, other: Fixed) -> Option<Fixed> {
        let places = self.places.max(other.places);
        let mantissa = self.with_places(places)?.checked_add(other.with_places(places)?)?;
        Some(Fixed { mantissa, places }.within_digits())
    }

    pub fn times(self, other: Fixed) -> Option<Fixed> {
        let mantissa = self.mantissa.checked_mul(other.mantissa)?;
        Some(Fixed { mantissa, places: self.places + other.places }.within_digits())
    }

    /// Nothing over zero.
    pub fn over(self, other: Fixed) -> Option<Fixed> {
        let places = self.places.max(other.places);
        let (x, y) = (self.with_places(places)?, other.with_places(places)?);
        QUOTIENT_PLACES.iter().find_map(|places| {
            let scaled = x.checked_mul(ten_to(*places)?)?;
            let (quotient, rest) = (scaled.checked_div(y)?, scaled.checked_rem(y)?);
            let half = rest.unsigned_abs().checked_mul(2)? >= y.unsigned_abs();
            let step = if half { scaled.signum() * y.signum() } else { 0 };
            Some(Fixed { mantissa: quotient + step, places: *places }.without_zeros())
        })
    }

    /// The whole quotient, cut off.
    pub fn div(self, other: Fixed) -> Option<i128> {
        let places = self.places.max(other.places);
        self.with_places(places)?.checked_div(other.with_places(places)?)
    }

    pub fn modulo(self, other: Fixed) -> Option<Fixed> {
        let places = self.places.max(other.places);
        let mantissa = self.with_places(places)?.checked_rem(other.with_places(places)?)?;
        Some(Fixed { mantissa, places })
    }

    /// Without zeros at the end of the fraction.
    pub fn without_zeros(mut self) -> Fixed {
        while self.places > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.places -= 1;
        }
        self
    }

    /// Rounded so that it can be reckoned with further, as far as the fraction allows.
    fn within_digits(self) -> Fixed {
        let digits = self.mantissa.unsigned_abs().checked_ilog10().map_or(1, |log| log + 1);
        let excess = digits.max(self.places).saturating_sub(DIGITS_MAX);
        self.rounded(self.places.saturating_sub(excess))
    }
}

/// A power of ten.
pub(super) fn ten_to(power: u32) -> Option<i128> {
    10_i128.checked_pow(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(text: &str) -> Fixed {
        Fixed::of(&Number::parse(text).unwrap()).unwrap()
    }

    #[test]
    fn what_was_written_comes_back() {
        for text in ["1.50", "-0.00", "100", "72.50", "0.001"] {
            assert_eq!(Number::parse(text).unwrap().to_string(), text.replace("-0.00", "0.00"));
        }
        assert_eq!(Number::parse("1e3").unwrap().to_string(), "1000");
        assert_eq!(Number::parse("1.5e-3").unwrap().places, 4);
        assert_eq!(Number::parse("1.50"), Number::parse("1.5"));
    }

    #[test]
    fn sums_and_products_are_exact_and_quotients_are_rounded() {
        let shown = |fixed: Option<Fixed>| fixed.unwrap().number().to_string();
        assert_eq!(shown(fixed("0.1").plus(fixed("0.2"))), "0.3");
        assert_eq!(shown(fixed("1.25").times(fixed("-0.50"))), "-0.6250");
        assert_eq!(shown(fixed("1.2").over(fixed("1.8"))), "0.6666666666666667");
        assert_eq!(shown(fixed("4").over(fixed("-2"))), "-2");
        assert_eq!(fixed("1").over(fixed("0")), None);
        assert_eq!(shown(Some(fixed("2.345").rounded(2))), "2.35");
        assert_eq!(shown(Some(fixed("-2.345").rounded(2))), "-2.35");
        assert_eq!(shown(Some(fixed("2.345").cut(2))), "2.34");
    }

    #[test]
    fn too_many_digits_are_rounded_or_refused() {
        let long = format!("0.{}", "3".repeat(28));
        let product = fixed(&long).times(fixed("0.5")).unwrap();
        assert_eq!(product.places, 28);
        assert_eq!(Fixed::of(&Number::parse(&"9".repeat(29)).unwrap()), None);
        assert_eq!(fixed(&"9".repeat(28)).times(fixed(&"9".repeat(28))), None);
    }
}
