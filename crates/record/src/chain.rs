//! The hash chains: what ties each commit and each audit row to the one before it.

use crate::{Author, Instant};
use sha2::{Digest, Sha256};

/// The leaf of a version: SHA-256 over type, id, version and the hash of the stored text (none: deleted).
pub(crate) fn version_hash(kind: &str, id: &str, ver: i64, content: Option<&[u8; 32]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(kind.as_bytes());
    hash.update([0]);
    hash.update(id.as_bytes());
    hash.update([0]);
    hash.update(ver.to_be_bytes());
    hash.update(content.map_or(&[][..], |c| &c[..]));
    hash.finalize().into()
}

/// The link of a commit: SHA-256 over the link before it, the row, and the leaves of its versions in order.
pub(crate) fn log_hash(
    before: &[u8; 32],
    number: i64,
    at: Instant,
    author: &Author,
    leaves: &[[u8; 32]],
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(number.to_be_bytes());
    hash.update(at.0.to_be_bytes());
    let optional = |t: &Option<String>| t.clone().unwrap_or_default();
    let parts = [
        &author.who,
        &optional(&author.behalf),
        &author.purpose,
        &author.command,
        &optional(&author.request),
    ];
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    for leaf in leaves {
        hash.update(leaf);
    }
    hash.finalize().into()
}

/// The link of an audit row: SHA-256 over the link before it and the row, each part with its length.
pub(crate) fn audit_hash(
    before: &[u8; 32],
    seq: i64,
    at: Instant,
    who: &str,
    action: &str,
    txn: Option<i64>,
    detail: &str,
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(seq.to_be_bytes());
    hash.update(at.0.to_be_bytes());
    hash.update(txn.unwrap_or(0).to_be_bytes());
    for part in [who, action, detail] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}
