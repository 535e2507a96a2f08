//! Opens the file of a release: checks all of it, keeps what is searched, leaves names in the file.

use super::draft::Head;
use super::rows::Rows;
use super::texts::Texts;
use super::write::{FLAGS, RANKS, RECORD_ENDS, RECORDS, ROWS, TEXTS};
use super::{Index, MAGIC};
use fhir::Refusal;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Bytes that are hashed at once.
const PIECE: usize = 1 << 20;
const DIGEST: u64 = 32;

pub(super) fn open(path: &Path) -> Result<Index, Refusal> {
    let damaged = |e: std::io::Error| {
        let text =
            format!("{}: this is no whole release index ({e}). Import the release again.", path.display());
        super::refused(text)
    };
    let file = File::open(path).map_err(damaged)?;
    sections(&file).and_then(|sections| index(file, sections)).map_err(damaged)
}

/// Bytes of each section, and where the records begin.
struct Sections {
    kept: HashMap<u32, Vec<u8>>,
    records: u64,
    records_length: u64,
}

fn wrong(text: &str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, text)
}

fn sections(file: &File) -> std::io::Result<Sections> {
    let end = file.metadata()?.len().checked_sub(DIGEST).ok_or_else(|| wrong("it is too short"))?;
    let mut input = BufReader::with_capacity(PIECE, file);
    let mut digest = Sha256::new();
    let mut at = 0_u64;
    let mut take = |length: u64| -> std::io::Result<Vec<u8>> {
        at = at.checked_add(length).filter(|at| *at <= end).ok_or_else(|| wrong("it is cut off"))?;
        let mut bytes = vec![0; length as usize];
        input.read_exact(&mut bytes)?;
        digest.update(&bytes);
        Ok(bytes)
    };
    if take(MAGIC.len() as u64)? != MAGIC {
        return Err(wrong("it does not begin as one of this version"));
    }
    let (mut kept, mut read) = (HashMap::new(), MAGIC.len() as u64);
    let (mut records, mut records_length) = (0, 0);
    while read < end {
        let head = take(12)?;
        let kind = u32::from_le_bytes(head[..4].try_into().expect("four bytes"));
        let length = u64::from_le_bytes(head[4..].try_into().expect("eight bytes"));
        read += 12;
        if kind == RECORDS {
            (records, records_length) = (read, length);
            let mut left = length;
            while left > 0 {
                left -= take(left.min(PIECE as u64))?.len() as u64;
            }
        } else {
            kept.insert(kind, take(length)?);
        }
        read += length;
    }
    let mut own = [0; DIGEST as usize];
    input.read_exact(&mut own)?;
    if digest.finalize()[..] != own {
        return Err(wrong("its digest is another"));
    }
    Ok(Sections { kept, records, records_length })
}

impl Sections {
    fn bytes(&mut self, kind: u32) -> std::io::Result<Vec<u8>> {
        self.kept.remove(&kind).ok_or_else(|| wrong("a section is missing"))
    }

    fn numbers(&mut self, kind: u32) -> std::io::Result<Vec<u32>> {
        let bytes = self.bytes(kind)?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(wrong("a section ends in a number"));
        }
        Ok(numbers.iter().map(|number| u32::from_le_bytes(*number)).collect())
    }

    fn texts(&mut self, nth: usize) -> std::io::Result<Texts> {
        let bytes = String::from_utf8(self.bytes(TEXTS[nth])?).map_err(|_| wrong("a text is not UTF-8"))?;
        let texts = Texts { bytes, ends: self.numbers(TEXTS[nth] + 1)? };
        let sound = texts.ends.is_sorted()
            && texts.ends.last().map_or(0, |end| *end as usize) == texts.bytes.len()
            && texts.ends.iter().all(|end| texts.bytes.is_char_boundary(*end as usize));
        sound.then_some(texts).ok_or_else(|| wrong("texts do not fit"))
    }

    fn rows(&mut self, nth: usize, rows: usize, limit: usize) -> std::io::Result<Rows> {
        let found = Rows { ends: self.numbers(ROWS[nth])?, values: self.numbers(ROWS[nth] + 1)? };
        found.is_sound(rows, limit).then_some(found).ok_or_else(|| wrong("rows do not fit"))
    }
}

fn index(file: File, mut sections: Sections) -> std::io::Result<Index> {
    let said = sections.texts(0)?;
    let said = |nth: usize| said.get(nth).unwrap_or_default().to_owned();
    let head = Head { url: said(0), version: said(1), name: said(2), date: said(3), language: said(4) };
    let codes = sections.texts(1)?;
    let count = codes.len();
    let (languages, usages, keys) = (sections.texts(2)?, sections.texts(3)?, sections.texts(4)?);
    let words = sections.texts(5)?;
    let record_ends = sections.bytes(RECORD_ENDS)?;
    let record_ends: Vec<u64> =
        record_ends.as_chunks::<8>().0.iter().map(|end| u64::from_le_bytes(*end)).collect();
    let index = Index {
        head,
        languages,
        usages,
        keys,
        parents: sections.rows(0, count, count)?,
        children: sections.rows(1, count, count)?,
        members: sections.rows(2, count, count)?,
        // Groups are numbers of the release, and may be larger than the concepts are many.
        attributes: sections.rows(3, count, usize::MAX)?,
        postings: sections.rows(4, words.len(), count)?,
        words,
        flags: sections.bytes(FLAGS)?,
        ranks: sections.numbers(RANKS)?,
        records: sections.records,
        codes,
        record_ends,
        file,
    };
    let fits = index.flags.len() == count
        && index.ranks.len() == count
        && index.record_ends.len() == count
        && index.record_ends.is_sorted()
        && index.record_ends.last().copied().unwrap_or(0) == sections.records_length
        && index.attributes.ends.iter().all(|end| end % 3 == 0)
        && index.attributes.values.chunks(3).all(|one| one[1..].iter().all(|it| (*it as usize) < count));
    fits.then_some(index).ok_or_else(|| wrong("its sections do not fit"))
}
