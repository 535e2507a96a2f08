//! Patches: JSON Patch (RFC 6902, with pointers of RFC 6901) here, FHIRPath Patch and XML Patch in modules of
//! their own.

mod fhirpath;
mod item;
mod pointer;
#[cfg(test)]
mod tests;
mod xml;
mod xpath;

pub use fhirpath::fhirpath_patch;
pub use xml::xml_patch;

use crate::json::{self, Json, Value};
use crate::xml::Document;
use crate::{Issue, Limits, Refusal, Tree};
use pointer::Pointer;

/// A patch of any of the three kinds that R4 knows (http.html#patch), as it came.
#[derive(Clone, Debug)]
pub enum Patch {
    /// JSON Patch.
    Json(Json),
    /// FHIRPath Patch: a Parameters resource.
    FhirPath(Json),
    /// XML Patch.
    Xml(Document),
}

impl Patch {
    /// The media type of JSON Patch.
    pub const JSON: &str = "application/json-patch+json";
    /// The media type of XML Patch.
    pub const XML: &str = "application/xml-patch+xml";

    /// Reads a JSON Patch.
    pub fn json(text: impl Into<Vec<u8>>, limits: Limits) -> Result<Patch, Refusal> {
        let unsound = |e| Issue::new("structure", "", format!("The patch is not sound JSON: {e}."));
        let json = Json::parse(text, limits);
        json.map(Patch::Json).map_err(|e| Refusal::many(crate::Kind::Invalid, vec![unsound(e)]))
    }

    /// Reads an XML Patch.
    pub fn xml(text: impl Into<Vec<u8>>, limits: Limits) -> Result<Patch, Refusal> {
        Document::read(text, limits).map(Patch::Xml)
    }

    /// The resource after the patch. All operations or none. Whether it is still sound is for the caller to ask.
    pub fn apply(&self, resource: Value<'_>) -> Result<Tree, Refusal> {
        match self {
            Patch::Json(patch) => json_patch(resource, patch.root()),
            Patch::FhirPath(parameters) => fhirpath_patch(resource, parameters.root()),
            Patch::Xml(patch) => xml_patch(resource, patch),
        }
    }
}

/// One patch may have so many operations.
const OPERATIONS_MAX: usize = 10_000;
/// A document may not grow beyond this many values; `copy` doubles what it copies.
const VALUES_MAX: usize = 1_000_000;

/// Applies a JSON Patch document to a resource. All operations or none.
pub fn json_patch(resource: Value<'_>, patch: Value<'_>) -> Result<Tree, Refusal> {
    if patch.kind() != json::Kind::Array {
        return Err(Refusal::invalid("", "A JSON Patch must be an array of operations."));
    }
    let count = patch.items().count();
    if count > OPERATIONS_MAX {
        let text = format!("The patch has {count} operations; at most {OPERATIONS_MAX} are taken.");
        return Err(Refusal::new(crate::Kind::TooLarge, text));
    }
    let (mut operations, mut issues) = (Vec::new(), Vec::new());
    for (number, operation) in patch.items().enumerate() {
        match Operation::read(operation) {
            Ok(operation) => operations.push(operation),
            Err(reason) => issues.push(issue(number, &reason)),
        }
    }
    if !issues.is_empty() {
        return Err(Refusal::many(crate::Kind::Invalid, issues));
    }
    let mut document = Tree::from(resource);
    let mut room = VALUES_MAX;
    for (number, operation) in operations.into_iter().enumerate() {
        operation
            .apply(&mut document, &mut room)
            .map_err(|reason| Refusal::many(crate::Kind::Invalid, vec![issue(number, &reason)]))?;
    }
    Ok(document)
}

/// Operations are numbered from 0, as in the pointer to them.
fn issue(number: usize, reason: &str) -> Issue {
    let text = format!("Operation {number} of the patch cannot be done: {reason}. Nothing has been changed.");
    Issue::new("processing", "", text)
}

