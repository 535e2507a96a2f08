//! A resource as the record keeps it.
//!
//! The stored text is canonical JSON with the record's id in it and without `meta.versionId` and
//! `meta.lastUpdated`, which are the record's own and are put in when it is read. So a body can be compressed
//! and hashed before its version and instant are known.

mod subset;
#[cfg(test)]
mod tests;

pub use subset::{Subset, subset};

use crate::Instant;
use crate::json::{Kind, Value, write_string};
use std::fmt::Write;

/// A body ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Canonical text.
    pub text: String,
    /// Where the record's own meta goes in: offset * 2, plus 1 when `text` has a meta object of its own that
    /// it goes into (right after its brace).
    pub splice: u32,
}

/// Makes the stored form of a sound resource. `reference` may rewrite the text of each literal
/// `Reference.reference` (and is asked for each); give `|_| None` to keep them. It is asked as well for the
/// `reference` of `DetectedIssue`, `Expression` and `Immunization.education`, which is a uri: a transaction
/// has to rewrite links in those too (R4, http, 3.1.0.11.2).
pub fn stored(resource: Value<'_>, id: &str, reference: &mut dyn FnMut(&str) -> Option<String>) -> Stored {
    let mut writer = Writer { out: String::with_capacity(resource.raw().len() + 64), reference };
    let splice = writer.resource(resource, id);
    Stored { text: writer.out, splice }
}

/// Appends the resource as a client sees it: the stored text with version and instant in its meta.
pub fn served(text: &str, splice: u32, version: u64, updated: Instant, out: &mut String) {
    let (before, after) = text.split_at((splice / 2) as usize);
    let inside = splice % 2 == 1;
    out.reserve(text.len() + 80);
    out.push_str(before);
    out.push_str(if inside { "" } else { ",\"meta\":{" });
    // Writing to a String does not fail.
    let _ = write!(out, "\"versionId\":\"{version}\",\"lastUpdated\":\"{updated}\"");
    out.push(if inside { ',' } else { '}' });
    out.push_str(after);
}

struct Writer<'r> {
    out: String,
    reference: &'r mut dyn FnMut(&str) -> Option<String>,
}

impl Writer<'_> {
    /// Writes the outermost object and says where meta goes in, as [`Stored::splice`].
    fn resource(&mut self, resource: Value<'_>, id: &str) -> u32 {
        let (mut after_id, mut in_meta) = (None, None);
        let has_id = resource.get("id").is_some();
        self.out.push('{');
        for (name, value) in resource.members() {
            match &*name {
                "meta" => in_meta = self.meta(value),
                "id" => after_id = Some(self.id(id)),
                "resourceType" if !has_id => {
                    self.member(&name, value);
                    after_id = Some(self.id(id));
                }
                _ => self.member(&name, value),
            }
        }
        let after_id = after_id.unwrap_or_else(|| self.id(id));
        self.out.push('}');
        in_meta.map_or(after_id * 2, |offset| offset * 2 + 1)
    }

    /// Writes the id and gives the offset behind it.
    fn id(&mut self, id: &str) -> u32 {
        self.name("id");
        write_string(id, &mut self.out);
        self.offset()
    }

    /// Writes meta without what is the record's own; nothing when nothing else is in it. Gives the offset
    /// behind its brace.
    fn meta(&mut self, meta: Value<'_>) -> Option<u32> {
        let own = ["versionId", "lastUpdated", "_versionId", "_lastUpdated"];
        let mut kept = meta.members().filter(|(name, _)| !own.contains(&&**name)).peekable();
        kept.peek()?;
        self.name("meta");
        self.out.push('{');
        let offset = self.offset();
        kept.for_each(|(name, value)| self.member(&name, value));
        self.out.push('}');
        Some(offset)
    }

    /// Writes a member's name, after a comma unless it is the first of its object.
    fn name(&mut self, name: &str) {
        if !self.out.ends_with('{') {
            self.out.push(',');
        }
        write_string(name, &mut self.out);
        self.out.push(':');
    }

    fn member(&mut self, name: &str, value: Value<'_>) {
        self.name(name);
        if name == "reference"
            && let Some(text) = value.as_str()
        {
            match (self.reference)(&text) {
                Some(other) => write_string(&other, &mut self.out),
                None => write_string(&text, &mut self.out),
            }
        } else {
            self.value(value);
        }
    }

    fn value(&mut self, value: Value<'_>) {
        match value.kind() {
            Kind::Object => {
                self.out.push('{');
                value.members().for_each(|(name, member)| self.member(&name, member));
                self.out.push('}');
            }
            Kind::Array => {
                self.out.push('[');
                for (i, item) in value.items().enumerate() {
                    if i > 0 {
                        self.out.push(',');
                    }
                    self.value(item);
                }
                self.out.push(']');
            }
            _ => value.write_canonical(&mut self.out),
        }
    }

    /// Documents are shorter than 4 GiB, see [`crate::Json::parse`].
    fn offset(&self) -> u32 {
        self.out.len() as u32
    }
}
