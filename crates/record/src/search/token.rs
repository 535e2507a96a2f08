//! Page tokens: where a page ended, sealed.
//!
//! A token holds the store's own numbers, which must not leave it, and must not be made or changed outside.
//! So it is sealed as in RFC 5297, with HMAC-SHA-256 in both places: the tag is a MAC of query, scope and
//! content, and the content is hidden by a stream that the tag begins.

use crate::Refusal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fhir::search::{Base, Filter, Query};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Bytes of the tag.
const TAG: usize = 16;
/// What decides how many matches a page shows and of what, not which follow it.
const NOT_BOUND: [&str; 7] =
    ["_page", "_count", "_total", "_summary", "_elements", "_include", "_revinclude"];

/// How the pages of a search go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// All matches are found, sorted and cut.
    Collected,
    /// Along the rows of the condition with this number.
    Along(u8),
    /// Along the parameter sorted by.
    Sorted,
    /// What has no value of the parameter sorted by.
    Unsorted,
    /// Along the first of several parameters sorted by.
    Grouped,
    /// Along the log.
    Log,
    /// All resources of a type.
    Listing,
}

/// Where a page ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The commit whose state is searched.
    pub txn: i64,
    pub mode: Mode,
    /// Keys or the value of the last match.
    pub values: Vec<Option<Vec<u8>>>,
    /// Its patient key; only along rows.
    pub patient: i64,
    /// Its number; along the log, that of its version.
    pub last: i64,
}

/// What a token is bound to.
pub(crate) struct Seal<'k> {
    key: &'k [u8; 32],
    bound: Vec<u8>,
}

