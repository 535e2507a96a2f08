//! Rows as JSON objects.

use crate::cell::{Cell, Rows};
use crate::column::Column;
use fhir::json::write_string;

/// Appends each row on a line; `before` stands before each.
pub fn write(columns: &[Column], rows: &Rows<'_>, before: &[u8], out: &mut Vec<u8>) {
    let names: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(i, column)| {
            let mut name = String::from(if i == 0 { "{" } else { "," });
            write_string(&column.name, &mut name);
            name.push(':');
            name
        })
        .collect();
    let mut line = String::new();
    for row in rows.iter() {
        for (name, cell) in names.iter().zip(row) {
            line.push_str(name);
            value(cell, &mut line);
        }
        line.push('}');
        out.extend_from_slice(before);
        // In an array the lines stand between the commas.
        if !before.is_empty() {
            out.push(b'\n');
        }
        out.extend_from_slice(line.as_bytes());
        if before.is_empty() {
            out.push(b'\n');
        }
        line.clear();
    }
}

/// Appends a cell as JSON.
pub fn value(cell: &Cell<'_>, out: &mut String) {
    match cell {
        Cell::Null => out.push_str("null"),
        Cell::Boolean(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Cell::Integer(n) => out.push_str(&n.to_string()),
        Cell::Decimal(text) => out.push_str(text),
        Cell::Text(text) => write_string(text, out),
        Cell::Json(text) => out.push_str(text),
        Cell::List(cells) => {
            out.push('[');
            for (i, cell) in cells.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                value(cell, out);
            }
            out.push(']');
        }
    }
}
