//! Files of lines and columns.

use super::Progress;
use crate::index::refused;
use fhir::Refusal;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// A line longer than this is refused.
const LINE_BYTES_MAX: usize = 1 << 20;
/// Folders in folders, at most.
const DEPTH_MAX: usize = 8;

/// All files in and below a folder, in order.
pub(super) fn files(folder: &Path, depth: usize) -> Result<Vec<PathBuf>, Refusal> {
    let unread = |e: std::io::Error| refused(format!("{}: it cannot be read: {e}.", folder.display()));
    let entries = std::fs::read_dir(folder).map_err(unread)?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(unread)?;
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(path);
        } else if depth < DEPTH_MAX {
            found.extend(files(&path, depth + 1)?);
        }
    }
    Ok(found)
}

/// Gives each line of a tab-separated file to `take`: its columns, of which the first line says the names. Empty
/// lines and those that begin with `#` are passed over. A line with another number of columns is refused.
pub(super) fn each<const N: usize>(
    path: &Path,
    names: [&str; N],
    progress: &mut Progress<'_>,
    mut take: impl FnMut([&str; N]) -> Result<(), String>,
) -> Result<(), Refusal> {
    let unread = |e: std::io::Error| refused(format!("{}: it cannot be read: {e}.", path.display()));
    let file = File::open(path).map_err(unread)?;
    let total = file.metadata().map_err(unread)?.len();
    let shown = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut input = BufReader::with_capacity(1 << 20, file);
    let (mut bytes, mut number, mut done) = (Vec::new(), 0_usize, 0_u64);
    let mut places: Option<([usize; N], usize)> = None;
    loop {
        bytes.clear();
        let read = input.read_until(b'\n', &mut bytes).map_err(unread)?;
        if read == 0 {
            break;
        }
        number += 1;
        done += read as u64;
        if number.is_multiple_of(16_384) {
            progress(&shown, done, total);
        }
        let wrong =
            |text: String| refused(format!("{}, line {number}: {text} Nothing is imported.", path.display()));
        if read > LINE_BYTES_MAX {
            return Err(wrong("it is longer than 1 MB.".to_owned()));
        }
        let line = std::str::from_utf8(&bytes).map_err(|_| wrong("it is not UTF-8.".to_owned()))?;
        let line = line.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let columns: Vec<&str> = line.split('\t').collect();
        let Some((places, count)) = &places else {
            places = Some((header(&columns, names).map_err(wrong)?, columns.len()));
            continue;
        };
        if columns.len() != *count {
            return Err(wrong(format!("it has {} columns, and its header {count}.", columns.len())));
        }
        take(places.map(|place| columns[place])).map_err(wrong)?;
    }
    progress(&shown, total, total);
    Ok(())
}

fn header<const N: usize>(columns: &[&str], names: [&str; N]) -> Result<[usize; N], String> {
    let mut places = [0; N];
    for (place, name) in places.iter_mut().zip(names) {
        let found = columns.iter().position(|column| *column == name);
        *place = found.ok_or_else(|| format!("the header has no column {name}."))?;
    }
    Ok(places)
}
