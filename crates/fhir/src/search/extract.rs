//! What a resource can be found by.

mod composite;
mod plan;
mod read;

use super::value::{Entry, SearchValue};
use crate::definitions::{ParamKind, SearchParam};
use crate::fhirpath::Node;
use crate::json::Value;
use std::collections::HashSet;

/// Every value of every search parameter of the resource's type except composites, in parameter order,
/// each value once.
///
/// Left out are also the parameters that have an [`alias`](super::alias()), such as `Observation.patient`:
/// all their values are those of another, `Observation.subject`. So there is less to index, and who looks for
/// `patient` looks for `subject` with a Patient. A resource of a type that is not known gives nothing.
pub fn extract(resource: Value<'_>) -> Vec<Entry> {
    let Some(node) = Node::resource(resource) else { return Vec::new() };
    let mut entries = Vec::with_capacity(32);
    plan::of_type(node.kind.name).run(node, &mut entries);
    in_order(entries)
}

/// The values of one parameter, each once. Composites and aliases give theirs too.
pub fn extract_param(resource: Value<'_>, param: &'static SearchParam) -> Vec<SearchValue> {
    let Some(node) = Node::resource(resource).filter(|node| node.kind.name == param.base) else {
        return Vec::new();
    };
    if param.kind == ParamKind::Composite {
        return composite::tuples(node, param);
    }
    let mut entries = Vec::new();
    plan::of_param(param).run(node, &mut entries);
    in_order(entries).into_iter().map(|entry| entry.value).collect()
}

/// Values of one parameter up to which each is compared with each.
const COMPARED_MAX: usize = 16;

/// Sorted by parameter, each value once, the first stays.
fn in_order(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by_key(|entry| entry.param);
    let mut twice: Vec<usize> = Vec::new();
    let mut start = 0;
    for run in entries.chunk_by(|a, b| a.param == b.param) {
        if run.len() <= COMPARED_MAX {
            twice.extend((1..run.len()).filter(|&i| run[..i].contains(&run[i])).map(|i| start + i));
        } else {
            let mut seen = HashSet::with_capacity(run.len());
            twice.extend((0..run.len()).filter(|&i| !seen.insert(&run[i].value)).map(|i| start + i));
        }
        start += run.len();
    }
    let (mut at, mut twice) = (0, twice.into_iter().peekable());
    entries.retain(|_| {
        at += 1;
        twice.next_if_eq(&(at - 1)).is_none()
    });
    entries
}

#[cfg(test)]
mod tests;
