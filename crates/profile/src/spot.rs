//! What stands under a name in a resource.

use fhir::definitions::{Element, TypeDef, TypeKind, type_def};
use fhir::fhirpath::Node;
use fhir::json::{Kind, Value};

/// One item of an element.
#[derive(Clone, Copy, Debug)]
pub struct Spot<'v> {
    /// The element as the tables know it.
    pub element: &'static Element,
    /// Its type; of a resource the type that it says.
    pub kind: &'static TypeDef,
    /// Its value; nothing for a primitive that has extensions only.
    pub value: Option<Value<'v>>,
    /// The id and extensions of a primitive.
    pub extras: Option<Value<'v>>,
    /// Which item of an array it is.
    pub index: Option<usize>,
}

impl<'v> Spot<'v> {
    /// As FHIRPath takes it.
    pub fn node(&self) -> Node<'v> {
        Node { kind: self.kind, value: self.value, extras: self.extras }
    }
}

/// The items of the elements of an object that have this number.
pub fn spots<'v>(owner: Value<'v>, def: &'static TypeDef, group: u8) -> Vec<Spot<'v>> {
    let mut found: Vec<Spot<'v>> = Vec::new();
    for (name, member) in owner.members() {
        let (plain, is_sibling) = name.strip_prefix('_').map_or((&*name, false), |plain| (plain, true));
        let element = def.elements.iter().find(|element| element.group == group && element.name == plain);
        let Some(element) = element else { continue };
        let is_array = member.kind() == Kind::Array;
        for (at, item) in member.each().enumerate() {
            if item.kind() == Kind::Null {
                continue;
            }
            let index = is_array.then_some(at);
            let same = |spot: &&mut Spot<'v>| spot.index == index && std::ptr::eq(spot.element, element);
            let known = found.iter_mut().find(same);
            let (value, extras) = if is_sibling { (None, Some(item)) } else { (Some(item), None) };
            match known {
                Some(spot) => (spot.value, spot.extras) = (spot.value.or(value), spot.extras.or(extras)),
                None => found.push(Spot {
                    element,
                    kind: kind_of(element.type_def(), item),
                    value,
                    extras,
                    index,
                }),
            }
        }
    }
    if found.len() > 1 && found.iter().any(|spot| spot.value.is_none()) {
        found.sort_by_key(|spot| spot.index);
    }
    found
}

/// The type of an item: what a resource says it is, or what the tables say.
pub fn kind_of(def: &'static TypeDef, item: Value<'_>) -> &'static TypeDef {
    match def.kind {
        TypeKind::Resource => item.str("resourceType").and_then(|name| type_def(&name)).unwrap_or(def),
        _ => def,
    }
}

/// The items under a FHIRPath name.
pub fn named<'v>(node: Node<'v>, name: &str) -> Vec<Spot<'v>> {
    let (owner, def) = match (node.kind.kind, node.extras) {
        (TypeKind::Primitive, extras) => (extras, type_def("Element")),
        _ => (node.value, Some(node.kind)),
    };
    let (Some(owner), Some(def)) = (owner, def) else { return Vec::new() };
    match def.elements.iter().find(|element| element.path == name || element.name == name) {
        Some(element) => spots(owner, def, element.group),
        None => Vec::new(),
    }
}
