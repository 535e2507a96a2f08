//! Decimals of any length, exact.

use std::cmp::Ordering;
use std::fmt;

/// A decimal of any length, compared exactly. Kept as sign, digits without leading or trailing zeros, and
/// exponent: the value is 0.DIGITS x 10^exponent. Zero has no digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// True below zero.
    pub negative: bool,
    /// ASCII digits, first and last not `0`.
    pub digits: String,
    /// Power of ten.
    pub exponent: i32,
}

/// The largest exponent that is read, either way.
const EXPONENT_MAX: i32 = 10_000;
/// Digits that a number without its end is written with beyond those of the end. Nobody measures so finely.
const PLACES_NEAR: usize = 24;

impl Decimal {
    /// Zero.
    pub const ZERO: Decimal = Decimal { negative: false, digits: String::new(), exponent: 0 };

    /// Reads a JSON number or a number in a query (`5.4`, `-1e3`). Exponents beyond +-10,000 are refused.
    pub fn parse(text: &str) -> Option<Decimal> {
        let written = Written::parse(text)?;
        let mut digits = String::with_capacity(written.whole.len() + written.fraction.len());
        digits.push_str(written.whole);
        digits.push_str(written.fraction);
        Decimal::normal(written.negative, digits, written.whole.len() as i32 + written.exponent)
    }

    /// The range that a written number stands for by its precision, low <= x < high: `5.4` is 5.35 to 5.45,
    /// `100` is 99.5 to 100.5. `1e2` is 95 to 105, as the standard has it
    /// (<https://hl7.org/fhir/R4/search.html#number>): an exponent buys one more digit.
    pub fn precision_range(text: &str) -> Option<(Decimal, Decimal)> {
        let written = Written::parse(text)?;
        let further_digit = if text.contains(['e', 'E']) { "0" } else { "" };
        let digits = format!("{}{}{further_digit}", written.whole, written.fraction);
        let exponent = written.whole.len() as i32 + written.exponent;
        let further = Decimal::normal(written.negative, format!("{digits}5"), exponent)?;
        let nearer = match one_less(&digits) {
            Some(less) => Decimal::normal(written.negative, format!("{less}5"), exponent)?,
            // Half a unit below zero lies on the other side of it.
            None => Decimal { negative: !written.negative, ..further.clone() },
        };
        Some(if written.negative { (further, nearer) } else { (nearer, further) })
    }

    /// The number right before this one, among those with [`PLACES_NEAR`] more digits: the end of `< 5`.
    pub fn before(&self) -> Decimal {
        self.beside(true)
    }

    /// The number right behind this one, among those with [`PLACES_NEAR`] more digits: the start of `> 5`.
    pub fn behind(&self) -> Decimal {
        self.beside(false)
    }

    fn beside(&self, less: bool) -> Decimal {
        if self.digits.is_empty() {
            return Decimal { negative: less, digits: "1".to_owned(), exponent: -(PLACES_NEAR as i32) };
        }
        let padded = format!("{}{}", self.digits, "0".repeat(PLACES_NEAR));
        let digits = match less == self.negative {
            true => format!("{}1", &padded[..padded.len() - 1]),
            false => one_less(&padded).unwrap_or(padded),
        };
        Decimal::normal(self.negative, digits, self.exponent).unwrap_or(Decimal::ZERO)
    }

    /// This value times a small whole number, over ten.
    pub(crate) fn tenths(&self, count: u8) -> Decimal {
        let mut carry = 0;
        let mut digits: Vec<u8> = Vec::with_capacity(self.digits.len() + 2);
        for digit in self.digits.bytes().rev() {
            let product = u32::from(digit - b'0') * u32::from(count) + carry;
            digits.push(b'0' + (product % 10) as u8);
            carry = product / 10;
        }
        let mut longer = 0;
        while carry > 0 {
            digits.push(b'0' + (carry % 10) as u8);
            carry /= 10;
            longer += 1;
        }
        digits.reverse();
        let digits = String::from_utf8(digits).expect("ASCII digits are UTF-8");
        Decimal::normal(self.negative, digits, self.exponent + longer - 1).unwrap_or(Decimal::ZERO)
    }

    /// 0.DIGITS x 10^exponent without needless zeros.
    fn normal(negative: bool, mut digits: String, exponent: i32) -> Option<Decimal> {
        let leading = digits.bytes().take_while(|d| *d == b'0').count();
        if leading == digits.len() {
            return Some(Decimal::ZERO);
        }
        digits.truncate(digits.trim_end_matches('0').len());
        if leading > 0 {
            digits.drain(..leading);
        }
        Some(Decimal { negative, digits, exponent: exponent.checked_sub(i32::try_from(leading).ok()?)? })
    }
}

/// A whole number in ASCII, less one, as long as before; nothing for zero.
fn one_less(digits: &str) -> Option<String> {
    let last = digits.rfind(|d| d != '0')?;
    let mut less = digits[..last].to_owned();
    less.push((digits.as_bytes()[last] - 1) as char);
    less.extend(std::iter::repeat_n('9', digits.len() - last - 1));
    Some(less)
}

