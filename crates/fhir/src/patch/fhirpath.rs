//! FHIRPath Patch (R4, fhirpatch.html): a Parameters resource of operations, each with a path in FHIRPath.

use super::item::{Both, Spot, items, put};
use crate::definitions::{Element, TypeDef};
use crate::fhirpath::{Expression, Item, Node};
use crate::json::{Json, Value};
use crate::validate::find;
use crate::validate::place::shown;
use crate::{Issue, Kind, Limits, Refusal, Tree};

/// One patch may have so many operations.
const OPERATIONS_MAX: usize = 250;
/// Each operation reads the resource anew, so that many of them on a large one are a burden: bytes in all.
const BYTES_MAX: usize = 64 << 20;

/// Applies a FHIRPath Patch to a resource. All operations or none.
pub fn fhirpath_patch(resource: Value<'_>, parameters: Value<'_>) -> Result<Tree, Refusal> {
    if parameters.str("resourceType").as_deref() != Some("Parameters") {
        let text = "A FHIRPath Patch must be a Parameters resource.";
        return Err(Refusal::many(Kind::Invalid, vec![Issue::new("structure", "resourceType", text)]));
    }
    let (mut operations, mut issues) = (Vec::new(), Vec::new());
    for (number, parameter) in parameters.get("parameter").into_iter().flat_map(Value::items).enumerate() {
        match Operation::read(parameter) {
            Ok(operation) => operations.push(operation),
            Err(reason) => issues.push(issue(number, &reason)),
        }
    }
    if !issues.is_empty() {
        return Err(Refusal::many(Kind::Invalid, issues));
    }
    let mut text = resource.canonical();
    let mut document = Tree::from(resource);
    if operations.len() > OPERATIONS_MAX || operations.len().saturating_mul(text.len()) > BYTES_MAX {
        let text = format!("The patch has {} operations, too many for this resource.", operations.len());
        return Err(Refusal::new(Kind::TooLarge, text));
    }
    for (number, operation) in operations.iter().enumerate() {
        let limits = Limits { bytes: usize::MAX, ..Limits::DOOR };
        let refuse = |reason: String| Refusal::many(Kind::Invalid, vec![issue(number, &reason)]);
        let json = Json::parse(text, limits).map_err(|e| refuse(e.reason))?;
        operation.apply(&json, &mut document).map_err(refuse)?;
        text = document.text();
    }
    let limits = Limits { bytes: usize::MAX, ..Limits::DOOR };
    match Json::parse(text, limits) {
        Ok(_) => Ok(document),
        Err(e) => Err(Refusal::new(Kind::TooLarge, format!("The patched resource: {}.", e.reason))),
    }
}

/// Operations are numbered as FHIRPath numbers the parameters.
fn issue(number: usize, reason: &str) -> Issue {
    let text = format!("Operation {number} of the patch cannot be done: {reason}. Nothing has been changed.");
    Issue::new("processing", format!("Parameters.parameter[{number}]"), text)
}

struct Operation<'p> {
    path: Expression,
    /// The path as it came, for sentences.
    shown: String,
    act: Act<'p>,
}

