//! What a resource can be found by.

use super::value::{Entry, SearchValue};
use crate::definitions::SearchParam;
use crate::json::Value;

/// Every value of every search parameter of the resource's type except composites, in parameter order,
/// each value once.
pub fn extract(resource: Value<'_>) -> Vec<Entry> {
    let _ = resource;
    Vec::new()
}

/// The values of one parameter, composites too.
pub fn extract_param(resource: Value<'_>, param: &'static SearchParam) -> Vec<SearchValue> {
    let _ = (resource, param);
    Vec::new()
}
