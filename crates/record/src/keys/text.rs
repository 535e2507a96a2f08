//! Codes, URIs and units inside values.

use super::CUT;
use sha2::{Digest, Sha256};

/// Bytes of text that are kept of a value.
pub(super) const TEXT_MAX: usize = 200;
/// Bytes of a hash that follow a text that was cut, in hexadecimal.
const HASH_BYTES: usize = 16;
/// Stands before a byte that would be taken for an end.
const ESCAPE: u8 = 1;

/// The start of `text`, at most `max` bytes, whole characters only.
pub(super) fn cut_at(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// Appends a text that is compared as a whole. It holds no `00` afterwards, so that one can end it.
pub(super) fn push_short(text: &str, out: &mut Vec<u8>) {
    let kept = cut_at(text, TEXT_MAX);
    for byte in kept.bytes() {
        match byte {
            0 | ESCAPE => out.extend_from_slice(&[ESCAPE, byte + 1]),
            _ => out.push(byte),
        }
    }
    if kept.len() < text.len() {
        out.push(CUT);
        let hash = Sha256::digest(text.as_bytes());
        for byte in &hash[..HASH_BYTES] {
            out.extend_from_slice(&[b'a' + (byte >> 4), b'a' + (byte & 15)]);
        }
    }
}

/// The text again, if none of it was cut.
pub(super) fn read_short(bytes: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        match *byte {
            CUT => return None,
            ESCAPE => out.push(rest.next()?.checked_sub(1)?),
            byte => out.push(byte),
        }
    }
    String::from_utf8(out).ok()
}
