//! Rows as comma separated values (RFC 4180). Nothing is an empty field, an empty text is `""`, and what is no
//! single value is JSON.

use super::ndjson;
use crate::cell::{Cell, Rows};
use crate::column::Column;

/// Appends the line with the names of the columns.
pub fn header(columns: &[Column], out: &mut Vec<u8>) {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    out.extend_from_slice(names.join(",").as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Appends a line for each row.
pub fn write(rows: &Rows<'_>, out: &mut Vec<u8>) {
    for row in rows.iter() {
        for (i, cell) in row.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            field(cell, out);
        }
        out.extend_from_slice(b"\r\n");
    }
}

fn field(cell: &Cell<'_>, out: &mut Vec<u8>) {
    match cell {
        Cell::Null => {}
        Cell::Boolean(truth) => out.extend_from_slice(if *truth { b"true" } else { b"false" }),
        Cell::Integer(n) => out.extend_from_slice(n.to_string().as_bytes()),
        Cell::Decimal(text) => out.extend_from_slice(text.as_bytes()),
        Cell::Text(text) => escaped(text, out),
        Cell::Json(text) => escaped(text, out),
        Cell::List(_) => {
            let mut text = String::new();
            ndjson::value(cell, &mut text);
            escaped(&text, out);
        }
    }
}

fn escaped(text: &str, out: &mut Vec<u8>) {
    let plain = !text.is_empty() && !text.bytes().any(|c| matches!(c, b',' | b'"' | b'\r' | b'\n'));
    if plain {
        return out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
    for (i, part) in text.split('"').enumerate() {
        if i > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(part.as_bytes());
    }
    out.push(b'"');
}
