//! Opens the file of a release: checks and keeps what is searched, leaves names in the file.

use super::draft::Head;
use super::rows::Rows;
use super::texts::Texts;
use super::words::is_bits;
use super::write::{FLAGS, ORDER, RECORD_ENDS, RECORDS, ROWS, SEAL, TEXTS};
use super::{Index, MAGIC};
use crate::import::Progress;
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
    let opened = File::open(path).and_then(|file| index(Sections::read(&file)?, file));
    opened.map_err(|e| damaged(path, &e))
}

pub(super) fn peek(path: &Path) -> Result<(Head, usize), Refusal> {
    let peeked = File::open(path).and_then(|file| {
        let mut input = Input::new(&file)?;
        let mut kept = HashMap::new();
        // The head and the codes come first.
        while kept.len() < 4 {
            let (kind, length) = input.section()?;
            kept.insert(kind, input.take(length)?);
        }
        let mut sections = Sections { kept, records: 0, records_length: 0 };
        Ok((sections.head()?, sections.texts(1)?.len()))
    });
    peeked.map_err(|e| damaged(path, &e))
}

pub(super) fn check(path: &Path, progress: &mut Progress<'_>) -> Result<(), Refusal> {
    open(path)?;
    let checked = File::open(path).and_then(|file| {
        let mut input = Input::new(&file)?;
        let all = input.left;
        while input.left > 0 {
            input.take(input.left.min(PIECE as u64))?;
            progress("checking", all - input.left, all);
        }
        let mut own = [0; DIGEST as usize];
        input.file.read_exact(&mut own)?;
        if input.digest.finalize()[..] == own { Ok(()) } else { Err(wrong("its digest is another")) }
    });
    checked.map_err(|e| damaged(path, &e))
}

fn damaged(path: &Path, e: &std::io::Error) -> Refusal {
    super::refused(format!(
        "{}: this is no whole release index ({e}). Import the release again.",
        path.display()
    ))
}

fn wrong(text: &str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, text)
}

/// A file that is read from its start, but for the digest at its end.
struct Input<'f> {
    file: BufReader<&'f File>,
    /// Of what was read.
    digest: Sha256,
    left: u64,
}

impl<'f> Input<'f> {
    fn new(file: &'f File) -> std::io::Result<Input<'f>> {
        let left = file.metadata()?.len().checked_sub(DIGEST).ok_or_else(|| wrong("it is too short"))?;
        let mut input = Input { file: BufReader::with_capacity(PIECE, file), digest: Sha256::new(), left };
        match input.take(MAGIC.len() as u64)? == MAGIC {
            true => Ok(input),
            false => Err(wrong("it does not begin as one of this version")),
        }
    }

    fn take(&mut self, length: u64) -> std::io::Result<Vec<u8>> {
        self.left = self.left.checked_sub(length).ok_or_else(|| wrong("it is cut off"))?;
        let mut bytes = vec![0; length as usize];
        self.file.read_exact(&mut bytes)?;
        self.digest.update(&bytes);
        Ok(bytes)
    }

    /// Kind and length of the next section.
    fn section(&mut self) -> std::io::Result<(u32, u64)> {
        let head = self.take(12)?;
        let kind = u32::from_le_bytes(head[..4].try_into().expect("four bytes"));
        Ok((kind, u64::from_le_bytes(head[4..].try_into().expect("eight bytes"))))
    }
}

/// Bytes of each section that is kept, and where the records begin.
struct Sections {
    kept: HashMap<u32, Vec<u8>>,
    records: u64,
    records_length: u64,
}

impl Sections {
    /// Reads all before the records, and checks it by its seal.
    fn read(file: &File) -> std::io::Result<Sections> {
        let mut input = Input::new(file)?;
        let all = input.left + MAGIC.len() as u64;
        let mut kept = HashMap::new();
        loop {
            let before = input.digest.clone();
            let (kind, length) = input.section()?;
            let bytes = input.take(length)?;
            if kind != SEAL {
                kept.insert(kind, bytes);
                continue;
            }
            if before.finalize()[..] != bytes {
                return Err(wrong("its digest is another"));
            }
            break;
        }
        let (kind, length) = input.section()?;
        if kind != RECORDS || length != input.left {
            return Err(wrong("its records are cut off"));
        }
        Ok(Sections { kept, records: all - input.left, records_length: length })
    }

    fn head(&mut self) -> std::io::Result<Head> {
        let said = self.texts(0)?;
        let said = |nth: usize| said.get(nth).unwrap_or_default().to_owned();
        Ok(Head { url: said(0), version: said(1), name: said(2), date: said(3), language: said(4) })
    }

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

fn index(mut sections: Sections, file: File) -> std::io::Result<Index> {
    let head = sections.head()?;
    let codes = sections.texts(1)?;
    let count = codes.len();
    let (languages, usages, keys) = (sections.texts(2)?, sections.texts(3)?, sections.texts(4)?);
    let (words, starts) = (sections.texts(5)?, sections.texts(6)?);
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
        // Bits are numbers without a limit; what they are is checked below.
        started: sections.rows(5, starts.len(), usize::MAX)?,
        starts,
        flags: sections.bytes(FLAGS)?,
        order: sections.numbers(ORDER)?,
        records: sections.records,
        codes,
        record_ends,
        file,
    };
    let fits = index.flags.len() == count
        && index.order.len() == count
        && index.order.iter().all(|concept| (*concept as usize) < count)
        && (0..index.starts.len()).all(|nth| are_places(index.started.get(nth), count))
        && index.record_ends.len() == count
        && index.record_ends.is_sorted()
        && index.record_ends.last().copied().unwrap_or(0) == sections.records_length
        && index.attributes.ends.iter().all(|end| end % 3 == 0)
        && index.attributes.values.chunks(3).all(|one| one[1..].iter().all(|it| (*it as usize) < count));
    fits.then_some(index).ok_or_else(|| wrong("its sections do not fit"))
}

/// Whether a row of starts speaks of places that are there.
fn are_places(row: &[u32], count: usize) -> bool {
    match is_bits(row, count) {
        // After the last place there are no bits.
        true => count.is_multiple_of(32) || row.last().is_some_and(|last| last >> (count % 32) == 0),
        false => row.iter().all(|place| (*place as usize) < count),
    }
}
