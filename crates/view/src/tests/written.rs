//! Rows in each format.

use crate::write::Output;
use crate::{Format, Rows, View};

/// The rows in a format of text.
pub fn text(view: &View, format: Format, rows: &Rows<'_>) -> String {
    String::from_utf8(bytes(view, format, rows)).unwrap()
}

pub fn bytes(view: &View, format: Format, rows: &Rows<'_>) -> Vec<u8> {
    let mut output = Output::new(view, format, Vec::new()).unwrap();
    output.write(view.encode(format, rows).unwrap()).unwrap();
    output.finish().unwrap()
}
