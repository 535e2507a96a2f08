//! A resource as it was read, and how its text is packed on disk.

use crate::engine::{self, Conn};
use crate::{Refusal, fault};
use fhir::Instant;
use std::cell::RefCell;
use std::sync::RwLock;
use zstd::dict::{DecoderDictionary, EncoderDictionary};

/// One version of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Resource type.
    pub kind: &'static str,
    /// Logical id.
    pub id: String,
    /// 1, 2, 3 ...
    pub version: u64,
    /// When this version was committed.
    pub updated: Instant,
    /// True when this version says that the resource was deleted; then `text` is empty.
    pub deleted: bool,
    /// JSON as a client sees it, with `meta.versionId` and `meta.lastUpdated`.
    pub text: String,
    /// The log's number of the commit, to pin later reads to.
    pub txn: u64,
    /// The patients it concerns, by id; for audit.
    pub patients: Vec<String>,
}

/// The answer to a read by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is there.
    Here(Body),
    /// It was there and was deleted, visibly to this caller.
    Gone(Body),
    /// It is not there, or not for this caller.
    Absent,
}

/// A logical id as a column: 16 bytes for a UUID in small letters, else its text. Saves 20 bytes, twice, for
/// each resource.
pub(crate) enum IdKey<'i> {
    Uuid([u8; 16]),
    Text(&'i [u8]),
    /// A text of 16 bytes and one more, so that it is no UUID.
    Sixteen([u8; 17]),
}

impl IdKey<'_> {
    pub fn of(id: &str) -> IdKey<'_> {
        let bytes = id.as_bytes();
        let dashes = [8, 13, 18, 23];
        if bytes.len() != 36 || !dashes.iter().all(|i| bytes[*i] == b'-') {
            return IdKey::of_text(bytes);
        }
        let mut uuid = [0; 16];
        let digits = bytes.iter().enumerate().filter(|(i, _)| !dashes.contains(i));
        for (n, (_, c)) in digits.enumerate() {
            let nibble = match c {
                b'0'..=b'9' => c - b'0',
                b'a'..=b'f' => c - b'a' + 10,
                _ => return IdKey::of_text(bytes),
            };
            uuid[n / 2] = uuid[n / 2] << 4 | nibble;
        }
        IdKey::Uuid(uuid)
    }

    fn of_text(bytes: &[u8]) -> IdKey<'_> {
        if bytes.len() != 16 {
            return IdKey::Text(bytes);
        }
        let mut longer = [0; 17];
        longer[..16].copy_from_slice(bytes);
        IdKey::Sixteen(longer)
    }

    /// The column.
    pub fn bytes(&self) -> &[u8] {
        match self {
            IdKey::Uuid(bytes) => bytes,
            IdKey::Text(bytes) => bytes,
            IdKey::Sixteen(bytes) => bytes,
        }
    }

    /// The id that a column holds.
    pub fn text(column: &[u8]) -> String {
        if column.len() != 16 {
            return String::from_utf8_lossy(column.strip_suffix(&[0]).unwrap_or(column)).into_owned();
        }
        let mut out = String::with_capacity(36);
        for (i, byte) in column.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                out.push('-');
            }
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        out
    }
}

/// `version.pack`: as it is.
const PLAIN: i64 = 0;
/// `version.pack`: zstd without a dictionary. Dictionaries are numbered from 2.
const ZSTD: i64 = 1;
/// Above this, compression hardly gains more on bodies of a kilobyte.
const LEVEL: i32 = 3;
/// Bodies shorter than this are kept as they are.
const PACK_MIN: usize = 64;
/// A body larger than this is refused on unpacking: nothing that came through a door can be.
const UNPACK_MAX: usize = 1 << 30;

struct Dictionary {
    number: i64,
    encode: EncoderDictionary<'static>,
    decode: DecoderDictionary<'static>,
}

