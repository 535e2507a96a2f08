//! XML Patch (RFC 5261) of a resource in its XML form.

use super::xpath::{Path, Place, Prefixes};
use crate::json::Value;
use crate::xml::{self, Document, Layout, Node, Part};
use crate::{Issue, Kind, Limits, Refusal, Tree};

/// One patch may have so many operations.
const OPERATIONS_MAX: usize = 250;
/// Each operation looks through the resource, so that many of them on a large one are a burden: bytes in all.
const BYTES_MAX: usize = 64 << 20;

/// Applies an XML Patch to a resource. All operations or none. What the patched document has at another place than
/// the standard's is put where it belongs.
pub fn xml_patch(resource: Value<'_>, patch: &Document) -> Result<Tree, Refusal> {
    let text = xml::write(resource, Layout::Compact)?;
    let count = patch.root.nodes.iter().filter(|node| matches!(node, Node::Element(_))).count();
    if count > OPERATIONS_MAX || count.saturating_mul(text.len()) > BYTES_MAX {
        let text = format!("The patch has {count} operations, too many for this resource.");
        return Err(Refusal::new(Kind::TooLarge, text));
    }
    let limits = Limits { bytes: usize::MAX, ..Limits::DOOR };
    let mut document = Document::read(text, limits)?;
    apply(&mut document, patch)?;
    Ok(xml::read(document.text(), limits)?.root().into())
}

/// Applies every operation of a patch to a document.
pub(super) fn apply(document: &mut Document, patch: &Document) -> Result<(), Refusal> {
    let (mut operations, mut issues) = (Vec::new(), Vec::new());
    let elements = patch.root.nodes.iter().filter_map(|node| match node {
        Node::Element(element) => Some(element),
        _ => None,
    });
    for (number, element) in elements.enumerate() {
        match Operation::read(element, &patch.root) {
            Ok(operation) => operations.push(operation),
            Err(reason) => issues.push(issue(number, &reason)),
        }
    }
    if operations.is_empty() && issues.is_empty() {
        return Err(Refusal::invalid("", "The XML Patch has no operations. Give add, replace or remove."));
    }
    if !issues.is_empty() {
        return Err(Refusal::many(Kind::Invalid, issues));
    }
    for (number, operation) in operations.into_iter().enumerate() {
        let done = operation.apply(&mut document.root);
        done.map_err(|reason| Refusal::many(Kind::Invalid, vec![issue(number, &reason)]))?;
    }
    Ok(())
}

/// Operations are numbered from 0, as those of JSON Patch are.
fn issue(number: usize, reason: &str) -> Issue {
    let text = format!("Operation {number} of the patch cannot be done: {reason}. Nothing has been changed.");
    Issue::new("processing", "", text)
}

struct Operation<'p> {
    path: Path,
    shown: String,
    act: Act,
    content: &'p Part,
}

enum Act {
    Append,
    Prepend,
    Before,
    After,
    AddAttribute(String),
    /// A prefix for a namespace. FHIR's XML reads the same without, so nothing is to be done.
    AddNamespace,
    Replace,
    Remove,
}

