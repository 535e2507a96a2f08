//! `ValueSet/$expand` (R4 valueset-operation-expand.html): the codes of a value set.

mod items;
mod wish;
mod work;
pub(crate) mod write;

use crate::Terminology;
use crate::inputs::Inputs;
use crate::issue::{Issue, Refused};
use crate::operation::Request;
use crate::scope::Scope;
use crate::set::Set;
use fhir::Tree;
use fhir::outcome::Kind;
pub(crate) use items::{Item, endless, items};
use std::sync::Arc;
use wish::Wish;

/// Expands the value set of a request.
pub(crate) fn run(terminology: &Terminology, request: &Request<'_>) -> Result<Tree, Refused> {
    let inputs = Inputs::new(request.parameters);
    let scope = Scope::new(terminology, inputs);
    let set = asked(&scope, inputs, request)?;
    let wish = Wish::new(inputs, &set, request.languages)?;
    let mut all = items(&set, wish.filter.as_deref(), terminology.expansion_max)?;
    if wish.active_only || set.active_only {
        all.retain(Item::is_active);
    }
    for excluded in inputs.texts("exclude-system") {
        let (url, version) = package::canonical(&excluded);
        all.retain(|item| {
            item.named.url != url || version.is_some_and(|version| item.version() != Some(version))
        });
    }
    let total = all.len();
    let page: Vec<Item<'_>> = match wish.paged() {
        true => {
            all.into_iter().skip(wish.offset.unwrap_or(0)).take(wish.count.unwrap_or(usize::MAX)).collect()
        }
        false => all,
    };
    if page.len() > terminology.expansion_max {
        return Err(too_costly(&set, total, terminology.expansion_max));
    }
    Ok(write::value_set(&set, &wish, &page, total, request.now))
}

/// The value set that a request means: of the instance, in the body, or by its address.
pub(crate) fn asked(
    scope: &Scope<'_>,
    inputs: Inputs<'_>,
    request: &Request<'_>,
) -> Result<Arc<Set>, Refused> {
    if let Some(resource) = inputs.resource("valueSet").or(request.instance) {
        return match resource.str("resourceType").as_deref() {
            Some("ValueSet") => scope.set_of(resource),
            _ => Err(Refused::invalid("valueSet", "The resource that is given as valueSet is no ValueSet.")),
        };
    }
    let url = inputs.text("url").ok_or_else(|| {
        Refused::invalid("url", "Say which value set: by url, as valueSet, or by its id in the address.")
    })?;
    match inputs.text("valueSetVersion") {
        Some(version) if !url.contains('|') => scope.set(&format!("{url}|{version}")),
        _ => scope.set(&url),
    }
}

fn too_costly(set: &Set, total: usize, limit: usize) -> Refused {
    let text = format!(
        "The value set {} has {total} codes, more than the {limit} of one answer. Ask for a page with count and \
         offset, or for less with filter.",
        set.label()
    );
    let issue = Issue { kind: None, ..Issue::error("too-costly", "", "VALUESET_TOO_COSTLY", text) };
    Refused::new(Kind::Invalid, issue)
}
