//! Files of records and fields, separated by commas or tabs, with quoted fields (RFC 4180).

use super::{Progress, tables};
use crate::index::refused;
use fhir::Refusal;
use std::path::{Path, PathBuf};

/// A larger file is refused.
const FILE_BYTES_MAX: u64 = 1 << 30;
/// Characters of Windows-1252 from 0x80 to 0x9F; the others are those of Unicode.
const WINDOWS: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

/// A file that was read.
pub(super) struct Sheet {
    path: PathBuf,
    text: String,
    separator: char,
}

impl Sheet {
    /// Reads a file, which is UTF-8, or Windows-1252 as the NHS's older files are. One of the ending `.csv` is
    /// separated by commas, others by tabs.
    pub fn read(path: &Path) -> Result<Sheet, Refusal> {
        let unread = |e: std::io::Error| refused(format!("{}: it cannot be read: {e}.", path.display()));
        if std::fs::metadata(path).map_err(unread)?.len() > FILE_BYTES_MAX {
            return Err(refused(format!("{}: it is larger than 1 GB.", path.display())));
        }
        let bytes = std::fs::read(path).map_err(unread)?;
        let text = String::from_utf8(bytes).unwrap_or_else(|e| windows(e.as_bytes()));
        let is_commas = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv"));
        Ok(Sheet { path: path.to_owned(), text, separator: if is_commas { ',' } else { '\t' } })
    }

    /// A refusal of a line.
    pub fn wrong(&self, line: usize, reason: &str) -> Refusal {
        refused(format!("{}, line {line}: {reason} Nothing is imported.", self.path.display()))
    }

    /// Gives each record that is not empty to `take`: the number of its first line, and its fields without blanks
    /// around them.
    pub fn each(
        &self,
        progress: &mut Progress<'_>,
        mut take: impl FnMut(usize, &[String]) -> Result<(), String>,
    ) -> Result<(), Refusal> {
        let shown = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut rest = self.text.trim_start_matches('\u{feff}');
        let total = self.text.len() as u64;
        let (mut line, mut count) = (1, 0_u32);
        while !rest.is_empty() {
            let (fields, after) = record(rest, self.separator).map_err(|reason| self.wrong(line, reason))?;
            if fields.iter().any(|field| !field.is_empty()) {
                take(line, &fields).map_err(|reason| self.wrong(line, &reason))?;
            }
            line += rest[..rest.len() - after.len()].matches('\n').count();
            rest = after;
            count += 1;
            if count.is_multiple_of(4_096) {
                progress(&shown, total - rest.len() as u64, total);
            }
        }
        progress(&shown, total, total);
        Ok(())
    }

    /// Gives each record below the first, which names the columns, to `take`. A record with another number of fields
    /// is refused, and a file without one of the columns.
    pub fn rows(
        &self,
        columns: &[&str],
        progress: &mut Progress<'_>,
        mut take: impl FnMut(usize, Row<'_>) -> Result<(), String>,
    ) -> Result<(), Refusal> {
        let mut names: Vec<String> = Vec::new();
        self.each(progress, |line, fields| {
            if names.is_empty() {
                names = fields.to_vec();
                let missing = columns.iter().find(|column| !names.iter().any(|name| name == *column));
                return missing.map_or(Ok(()), |column| Err(format!("the header has no column {column}.")));
            }
            if fields.len() != names.len() {
                return Err(format!("it has {} columns, and its header {}.", fields.len(), names.len()));
            }
            take(line, Row { names: &names, fields })
        })
    }
}

/// A record with the names of its columns.
#[derive(Clone, Copy)]
pub(super) struct Row<'r> {
    names: &'r [String],
    fields: &'r [String],
}

impl Row<'_> {
    /// What a column says, if there is one and it says something.
    pub fn get(&self, column: &str) -> Option<&str> {
        let place = self.names.iter().position(|name| name == column)?;
        self.fields.get(place).map(String::as_str).filter(|field| !field.is_empty())
    }
}

/// The files that a release may be in: the one that is named, or all in and below the folder.
pub(super) fn files(from: &Path) -> Result<Vec<PathBuf>, Refusal> {
    if from.is_file() { Ok(vec![from.to_owned()]) } else { tables::files(from, 0) }
}

/// The name of a file.
pub(super) fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The first record of a text, and what comes after it.
fn record(text: &str, separator: char) -> Result<(Vec<String>, &str), &'static str> {
    let (mut fields, mut rest) = (Vec::new(), text);
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => {
                let end = rest.find([separator, '\n']).unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        fields.push(field.trim().to_owned());
        let after = after.strip_prefix('\r').unwrap_or(after);
        if let Some(after) = after.strip_prefix(separator) {
            rest = after;
        } else if let Some(after) = after.strip_prefix('\n') {
            return Ok((fields, after));
        } else if after.is_empty() {
            return Ok((fields, after));
        } else {
            return Err("a field goes on after its closing quotation mark.");
        }
    }
}

/// What stands before the closing quotation mark, and what comes after it.
fn quoted_field(text: &str) -> Result<(String, &str), &'static str> {
    let (mut field, mut rest) = (String::new(), text);
    loop {
        let end = rest.find('"').ok_or("a quotation mark is not closed.")?;
        field.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None => return Ok((field, rest)),
        }
    }
}

fn windows(bytes: &[u8]) -> String {
    let character = |byte: &u8| match byte {
        0x80..=0x9f => WINDOWS.chars().nth(usize::from(byte - 0x80)).unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::from(*byte),
    };
    bytes.iter().map(character).collect()
}
