//! Functions that know what FHIR is: extensions, references, children, types.

use super::{Function, one};
use crate::definitions::{TypeDef, TypeKind, is_resource, type_def};
use crate::fhirpath::ast::Node;
use crate::fhirpath::context::Absent;
use crate::fhirpath::eval::{Evaluation, Items, Outcome, Scope, boolean, fault, gather, member};
use crate::fhirpath::{self, Item, Scalar};
use crate::json::Value;

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
                out.retain(|item| url_of(item).is_some_and(|u| u == url));
                Ok(out)
            }
            Function::Resolve => {
                let mut out = Vec::new();
                for item in items {
                    out.extend(self.resolved(item)?);
                }
                Ok(out)
            }
            Function::HasValue => Ok(boolean(matches!(items, [item] if has_value(item)))),
            Function::GetValue => {
                let [item] = items else { return Ok(Vec::new()) };
                Ok(item.scalar().into_iter().map(Item::Computed).collect())
            }
            Function::Children => self.children(items),
            Function::Descendants => {
                let (mut out, mut level) = (Vec::new(), items.to_vec());
                while !level.is_empty() {
                    level = self.children(&level)?;
                    out.extend_from_slice(&level);
                }
                Ok(out)
            }
            Function::Type => Ok(items.iter().map(|item| Item::Computed(item.type_info())).collect()),
            Function::CheckModifiers => self.check_modifiers(items, arguments, scope),
            Function::Slice => self.slice(items, arguments, scope),
            Function::GetResourceKey => Ok(items.iter().filter_map(resource_key).flat_map(one).collect()),
            _ => {
                let kind = match arguments.first() {
                    Some(kind) => self.string(kind, scope)?,
                    None => None,
                };
                let keys = items.iter().filter_map(|item| reference_key(item, kind.as_deref()));
                Ok(keys.flat_map(one).collect())
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

    /// What a reference leads to: a contained resource, an entry of the Bundle, what the outside brings, or a
    /// resource of which only the type is known.
    fn resolved(&mut self, item: &Item<'a>) -> Outcome<Option<Item<'a>>> {
        let (text, told) = match item {
            Item::Computed(Scalar::String(text)) => (Some(text.as_str().into()), None),
            Item::Node(fhirpath::Node { kind, value: Some(value), .. }) => match kind.kind {
                TypeKind::Primitive => (value.as_str(), None),
                _ => (value.str("reference"), value.str("type")),
            },
            _ => (None, None),
        };
        if let Some(text) = &text {
            if let Some(id) = text.strip_prefix('#') {
                return Ok(self.contained(id).map(Item::Node));
            }
            let entry = self.entry(text)?;
            if entry.is_some() {
                return Ok(entry.map(Item::Node));
            }
            if let Some((outside, arena)) = self.context.outside {
                match arena.resolve(outside, text) {
                    Ok(found) => return Ok(fhirpath::Node::resource(found).map(Item::Node)),
                    Err(Absent::Nowhere) => return Ok(None),
                    Err(Absent::NotKnown) => {}
                    Err(Absent::TooMany) => {
                        let most = fhirpath::RESOLVED_MAX;
                        return fault(format!("The expression follows more than {most} references."));
                    }
                }
            }
        }
        let told = || told.and_then(|told| type_def(&told));
        let kind = text.as_deref().and_then(target_type).or_else(told);
        let kind = kind.filter(|def| def.kind == TypeKind::Resource);
        Ok(kind.map(|kind| Item::Node(fhirpath::Node { kind, value: None, extras: None })))
    }

    /// The contained resource with this id; the resource itself for `#` alone.
    fn contained(&self, id: &str) -> Option<fhirpath::Node<'a>> {
        let (resource, root) = (self.context.resource, self.context.root);
        if id.is_empty() {
            return Some(root);
        }
        let within = |node: fhirpath::Node<'a>| {
            let contained = node.value?.get("contained")?;
            contained.items().find(|r| r.str("id").is_some_and(|i| i == id))
        };
        within(resource).or_else(|| within(root)).and_then(fhirpath::Node::resource)
    }

    /// The entry that a reference leads to within the Bundle that is the root (R4 bundle.html#references): by
    /// `fullUrl`, which a relative reference is the end of.
    fn entry(&mut self, reference: &str) -> Outcome<Option<fhirpath::Node<'a>>> {
        let root = self.context.root;
        let Some(entries) = root.value.filter(|_| root.kind.name == "Bundle").and_then(|b| b.get("entry"))
        else {
            return Ok(None);
        };
        let plain = reference.split("/_history/").next().unwrap_or(reference);
        let relative = plain.matches('/').count() == 1 && target_type(plain).is_some();
        for entry in entries.items() {
            self.spend(1)?;
            let Some(resource) = entry.get("resource") else { continue };
            let found = match entry.str("fullUrl") {
                Some(url) => {
                    url == plain
                        || relative && url.strip_suffix(plain).is_some_and(|base| base.ends_with('/'))
                }
                None => key_of(resource).is_some_and(|key| key == plain),
            };
            if found {
                return Ok(fhirpath::Node::resource(resource));
            }
        }
        Ok(None)
    }

    /// `checkModifiers(url, ...)`: a fault where there is a modifier extension that is not among those known.
    fn check_modifiers(
        &mut self,
        items: &[Item<'a>],
        arguments: &[Node],
        scope: &Scope<'_, 'a>,
    ) -> Outcome<Items<'a>> {
        let mut known = Vec::new();
        for argument in arguments {
            known.extend(self.string(argument, scope)?);
        }
        let mut modifiers = Vec::new();
        items.iter().for_each(|item| member(item, "modifierExtension", None, &mut modifiers));
        match modifiers.iter().filter_map(url_of).find(|url| !known.iter().any(|k| k == url)) {
            Some(url) => fault(format!("The modifier extension {url} is not understood here.")),
            None => Ok(items.to_vec()),
        }
    }

    /// `slice(profile, name)`: the items that the outside finds in the slice.
    fn slice(&mut self, items: &[Item<'a>], arguments: &[Node], scope: &Scope<'_, 'a>) -> Outcome<Items<'a>> {
        let (profile, name) = (self.string(&arguments[0], scope)?, self.string(&arguments[1], scope)?);
        let (Some(profile), Some(name), Some((outside, _))) = (profile, name, self.context.outside) else {
            return Ok(Vec::new());
        };
        let within = |item: &&Item<'a>| match item {
            Item::Node(node) => outside.in_slice(&profile, &name, *node) == Some(true),
            Item::Computed(_) => false,
        };
        Ok(items.iter().filter(within).cloned().collect())
    }
}

