//! Writes a release to its file: magic, sections (kind, length, bytes), SHA-256 of all before. The records are the last
//! section; the one before is the SHA-256 of what is before it, so that a file is opened without reading the records.
//! Numbers are little-endian.

use super::draft::{Draft, Row};
use super::rows::Rows;
use super::texts::Texts;
use super::{MAGIC, record};
use crate::import::Progress;
use crate::text;
use fhir::Refusal;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Section of texts in the file, in this order: bytes, then ends.
pub(super) const TEXTS: [u32; 7] = [1, 3, 5, 7, 9, 11, 13];
/// Section of rows in the file, in this order: ends, then values.
pub(super) const ROWS: [u32; 6] = [21, 23, 25, 27, 29, 31];
pub(super) const FLAGS: u32 = 41;
pub(super) const ORDER: u32 = 42;
pub(super) const RECORD_ENDS: u32 = 43;
pub(super) const RECORDS: u32 = 44;
pub(super) const SEAL: u32 = 45;
/// A rank from here on is one of a concept that is out of use.
const RANK_INACTIVE: u32 = 1 << 16;
/// Letters of a start of words whose concepts are kept.
pub(super) const START_LETTERS_MAX: usize = 2;

/// Writes a release to a file that is not there yet, or whole anew: first under a temporary name beside it.
pub(super) fn write(mut draft: Draft, to: &Path, progress: &mut Progress<'_>) -> Result<(), Refusal> {
    let temporary = to.with_extension("part");
    let failed = |e: std::io::Error| super::refused(format!("{}: it cannot be written: {e}.", to.display()));
    let written = (|| {
        let mut out =
            Out { file: BufWriter::with_capacity(1 << 20, File::create(&temporary)?), digest: Sha256::new() };
        body(&mut draft, &mut out, progress)?;
        let digest = out.digest.finalize();
        out.file.write_all(&digest)?;
        let file = out.file.into_inner().map_err(|e| e.into_error())?;
        file.sync_all()?;
        std::fs::rename(&temporary, to)?;
        // The new name is on disk too when this returns.
        to.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    })();
    if written.is_err() {
        // What is left of a failed write is of no use; if it cannot be removed, the next import writes over it.
        let _ = std::fs::remove_file(&temporary);
    }
    written.map_err(failed)
}

struct Out {
    file: BufWriter<File>,
    digest: Sha256,
}

impl Out {
    fn bytes(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.digest.update(bytes);
        self.file.write_all(bytes)
    }

    fn section(&mut self, kind: u32, bytes: &[u8]) -> std::io::Result<()> {
        self.begin(kind, bytes.len() as u64)?;
        self.bytes(bytes)
    }

    fn begin(&mut self, kind: u32, length: u64) -> std::io::Result<()> {
        self.bytes(&kind.to_le_bytes())?;
        self.bytes(&length.to_le_bytes())
    }

    fn numbers(&mut self, kind: u32, numbers: &[u32]) -> std::io::Result<()> {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.section(kind, &bytes)
    }
}

fn body(draft: &mut Draft, out: &mut Out, progress: &mut Progress<'_>) -> std::io::Result<()> {
    let count = draft.codes.len();
    draft.names.sort_unstable();
    draft.properties.sort_unstable();
    draft.attributes.sort_unstable();
    draft.attributes.dedup();
    let measured = measure(draft, progress);
    out.bytes(MAGIC)?;
    let head = &draft.head;
    let mut said = Texts::default();
    for text in [&head.url, &head.version, &head.name, &head.date, &head.language] {
        said.push(text).map_err(|_| std::io::Error::other("the name of the release is too long"))?;
    }
    let tables = [
        &said,
        &draft.codes,
        &draft.languages,
        &draft.usages,
        &draft.keys,
        &measured.words,
        &measured.starts,
    ];
    for (kind, texts) in TEXTS.iter().zip(tables) {
        out.section(*kind, texts.bytes.as_bytes())?;
        out.numbers(kind + 1, &texts.ends)?;
    }
    let turned = draft.parents.iter().map(|(child, parent)| (*parent, *child)).collect();
    let attributes = Rows {
        ends: ends(count, draft.attributes.iter().map(|one| one.source)).map(|end| end * 3).collect(),
        values: draft.attributes.iter().flat_map(|one| [one.group, one.kind, one.value]).collect(),
    };
    let all = [
        Rows::of(count, draft.parents.clone()),
        Rows::of(count, turned),
        Rows::of(count, draft.members.clone()),
        attributes,
        measured.postings,
        measured.started,
    ];
    for (kind, rows) in ROWS.iter().zip(all) {
        out.numbers(*kind, &rows.ends)?;
        out.numbers(kind + 1, &rows.values)?;
    }
    let flags = draft.active.iter().zip(&draft.groups);
    let flags: Vec<u8> = flags.map(|(active, groups)| u8::from(*active) | u8::from(*groups) << 1).collect();
    out.section(FLAGS, &flags)?;
    out.numbers(ORDER, &measured.order)?;
    let record_ends: Vec<u8> = measured.ends.iter().flat_map(|end| end.to_le_bytes()).collect();
    out.section(RECORD_ENDS, &record_ends)?;
    let seal = out.digest.clone().finalize();
    out.section(SEAL, &seal)?;
    out.begin(RECORDS, measured.ends.last().copied().unwrap_or(0))?;
    each(draft, |_, record, _| out.bytes(record))
}

