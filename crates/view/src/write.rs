//! Rows written down: NDJSON, JSON, CSV or Parquet.
//!
//! Rows are encoded in parts, by several threads if need be ([`View::encode`](crate::View::encode)); one
//! [`Output`] puts the parts together.

mod csv;
mod ndjson;
mod parquet;

use crate::cell::Rows;
use crate::view::View;
use std::io::{self, Write};
use std::str::FromStr;

/// Bytes of a usual cell, so that text seldom grows.
const BYTES_A_CELL: usize = 24;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A JSON object on each line.
    Ndjson,
    /// One JSON array of objects.
    Json,
    /// Comma separated values (RFC 4180).
    Csv {
        /// True for a first line with the names of the columns.
        header: bool,
    },
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Ndjson => "application/x-ndjson",
            Format::Json => "application/json",
            Format::Csv { header: true } => "text/csv; charset=utf-8; header=present",
            Format::Csv { header: false } => "text/csv; charset=utf-8; header=absent",
            Format::Parquet => "application/vnd.apache.parquet",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    /// By the short name; CSV with its header.
    fn from_str(name: &str) -> Result<Format, String> {
        match name {
            "ndjson" => Ok(Format::Ndjson),
            "json" => Ok(Format::Json),
            "csv" => Ok(Format::Csv { header: true }),
            "parquet" => Ok(Format::Parquet),
            _ => Err(format!("{name:?} is no format of views. Use ndjson, json, csv or parquet.")),
        }
    }
}

/// Encoded rows.
pub struct Part(Encoded);

enum Encoded {
    Text(Vec<u8>),
    Table(parquet::Table),
}

impl View {
    /// Encodes rows of this view. Why not, where one is not what its column says.
    pub fn encode(&self, format: Format, rows: &Rows<'_>) -> Result<Part, fhir::Refusal> {
        let mut text = Vec::with_capacity(rows.len() * rows.width * BYTES_A_CELL);
        match format {
            Format::Ndjson => ndjson::write(&self.columns, rows, b"", &mut text),
            Format::Json => ndjson::write(&self.columns, rows, b",", &mut text),
            Format::Csv { .. } => csv::write(rows, &mut text),
            Format::Parquet => return Ok(Part(Encoded::Table(parquet::Table::of(&self.columns, rows)?))),
        }
        Ok(Part(Encoded::Text(text)))
    }
}

/// Where the parts come together.
pub struct Output<W: Write + Send>(Sink<W>);

enum Sink<W: Write + Send> {
    Text { sink: W, format: Format, begun: bool },
    Table(Box<parquet::File<W>>),
}

impl<W: Write + Send> Output<W> {
    /// Begins to write rows of a view.
    pub fn new(view: &View, format: Format, mut sink: W) -> io::Result<Output<W>> {
        match format {
            Format::Parquet => {
                return Ok(Output(Sink::Table(Box::new(parquet::File::new(&view.columns, sink)?))));
            }
            Format::Csv { header: true } => {
                let mut line = Vec::new();
                csv::header(&view.columns, &mut line);
                sink.write_all(&line)?;
            }
            Format::Json => sink.write_all(b"[")?,
            Format::Csv { header: false } | Format::Ndjson => {}
        }
        Ok(Output(Sink::Text { sink, format, begun: false }))
    }

    /// Writes the next part, which was encoded for the same view and format.
    pub fn write(&mut self, part: Part) -> io::Result<()> {
        match (&mut self.0, part.0) {
            (Sink::Text { sink, format, begun }, Encoded::Text(text)) => {
                // Each object of an array brings a comma before it; the first needs none.
                let skipped = usize::from(*format == Format::Json && !*begun && !text.is_empty());
                *begun |= !text.is_empty();
                sink.write_all(&text[skipped..])
            }
            (Sink::Table(file), Encoded::Table(table)) => file.write(table),
            _ => Err(io::Error::other("the part was encoded for another format")),
        }
    }

    /// Writes what comes last; gives back what was written to.
    pub fn finish(self) -> io::Result<W> {
        match self.0 {
            Sink::Text { mut sink, format, .. } => {
                if format == Format::Json {
                    sink.write_all(b"\n]\n")?;
                }
                sink.flush()?;
                Ok(sink)
            }
            Sink::Table(file) => file.finish(),
        }
    }
}