impl Item<'_> {
    /// What `type()` says of it.
    fn type_info(&self) -> Scalar {
        match self {
            Item::Node(node) => Scalar::Type { namespace: "FHIR", name: node.kind.name },
            Item::Computed(scalar) => Scalar::Type { namespace: "System", name: scalar.type_name() },
        }
    }
}

fn url_of(item: &Item<'_>) -> Option<String> {
    let Item::Node(node) = item else { return None };
    node.value?.str("url").map(|url| url.into_owned())
}

fn key(kind: &str, id: &str) -> String {
    [kind, "/", id].concat()
}

/// `Patient/1`
fn key_of(resource: Value<'_>) -> Option<String> {
    Some(key(&resource.str("resourceType")?, &resource.str("id")?))
}

/// `getResourceKey()` of SQL on FHIR: the same text as `getReferenceKey()` of a reference to it.
fn resource_key(item: &Item<'_>) -> Option<Scalar> {
    let Item::Node(node) = item else { return None };
    node.value.and_then(key_of).map(Scalar::String)
}

fn reference_key(item: &Item<'_>, kind: Option<&str>) -> Option<Scalar> {
    let Item::Node(node) = item else { return None };
    let reference = node.value?.str("reference")?;
    let target = target_type(&reference).filter(|def| kind.is_none_or(|kind| kind == def.name))?;
    let id = unversioned(&reference).rsplit('/').next()?;
    Some(Scalar::String(key(target.name, id)))
}

/// The type in `Patient/1`, `http://x/Patient/1` and the same with `/_history/2`.
pub(in crate::fhirpath) fn target_type(reference: &str) -> Option<&'static TypeDef> {
    let mut parts = unversioned(reference).rsplit('/');
    let _id = parts.next()?;
    parts.next().filter(|kind| is_resource(kind)).and_then(type_def)
}

/// The reference without `/_history/2`.
fn unversioned(reference: &str) -> &str {
    // Nearly always there is none, and one letter is found sooner than ten.
    match reference.contains('_') {
        true => reference.split_once("/_history/").map_or(reference, |(before, _)| before),
        false => reference,
    }
}

fn has_value(item: &Item<'_>) -> bool {
    match item {
        Item::Computed(scalar) => !matches!(scalar, Scalar::Quantity { .. } | Scalar::Type { .. }),
        Item::Node(node) => node.kind.kind == TypeKind::Primitive && node.value.is_some(),
    }
}
