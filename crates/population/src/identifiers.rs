//! Identifiers that are valid in form and belong to nobody.

use crate::random::Random;

/// How many people have an NHS number of the range kept for tests; see [`nhs_number`].
pub const NHS_NUMBERS: usize = 9 * 99_999;

/// A resource id in the shape of a UUID (RFC 9562, version 8: made by rules of our own).
pub fn id(seed: u64, purpose: u64, subject: u64, serial: u64) -> String {
    let mut random = Random::of(seed, purpose ^ (serial << 16), subject);
    let (high, low) = (random.bits(), random.bits());
    let high = (high & !0xf000) | 0x8000;
    let low = (low & !(0xc << 60)) | (0x8 << 60);
    let mut text = String::with_capacity(36);
    for (digit, shift) in (0..32).map(|digit| (digit, 60 - digit % 16 * 4)) {
        if matches!(digit, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        let half = if digit < 16 { high } else { low };
        text.push(HEX[(half >> shift & 0xf) as usize] as char);
    }
    text
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The NHS number of a person, always one that begins with 999, a range kept for test patients. Each index
/// below [`NHS_NUMBERS`] has its own; people beyond have none.
///
/// Of ten numbers with the same first eight digits at most one has no check digit, so nine are used of each
/// ten.
pub fn nhs_number(index: usize) -> Option<String> {
    if index >= NHS_NUMBERS {
        return None;
    }
    // The factor is prime, so it meets every number once while neighbours lie far apart.
    // The shift gives person 0 the number 999 000 1006.
    let place = (index * 514_229 + 90) % NHS_NUMBERS;
    let mut valid = (0..10).filter_map(|last| checked(999_000_000 + place / 9 * 10 + last));
    valid.nth(place % 9)
}

/// The nine digits with their check digit, if they have one (NHS Data Dictionary: NHS NUMBER, modulus 11).
fn checked(nine: usize) -> Option<String> {
    let mut sum = 0;
    let mut rest = nine;
    for weight in 2..=10 {
        sum += rest % 10 * weight;
        rest /= 10;
    }
    match 11 - sum % 11 {
        10 => None,
        11 => Some(format!("{nine}0")),
        check => Some(format!("{nine}{check}")),
    }
}

/// The number of a person at the hospital: `N` and seven digits.
pub fn hospital_number(index: usize) -> String {
    format!("N{:07}", (index * 7_919 + 482_216) % 10_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn valid(number: &str) -> bool {
        let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
        let sum: u32 = digits[..9].iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
        digits.len() == 10 && (11 - sum % 11) % 11 == digits[9] && number.starts_with("999")
    }

    #[test]
    fn nhs_numbers_are_valid_and_nobody_shares_one() {
        let numbers: HashSet<String> = (0..NHS_NUMBERS).step_by(7).filter_map(nhs_number).collect();
        assert_eq!(numbers.len(), NHS_NUMBERS.div_ceil(7));
        assert!(numbers.iter().all(|number| valid(number)));
        assert!(
            !numbers.contains("9999999999"),
            "ten equal digits pass the check but are refused everywhere"
        );
        assert_eq!(nhs_number(0).as_deref(), Some("9990001006"));
        assert_eq!(nhs_number(NHS_NUMBERS), None);
    }

    #[test]
    fn ids_look_like_uuids_and_differ() {
        let one = id(1, 2, 3, 4);
        assert_eq!(one, id(1, 2, 3, 4));
        let parts: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(one.as_bytes()[14], b'8');
        assert!(matches!(one.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
        let many: HashSet<String> = (0..50).flat_map(|a| (0..50).map(move |b| id(1, 7, a, b))).collect();
        assert_eq!(many.len(), 2_500);
    }
}