/// The store's compression dictionaries; the last is used for new bodies. They live as long as the process:
/// each thread's compressor borrows one, and a store has no more than a few.
pub(crate) struct Dictionaries(RwLock<Vec<&'static Dictionary>>);

thread_local! {
    /// One compressor a thread, with the address of the dictionary it was made for (0 for none).
    static PACKER: RefCell<Option<(usize, zstd::bulk::Compressor<'static>)>> = const { RefCell::new(None) };
    static UNPACKER: RefCell<Option<(usize, zstd::bulk::Decompressor<'static>)>> = const { RefCell::new(None) };
}

fn address(dictionary: Option<&'static Dictionary>) -> usize {
    dictionary.map_or(0, |d| std::ptr::from_ref(d) as usize)
}

impl Dictionaries {
    pub fn load(conn: &Conn) -> engine::Result<Dictionaries> {
        let read = "SELECT number, bytes FROM dictionary ORDER BY number";
        let list = conn.all(read, &[], |r| Ok(Dictionary::new(r.get(0)?, r.get(1)?)))?;
        Ok(Dictionaries(RwLock::new(list)))
    }

    pub fn add(&self, number: i64, bytes: &[u8]) {
        let mut list = self.0.write().expect("no thread panics with dictionaries locked");
        if list.iter().all(|d| d.number != number) {
            list.push(Dictionary::new(number, bytes));
        }
    }

    /// The number the next dictionary will have.
    pub fn next(&self) -> i64 {
        self.latest().map_or(2, |d| d.number + 1)
    }

    fn latest(&self) -> Option<&'static Dictionary> {
        self.0.read().expect("no thread panics with dictionaries locked").last().copied()
    }

    fn numbered(&self, number: i64) -> Option<&'static Dictionary> {
        let list = self.0.read().expect("no thread panics with dictionaries locked");
        list.iter().find(|d| d.number == number).copied()
    }

    /// Packs a text: the `pack` and `body` columns.
    pub fn pack(&self, text: &str) -> Result<(i64, Vec<u8>), Refusal> {
        if text.len() < PACK_MIN {
            return Ok((PLAIN, text.as_bytes().to_vec()));
        }
        let dictionary = self.latest();
        let number = dictionary.map_or(ZSTD, |d| d.number);
        let packed = PACKER.with_borrow_mut(|slot| {
            if slot.as_ref().is_none_or(|(d, _)| *d != address(dictionary)) {
                let compressor = match dictionary {
                    Some(d) => zstd::bulk::Compressor::with_prepared_dictionary(&d.encode),
                    None => zstd::bulk::Compressor::new(LEVEL),
                };
                *slot = Some((address(dictionary), compressor?));
            }
            slot.as_mut().expect("it was just put there").1.compress(text.as_bytes())
        });
        let packed = packed.map_err(|e| fault("compress a body", e))?;
        Ok(if packed.len() < text.len() { (number, packed) } else { (PLAIN, text.as_bytes().to_vec()) })
    }

    /// False when a body needs a dictionary that another process made since.
    pub fn knows(&self, pack: i64) -> bool {
        pack <= ZSTD || self.numbered(pack).is_some()
    }

    /// Takes in dictionaries that another process made.
    pub fn refresh(&self, conn: &Conn) -> engine::Result<()> {
        let fresh = Dictionaries::load(conn)?.0.into_inner().unwrap_or_default();
        let mut list = self.0.write().expect("no thread panics with dictionaries locked");
        let new: Vec<_> =
            fresh.into_iter().filter(|d| list.iter().all(|old| old.number != d.number)).collect();
        list.extend(new);
        Ok(())
    }

    /// Unpacks what [`Dictionaries::pack`] made.
    pub fn unpack(&self, pack: i64, body: &[u8]) -> Result<String, Refusal> {
        let bytes = match pack {
            PLAIN => body.to_vec(),
            number => self.inflate(number, body)?,
        };
        String::from_utf8(bytes).map_err(|e| fault("read a body", e))
    }

    fn inflate(&self, number: i64, body: &[u8]) -> Result<Vec<u8>, Refusal> {
        let size = zstd::zstd_safe::get_frame_content_size(body).ok().flatten();
        let size = size.map(|n| n as usize).filter(|n| *n <= UNPACK_MAX);
        let size = size.ok_or_else(|| fault("read a body", "its frame is damaged"))?;
        let dictionary = self.numbered(number);
        let unpacked = UNPACKER.with_borrow_mut(|slot| {
            if slot.as_ref().is_none_or(|(d, _)| *d != address(dictionary)) {
                let decompressor = match dictionary {
                    Some(d) => zstd::bulk::Decompressor::with_prepared_dictionary(&d.decode),
                    None => zstd::bulk::Decompressor::new(),
                };
                *slot = Some((address(dictionary), decompressor?));
            }
            slot.as_mut().expect("it was just put there").1.decompress(body, size)
        });
        unpacked.map_err(|e| fault("decompress a body", e))
    }
}

impl Dictionary {
    fn new(number: i64, bytes: &[u8]) -> &'static Dictionary {
        Box::leak(Box::new(Dictionary {
            number,
            encode: EncoderDictionary::copy(bytes, LEVEL),
            decode: DecoderDictionary::copy(bytes),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_column() {
        for id in [
            "0f8fad5b-d9cb-469f-a165-70867728950e",
            "0F8FAD5B-D9CB-469F-A165-70867728950E",
            "abc",
            "1",
            "sixteen-letters.",
            "seventeen-letters",
        ] {
            assert_eq!(IdKey::text(IdKey::of(id).bytes()), id);
        }
        assert!(matches!(IdKey::of("0f8fad5b-d9cb-469f-a165-70867728950e"), IdKey::Uuid(_)));
    }
}