enum Act<'p> {
    Add { name: String, value: Value<'p> },
    Insert { index: usize, value: Value<'p> },
    Delete,
    Replace { value: Value<'p> },
    Move { source: usize, destination: usize },
}

impl<'p> Operation<'p> {
    fn read(parameter: Value<'p>) -> Result<Operation<'p>, String> {
        if parameter.str("name").as_deref() != Some("operation") {
            return Err("each parameter of the patch must be called operation".to_owned());
        }
        let part = |name: &str| {
            let mut parts = parameter.get("part").into_iter().flat_map(Value::items);
            parts.find(|part| part.str("name").as_deref() == Some(name))
        };
        let needed = |name: &str| part(name).ok_or(format!("it needs a part called {name}"));
        let text = |name: &str| {
            let value = needed(name).map(|part| typed(part).and_then(|(_, value)| value.as_str()))?;
            value.map(|text| text.into_owned()).ok_or(format!("the part {name} must have a text"))
        };
        let number = |name: &str| {
            let digits = needed(name).map(|part| typed(part).and_then(|(_, value)| value.as_number()))?;
            let number = digits.and_then(|digits| digits.parse::<usize>().ok());
            number.ok_or(format!("the part {name} must have a whole number from 0 up"))
        };
        let path = text("path")?;
        let act = match text("type")?.as_str() {
            "add" => Act::Add { name: text("name")?, value: needed("value")? },
            "insert" => Act::Insert { index: number("index")?, value: needed("value")? },
            "delete" => Act::Delete,
            "replace" => Act::Replace { value: needed("value")? },
            "move" => Act::Move { source: number("source")?, destination: number("destination")? },
            _ => return Err("its type must be one of add, insert, delete, replace and move".to_owned()),
        };
        let expression = Expression::parse(&path).map_err(|e| format!("its path is no FHIRPath: {e}"))?;
        Ok(Operation { path: expression, shown: shown(&path), act })
    }

    /// `json` and `document` are the same resource: one to be asked, one to be changed.
    fn apply(&self, json: &Json, document: &mut Tree) -> Result<(), String> {
        let found = self.path.evaluate(json.root()).map_err(|fault| fault.reason)?;
        let nodes = found.into_iter().map(|item| match item {
            Item::Node(node) if node.value.or(node.extras).is_some() => Ok(node),
            _ => Err(format!("{} leads to what is no part of the resource", self.shown)),
        });
        let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
        match &self.act {
            Act::Add { name, value } => add(self.one(&nodes)?, json, document, name, *value),
            Act::Insert { index, value } => {
                let (spot, element, mut list) = self.list(&nodes, json, document)?;
                if *index > list.len() {
                    return Err(format!("the list has {} items, so none can be put at {index}", list.len()));
                }
                list.insert(*index, content(*value, element)?);
                store(&spot, document, element, list)
            }
            Act::Delete => match nodes.as_slice() {
                [] => Ok(()),
                nodes => delete(&self.spot(self.one(nodes)?, json)?, document),
            },
            Act::Replace { value } => replace(&self.spot(self.one(&nodes)?, json)?, document, *value),
            Act::Move { source, destination } => {
                let (spot, element, mut list) = self.list(&nodes, json, document)?;
                if *source >= list.len() || *destination >= list.len() {
                    let count = list.len();
                    return Err(format!(
                        "the list has {count} items, so {source} cannot move to {destination}"
                    ));
                }
                let item = list.remove(*source);
                list.insert(*destination, item);
                store(&spot, document, element, list)
            }
        }
    }

    fn one<'a>(&self, nodes: &[Node<'a>]) -> Result<Node<'a>, String> {
        match nodes {
            [node] => Ok(*node),
            [] => Err(format!("there is nothing at {}", self.shown)),
            _ => Err(format!("{} leads to {} elements and must lead to one", self.shown, nodes.len())),
        }
    }

    fn spot(&self, node: Node<'_>, json: &Json) -> Result<Spot, String> {
        let part = node.value.or(node.extras);
        let spot = part.and_then(|part| Spot::of(json, part));
        spot.ok_or_else(|| format!("{} is the whole resource, which stays", self.shown))
    }

    /// The list that all these nodes are items of.
    fn list(
        &self,
        nodes: &[Node<'_>],
        json: &Json,
        document: &mut Tree,
    ) -> Result<(Spot, &'static Element, Vec<Both>), String> {
        let mut spots = nodes.iter().map(|node| self.spot(*node, json)).collect::<Result<Vec<_>, _>>()?;
        let first =
            spots.pop().ok_or_else(|| format!("there is no list at {}. Add to it instead", self.shown))?;
        if !first.is_beside(&first) || !spots.iter().all(|spot| spot.is_beside(&first)) {
            return Err(format!("{} does not lead to one list", self.shown));
        }
        let element = known(&first, document)?;
        let owner = first.owner(document).ok_or("it is not there any more")?;
        let list = items(owner, &first.name);
        Ok((first, element, list))
    }
}

fn known(spot: &Spot, document: &Tree) -> Result<&'static Element, String> {
    spot.element(document).ok_or_else(|| format!("{} is no element of the standard", shown(&spot.name)))
}

fn store(spot: &Spot, document: &mut Tree, element: &Element, list: Vec<Both>) -> Result<(), String> {
    let owner = spot.owner(document).ok_or("it is not there any more")?;
    put(owner, &spot.name, element.repeats(), list);
    Ok(())
}

