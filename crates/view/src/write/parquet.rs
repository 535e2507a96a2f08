//! Rows as Apache Parquet: one column of the file for each of the view, a list for one that is a collection.

use super::ndjson;
use crate::cell::{Cell, Rows};
use crate::column::{Column, Shape};
use bytes::Bytes;
use fhir::Refusal;
use fhir::date::PartialDate;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use std::io::{self, Write};
use std::sync::Arc;

/// Rows of a row group: they are in memory until it is full.
const GROUP_ROWS: usize = 100_000;
/// Characters of a text that the statistics of a column keep.
const STATISTICS_CHARS: usize = 64;

/// The values of some rows, column by column.
#[derive(Default)]
pub struct Table {
    rows: usize,
    columns: Vec<Levelled>,
}

/// The values of a column, without those that are null, and for each row how far down it is there (`defined`) and
/// whether it goes on with a list (`repeated`).
struct Levelled {
    values: Values,
    defined: Vec<i16>,
    repeated: Vec<i16>,
}

enum Values {
    Boolean(Vec<bool>),
    Integer(Vec<i32>),
    Long(Vec<i64>),
    /// All texts one after the other, and where each ends.
    Text(Vec<u8>, Vec<usize>),
}

impl Values {
    fn of(shape: Shape) -> Values {
        match shape {
            Shape::Boolean => Values::Boolean(Vec::new()),
            Shape::Integer => Values::Integer(Vec::new()),
            Shape::Long | Shape::Instant => Values::Long(Vec::new()),
            Shape::Decimal | Shape::Text | Shape::Json(_) | Shape::Open => {
                Values::Text(Vec::new(), Vec::new())
            }
        }
    }

    /// False when the cell is of another type than its column.
    fn take(&mut self, cell: &Cell<'_>) -> bool {
        match (self, cell) {
            (Values::Boolean(list), Cell::Boolean(truth)) => list.push(*truth),
            (Values::Integer(list), Cell::Integer(n)) => match i32::try_from(*n) {
                Ok(n) => list.push(n),
                Err(_) => return false,
            },
            (Values::Long(list), Cell::Integer(n)) => list.push(*n),
            (Values::Long(list), Cell::Text(text)) => match PartialDate::parse(text) {
                Some(instant) => list.push(instant.range().0),
                None => return false,
            },
            (Values::Text(texts, ends), cell) => {
                match cell {
                    Cell::Text(text) | Cell::Decimal(text) => texts.extend_from_slice(text.as_bytes()),
                    other => {
                        let mut text = String::new();
                        ndjson::value(other, &mut text);
                        texts.extend_from_slice(text.as_bytes());
                    }
                }
                ends.push(texts.len());
            }
            _ => return false,
        }
        true
    }
}

impl Levelled {
    fn new(column: &Column) -> Levelled {
        Levelled { values: Values::of(column.shape), defined: Vec::new(), repeated: Vec::new() }
    }

    fn take(&mut self, cell: &Cell<'_>) -> bool {
        match cell {
            Cell::Null => {
                self.defined.push(0);
                self.repeated.push(0);
                true
            }
            Cell::List(cells) if cells.is_empty() => {
                self.defined.push(1);
                self.repeated.push(0);
                true
            }
            Cell::List(cells) => cells.iter().enumerate().all(|(i, cell)| {
                self.defined.push(2);
                self.repeated.push(i16::from(i > 0));
                self.values.take(cell)
            }),
            cell => {
                self.defined.push(1);
                self.repeated.push(0);
                self.values.take(cell)
            }
        }
    }
}

impl Table {
    /// Sorts rows into columns.
    pub fn of(columns: &[Column], rows: &Rows<'_>) -> Result<Table, Refusal> {
        let mut levelled: Vec<Levelled> = columns.iter().map(Levelled::new).collect();
        for row in rows.iter() {
            for (i, cell) in row.iter().enumerate() {
                if !levelled[i].take(cell) {
                    let text =
                        format!("The column {} has a value that is none of its type.", columns[i].name);
                    return Err(Refusal::invalid(columns[i].at.as_str(), text));
                }
            }
        }
        Ok(Table { rows: rows.len(), columns: levelled })
    }
}

/// A Parquet file that is being written.
pub struct File<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    collections: Vec<bool>,
    waiting: Vec<Table>,
}

