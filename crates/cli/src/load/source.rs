//! Files as units.

use super::unit::{Form, Unit};
use super::{Gauge, Refused, Tally};
use flate2::bufread::MultiGzDecoder;
use record::{Kind, Refusal};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::SyncSender;

/// Lines of NDJSON in one unit.
const LINES: usize = 250;
/// Bytes of NDJSON in one unit, about.
const LINES_BYTES: usize = 2 << 20;
/// Bytes of one bundle or one line, at most.
const UNIT_BYTES_MAX: u64 = 1 << 30;

/// Reads files and sends their units on.
pub(super) struct Source<'g> {
    pub gauge: &'g Gauge,
    pub units: SyncSender<Unit>,
}

/// Size of all that the paths name, where that can be told.
pub(super) fn bytes(paths: &[PathBuf]) -> u64 {
    let mut files = Vec::new();
    for path in paths.iter().filter(|p| p.as_os_str() != "-") {
        // A folder that cannot be read is refused by name when its turn comes.
        let _ = walk(path, &mut files);
    }
    files.iter().filter_map(|f| fs::metadata(f).ok()).map(|m| m.len()).sum()
}

impl Source<'_> {
    /// Reads everything the paths name, folders in the order of their names.
    pub fn read_all(&self, paths: &[PathBuf], tally: &Mutex<Tally>) -> Result<(), Refusal> {
        let mut files = Vec::new();
        for path in paths {
            if path.as_os_str() == "-" {
                files.push(path.clone());
                continue;
            }
            walk(path, &mut files).map_err(|e| {
                Refusal::new(
                    Kind::Invalid,
                    format!("{} cannot be read: {e}. Check the path.", path.display()),
                )
            })?;
        }
        for path in files {
            let outcome = if path.as_os_str() == "-" {
                self.read("standard input", Box::new(io::stdin()))
            } else {
                File::open(&path).and_then(|file| self.read(&path.display().to_string(), Box::new(file)))
            };
            let mut tally = tally.lock().expect("no thread panics with the tally locked");
            tally.files += 1;
            if let Err(e) = outcome {
                tally.refused.push(Refused {
                    file: path.display().to_string(),
                    position: String::new(),
                    reason: format!("it cannot be read to its end: {e}"),
                });
            }
        }
        Ok(())
    }

    fn read(&self, name: &str, input: Box<dyn Read>) -> io::Result<()> {
        let mut raw = BufReader::with_capacity(1 << 20, Counted { input, gauge: self.gauge });
        // By content, not by name: a gzip file begins with these two bytes.
        if raw.fill_buf()?.starts_with(&[0x1F, 0x8B]) {
            self.read_text(name, &mut BufReader::with_capacity(1 << 20, MultiGzDecoder::new(raw)))
        } else {
            self.read_text(name, &mut raw)
        }
    }

    fn read_text(&self, name: &str, input: &mut dyn BufRead) -> io::Result<()> {
        let mut first = Vec::new();
        let mut line = 1;
        while first.trim_ascii().is_empty() {
            first.clear();
            if limited(input).read_until(b'\n', &mut first)? == 0 {
                return Ok(());
            }
            line += 1;
        }
        if is_whole(&first) && peek(input)? {
            return self.read_lines(name, line - 1, first, input);
        }
        limited(input).read_to_end(&mut first)?;
        self.send(name, 1, Form::Whole, first);
        Ok(())
    }

    fn read_lines(&self, name: &str, at: usize, first: Vec<u8>, input: &mut dyn BufRead) -> io::Result<()> {
        let (mut start, mut line, mut text, mut lines) = (at, at, first, 1);
        loop {
            if lines >= LINES || text.len() >= LINES_BYTES {
                self.send(name, start, Form::Lines, std::mem::take(&mut text));
                (start, lines) = (line + 1, 0);
            }
            if limited(input).read_until(b'\n', &mut text)? == 0 {
                break;
            }
            line += 1;
            lines += 1;
        }
        if !text.is_empty() {
            self.send(name, start, Form::Lines, text);
        }
        Ok(())
    }

    fn send(&self, name: &str, line: usize, form: Form, text: Vec<u8>) {
        // The other end is gone only when the whole load is being given up.
        let _ = self.units.send(Unit { file: name.to_owned(), line, form, text });
    }
}

fn limited(input: &mut dyn BufRead) -> io::Take<&mut dyn BufRead> {
    input.take(UNIT_BYTES_MAX)
}

/// True when a line is a whole JSON object: then the file is NDJSON, if more lines follow.
fn is_whole(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.starts_with(b"{") && line.ends_with(b"}") && fhir::Json::parse(line, fhir::Limits::FILE).is_ok()
}

/// True when something other than white space follows on what is buffered.
fn peek(input: &mut dyn BufRead) -> io::Result<bool> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(false);
        }
        match buffer.iter().position(|c| !c.is_ascii_whitespace()) {
            Some(_) => return Ok(true),
            None => {
                let all = buffer.len();
                input.consume(all);
            }
        }
    }
}

/// Every file below a path, by name. Links are not followed, so that no folder comes twice.
fn walk(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !fs::metadata(path)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut inside = fs::read_dir(path)?.collect::<io::Result<Vec<_>>>()?;
    inside.sort_by_key(fs::DirEntry::file_name);
    for entry in inside {
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), files)?;
        } else if kind.is_file() && is_data(&entry.path()) {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// In a folder, only what looks like FHIR JSON: READMEs and the like lie beside it.
fn is_data(path: &Path) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    [".json", ".ndjson", ".jsonl"].iter().any(|end| name.ends_with(end))
}

struct Counted<'g> {
    input: Box<dyn Read>,
    gauge: &'g Gauge,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(buffer)?;
        self.gauge.bytes.fetch_add(n as u64, Relaxed);
        Ok(n)
    }
}