/// Appends a new element to the one that `node` is.
fn add(node: Node<'_>, json: &Json, document: &mut Tree, name: &str, value: Value<'_>) -> Result<(), String> {
    let spot = node.value.or(node.extras).and_then(|part| Spot::of(json, part));
    let Some(spot) = spot else { return append(document, node.kind, name, value) };
    let is_primitive = node.kind.primitive.is_some();
    let def = if is_primitive { crate::definitions::type_def("Element") } else { Some(node.kind) };
    let def = def.ok_or("it has no elements")?;
    let element = known(&spot, document)?;
    let owner = spot.owner(document).ok_or("it is not there any more")?;
    let mut list = items(owner, &spot.name);
    let item = list.get_mut(spot.index.unwrap_or(0)).ok_or("it is not there any more")?;
    let target = if is_primitive { &mut item.extras } else { &mut item.value };
    append(target.get_or_insert_with(Tree::object), def, name, value)?;
    put(owner, &spot.name, element.repeats(), list);
    Ok(())
}

/// Appends what a part says to an object of this type, under `name`.
fn append(object: &mut Tree, def: &'static TypeDef, name: &str, part: Value<'_>) -> Result<(), String> {
    let element = named(def, name, part)?;
    let new = content(part, element)?;
    let mut list = items(object, element.name);
    if !list.is_empty() && !element.repeats() {
        return Err(format!("{} has {} already. Replace it", def.name, element.name));
    }
    list.push(new);
    put(object, element.name, element.repeats(), list);
    Ok(())
}

/// The element of a type that is called so; of a choice, the one that fits the part's value.
fn named(def: &'static TypeDef, name: &str, part: Value<'_>) -> Result<&'static Element, String> {
    let of_choice = typed(part).and_then(|(suffix, _)| find(def, &format!("{name}{suffix}"), 0));
    let at = find(def, name, 0).or(of_choice.filter(|at| def.elements[*at].path == name));
    at.map(|at| &def.elements[at]).ok_or_else(|| format!("{} has no element {}", def.name, shown(name)))
}

fn delete(spot: &Spot, document: &mut Tree) -> Result<(), String> {
    let element = known(spot, document)?;
    let owner = spot.owner(document).ok_or("it is not there any more")?;
    let mut list = items(owner, &spot.name);
    let at = spot.index.unwrap_or(0);
    if at < list.len() {
        list.remove(at);
    }
    put(owner, &spot.name, element.repeats(), list);
    spot.prune(document);
    Ok(())
}

fn replace(spot: &Spot, document: &mut Tree, part: Value<'_>) -> Result<(), String> {
    let element = known(spot, document)?;
    let def = spot.owner_type(document).ok_or("it is not there any more")?;
    // A choice may change its type, and with it its name.
    let other = if element.choice { named(def, element.path, part)? } else { element };
    let new = content(part, other)?;
    let owner = spot.owner(document).ok_or("it is not there any more")?;
    if other.name != element.name {
        put(owner, element.name, false, Vec::new());
        put(owner, other.name, false, vec![new]);
        return Ok(());
    }
    let mut list = items(owner, &spot.name);
    *list.get_mut(spot.index.unwrap_or(0)).ok_or("it is not there any more")? = new;
    put(owner, &spot.name, element.repeats(), list);
    Ok(())
}

/// `value[x]` of a part: what follows `value`, and the value.
fn typed(part: Value<'_>) -> Option<(String, Value<'_>)> {
    part.members().find_map(|(name, value)| Some((name.strip_prefix("value")?.to_owned(), value)))
}

/// What a part says as the content of an element: a data type in `value[x]`, a resource, or, for an element that
/// has elements but no type of its own, parts called like those.
fn content(part: Value<'_>, element: &'static Element) -> Result<Both, String> {
    let extras = part.members().find(|(name, _)| name.starts_with("_value")).map(|(_, value)| value.into());
    if let Some((_, value)) = typed(part) {
        return Ok(Both { value: Some(value.into()), extras });
    }
    if extras.is_some() {
        return Ok(Both { value: None, extras });
    }
    if let Some(resource) = part.get("resource") {
        return Ok(Both { value: Some(resource.into()), extras: None });
    }
    let mut object = Tree::object();
    for inner in part.get("part").into_iter().flat_map(Value::items) {
        let name = inner.str("name").ok_or("a part of its value has no name")?;
        append(&mut object, element.type_def(), &name, inner)?;
    }
    if object == Tree::object() {
        return Err("its value is empty".to_owned());
    }
    Ok(Both { value: Some(object), extras: None })
}