impl<W: Write + Send> File<W> {
    pub fn new(columns: &[Column], sink: W) -> io::Result<File<W>> {
        let fields = columns.iter().map(field).collect::<Result<Vec<_>, _>>().map_err(broken)?;
        let schema = Type::group_type_builder("view").with_fields(fields).build().map_err(broken)?;
        let properties = WriterProperties::builder()
            .set_created_by("carespine".to_owned())
            .set_compression(Compression::SNAPPY)
            .set_statistics_truncate_length(Some(STATISTICS_CHARS))
            .build();
        let writer = SerializedFileWriter::new(sink, Arc::new(schema), Arc::new(properties));
        let collections = columns.iter().map(|column| column.collection).collect();
        Ok(File { writer: writer.map_err(broken)?, collections, waiting: Vec::new() })
    }

    pub fn write(&mut self, table: Table) -> io::Result<()> {
        self.waiting.push(table);
        if self.waiting.iter().map(|table| table.rows).sum::<usize>() >= GROUP_ROWS {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let tables = std::mem::take(&mut self.waiting);
        if tables.iter().all(|table| table.rows == 0) {
            return Ok(());
        }
        let mut group = self.writer.next_row_group().map_err(broken)?;
        let mut at = 0;
        while let Some(mut column) = group.next_column().map_err(broken)? {
            for table in &tables {
                write_column(&mut column, &table.columns[at], self.collections[at]).map_err(broken)?;
            }
            column.close().map_err(broken)?;
            at += 1;
        }
        group.close().map_err(broken)?;
        Ok(())
    }

    pub fn finish(mut self) -> io::Result<W> {
        self.flush()?;
        self.writer.into_inner().map_err(broken)
    }
}

fn broken(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(inner) => io::Error::other(inner),
        },
        error => io::Error::other(error),
    }
}

/// How a column is declared. A list has three levels, as the format's LogicalTypes.md has it.
fn field(column: &Column) -> Result<Arc<Type>, ParquetError> {
    if !column.collection {
        return primitive(&column.name, column.shape, Repetition::OPTIONAL);
    }
    let element = primitive("element", column.shape, Repetition::REQUIRED)?;
    let list =
        Type::group_type_builder("list").with_repetition(Repetition::REPEATED).with_fields(vec![element]);
    let group = Type::group_type_builder(&column.name)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(Some(LogicalType::List))
        .with_fields(vec![Arc::new(list.build()?)]);
    Ok(Arc::new(group.build()?))
}

fn primitive(name: &str, shape: Shape, repetition: Repetition) -> Result<Arc<Type>, ParquetError> {
    let (physical, logical) = match shape {
        Shape::Boolean => (Physical::BOOLEAN, None),
        Shape::Integer => (Physical::INT32, None),
        Shape::Long => (Physical::INT64, None),
        Shape::Instant => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
        Shape::Decimal | Shape::Text | Shape::Json(_) | Shape::Open => {
            (Physical::BYTE_ARRAY, Some(LogicalType::String))
        }
    };
    let builder = Type::primitive_type_builder(name, physical);
    Ok(Arc::new(builder.with_repetition(repetition).with_logical_type(logical).build()?))
}

fn write_column(
    column: &mut SerializedColumnWriter<'_>,
    levelled: &Levelled,
    collection: bool,
) -> Result<(), ParquetError> {
    let defined = Some(levelled.defined.as_slice());
    let repeated = collection.then_some(levelled.repeated.as_slice());
    match &levelled.values {
        Values::Boolean(list) => column.typed::<BoolType>().write_batch(list, defined, repeated),
        Values::Integer(list) => column.typed::<Int32Type>().write_batch(list, defined, repeated),
        Values::Long(list) => column.typed::<Int64Type>().write_batch(list, defined, repeated),
        Values::Text(texts, ends) => {
            let texts = Bytes::copy_from_slice(texts);
            let starts = std::iter::once(0).chain(ends.iter().copied());
            let list: Vec<ByteArray> =
                starts.zip(ends).map(|(start, end)| texts.slice(start..*end).into()).collect();
            column.typed::<ByteArrayType>().write_batch(&list, defined, repeated)
        }
    }
    .map(drop)
}
