//! How a package is kept: an index of lines, and behind it each resource packed on its own, so that one can be
//! had without unpacking the others. The build script uses this file too.
//!
//! ```text
//! carespine-package 1
//! NAME <tab> VERSION <tab> DEPENDENCY#VERSION,...
//! KIND <tab> URL <tab> VERSION <tab> ID <tab> OFFSET <tab> LENGTH
//! ...
//! <empty line>
//! frames
//! ```

use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::io::Write;

/// The first line.
pub const MAGIC: &str = "carespine-package 1";

/// What the index says of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its type.
    pub kind: String,
    /// Its canonical address; empty when it has none, as an example.
    pub url: String,
    /// Its business version; empty when it has none.
    pub version: String,
    /// Its id; empty when it has none.
    pub id: String,
    /// Where its frame begins behind the index, and how long it is.
    pub frame: (usize, usize),
}

/// A package while it is made.
#[derive(Default)]
pub struct Maker {
    index: String,
    frames: Vec<u8>,
}

impl Maker {
    /// Adds a resource: what the index says of it (its frame is not looked at), and its text.
    pub fn add(&mut self, entry: &Entry, text: &str) -> std::io::Result<()> {
        let begin = self.frames.len();
        let mut encoder = DeflateEncoder::new(&mut self.frames, Compression::best());
        encoder.write_all(text.as_bytes())?;
        encoder.finish()?;
        let length = self.frames.len() - begin;
        let fields = [&entry.kind, &entry.url, &entry.version, &entry.id].map(|field| clean(field));
        self.index.push_str(&format!("{}\t{begin}\t{length}\n", fields.join("\t")));
        Ok(())
    }

    /// The bytes of the whole.
    pub fn finish(self, name: &str, version: &str, depends: &[(String, String)]) -> Vec<u8> {
        let depends: Vec<String> =
            depends.iter().map(|(name, version)| format!("{name}#{version}")).collect();
        let head = format!("{MAGIC}\n{}\t{}\t{}\n", clean(name), clean(version), clean(&depends.join(",")));
        [head.as_bytes(), self.index.as_bytes(), b"\n", &self.frames].concat()
    }
}

/// Without what separates fields and lines.
fn clean(field: &str) -> String {
    field.replace(['\t', '\n', '\r'], " ")
}
