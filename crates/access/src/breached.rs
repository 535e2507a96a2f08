//! A file of passwords that have leaked, by SHA-1: sorted lines of hexadecimal digits, whole hashes or beginnings of
//! them, with anything behind a colon. That is how "Pwned Passwords" is published. It is searched where it lies, so it
//! may be of any size; nobody else is asked.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Digits that a line must have to mean anything: fewer would refuse too much.
const DIGITS_MIN: usize = 10;
/// The longest line that is read.
const LINE_MAX: u64 = 256;

/// True when the password is in the file.
pub fn holds(path: &Path, password: &str) -> std::io::Result<bool> {
    let hash: String = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes())
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    let mut file = BufReader::new(File::open(path)?);
    let (mut low, mut high) = (0, file.get_ref().metadata()?.len());
    // The line that begins at or after `low` and before `high` is still to be found.
    while low < high {
        let middle = low + (high - low) / 2;
        let Some((begin, line)) = line_from(&mut file, middle)? else {
            high = middle;
            continue;
        };
        let key = line.split(':').next().unwrap_or_default().trim().to_uppercase();
        if key.len() >= DIGITS_MIN && hash.starts_with(&key) {
            return Ok(true);
        }
        if key.as_str() < hash.as_str() {
            low = begin + line.len() as u64 + 1;
        } else {
            high = middle;
        }
    }
    Ok(false)
}

/// The first line that begins at or after a place, and where it begins; nothing when there is none.
fn line_from(file: &mut BufReader<File>, place: u64) -> std::io::Result<Option<(u64, String)>> {
    let mut begin = place;
    if place > 0 {
        // From one byte before, so that a line that begins just here is not passed over.
        file.seek(SeekFrom::Start(place - 1))?;
        begin += file.by_ref().take(LINE_MAX).skip_until(b'\n')? as u64 - 1;
    } else {
        file.seek(SeekFrom::Start(0))?;
    }
    let mut line = Vec::new();
    file.by_ref().take(LINE_MAX).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&line);
    Ok(Some((begin, text.trim_end_matches('\n').to_owned())))
}