enum Operation<'p> {
    Add(Pointer, Value<'p>),
    Remove(Pointer),
    Replace(Pointer, Value<'p>),
    /// From, to.
    Move(Pointer, Pointer),
    /// From, to.
    Copy(Pointer, Pointer),
    Test(Pointer, Value<'p>),
}

impl<'p> Operation<'p> {
    /// Members that an operation does not know are left alone (RFC 6902, 4).
    fn read(operation: Value<'p>) -> Result<Operation<'p>, String> {
        let pointer = |name: &str| {
            let text = operation.str(name).ok_or(format!("it needs \"{name}\", a JSON pointer as text"))?;
            Pointer::read(&text)
        };
        let value = || operation.get("value").ok_or("it needs \"value\"".to_owned());
        let Some(name) = operation.str("op") else { return Err("it needs \"op\", as text".to_owned()) };
        match &*name {
            "add" => Ok(Operation::Add(pointer("path")?, value()?)),
            "remove" => Ok(Operation::Remove(pointer("path")?)),
            "replace" => Ok(Operation::Replace(pointer("path")?, value()?)),
            "move" => Ok(Operation::Move(pointer("from")?, pointer("path")?)),
            "copy" => Ok(Operation::Copy(pointer("from")?, pointer("path")?)),
            "test" => Ok(Operation::Test(pointer("path")?, value()?)),
            _ => Err("\"op\" must be one of add, remove, replace, move, copy and test".to_owned()),
        }
    }

    /// `room` is how many values copies may still add.
    fn apply(self, document: &mut Tree, room: &mut usize) -> Result<(), String> {
        match self {
            Operation::Add(path, value) => path.add(document, fitting(&path, value.into())?),
            Operation::Remove(path) => path.remove(document).map(drop),
            Operation::Replace(path, value) => {
                *path.find_mut(document)? = fitting(&path, value.into())?;
                Ok(())
            }
            Operation::Move(from, path) => {
                if path.is_inside(&from) {
                    return Err(format!("\"{from}\" cannot be moved into itself"));
                }
                let value = from.remove(document)?;
                path.add(document, fitting(&path, value)?)
            }
            Operation::Copy(from, path) => {
                let value = from.find(document)?.clone();
                *room = room.checked_sub(values(&value)).ok_or("it makes the resource too large")?;
                path.add(document, fitting(&path, value)?)
            }
            Operation::Test(path, value) => {
                if same(path.find(document)?, &value.into()) {
                    Ok(())
                } else {
                    Err(format!("the test failed, there is another value at \"{path}\""))
                }
            }
        }
    }
}

/// A value that stays within the depth of a parsed document when it is put at `path`.
fn fitting(path: &Pointer, value: Tree) -> Result<Tree, String> {
    if path.depth() + depth(&value) > Limits::DOOR.depth {
        return Err(format!("it makes the resource deeper than {}", Limits::DOOR.depth));
    }
    Ok(value)
}

fn depth(tree: &Tree) -> usize {
    match tree {
        Tree::Object(members) => 1 + members.iter().map(|(_, v)| depth(v)).max().unwrap_or(0),
        Tree::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// How many values a value is made of, itself among them.
fn values(tree: &Tree) -> usize {
    1 + match tree {
        Tree::Object(members) => members.iter().map(|(_, v)| values(v)).sum(),
        Tree::Array(items) => items.iter().map(values).sum(),
        _ => 0usize,
    }
}

/// Equality of RFC 6902, 4.6: the order of members does not count; numbers are compared by value.
fn same(a: &Tree, b: &Tree) -> bool {
    match (a, b) {
        (Tree::Object(a), Tree::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(name, value)| b.iter().any(|(n, v)| n == name && same(value, v)))
        }
        (Tree::Array(a), Tree::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Tree::Number(a), Tree::Number(b)) => normal(a) == normal(b),
        _ => a == b,
    }
}

/// A number as sign, digits without zeros at either end, and exponent of ten.
fn normal(number: &str) -> (bool, String, i64) {
    let (sign, rest) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
    let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    // Exponents beyond 64 bits are no numbers of this world; they compare by their clamped value.
    let exponent = exponent.parse::<i64>().unwrap_or(if exponent.starts_with('-') {
        i64::MIN / 2
    } else {
        i64::MAX / 2
    });
    let exponent = exponent - fraction.len() as i64 + (digits.len() - significant.len()) as i64;
    match significant.trim_start_matches('0') {
        "" => (false, String::new(), 0),
        significant => (sign, significant.to_owned(), exponent),
    }
}
