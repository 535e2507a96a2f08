//! Codes that change with time (RFC 6238 over RFC 4226): six digits, thirty seconds, HMAC-SHA-1, which is what the
//! applications on people's telephones make.

use ring::hmac;

/// Seconds that a code stands for.
const STEP: i64 = 30;
/// Steps before and after now that count, for clocks that are apart (RFC 6238 section 5.2).
const APART: i64 = 1;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step of an instant.
pub fn step(milliseconds: i64) -> i64 {
    milliseconds.div_euclid(1_000 * STEP)
}

/// The step that a code is right for, if there is one near now that is later than the last that was used.
pub fn fits(secret: &[u8], given: &str, now: i64, last: i64) -> Option<i64> {
    let given: String = given.chars().filter(|c| !c.is_whitespace()).collect();
    let mut steps = (step(now) - APART..=step(now) + APART).filter(|step| *step > last);
    steps.find(|step| code(secret, *step) == given)
}

/// The code of a step.
pub fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    // RFC 4226 section 5.3: the last four bits say where the four bytes begin.
    let at = bytes.last().map_or(0, |last| usize::from(last & 0xf));
    let number = bytes[at..at + 4].iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

/// Base 32 without padding (RFC 4648), for people who type the secret.
pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(5) {
        let mut bits = [0_u8; 8];
        bits[3..3 + group.len()].copy_from_slice(group);
        let bits = u64::from_be_bytes(bits);
        for place in 0..(group.len() * 8).div_ceil(5) {
            text.push(char::from(ALPHABET[(bits >> (35 - 5 * place) & 31) as usize]));
        }
    }
    text
}
