//! The trail as leaves of the tree.

use crate::tree::{self, BLOCK, Hash, Leaves};
use hmac::{Hmac, Mac};
use record::{AuditRow, Reader, Refusal, Tx};
use sha2::{Digest, Sha256};

/// Kept facts: the secret that salts are made of, and the roots of whole blocks.
pub(crate) const SPACE: &str = "audit-tree";
const SALT: &str = "salt";
/// Rows read at once.
const ROWS: usize = 4_096;

/// The secret behind the salts. A leaf holds only the salted hash of a row's detail, so that a detail that the law
/// wants erased can go and every proof still holds, and nobody can guess it from its hash.
#[derive(Clone)]
pub struct Salt(Vec<u8>);

impl Salt {
    /// The secret of this record, if it has one yet.
    pub fn read(reader: &Reader) -> Result<Option<Salt>, Refusal> {
        Ok(reader.kept(SPACE, SALT)?.map(Salt))
    }

    /// The secret of this record, made when there is none.
    pub(crate) fn made(tx: &mut Tx<'_>) -> Result<Salt, Refusal> {
        if let Some(salt) = tx.kept(SPACE, SALT)? {
            return Ok(Salt(salt));
        }
        let fresh = format!("{}{}", record::new_id(), record::new_id()).into_bytes();
        tx.keep(SPACE, SALT, &fresh, None)?;
        Ok(Salt(fresh))
    }

    /// The salt of one row.
    pub(crate) fn of(&self, seq: u64) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(&seq.to_be_bytes());
        mac.finalize().into_bytes().to_vec()
    }

    /// The leaf of a row: every field with its length, the detail as its salted hash.
    pub fn leaf(&self, row: &AuditRow) -> Hash {
        tree::leaf(&content(row, &self.of(row.seq)))
    }
}

/// What a leaf is the hash of.
pub(crate) fn content(row: &AuditRow, salt: &[u8]) -> Vec<u8> {
    let detail = Sha256::new().chain_update(salt).chain_update(row.detail.as_bytes()).finalize();
    let mut content = Vec::with_capacity(128);
    content.extend(row.seq.to_be_bytes());
    content.extend(row.at.0.to_be_bytes());
    content.extend(row.txn.unwrap_or(0).to_be_bytes());
    for part in [row.who.as_bytes(), row.action.as_bytes(), &detail[..]] {
        content.extend((part.len() as u64).to_be_bytes());
        content.extend(part);
    }
    content
}

/// The rows after one, in their order, up to and with the last that is there: nothing is left out between.
pub(crate) fn each_row(
    reader: &Reader,
    after: u64,
    to: u64,
    each: &mut dyn FnMut(&AuditRow) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut last = after;
    while last < to {
        let rows = reader.audit_after(last, ROWS)?;
        let Some(newest) = rows.last().map(|row| row.seq) else { return Ok(()) };
        rows.iter().take_while(|row| row.seq <= to).try_for_each(&mut *each)?;
        last = newest;
    }
    Ok(())
}

/// The key of a block's root among the kept facts.
pub(crate) fn block_key(block: u64) -> String {
    format!("block {block:012}")
}

/// The trail as a snapshot shows it; leaf `n` is the row with number `n + 1`.
pub struct Trail<'r> {
    reader: &'r Reader,
    salt: Salt,
}

impl<'r> Trail<'r> {
    /// The trail of a record that has heads.
    pub fn of(reader: &'r Reader, salt: Salt) -> Trail<'r> {
        Trail { reader, salt }
    }

    /// Every row of the trail, in its order.
    pub fn each(reader: &Reader, each: &mut dyn FnMut(&AuditRow)) -> Result<(), Refusal> {
        each_row(reader, 0, u64::MAX, &mut |row| {
            each(row);
            Ok(())
        })
    }

    fn leaves(&self, from: u64, to: u64) -> Result<Vec<Hash>, Refusal> {
        let mut leaves = Vec::with_capacity((to - from) as usize);
        each_row(self.reader, from, to, &mut |row| {
            leaves.push(self.salt.leaf(row));
            Ok(())
        })?;
        Ok(leaves)
    }
}

impl Leaves for Trail<'_> {
    fn root_of(&mut self, from: u64, to: u64) -> Result<Hash, Refusal> {
        if to - from <= BLOCK || !from.is_multiple_of(BLOCK) {
            return Ok(tree::root(&self.leaves(from, to)?));
        }
        let mut subtrees = Vec::new();
        for block in from / BLOCK..to / BLOCK {
            let kept = self.reader.kept(SPACE, &block_key(block))?.and_then(|hash| Hash::try_from(hash).ok());
            subtrees.push(match kept {
                Some(hash) => hash,
                None => tree::root(&self.leaves(block * BLOCK, (block + 1) * BLOCK)?),
            });
        }
        if !to.is_multiple_of(BLOCK) {
            subtrees.push(tree::root(&self.leaves(to / BLOCK * BLOCK, to)?));
        }
        Ok(tree::root(&subtrees))
    }
}