impl<'p> Operation<'p> {
    /// The names count and not their namespace, for some patches have that of FHIR and others none (RFC 5261, 8).
    fn read(element: &'p Part, root: &Part) -> Result<Operation<'p>, String> {
        let given = |name: &str| {
            let attribute = element.attributes.iter().find(|a| a.local == name && a.namespace.is_empty());
            attribute.map(|attribute| attribute.value.as_str())
        };
        let act = match (element.local.as_str(), given("type"), given("pos")) {
            ("add", Some(kind), None) => match (kind.strip_prefix('@'), kind.strip_prefix("namespace::")) {
                (Some(name), _) if !name.is_empty() && !name.contains(':') => {
                    Act::AddAttribute(name.to_owned())
                }
                (None, Some(_)) => Act::AddNamespace,
                _ => return Err("its type must be like @name or namespace::prefix".to_owned()),
            },
            ("add", None, None) => Act::Append,
            ("add", None, Some("prepend")) => Act::Prepend,
            ("add", None, Some("before")) => Act::Before,
            ("add", None, Some("after")) => Act::After,
            ("add", ..) => {
                return Err("its pos must be prepend, before or after, and not with a type".to_owned());
            }
            ("replace", ..) => Act::Replace,
            ("remove", ..) => Act::Remove,
            _ => return Err("it must be one of add, replace and remove".to_owned()),
        };
        let sel = given("sel").ok_or("it needs the attribute sel, a path to what is to be changed")?;
        let prefixes = Prefixes { declared: vec![&root.declared, &element.declared] };
        let path = Path::read(sel, &prefixes)?;
        Ok(Operation { path, shown: crate::validate::place::shown(sel), act, content: element })
    }

    fn apply(self, root: &mut Part) -> Result<(), String> {
        let places = self.path.find(root);
        let place = match places.as_slice() {
            [place] => place,
            [] => return Err(format!("there is nothing at {}", self.shown)),
            _ => return Err(format!("{} leads to {} nodes and must lead to one", self.shown, places.len())),
        };
        match (&self.act, place.attribute) {
            (Act::AddNamespace, _) => Ok(()),
            (Act::Replace, Some(at)) => {
                target(root, &place.nodes)?.attributes[at].value = self.content.words();
                Ok(())
            }
            (Act::Remove, Some(at)) => {
                target(root, &place.nodes)?.attributes.remove(at);
                Ok(())
            }
            (_, Some(_)) => Err(format!("nothing can be put at the attribute {}", self.shown)),
            (Act::Append, None) => {
                target(root, &place.nodes)?.nodes.extend(self.nodes());
                Ok(())
            }
            (Act::Prepend, None) => {
                target(root, &place.nodes)?.nodes.splice(0..0, self.nodes());
                Ok(())
            }
            (Act::AddAttribute(name), None) => self.add_attribute(target(root, &place.nodes)?, name),
            (Act::Before | Act::After | Act::Replace | Act::Remove, None) => self.beside(root, place),
        }
    }

    fn add_attribute(&self, element: &mut Part, name: &str) -> Result<(), String> {
        if element.attributes.iter().any(|a| a.local == *name && a.namespace.is_empty()) {
            return Err(format!("there is an attribute {name} already. Replace it"));
        }
        let (local, namespace) = (name.to_owned(), "".into());
        element.attributes.push(xml::Attribute { local, namespace, value: self.content.words() });
        Ok(())
    }

    /// What is done among the nodes of the parent.
    fn beside(&self, root: &mut Part, place: &Place) -> Result<(), String> {
        let Some((at, around)) = place.nodes.split_last() else {
            return match self.act {
                Act::Replace => {
                    *root = self.element()?;
                    Ok(())
                }
                _ => Err("the root can only be replaced".to_owned()),
            };
        };
        let parent = target(root, around)?;
        let at = *at;
        match self.act {
            Act::Before => drop(parent.nodes.splice(at..at, self.nodes())),
            Act::After => drop(parent.nodes.splice(at + 1..at + 1, self.nodes())),
            Act::Remove => drop(parent.nodes.remove(at)),
            _ => {
                parent.nodes[at] = match &parent.nodes[at] {
                    Node::Element(_) => Node::Element(self.element()?),
                    Node::Text(_) => Node::Text(self.content.words()),
                    Node::Comment(_) => self.comment()?,
                }
            }
        }
        Ok(())
    }

    /// What is to be added; white space around elements is layout.
    fn nodes(&self) -> Vec<Node> {
        let is_layout = |node: &Node| matches!(node, Node::Text(text) if text.trim_ascii().is_empty());
        self.content.nodes.iter().filter(|node| !is_layout(node)).cloned().collect()
    }

    fn element(&self) -> Result<Part, String> {
        match self.nodes().as_slice() {
            [Node::Element(element)] => Ok(element.clone()),
            _ => Err("an element is replaced by exactly one element".to_owned()),
        }
    }

    fn comment(&self) -> Result<Node, String> {
        match self.nodes().as_slice() {
            [comment @ Node::Comment(_)] => Ok(comment.clone()),
            _ => Err("a comment is replaced by a comment".to_owned()),
        }
    }
}

/// The element at the end of this way, to be changed: narratives on the way are no longer as they came.
fn target<'d>(root: &'d mut Part, way: &[usize]) -> Result<&'d mut Part, String> {
    root.source = None;
    way.iter().try_fold(root, |element, at| match element.nodes.get_mut(*at) {
        Some(Node::Element(inner)) => {
            inner.source = None;
            Ok(inner)
        }
        _ => Err("nothing can be put into a text or a comment".to_owned()),
    })
}