/// The parts of a number as it was written.
struct Written<'t> {
    negative: bool,
    whole: &'t str,
    fraction: &'t str,
    exponent: i32,
}

impl Written<'_> {
    fn parse(text: &str) -> Option<Written<'_>> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.find(['e', 'E']) {
            Some(i) => (&rest[..i], exponent(&rest[i + 1..])?),
            None => (rest, 0),
        };
        let all_digits = |s: &str| !s.is_empty() && s.bytes().all(|d| d.is_ascii_digit());
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if all_digits(fraction) => (whole, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        all_digits(whole).then_some(Written { negative, whole, fraction, exponent })
    }
}

fn exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.bytes().all(|d| d.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|e: &i32| e.abs() <= EXPONENT_MAX)
}

impl fmt::Display for Decimal {
    /// Without an exponent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let (digits, length) = (&self.digits, self.digits.len() as i32);
        let zeros = |count: i32| "0".repeat(count.unsigned_abs() as usize);
        if digits.is_empty() {
            f.write_str("0")
        } else if self.exponent <= 0 {
            write!(f, "{sign}0.{}{digits}", zeros(self.exponent))
        } else if self.exponent >= length {
            write!(f, "{sign}{digits}{}", zeros(self.exponent - length))
        } else {
            let (whole, fraction) = digits.split_at(self.exponent as usize);
            write!(f, "{sign}{whole}.{fraction}")
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let magnitude = |a: &Decimal, b: &Decimal| match (a.digits.is_empty(), b.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            _ => a.exponent.cmp(&b.exponent).then_with(|| a.digits.cmp(&b.digits)),
        };
        match (self.negative, other.negative) {
            (false, false) => magnitude(self, other),
            (true, true) => magnitude(other, self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text} is refused"))
    }

    #[test]
    fn one_value_has_one_form_however_it_is_written() {
        for same in [
            &["100", "1e2", "1.00E+2", "0.1e3", "100.000", "00100"][..],
            &["0", "-0.0", "0e5", "0.000"],
            &["-0.00120", "-12e-4"],
            &["123456789012345678901234567890.10", "1234567890123456789012345678901e-1"],
        ] {
            for text in same {
                assert_eq!(decimal(text), decimal(same[0]), "{text}");
            }
        }
        assert_eq!(decimal("-0.00120"), Decimal { negative: true, digits: "12".into(), exponent: -2 });
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", ".5", "5.", "+5", "1e", "1e99999", "0x10", "1,5", " 1", "NaN", "1e+-3", "--1"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn long_numbers_differ_in_their_last_digit() {
        let nines = "9".repeat(100);
        assert!(decimal(&format!("{nines}.8")) < decimal(&format!("{nines}.9")));
        assert!(decimal(&format!("-0.{nines}1")) > decimal(&format!("-0.{nines}2")));
        assert!(decimal("1e9999") > decimal(&nines));
    }

    #[test]
    fn precision_is_half_a_unit_of_the_last_digit() {
        for (text, low, high) in [
            ("100", "99.5", "100.5"),
            ("100.00", "99.995", "100.005"),
            ("5.4", "5.35", "5.45"),
            ("-5.4", "-5.45", "-5.35"),
            ("0", "-0.5", "0.5"),
            ("0.00", "-0.005", "0.005"),
            ("1e2", "95", "105"),
            ("1", "0.5", "1.5"),
        ] {
            assert_eq!(Decimal::precision_range(text), Some((decimal(low), decimal(high))), "{text}");
        }
    }

    #[test]
    fn a_value_prints_without_exponent() {
        for (text, printed) in
            [("1e3", "1000"), ("-0.00120", "-0.0012"), ("12.340", "12.34"), ("0.0", "0"), ("100", "100")]
        {
            assert_eq!(decimal(text).to_string(), printed);
        }
    }

    #[test]
    fn a_tenth_is_exact() {
        assert_eq!(decimal("100").tenths(9), decimal("90"));
        assert_eq!(decimal("-5.4").tenths(11), decimal("-5.94"));
        assert_eq!(decimal("0.0099").tenths(11), decimal("0.01089"));
        assert_eq!(Decimal::ZERO.tenths(9), Decimal::ZERO);
    }

    proptest! {
        #[test]
        fn order_is_that_of_floats_for_small_numbers(
            a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000, x in 0_u32..6, y in 0_u32..6
        ) {
            // A whole number over a power of ten, rounded once, keeps its order as a float.
            let float = |n: i64, places: u32| n as f64 / 10_f64.powi(places as i32);
            let exact = |n: i64, places: u32| decimal(&format!("{n}e-{places}"));
            prop_assert_eq!(Some(exact(a, x).cmp(&exact(b, y))), float(a, x).partial_cmp(&float(b, y)));
        }

        #[test]
        fn order_is_that_of_whole_numbers_for_long_ones(a in any::<i128>(), b in any::<i128>()) {
            prop_assert_eq!(decimal(&a.to_string()).cmp(&decimal(&b.to_string())), a.cmp(&b));
        }
    }
}
