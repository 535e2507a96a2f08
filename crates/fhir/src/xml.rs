//! FHIR XML (R4, xml.html): text to the JSON that we keep, and back, as the tables of
//! [`definitions`](crate::definitions) say. Nothing is lost but what XML has and FHIR gives no meaning:
//! comments, processing instructions, prefixes, and white space between elements.

mod div;
mod document;
mod read;
#[cfg(test)]
mod tests;
mod tokens;
mod write;

pub use document::Document;
pub(crate) use document::{Attribute, Element as Part, Node};
pub use read::read;
pub use write::{Layout, write};

use crate::definitions::{Element, TypeDef, TypeKind};

/// The namespace of every element of FHIR.
pub const FHIR: &str = "http://hl7.org/fhir";
/// The namespace of a narrative's `div`.
pub const XHTML: &str = "http://www.w3.org/1999/xhtml";
/// The namespace of `xsi:schemaLocation`, which a sender may give and nobody needs.
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// True for what is an attribute in XML: the id of a data type and the url of an extension. The id of a resource
/// is an element.
fn is_attribute(def: &TypeDef, element: &Element) -> bool {
    match element.name {
        "id" => def.kind != TypeKind::Resource,
        "url" => def.name == "Extension",
        _ => false,
    }
}

/// Appends text as the value of an attribute.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            // Written so, they are not taken for mere white space.
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            c => escape_one(c, out),
        }
    }
}

/// Appends text as the content of an element.
fn escape_content(text: &str, out: &mut String) {
    text.chars().for_each(|c| escape_one(c, out));
}

/// A character that XML 1.0 cannot have (2.2) gets the one that stands for such.
fn escape_one(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\r' => out.push_str("&#13;"),
        c if tokens::is_char(c) => out.push(c),
        _ => out.push('\u{fffd}'),
    }
}