/// For each of the numbers below `count`, how many of the sorted sources are not above it.
fn ends(count: usize, sources: impl Iterator<Item = u32>) -> impl Iterator<Item = u32> {
    let mut sources = sources.peekable();
    let mut at = 0;
    (0..count as u32).map(move |row| {
        while sources.next_if(|source| *source <= row).is_some() {
            at += 1;
        }
        at
    })
}

/// What must be known of the records before they are written.
struct Measured {
    words: Texts,
    postings: Rows,
    starts: Texts,
    started: Rows,
    order: Vec<u32>,
    ends: Vec<u64>,
}

fn measure(draft: &Draft, progress: &mut Progress<'_>) -> Measured {
    let count = draft.codes.len();
    let mut known: HashMap<String, Vec<u32>> = HashMap::new();
    let (mut ranks, mut ends, mut end) = (Vec::with_capacity(count), Vec::with_capacity(count), 0);
    // It only gathers, so nothing fails here.
    let _ = each(draft, |concept, record, names| {
        end += record.len() as u64;
        ends.push(end);
        let display = names.first().and_then(|row| draft.texts.get(row.text as usize));
        let inactive = if draft.active[concept as usize] { 0 } else { RANK_INACTIVE };
        ranks.push(inactive + display.map_or(0, |text| text.len().min(RANK_INACTIVE as usize - 1)) as u32);
        let texts = names.iter().filter_map(|row| draft.texts.get(row.text as usize));
        for word in texts.chain(draft.codes.get(concept as usize)).flat_map(text::words) {
            let list = known.entry(word).or_default();
            if list.last() != Some(&concept) {
                list.push(concept);
            }
        }
        if concept % 4096 == 0 {
            progress("words", u64::from(concept), count as u64);
        }
        Ok(())
    });
    progress("words", count as u64, count as u64);
    let mut order: Vec<u32> = (0..count as u32).collect();
    order.sort_by_key(|concept| ranks[*concept as usize]);
    let mut places = vec![0; count];
    for (place, concept) in (0..).zip(&order) {
        places[*concept as usize] = place;
    }
    let mut sorted: Vec<(String, Vec<u32>)> = known.into_iter().collect();
    sorted.sort_unstable();
    for (_, list) in &mut sorted {
        list.iter_mut().for_each(|concept| *concept = places[*concept as usize]);
        list.sort_unstable();
    }
    let (starts, started) = starts(&sorted, count);
    let (words, postings) = table(sorted);
    Measured { words, postings, starts, started, order, ends }
}

/// Sorted texts, each with a row.
fn table(sorted: impl IntoIterator<Item = (String, Vec<u32>)>) -> (Texts, Rows) {
    let (mut texts, mut rows) = (Texts::default(), Rows::default());
    for (text, list) in sorted {
        texts.bytes.push_str(&text);
        texts.ends.push(texts.bytes.len() as u32);
        rows.values.extend(list);
        rows.ends.push(rows.values.len() as u32);
    }
    (texts, rows)
}

/// For each start of words the places of concepts with such a word.
fn starts(sorted: &[(String, Vec<u32>)], count: usize) -> (Texts, Rows) {
    let mut all = BTreeMap::new();
    for letters in 1..=START_LETTERS_MAX {
        let start = |word: &str| -> String { word.chars().take(letters).collect() };
        for words in sorted.chunk_by(|(one, _), (other, _)| start(one) == start(other)) {
            let start = start(&words[0].0);
            let mut bits = vec![0_u32; count.div_ceil(32)];
            for place in words.iter().flat_map(|(_, list)| list) {
                bits[*place as usize / 32] |= 1 << (place % 32);
            }
            let many = bits.iter().map(|word| word.count_ones() as usize).sum::<usize>();
            let row = if many < bits.len() { super::words::places(&bits).collect() } else { bits };
            // A word of one letter stands among those of one letter already.
            all.entry(start).or_insert(row);
        }
    }
    table(all)
}

/// Goes over the concepts in order: number, record, names.
fn each(draft: &Draft, mut to: impl FnMut(u32, &[u8], &[Row]) -> std::io::Result<()>) -> std::io::Result<()> {
    let (mut names, mut properties) = (draft.names.as_slice(), draft.properties.as_slice());
    let mut bytes = Vec::new();
    for concept in 0..draft.codes.len() as u32 {
        let own = take(&mut names, concept);
        bytes.clear();
        record::encode(&mut bytes, &draft.texts, own, take(&mut properties, concept));
        to(concept, &bytes, own)?;
    }
    Ok(())
}

fn take<'r>(rows: &mut &'r [Row], concept: u32) -> &'r [Row] {
    let (own, rest) = rows.split_at(rows.iter().take_while(|row| row.concept == concept).count());
    *rows = rest;
    own
}
