//! Functions that know what FHIR is: extensions, references, children.

use super::Function;
use crate::definitions::{TypeDef, TypeKind, is_resource, type_def};
use crate::fhirpath::ast::Node;
use crate::fhirpath::eval::{Evaluation, Items, Outcome, Scope, boolean, gather, member};
use crate::fhirpath::{self, Item, Scalar};

impl<'a> Evaluation<'_, 'a> {
    pub(super) fn of_resources(
        &mut self,
        function: Function,
        items: &[Item<'a>],
        arguments: &[Node],
        scope: &Scope<'_, 'a>,
    ) -> Outcome<Items<'a>> {
        match function {
            Function::Extension => {
                let Some(url) = self.string(&arguments[0], scope)? else {
                    return Ok(Vec::new());
                };
                let mut out = Vec::new();
                items.iter().for_each(|item| member(item, "extension", None, &mut out));
                out.retain(|item| {
                    matches!(item, Item::Node(fhirpath::Node { value: Some(value), .. })
                    if value.str("url").is_some_and(|u| u == url))
                });
                Ok(out)
            }
            Function::Resolve => Ok(items.iter().filter_map(|item| self.resolved(item)).collect()),
            Function::HasValue => Ok(boolean(matches!(items, [item] if has_value(item)))),
            Function::GetValue => {
                let [item] = items else { return Ok(Vec::new()) };
                Ok(item.scalar().into_iter().map(Item::Computed).collect())
            }
            Function::Children => self.children(items),
            _ => {
                let (mut out, mut level) = (Vec::new(), items.to_vec());
                while !level.is_empty() {
                    level = self.children(&level)?;
                    out.extend_from_slice(&level);
                }
                Ok(out)
            }
        }
    }

    fn children(&mut self, items: &[Item<'a>]) -> Outcome<Items<'a>> {
        let mut out = Vec::new();
        for item in items {
            let Item::Node(node) = item else { continue };
            let (kind, value) = match node.kind.kind {
                TypeKind::Primitive => (type_def("Element"), node.extras),
                _ => (Some(node.kind), node.value),
            };
            let (Some(kind), Some(value)) = (kind, value) else {
                continue;
            };
            self.spend(kind.elements.len())?;
            for element in kind.elements {
                gather(value, element.name, element.type_def(), &mut out);
            }
        }
        Ok(out)
    }

    /// What a reference points at, without looking it up: a contained resource, or a resource of the type
    /// that the reference tells.
    fn resolved(&self, item: &Item<'a>) -> Option<Item<'a>> {
        let Item::Node(node) = item else { return None };
        let value = node.value?;
        let (text, told) = match node.kind.kind {
            TypeKind::Primitive => (value.as_str(), None),
            _ => (value.str("reference"), value.str("type")),
        };
        if let Some(id) = text.as_deref().and_then(|text| text.strip_prefix('#')) {
            let contained = self.resource.value?.get("contained")?;
            let found = contained.items().find(|r| r.str("id").is_some_and(|i| i == id))?;
            return fhirpath::Node::resource(found).map(Item::Node);
        }
        let kind = text
            .as_deref()
            .and_then(target_type)
            .or_else(|| told.and_then(|told| type_def(&told)))
            .filter(|def| def.kind == TypeKind::Resource)?;
        Some(Item::Node(fhirpath::Node { kind, value: None, extras: None }))
    }
}

/// The type in `Patient/1`, `http://x/Patient/1` and the same with `/_history/2`.
pub(in crate::fhirpath) fn target_type(reference: &str) -> Option<&'static TypeDef> {
    let path = reference.split("/_history/").next()?;
    let mut parts = path.rsplit('/');
    let _id = parts.next()?;
    parts.next().filter(|kind| is_resource(kind)).and_then(type_def)
}

fn has_value(item: &Item<'_>) -> bool {
    match item {
        Item::Computed(scalar) => !matches!(scalar, Scalar::Quantity { .. }),
        Item::Node(node) => node.kind.kind == TypeKind::Primitive && node.value.is_some(),
    }
}
