//! R4's own invariants, those that are errors, on every published example.

use crate::definitions::type_def;
use crate::fhirpath::{Context, Expression, Item, Node};
use crate::json::{Json, Limits, Value};
use crate::suites;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Invariant and example of each violation that is in the published examples themselves, with the reason.
const VIOLATED: &str = include_str!("invariants_violated.txt");

struct Invariant {
    key: String,
    expression: Expression,
}

/// The invariants of each type and element by its path (`Patient`, `Patient.contact`, `Period`).
type Invariants = BTreeMap<String, Vec<Invariant>>;

fn invariants() -> Invariants {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/definitions/dist/fhir/r4");
    let mut all = Invariants::new();
    for file in ["profiles-types.json", "profiles-resources.json"] {
        let json = Json::parse(std::fs::read(folder.join(file)).unwrap(), Limits::FILE).unwrap();
        for entry in json.root().get("entry").unwrap().items() {
            let structure = entry.get("resource").unwrap();
            let is = |name: &str, text: &str| structure.str(name).is_some_and(|s| s == text);
            if !is("resourceType", "StructureDefinition")
                || !is("fhirVersion", "4.0.1")
                || is("derivation", "constraint")
            {
                continue;
            }
            for element in structure.at(&["snapshot", "element"]).into_iter().flat_map(Value::items) {
                let path = element.str("path").unwrap().trim_end_matches("[x]").to_owned();
                for constraint in element.get("constraint").into_iter().flat_map(Value::items) {
                    let Some(text) = constraint.str("expression") else { continue };
                    if constraint.str("severity").unwrap() != "error" {
                        continue;
                    }
                    let key = constraint.str("key").unwrap().into_owned();
                    let own = all.entry(path.clone()).or_default();
                    let expression =
                        Expression::parse(&text).unwrap_or_else(|e| panic!("{path} {key} {text}: {e}"));
                    own.push(Invariant { key, expression });
                }
            }
        }
    }
    all
}

struct Walk<'i> {
    invariants: &'i Invariants,
    children: Expression,
    held: usize,
    violated: BTreeSet<String>,
}

impl Walk<'_> {
    /// Looks at a node that stands at `path` within its type.
    fn node(&mut self, node: Node<'_>, path: &str, context: &Context<'_>, example: &str) {
        let invariants = self.invariants;
        let of = |path: &str| invariants.get(path).into_iter().flatten();
        let mut seen = BTreeSet::new();
        for invariant in of(node.kind.name).chain(of(path)).filter(|i| seen.insert(i.key.clone())) {
            let key = &invariant.key;
            let holds = invariant.expression.holds_in(Item::Node(node), context);
            match holds.unwrap_or_else(|fault| panic!("{example} {path} {key}: {fault}")) {
                // Nothing is not false (`matches()` of an absent value).
                Some(true) | None => self.held += 1,
                Some(false) => {
                    self.violated.insert(format!("{key} {example}"));
                }
            }
        }
        for child in self.children.evaluate_on(Item::Node(node), node).unwrap() {
            let Item::Node(child) = child else { continue };
            self.child(child, node, context, example);
        }
    }

    fn child(&mut self, child: Node<'_>, parent: Node<'_>, context: &Context<'_>, example: &str) {
        if child.kind.name == child.value.and_then(|v| v.str("resourceType")).unwrap_or_default() {
            let root = if parent.kind.name.starts_with("Bundle") { child } else { context.root };
            self.node(child, child.kind.name, &Context { root, ..Context::new(child) }, example);
            return;
        }
        let at = child.value.or(child.extras).map(Value::span);
        let name = parent.value.into_iter().flat_map(Value::members).find(|(_, value)| {
            value.span() == at.unwrap() || value.items().any(|item| item.span() == at.unwrap())
        });
        let element = name.and_then(|(name, _)| {
            parent.kind.elements.iter().find(|element| element.name == name.trim_start_matches('_'))
        });
        let path =
            element.map_or_else(String::new, |element| format!("{}.{}", parent.kind.name, element.path));
        self.node(child, &path, context, example);
    }
}

#[test]
fn the_invariants_of_r4_are_evaluated_on_every_example_without_fault_and_hold_but_where_listed() {
    let invariants = invariants();
    let children = Expression::parse("children()").unwrap();
    let mut walk = Walk { invariants: &invariants, children, held: 0, violated: BTreeSet::new() };
    for (name, text) in suites::files("fhir-r4-examples") {
        let json = Json::parse(text, Limits::DOOR).unwrap();
        let node = Node::resource(json.root()).unwrap();
        walk.node(node, node.kind.name, &Context::new(node), &name);
    }
    eprintln!(
        "SUITE invariants of R4 on its examples: passed {}, failed {}, skipped 0",
        walk.held,
        walk.violated.len()
    );
    if walk.held == 0 {
        return;
    }
    let listed = VIOLATED.lines().filter_map(|line| line.split_once(": ")).map(|(place, _)| place.to_owned());
    let listed: BTreeSet<String> = listed.collect();
    let unlisted: Vec<_> = walk.violated.difference(&listed).collect();
    let mended: Vec<_> = listed.difference(&walk.violated).collect();
    assert!(
        unlisted.is_empty() && mended.is_empty(),
        "not listed: {unlisted:#?}\nno longer violated: {mended:#?}"
    );
}

#[test]
fn nothing_is_wrong_with_the_invariants_of_r4_on_their_types_but_what_is_listed() {
    let mut faults = Vec::new();
    for (path, invariants) in invariants() {
        let Some(kind) = type_def(&path) else { continue };
        for invariant in invariants {
            for fault in invariant.expression.faults_on(kind) {
                faults.push(format!("{} on {path}: {fault}", invariant.key));
            }
        }
    }
    // The package has one invariant of a later version, on elements that R4 does not have.
    faults.retain(|fault| !fault.starts_with("evv-1 "));
    assert_eq!(faults, Vec::<String>::new());
}
