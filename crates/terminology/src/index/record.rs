//! The names and properties of one concept, as they stand in the file: read when they are asked for.

use super::draft::Row;
use super::texts::Texts;
use crate::system::Meaning;
use std::borrow::Cow;

/// Between the parts of a Coding.
const BETWEEN: char = '\u{1f}';

/// A name or a property that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Language of a name, kind of a property.
    pub language: u8,
    /// Use of a name, code of a property.
    pub label: u8,
    pub text: String,
}

/// What was read of a concept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    pub names: Vec<Entry>,
    pub properties: Vec<Entry>,
}

/// Writes a record: its rows, and a checksum of them.
pub(super) fn encode(out: &mut Vec<u8>, texts: &Texts, names: &[Row], properties: &[Row]) {
    for rows in [names, properties] {
        out.extend((rows.len() as u32).to_le_bytes());
        for row in rows {
            let text = texts.get(row.text as usize).unwrap_or_default();
            out.extend([row.language, row.label]);
            out.extend((text.len() as u32).to_le_bytes());
            out.extend(text.as_bytes());
        }
    }
    out.extend(checksum(out).to_le_bytes());
}

/// FNV-1a, 32 bits: against damage, not against somebody who changes a file on purpose.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// Reads a record; nothing when it is not whole.
pub(super) fn decode(bytes: &[u8]) -> Option<Record> {
    let (mut bytes, sum) = bytes.split_last_chunk::<4>()?;
    if checksum(bytes) != u32::from_le_bytes(*sum) {
        return None;
    }
    let mut record = Record::default();
    for rows in [&mut record.names, &mut record.properties] {
        for _ in 0..number(&mut bytes)? {
            let (&[language, label], rest) = bytes.split_first_chunk::<2>()?;
            bytes = rest;
            let length = number(&mut bytes)? as usize;
            let (text, rest) = bytes.split_at_checked(length)?;
            bytes = rest;
            rows.push(Entry { language, label, text: std::str::from_utf8(text).ok()?.to_owned() });
        }
    }
    Some(record)
}

fn number(bytes: &mut &[u8]) -> Option<u32> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*number))
}

/// Kind and text of what a property says.
pub(super) fn written<'m>(meaning: &'m Meaning<'_>) -> (u8, Cow<'m, str>) {
    match meaning {
        Meaning::Code(code) => (0, Cow::Borrowed(code)),
        Meaning::Text(text) => (1, Cow::Borrowed(text)),
        Meaning::Integer(number) => (2, Cow::Owned(number.to_string())),
        Meaning::Boolean(is) => (3, Cow::Owned(is.to_string())),
        Meaning::DateTime(time) => (4, Cow::Borrowed(time)),
        Meaning::Decimal(digits) => (5, Cow::Borrowed(digits)),
        Meaning::Coding { system, code, display } => {
            let display = display.as_deref().unwrap_or_default();
            (6, Cow::Owned(format!("{system}{BETWEEN}{code}{BETWEEN}{display}")))
        }
    }
}

/// What a property says, of its kind and text.
pub(super) fn meaning(kind: u8, text: String) -> Meaning<'static> {
    match kind {
        0 => Meaning::Code(text.into()),
        2 => text.parse().map_or_else(|_| Meaning::Text(text.into()), Meaning::Integer),
        3 => Meaning::Boolean(text == "true"),
        4 => Meaning::DateTime(text.into()),
        5 => Meaning::Decimal(text.into()),
        6 => {
            let mut parts = text.split(BETWEEN).map(str::to_owned);
            let mut next = || parts.next().unwrap_or_default();
            let (system, code, display) = (next(), next(), next());
            let display = (!display.is_empty()).then(|| display.into());
            Meaning::Coding { system: system.into(), code: code.into(), display }
        }
        _ => Meaning::Text(text.into()),
    }
}
