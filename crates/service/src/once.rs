//! The same request twice is done once: the first answer is kept in the transaction that it belongs to.

use fhir::json::Value;
use fhir::{Json, Limits, Tree};
use record::{Instant, Issue, Kind, Refusal, Tx};
use sha2::{Digest, Sha256};

/// How long an answer is kept for the same request to come again.
pub const KEPT_HOURS: i64 = 24;

const SPACE: &str = "answer";

/// The name of a request that must take effect once however often it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    key: String,
    digest: String,
    for_ever: bool,
}

impl Once {
    /// A request that a caller named. `scope` is whatever else must be the same for it to be the same request
    /// (who, method, URL); `body` is what must not differ between its repeats.
    pub fn named(scope: &[&str], name: &str, body: &[u8]) -> Once {
        let mut key = Sha256::new();
        for part in scope.iter().chain([&name]) {
            key.update((part.len() as u64).to_be_bytes());
            key.update(part.as_bytes());
        }
        Once { key: hex(&key.finalize()), digest: hex(&Sha256::digest(body)), for_ever: false }
    }

    /// Content that is to be taken in once for all time, e.g. a file that is loaded.
    pub fn content(body: &[u8]) -> Once {
        let digest = hex(&Sha256::digest(body));
        Once { key: format!("content/{digest}"), digest, for_ever: true }
    }

    /// What was answered before, if the request was here before: what `read` makes of it. A refusal when the
    /// name was used for another.
    pub(crate) fn answered<T>(
        &self,
        kept: Option<Vec<u8>>,
        read: impl FnOnce(Value<'_>) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        let Some(kept) = kept else { return Ok(None) };
        let broken = || {
            Refusal::new(
                Kind::Fault,
                "The kept answer to this request cannot be read. Send it under a new id.",
            )
        };
        let json = Json::parse(kept, Limits::FILE).map_err(|_| broken())?;
        if json.root().str("digest").as_deref() != Some(&self.digest) {
            let text = "This request id was used before with another body. Use a new id for a new request.";
            return Err(Refusal::many(Kind::Invalid, vec![Issue::new("business-rule", "", text)]));
        }
        json.root().get("answer").and_then(read).map(Some).ok_or_else(broken)
    }

    /// The kept answer as a reader sees it.
    pub(crate) fn kept(&self, reader: &record::Reader) -> Result<Option<Vec<u8>>, Refusal> {
        reader.kept(SPACE, &self.key)
    }

    /// The kept answer as a transaction sees it.
    pub(crate) fn kept_in(&self, tx: &Tx<'_>) -> Result<Option<Vec<u8>>, Refusal> {
        tx.kept(SPACE, &self.key)
    }

    /// Keeps the answer, in the transaction that it belongs to.
    pub(crate) fn keep(&self, tx: &mut Tx<'_>, answer: Tree) -> Result<(), Refusal> {
        let until = Instant(tx.now().0 + KEPT_HOURS * 3_600_000);
        let value = Tree::object().with("digest", self.digest.as_str()).with("answer", answer);
        tx.keep(SPACE, &self.key, value.text().as_bytes(), (!self.for_ever).then_some(until))
    }
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).map(|n| char::from(b"0123456789abcdef"[n as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_name_do_not_run_together() {
        let key = |scope: &[&str], name| Once::named(scope, name, b"").key;
        assert_ne!(key(&["ab", "c"], "d"), key(&["a", "bc"], "d"));
        assert_eq!(key(&["a"], "b"), key(&["a"], "b"));
    }

    #[test]
    fn another_body_under_the_same_name_is_refused() {
        let kept = br#"{"digest":"0","answer":[]}"#.to_vec();
        let refusal = Once::named(&[], "a", b"x").answered(Some(kept), |_| Some(())).unwrap_err();
        assert_eq!((refusal.kind, refusal.issues[0].code), (Kind::Invalid, "business-rule"));
    }
}