impl<'k> Seal<'k> {
    pub fn new(key: &'k [u8; 32], scope: &[u8; 32], query: &Query) -> Seal<'k> {
        let mut bound = scope.to_vec();
        let mut text = match &query.base {
            Base::Type(kind) => (*kind).to_owned(),
            Base::Types(kinds) => kinds.join(","),
        };
        for (name, value) in &query.honoured {
            if !NOT_BOUND.contains(&name.split(':').next().unwrap_or_default()) {
                text.push_str(&format!("&{}:{name}={}:{value}", name.len(), value.len()));
            }
        }
        // What a door adds to what was asked.
        for filter in &query.filters {
            if let Filter::Compartment { kind, id } = filter {
                text.push_str(&format!("&{kind}/{id}"));
            }
        }
        if query.honoured.is_empty() {
            text.push_str(&format!("{:?} {:?}", query.filters, query.sort));
        }
        bound.extend_from_slice(text.as_bytes());
        Seal { key, bound }
    }

    /// A seal for something else than a search: bound to a scope and to these words.
    pub fn named(key: &'k [u8; 32], scope: &[u8; 32], words: &str) -> Seal<'k> {
        let mut bound = scope.to_vec();
        bound.extend_from_slice(b"named ");
        bound.extend_from_slice(words.as_bytes());
        Seal { key, bound }
    }

    /// The token of a mark.
    pub(super) fn close(&self, mark: &Mark) -> String {
        self.close_bytes(mark.bytes())
    }

    /// The token of any content.
    pub fn close_bytes(&self, mut content: Vec<u8>) -> String {
        let tag = self.tag(&content);
        self.hide(&tag, &mut content);
        content.extend_from_slice(&tag);
        URL_SAFE_NO_PAD.encode(content)
    }

    /// The mark of a token, if it was made here for this query and scope.
    pub(super) fn open(&self, token: &str) -> Result<Mark, Refusal> {
        Mark::read(&self.open_bytes(token)?).ok_or_else(damaged)
    }

    /// The content of a token, if it was made here for this.
    pub fn open_bytes(&self, token: &str) -> Result<Vec<u8>, Refusal> {
        let read = || {
            let mut content = URL_SAFE_NO_PAD.decode(token).ok()?;
            let tag = content.split_off(content.len().checked_sub(TAG)?);
            self.hide(&tag, &mut content);
            let mut mac = self.mac(b"tag");
            mac.update(&self.bound);
            mac.update(&content);
            mac.verify_truncated_left(&tag).ok()?;
            Some(content)
        };
        read().ok_or_else(damaged)
    }

    fn tag(&self, content: &[u8]) -> Vec<u8> {
        let mut mac = self.mac(b"tag");
        mac.update(&self.bound);
        mac.update(content);
        mac.finalize().into_bytes()[..TAG].to_vec()
    }

    /// Hides what is plain and shows what is hidden.
    fn hide(&self, tag: &[u8], content: &mut [u8]) {
        for (block, bytes) in content.chunks_mut(32).enumerate() {
            let mut mac = self.mac(b"hide");
            mac.update(tag);
            mac.update(&(block as u64).to_be_bytes());
            let stream = mac.finalize().into_bytes();
            bytes.iter_mut().zip(stream).for_each(|(byte, mask)| *byte ^= mask);
        }
    }

    /// A MAC for one use. The two uses begin differently and so never meet.
    fn mac(&self, usage: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(self.key).expect("HMAC takes keys of any length");
        mac.update(usage);
        mac
    }
}

fn damaged() -> Refusal {
    let text = "This link to a further page is damaged or of another search. Search again from the start.";
    Refusal::invalid("_page", text)
}

impl Mark {
    fn bytes(&self) -> Vec<u8> {
        let (mode, check) = match self.mode {
            Mode::Collected => (0, 0),
            Mode::Along(check) => (1, check),
            Mode::Sorted => (2, 0),
            Mode::Unsorted => (3, 0),
            Mode::Log => (4, 0),
            Mode::Listing => (5, 0),
            Mode::Grouped => (6, 0),
        };
        let mut out = vec![mode, check];
        for number in [self.txn, self.patient, self.last] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        for value in &self.values {
            let length = value.as_ref().map_or(0, |value| value.len() as u32 + 1);
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(value.as_deref().unwrap_or_default());
        }
        out
    }

    fn read(bytes: &[u8]) -> Option<Mark> {
        let (lead, mut rest) = bytes.split_at_checked(2)?;
        let mode = match lead {
            [0, _] => Mode::Collected,
            [1, check] => Mode::Along(*check),
            [2, _] => Mode::Sorted,
            [3, _] => Mode::Unsorted,
            [4, _] => Mode::Log,
            [5, _] => Mode::Listing,
            [6, _] => Mode::Grouped,
            _ => return None,
        };
        let mut numbers = [0; 3];
        for number in &mut numbers {
            let (bytes, after) = rest.split_first_chunk()?;
            *number = i64::from_be_bytes(*bytes);
            rest = after;
        }
        let mut values = Vec::new();
        while !rest.is_empty() {
            let (bytes, after) = rest.split_first_chunk()?;
            let length = (u32::from_be_bytes(*bytes) as usize).checked_sub(1);
            let (value, after) = after.split_at_checked(length.unwrap_or(0))?;
            values.push(length.map(|_| value.to_vec()));
            rest = after;
        }
        let [txn, patient, last] = numbers;
        Some(Mark { txn, mode, values, patient, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::Instant;
    use fhir::search::Handling;

    fn query(kind: &str, pairs: &[(&str, &str)]) -> Query {
        let pairs: Vec<_> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Query::parse(Some(kind), &pairs, Handling::Strict, Instant(0), "").unwrap()
    }

    fn mark() -> Mark {
        let values = vec![None, Some(Vec::new()), Some(b"abc".to_vec())];
        Mark { txn: 7, mode: Mode::Along(3), values, patient: -2, last: 1_234_567 }
    }

    #[test]
    fn a_token_opens_only_as_it_was_made() {
        let (key, scope) = ([1; 32], [2; 32]);
        let asked = query("Patient", &[("name", "a"), ("_count", "5")]);
        let token = Seal::new(&key, &scope, &asked).close(&mark());
        assert_eq!(Seal::new(&key, &scope, &asked).open(&token), Ok(mark()));
        let more = query("Patient", &[("name", "a"), ("_count", "50")]);
        assert_eq!(Seal::new(&key, &scope, &more).open(&token), Ok(mark()), "another number to a page");
        let other = query("Patient", &[("name", "ab")]);
        let mut within = asked.clone();
        within.filters.push(Filter::Compartment { kind: "Patient", id: "1".into() });
        for seal in [
            Seal::new(&[3; 32], &scope, &asked),
            Seal::new(&key, &[3; 32], &asked),
            Seal::new(&key, &scope, &other),
            Seal::new(&key, &scope, &within),
        ] {
            assert!(seal.open(&token).is_err());
        }
        let seal = Seal::new(&key, &scope, &asked);
        for i in 0..token.len() {
            let mut damaged = token.clone().into_bytes();
            damaged[i] = if damaged[i] == b'A' { b'B' } else { b'A' };
            assert!(seal.open(&String::from_utf8(damaged).unwrap()).is_err(), "byte {i}");
            assert!(seal.open(&token[..i]).is_err(), "cut at {i}");
        }
    }

    #[test]
    fn a_token_shows_none_of_its_content() {
        let seal = Seal::new(&[1; 32], &[2; 32], &query("Patient", &[]));
        let bytes = URL_SAFE_NO_PAD.decode(seal.close(&mark())).unwrap();
        assert!(!bytes.windows(3).any(|window| window == b"abc"));
        let next = Mark { last: 1_234_568, ..mark() };
        let other = URL_SAFE_NO_PAD.decode(seal.close(&next)).unwrap();
        let same = bytes.iter().zip(&other).filter(|(a, b)| a == b).count();
        assert!(same < bytes.len() / 4, "{same} of {} bytes are the same", bytes.len());
    }
}
