//! A query, evaluated.

use super::arguments::{self, Variables, argument, directive, is_wanted};
use super::cost::{Cost, costly};
use super::place::{Place, Thing};
use super::shape::{As, Out};
use super::{DEPTH_MAX, about, named};
use fhir::Tree;
use fhir::definitions::{Element, TypeKind, type_def};
use fhir::fhirpath::{Expression, Item, Node, Scalar};
use fhir::json::{Json, Limits, Value};
use fhir::search::Handling;
use graphql_parser::query::{Field, FragmentDefinition, Selection, SelectionSet, TypeCondition};
use record::{Body, Kind, Page, Refusal, Results};
use service::interaction::{self, Address, Caller, kind_named};
use std::cell::RefCell;
use std::collections::HashMap;

type Set = SelectionSet<'static, String>;
type Asked = Field<'static, String>;

/// Matches of a list when no count is asked for, and at most.
const LIST: (usize, usize) = (20, 1_000);

/// A query while it is answered.
pub(super) struct Run<'r> {
    caller: &'r Caller<'r>,
    fragments: HashMap<String, FragmentDefinition<'static, String>>,
    variables: Variables,
    cost: Cost,
    faults: RefCell<Vec<Tree>>,
}

/// What a value is put under, and how.
#[derive(Clone, Copy)]
struct Way {
    /// The element repeats.
    list: bool,
    /// Something above it repeats and was flattened.
    many: bool,
    depth: usize,
}

