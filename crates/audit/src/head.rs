//! A signed tree head: the root over the trail's first rows, at a moment, under a key that the record does not hold.

use crate::tree::Hash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fhir::{Json, Limits, Tree};
use record::{Instant, Kind, Refusal};
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// What a signature is over, before the fields: so that it can stand for nothing else.
const CONTEXT: &[u8] = b"carespine audit tree head 1\0";

/// The key that signs heads (Ed25519, RFC 8032).
pub struct Key(Ed25519KeyPair);

/// Its public half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

/// A head as it is kept and as witnesses have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Rows of the trail that it covers, from the first.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The last commit of the log at that moment, and its link: so it covers the whole record, too.
    pub commit: (u64, Hash),
    /// When it was made.
    pub at: Instant,
    /// Which key signed it.
    pub key: PublicKey,
    signature: Vec<u8>,
}

impl Key {
    /// The key in a file (PKCS#8), which is made when it is not there: readable by its owner only.
    pub fn open(path: &Path) -> Result<Key, Refusal> {
        let trouble = |what: &str, e: &dyn std::fmt::Display| {
            let text = format!("The key of the audit trail {} cannot be {what}: {e}.", path.display());
            Refusal::new(Kind::Invalid, text)
        };
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let fresh = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
                let fresh = fresh.map_err(|e| trouble("made", &e))?;
                let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
                let mut file = file.map_err(|e| trouble("written", &e))?;
                file.write_all(fresh.as_ref())
                    .and_then(|()| file.sync_all())
                    .map_err(|e| trouble("written", &e))?;
                fresh.as_ref().to_vec()
            }
            Err(e) => return Err(trouble("read", &e)),
        };
        Ed25519KeyPair::from_pkcs8(&bytes).map(Key).map_err(|e| trouble("used", &e))
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key().as_ref().to_vec())
    }

    /// The head over so many rows.
    pub fn sign(&self, size: u64, root: Hash, commit: (u64, Hash), at: Instant) -> Head {
        let mut head = Head { size, root, commit, at, key: self.public(), signature: Vec::new() };
        head.signature = self.0.sign(&head.signed()).as_ref().to_vec();
        head
    }
}

impl PublicKey {
    /// As people compare it and configurations name it.
    pub fn text(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// The reverse of [`PublicKey::text`].
    pub fn read(text: &str) -> Option<PublicKey> {
        STANDARD.decode(text.trim()).ok().map(PublicKey)
    }
}

impl Head {
    /// True when its key did sign it.
    pub fn is_signed(&self) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.key.0).verify(&self.signed(), &self.signature).is_ok()
    }

    /// What the signature is over.
    fn signed(&self) -> Vec<u8> {
        let (number, link) = &self.commit;
        let numbers = [self.size, *number].map(u64::to_be_bytes);
        [CONTEXT, &numbers[0], &self.root, &numbers[1], link, &self.at.0.to_be_bytes()].concat()
    }

    /// One line of JSON, as it is kept and given to witnesses.
    pub fn line(&self) -> String {
        Tree::object()
            .with("size", self.size as i64)
            .with("root", STANDARD.encode(self.root))
            .with("commit", self.commit.0 as i64)
            .with("link", STANDARD.encode(self.commit.1))
            .with("at", self.at.to_string())
            .with("key", self.key.text())
            .with("signature", STANDARD.encode(&self.signature))
            .text()
    }

    /// The reverse of [`Head::line`]; nothing when it is none.
    pub fn read(line: &str) -> Option<Head> {
        let json = Json::parse(line, Limits::DOOR).ok()?;
        let root = json.root();
        let bytes = |name: &str| STANDARD.decode(root.str(name)?.as_bytes()).ok();
        let number = |name: &str| root.get(name)?.as_number()?.parse::<u64>().ok();
        Some(Head {
            size: number("size")?,
            commit: (number("commit")?, bytes("link")?.try_into().ok()?),
            root: bytes("root")?.try_into().ok()?,
            at: Instant::parse(&root.str("at")?)?,
            key: PublicKey(bytes("key")?),
            signature: bytes("signature")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_comes_back_from_its_line_and_a_changed_one_is_not_signed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.key");
        let key = Key::open(&path).unwrap();
        assert_eq!(Key::open(&path).unwrap().public(), key.public(), "the key is made once");
        let head = key.sign(7, [3; 32], (2, [5; 32]), Instant(1_700_000_000_000));
        assert!(head.is_signed());
        assert_eq!(Head::read(&head.line()), Some(head.clone()));
        assert!(!Head { size: 8, ..head.clone() }.is_signed());
        assert!(!Head { root: [4; 32], ..head.clone() }.is_signed());
        assert!(!Head { commit: (3, [5; 32]), ..head.clone() }.is_signed());
        assert!(!Head { at: Instant(head.at.0 + 1), ..head.clone() }.is_signed());
        let other = Key::open(&folder.path().join("other.key")).unwrap();
        assert!(!Head { key: other.public(), ..head }.is_signed());
        std::fs::write(&path, b"no key").unwrap();
        assert!(Key::open(&path).is_err());
    }
}
