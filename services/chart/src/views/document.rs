//! Documents and letters, and their text in a form that can be shown without danger.

use super::Resource;
use super::element::{Reference, concept, first, reference, when};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fhir::json::Value;
use html::When;
use record::{Found, Reader};

/// A document in the record.
#[derive(Clone, Debug)]
pub struct DocumentEntry {
    /// Logical id.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// What kind it is.
    pub kind: Option<String>,
    /// When it was written.
    pub at: Option<When>,
    /// By whom.
    pub author: Option<Reference>,
    /// True when another took its place.
    pub superseded: bool,
    /// True when it was entered in error.
    pub withdrawn: bool,
}

impl DocumentEntry {
    /// Reads a DocumentReference.
    pub fn of(resource: &Resource) -> DocumentEntry {
        let value = resource.value();
        let kind = concept(value.get("type"));
        let attachment = first(value.get("content")).and_then(|content| content.get("attachment"));
        let title = value
            .str("description")
            .or_else(|| attachment.and_then(|a| a.str("title")))
            .map(|title| title.into_owned())
            .or_else(|| kind.clone());
        DocumentEntry {
            id: resource.id.clone(),
            title: title.unwrap_or_else(|| "Document without a title".into()),
            kind,
            at: when(value, "date").or_else(|| attachment.and_then(|a| when(a, "creation"))),
            author: reference(first(value.get("author"))),
            superseded: resource.is("status", "superseded"),
            withdrawn: resource.is("status", "entered-in-error"),
        }
    }

    /// Where it is read.
    pub fn href(&self, patient: &str) -> String {
        format!("/patients/{patient}/documents/{}", self.id)
    }
}

/// What a document holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text, in paragraphs.
    Text(String),
    /// HTML; only [`crate::letter`] may show it.
    Html(String),
    /// Something else: its content type and bytes.
    File {
        /// Content type.
        kind: String,
        /// Content.
        bytes: Vec<u8>,
    },
    /// It is kept elsewhere, or is not there.
    Elsewhere(Option<String>),
}

impl Content {
    /// The contents of a DocumentReference, in order.
    pub fn of(resource: &Resource, reader: &Reader) -> Vec<Content> {
        let contents = resource.get("content").into_iter().flat_map(Value::items);
        contents.filter_map(|content| content.get("attachment")).map(|a| attachment(a, reader)).collect()
    }
}

fn attachment(attachment: Value<'_>, reader: &Reader) -> Content {
    let kind = attachment.str("contentType").unwrap_or_default().into_owned();
    let url = attachment.str("url").map(|url| url.into_owned());
    let data = attachment.str("data").map(|data| (kind.clone(), data.into_owned()));
    let Some((kind, data)) = data.or_else(|| binary(url.as_deref()?, reader)) else {
        return Content::Elsewhere(url);
    };
    let packed: String = data.chars().filter(|c| !c.is_whitespace()).collect();
    let Ok(bytes) = STANDARD.decode(packed) else { return Content::Elsewhere(url) };
    let base = kind.split(';').next().unwrap_or_default().trim().to_lowercase();
    match (base.as_str(), String::from_utf8(bytes)) {
        ("text/html" | "application/xhtml+xml", Ok(text)) => Content::Html(text),
        (kind, Ok(text)) if kind.starts_with("text/") || kind.is_empty() => Content::Text(text),
        (_, Ok(text)) => Content::File { kind, bytes: text.into_bytes() },
        (_, Err(not_text)) => Content::File { kind, bytes: not_text.into_bytes() },
    }
}

/// Content type and data of a Binary of this record.
fn binary(url: &str, reader: &Reader) -> Option<(String, String)> {
    let id = url.rsplit_once("Binary/").map(|(_, id)| id)?;
    let Ok(Found::Here(body)) = reader.read("Binary", id) else { return None };
    let binary = Resource::of(body)?;
    Some((binary.str("contentType")?.into_owned(), binary.str("data")?.into_owned()))
}
