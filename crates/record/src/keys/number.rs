//! Decimals as bytes, exact and in order.
//!
//! A decimal is 0.DIGITS x 10^exponent. Positive: a byte that tells sign and exponent (two more for an
//! exponent beyond ±30), two digits to a byte, `00`. Negative: the same with every bit turned round. Zero:
//! `80`. A range, where both ends differ or one is open: `C0`, then low (`00` if open), then high (`FF` if
//! open).

use fhir::search::Decimal;

const ZERO: u8 = 0x80;
/// Leads a positive number with a very small exponent; two bytes with the exponent follow.
const TINY: u8 = 0x81;
/// Leads a positive number of exponent [`EXPONENT_FAR`].
const NEAR: u8 = 0x82;
const EXPONENT_NEAR: i32 = 30;
const EXPONENT_FAR: i32 = -EXPONENT_NEAR;
/// Leads a positive number with a very large exponent.
const HUGE: u8 = 0xBF;
/// Leads a range.
pub(super) const RANGE: u8 = 0xC0;
const OPEN_LOW: u8 = 0x00;
const OPEN_HIGH: u8 = 0xFF;
/// Exponents beyond are kept as this one. No number in a resource comes near it.
const EXPONENT_MAX: i32 = 32_000;

pub(super) fn push(low: Option<&Decimal>, high: Option<&Decimal>, out: &mut Vec<u8>) {
    match (low, high) {
        (Some(low), Some(high)) if low == high => push_decimal(low, out),
        _ => {
            out.push(RANGE);
            push_end(low, OPEN_LOW, out);
            push_end(high, OPEN_HIGH, out);
        }
    }
}

fn push_end(end: Option<&Decimal>, open: u8, out: &mut Vec<u8>) {
    match end {
        Some(end) => push_decimal(end, out),
        None => out.push(open),
    }
}

pub(super) fn push_decimal(decimal: &Decimal, out: &mut Vec<u8>) {
    if decimal.digits.is_empty() {
        return out.push(ZERO);
    }
    let start = out.len();
    let exponent = decimal.exponent.clamp(-EXPONENT_MAX, EXPONENT_MAX);
    let far = (exponent + (1 << 15)) as u16;
    match exponent {
        ..EXPONENT_FAR => {
            out.push(TINY);
            out.extend_from_slice(&far.to_be_bytes());
        }
        EXPONENT_FAR..=EXPONENT_NEAR => out.push(NEAR + (exponent - EXPONENT_FAR) as u8),
        _ => {
            out.push(HUGE);
            out.extend_from_slice(&far.to_be_bytes());
        }
    }
    for pair in decimal.digits.as_bytes().chunks(2) {
        let digit = |i: usize| pair.get(i).map_or(0, |d| d - b'0');
        out.push(digit(0) * 10 + digit(1) + 1);
    }
    out.push(0);
    if decimal.negative {
        out[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
}

/// Low, high, and the bytes after them.
pub(super) type Bounds<'v> = (Option<Decimal>, Option<Decimal>, &'v [u8]);

pub(super) fn decode(value: &[u8]) -> Option<Bounds<'_>> {
    let (first, rest) = value.split_first()?;
    if *first != RANGE {
        let (decimal, rest) = decode_decimal(value)?;
        return Some((Some(decimal.clone()), Some(decimal), rest));
    }
    let (low, rest) = decode_end(rest, OPEN_LOW)?;
    let (high, rest) = decode_end(rest, OPEN_HIGH)?;
    Some((low, high, rest))
}

fn decode_end(bytes: &[u8], open: u8) -> Option<(Option<Decimal>, &[u8])> {
    if *bytes.first()? == open {
        return Some((None, &bytes[1..]));
    }
    decode_decimal(bytes).map(|(decimal, rest)| (Some(decimal), rest))
}

fn decode_decimal(bytes: &[u8]) -> Option<(Decimal, &[u8])> {
    let (first, mut rest) = bytes.split_first()?;
    if *first == ZERO {
        return Some((Decimal::ZERO, rest));
    }
    let negative = *first < ZERO;
    let turned = |byte: u8| if negative { !byte } else { byte };
    let exponent = match turned(*first) {
        TINY | HUGE => {
            let far = u16::from_be_bytes([turned(*rest.first()?), turned(*rest.get(1)?)]);
            rest = &rest[2..];
            i32::from(far) - (1 << 15)
        }
        near => i32::from(near) - i32::from(NEAR) + EXPONENT_FAR,
    };
    let length = rest.iter().position(|byte| turned(*byte) == 0)?;
    let mut digits = String::with_capacity(length * 2);
    for byte in &rest[..length] {
        let pair = turned(*byte) - 1;
        digits.extend([(b'0' + pair / 10) as char, (b'0' + pair % 10) as char]);
    }
    digits.truncate(digits.trim_end_matches('0').len());
    Some((Decimal { negative, digits, exponent }, &rest[length + 1..]))
}

/// The bytes of the number, or of the low end of a range.
pub(super) fn low_key(value: &[u8]) -> &[u8] {
    let decimal = if value.first() == Some(&RANGE) { &value[1..] } else { value };
    match decimal.first() {
        None | Some(&OPEN_LOW) => &[],
        _ => decode_decimal(decimal).map_or(decimal, |(_, rest)| &decimal[..decimal.len() - rest.len()]),
    }
}