impl<'r> Run<'r> {
    pub fn new(
        caller: &'r Caller<'r>,
        fragments: HashMap<String, FragmentDefinition<'static, String>>,
        variables: Variables,
    ) -> Run<'r> {
        let (cost, faults) = Default::default();
        Run { caller, fragments, variables, cost, faults }
    }

    /// What went wrong with parts of the answer.
    pub fn faults(self) -> Vec<Tree> {
        self.faults.into_inner()
    }

    /// A query at the base.
    pub fn root(&self, set: &Set) -> Result<Tree, Refusal> {
        let mut out = Out::default();
        self.select(Place::Root, set, &mut out, false, 0)?;
        Ok(out.tree())
    }

    /// A query at a resource.
    pub fn instance(&self, kind: &'static str, id: &str, set: &Set) -> Result<Tree, Refusal> {
        let json = self.parsed(&interaction::read(self.caller, kind, id)?)?;
        let mut out = Out::default();
        if let Some(thing) = Thing::resource(json.root()) {
            self.select(Place::Thing(thing), set, &mut out, false, 0)?;
        }
        Ok(out.tree())
    }

    fn select(
        &self,
        place: Place<'_>,
        set: &Set,
        out: &mut Out,
        many: bool,
        depth: usize,
    ) -> Result<(), Refusal> {
        if depth > DEPTH_MAX {
            return Err(costly(format!("The query is deeper than {DEPTH_MAX}. Make it flatter.")));
        }
        for selection in &set.items {
            self.cost.field()?;
            match selection {
                Selection::Field(field) => {
                    if !is_wanted(&field.directives, &self.variables)? {
                        continue;
                    }
                    // The same field again, of another fragment.
                    if !many && out.has(key(field)) && directive(&field.directives, "flatten").is_none() {
                        let mut again = Out::default();
                        self.field(place, field, &mut again, many, depth)?;
                        out.agree(again)?;
                    } else {
                        self.field(place, field, out, many, depth)?;
                    }
                }
                Selection::InlineFragment(inline) => {
                    let fits = match &inline.type_condition {
                        Some(TypeCondition::On(name)) => place.is(name),
                        None => true,
                    };
                    if fits && is_wanted(&inline.directives, &self.variables)? {
                        self.select(place, &inline.selection_set, out, many, depth + 1)?;
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = self.fragments.get(&spread.fragment_name).ok_or_else(|| {
                        wrong(format!("There is no fragment {}. Define it.", named(selection)))
                    })?;
                    let TypeCondition::On(name) = &fragment.type_condition;
                    if place.is(name) && is_wanted(&spread.directives, &self.variables)? {
                        self.select(place, &fragment.selection_set, out, many, depth + 1)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn field(
        &self,
        place: Place<'_>,
        field: &Asked,
        out: &mut Out,
        many: bool,
        depth: usize,
    ) -> Result<(), Refusal> {
        let way = Way { list: false, many, depth };
        if field.name == "__typename" {
            return self.leaf(field, place.type_name().into(), way, out);
        }
        match place {
            Place::Root => self.of_root(field, way, out),
            Place::Thing(thing) => self.of_thing(thing, field, way, out),
            Place::Edge(thing) => match field.name.as_str() {
                "mode" => self.leaf(field, "match".into(), way, out),
                "resource" => self.put(field, Place::Thing(thing), "", way, out),
                _ => Err(unknown("Edge", &field.name)),
            },
            Place::Connection(results, size) => self.of_connection(results, size, field, way, out),
            Place::Built(tree) => self.of_built(tree, field, way, out),
        }
    }

    fn of_root(&self, field: &Asked, way: Way, out: &mut Out) -> Result<(), Refusal> {
        match field.name.as_str() {
            "__schema" => return self.put(field, Place::Built(&about::schema()), "", way, out),
            "__type" => {
                let name = argument(field, "name", &self.variables)?.unwrap_or_default();
                return match about::named(&name) {
                    Some(tree) => self.put(field, Place::Built(&tree), "", way, out),
                    None => out.put(key(field), Tree::Null, As::One),
                };
            }
            name if type_def(name).is_some() => {}
            _ => return self.search(field, None, way, out),
        }
        let kind = kind_named(&field.name).map_err(|_| unknown("Query", &field.name))?;
        let id = argument(field, "id", &self.variables)?
            .ok_or_else(|| wrong(format!("{kind} needs id. To search, ask for {kind}List.")))?;
        self.cost.load(1)?;
        match interaction::read(self.caller, kind, &id) {
            Ok(body) => self.loaded(&body, field, way, out),
            Err(refusal) => self.fault(field, refusal, out),
        }
    }

    /// `PatientList` and `PatientConnection`.
    fn search(&self, field: &Asked, at: Option<&str>, way: Way, out: &mut Out) -> Result<(), Refusal> {
        let within = if at.is_some() { "a resource" } else { "Query" };
        let (name, paged) = match (field.name.strip_suffix("List"), field.name.strip_suffix("Connection")) {
            (Some(name), _) => (name, false),
            (_, Some(name)) => (name, true),
            _ => return Err(unknown(within, &field.name)),
        };
        let kind = kind_named(name).map_err(|_| unknown(within, &field.name))?;
        let pairs = arguments::search(field, at, &self.variables)?;
        let now = self.caller.access.store().now();
        let query = self.caller.query(Some(kind), &pairs, Handling::Strict, now)?;
        let count = query.count.unwrap_or(LIST.0).min(LIST.1);
        self.cost.load(1)?;
        let results = interaction::search(self.caller, &query, &Page { count, total: paged })?;
        self.cost.load(results.matches.len().saturating_sub(1))?;
        if paged {
            return self.put(field, Place::Connection(&results, count), "", way, out);
        }
        if results.matches.is_empty() && !way.many {
            return out.put(key(field), Tree::Array(Vec::new()), As::One);
        }
        for body in self.limited(field, &results.matches)? {
            self.loaded(body, field, Way { list: true, ..way }, out)?;
        }
        Ok(())
    }

    fn of_connection(
        &self,
        results: &Results,
        size: usize,
        field: &Asked,
        way: Way,
        out: &mut Out,
    ) -> Result<(), Refusal> {
        let number = |n: u64| Tree::Number(n.to_string());
        match field.name.as_str() {
            "count" => self.leaf(field, results.total.map_or(Tree::Null, number), way, out),
            "pagesize" => self.leaf(field, number(size as u64), way, out),
            "next" => self.leaf(field, results.next.clone().map_or(Tree::Null, Tree::from), way, out),
            "edges" => {
                for body in &results.matches {
                    let json = self.parsed(body)?;
                    if let Some(thing) = Thing::resource(json.root()) {
                        self.put(field, Place::Edge(thing), "", Way { list: true, ..way }, out)?;
                    }
                }
                Ok(())
            }
            _ => Err(unknown("Connection", &field.name)),
        }
    }

    /// What tells of the types: plain objects and lists.
    fn of_built(&self, tree: &Tree, field: &Asked, way: Way, out: &mut Out) -> Result<(), Refusal> {
        match tree.get(&field.name) {
            Some(Tree::Array(list)) if list.is_empty() => {
                out.put(key(field), Tree::Array(Vec::new()), As::One)
            }
            Some(Tree::Array(list)) => {
                list.iter().try_for_each(|one| self.built(one, field, Way { list: true, ..way }, out))
            }
            Some(one) => self.built(one, field, way, out),
            None => out.put(key(field), Tree::Null, As::One),
        }
    }

    fn built(&self, tree: &Tree, field: &Asked, way: Way, out: &mut Out) -> Result<(), Refusal> {
        match tree {
            Tree::Object(_) => self.put(field, Place::Built(tree), "", way, out),
            Tree::Null => out.put(key(field), Tree::Null, self.how(field, way)),
            leaf => self.leaf(field, leaf.clone(), way, out),
        }
    }

    fn of_thing(&self, thing: Thing<'_>, field: &Asked, way: Way, out: &mut Out) -> Result<(), Refusal> {
        let name = field.name.as_str();
        if name == "resource" && thing.kind.name == "Reference" {
            return self.followed(thing, field, way, out);
        }
        if name == "resourceType" && thing.is_resource() {
            return self.leaf(field, thing.kind.name.into(), way, out);
        }
        let Some(element) = thing.kind.elements.iter().find(|element| element.name == name) else {
            let at = thing.address().filter(|_| name.ends_with("List") || name.ends_with("Connection"));
            return match at {
                Some(at) => self.search(field, Some(&at), way, out),
                None => Err(unknown(thing.kind.name, name)),
            };
        };
        let Some(value) = thing.value.get(name) else { return Ok(()) };
        let items = self.chosen(thing, element, value, field)?;
        let first = directive(&field.directives, "first").is_some();
        for (i, item) in items.into_iter().enumerate().take(if first { 1 } else { usize::MAX }) {
            let way = Way { list: element.repeats(), ..way };
            let suffix = self.suffix(item, i, field)?;
            if item.kind.kind == TypeKind::Primitive {
                self.no_selection(field)?;
                self.cost.weigh(item.value.raw().len())?;
                let name = format!("{}{suffix}", key(field));
                out.put(&name, item.value.into(), self.how(field, way))?;
            } else {
                self.put(field, Place::Thing(item), &suffix, way, out)?;
            }
        }
        Ok(())
    }

    /// The items of an element that the arguments choose.
    fn chosen<'v>(
        &self,
        thing: Thing<'v>,
        element: &'static Element,
        value: Value<'v>,
        field: &Asked,
    ) -> Result<Vec<Thing<'v>>, Refusal> {
        let of = |value: Value<'v>| {
            let within = Thing::resource(value).filter(|_| element.type_name == "Resource");
            within.unwrap_or(Thing { value, kind: element.type_def(), resource: thing.resource })
        };
        let mut items: Vec<Thing<'v>> = value.each().map(of).collect();
        let (mut offset, mut count) = (0, usize::MAX);
        for (name, given) in &field.arguments {
            let wanted = arguments::texts(given, &self.variables)?;
            let number = || {
                let number = wanted.first().and_then(|text| text.parse::<usize>().ok());
                number.ok_or_else(|| wrong(format!("{name} takes a whole number.")))
            };
            match name.as_str() {
                "fhirpath" => {
                    let text = wanted.first().map(String::as_str).unwrap_or_default();
                    let mut kept = Vec::new();
                    for (i, item) in items.into_iter().enumerate() {
                        if self.path(text, item, i)?.as_deref() == Some("true") {
                            kept.push(item);
                        }
                    }
                    items = kept;
                }
                "_offset" => offset = number()?,
                "_count" => count = number()?,
                name => {
                    let def = element.type_def();
                    if !def.elements.iter().any(|element| element.name == name) {
                        return Err(unknown(def.name, name));
                    }
                    items.retain(|item| {
                        let mut values = item.value.get(name).into_iter().flat_map(Value::each);
                        values.any(|value| simple(value).is_some_and(|text| wanted.contains(&text)))
                    });
                }
            }
        }
        Ok(items.into_iter().skip(offset).take(count).collect())
    }

    /// The first value of a path on an item, as text; `$index` is its place in the list.
    fn path(&self, text: &str, item: Thing<'_>, index: usize) -> Result<Option<String>, Refusal> {
        if text.trim() == "$index" {
            return Ok(Some(index.to_string()));
        }
        let expression = Expression::parse_for(text, item.kind)
            .map_err(|e| wrong(format!("{text:?} is no FHIRPath: {}.", e.reason)))?;
        let Some(resource) = Node::resource(item.resource) else { return Ok(None) };
        let node = Node { kind: item.kind, value: Some(item.value), extras: None };
        let found = expression
            .evaluate_on(Item::Node(node), resource)
            .map_err(|fault| wrong(format!("{text:?} cannot be evaluated: {}.", fault.reason)))?;
        Ok(found.first().and_then(|item| match item {
            Item::Node(node) => node.value.and_then(simple),
            Item::Computed(Scalar::Boolean(is)) => Some(is.to_string()),
            Item::Computed(Scalar::String(text)) => Some(text.clone()),
            _ => None,
        }))
    }

    /// What `@slice` adds to a name.
    fn suffix(&self, item: Thing<'_>, index: usize, field: &Asked) -> Result<String, Refusal> {
        let Some(slice) = directive(&field.directives, "slice") else { return Ok(String::new()) };
        let path = slice.arguments.iter().find(|(name, _)| name == "fhirpath" || name == "path");
        let text = path.map(|(_, value)| arguments::texts(value, &self.variables)).transpose()?;
        let text = text.and_then(|texts| texts.into_iter().next());
        let text = text.ok_or_else(|| wrong("@slice needs fhirpath: \"...\".".into()))?;
        Ok(self.path(&text, item, index)?.map_or_else(String::new, |value| format!(".{value}")))
    }

    /// The resource that a reference points at.
    fn followed(&self, thing: Thing<'_>, field: &Asked, way: Way, out: &mut Out) -> Result<(), Refusal> {
        let of_type = argument(field, "type", &self.variables)?;
        let optional = argument(field, "optional", &self.variables)?.as_deref() == Some("true");
        let Some(reference) = thing.value.str("reference") else { return Ok(()) };
        if let Some(id) = reference.strip_prefix('#') {
            let mut contained = thing.resource.get("contained").into_iter().flat_map(Value::items);
            let found = contained.find(|one| one.str("id").as_deref() == Some(id)).and_then(Thing::resource);
            let found = found.filter(|found| of_type.as_deref().is_none_or(|kind| kind == found.kind.name));
            return found.map_or(Ok(()), |found| {
                let found = Thing { resource: thing.resource, ..found };
                self.put(field, Place::Thing(found), "", way, out)
            });
        }
        let address = Address::parse(&reference, self.caller.base);
        let Ok(Address { kind, id: Some(id), .. }) = address else {
            let text = format!("{reference} points elsewhere and is not followed.");
            let refusal = Refusal::not_found(&text);
            return if optional { Ok(()) } else { self.fault(field, refusal, out) };
        };
        if of_type.is_some_and(|of_type| of_type != kind) {
            return Ok(());
        }
        self.cost.load(1)?;
        match interaction::read(self.caller, kind, &id) {
            Ok(body) => self.loaded(&body, field, way, out),
            Err(_) if optional => Ok(()),
            Err(refusal) => self.fault(field, refusal, out),
        }
    }

    /// A resource that was read, under its name.
    fn loaded(&self, body: &Body, field: &Asked, way: Way, out: &mut Out) -> Result<(), Refusal> {
        let json = self.parsed(body)?;
        let Some(thing) = Thing::resource(json.root()) else { return Ok(()) };
        self.put(field, Place::Thing(thing), "", way, out)
    }

    fn parsed(&self, body: &Body) -> Result<Json, Refusal> {
        let limits = Limits { bytes: usize::MAX, depth: usize::MAX, number: usize::MAX };
        let fault = |_| Refusal::new(Kind::Fault, "A resource could not be read. Tell support.");
        Json::parse(body.text.as_str(), limits).map_err(fault)
    }

    /// The matches of a list, as `@first` wants them.
    fn limited<'b>(&self, field: &Asked, all: &'b [Body]) -> Result<&'b [Body], Refusal> {
        let first = directive(&field.directives, "first").is_some();
        Ok(if first { &all[..all.len().min(1)] } else { all })
    }

    /// Puts what stands under a field, with what is selected of it.
    fn put(
        &self,
        field: &Asked,
        place: Place<'_>,
        suffix: &str,
        way: Way,
        out: &mut Out,
    ) -> Result<(), Refusal> {
        if field.selection_set.items.is_empty() {
            return Err(wrong(format!("{} is an object. Say which of its fields are wanted.", field.name)));
        }
        if directive(&field.directives, "flatten").is_some() {
            let first = directive(&field.directives, "first").is_some();
            let many = way.many || way.list && !first;
            return self.select(place, &field.selection_set, out, many, way.depth + 1);
        }
        let mut inner = Out::default();
        self.select(place, &field.selection_set, &mut inner, false, way.depth + 1)?;
        out.put(&format!("{}{suffix}", key(field)), inner.tree(), self.how(field, way))
    }

    fn leaf(&self, field: &Asked, value: Tree, way: Way, out: &mut Out) -> Result<(), Refusal> {
        self.no_selection(field)?;
        out.put(key(field), value, self.how(field, way))
    }

    fn no_selection(&self, field: &Asked) -> Result<(), Refusal> {
        if field.selection_set.items.is_empty() {
            return Ok(());
        }
        Err(wrong(format!("{} has no fields of its own. Leave its braces out.", field.name)))
    }

    /// As one of a list, unless it was said to be the only one. What is sliced has a name of its own.
    fn how(&self, field: &Asked, way: Way) -> As {
        let alone = |name| directive(&field.directives, name).is_some();
        if alone("singleton") || alone("slice") && !way.many {
            As::One
        } else if way.list || way.many {
            As::Item
        } else {
            As::One
        }
    }

    /// Nothing under the field, and why.
    fn fault(&self, field: &Asked, refusal: Refusal, out: &mut Out) -> Result<(), Refusal> {
        if matches!(refusal.kind, Kind::Fault | Kind::Busy | Kind::Forbidden | Kind::Unauthenticated) {
            return Err(refusal);
        }
        let path = vec![Tree::from(key(field))];
        let told = Tree::object().with("message", refusal.to_string()).with("path", path);
        let outcome = Tree::object().with("resource", refusal.outcome());
        self.faults.borrow_mut().push(told.with("extensions", outcome));
        if out.has(key(field)) { Ok(()) } else { out.put(key(field), Tree::Null, As::One) }
    }
}

/// What a field is called in the answer.
fn key(field: &Asked) -> &str {
    field.alias.as_deref().unwrap_or(&field.name)
}

fn simple(value: Value<'_>) -> Option<String> {
    let text = value.as_str().map(|text| text.into_owned());
    let text = text.or_else(|| value.as_number().map(str::to_owned));
    text.or_else(|| value.as_bool().map(|is| is.to_string()))
}

fn wrong(text: String) -> Refusal {
    Refusal::invalid("query", text)
}

fn unknown(kind: &str, name: &str) -> Refusal {
    wrong(format!(
        "{kind} has no field {name}. Ask __type(name: \"{kind}\") {{ fields {{ name }} }} which it has."
    ))
}
