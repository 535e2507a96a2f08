//! Snapshots made from differentials (R4, profiling.html).

use crate::element::{Element, items, text};
use crate::merge::lay;
use fhir::{Json, Tree, Value};
use package::{Source, canonical};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Definitions that may build on one another.
const BASES_MAX: usize = 32;
const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// Why a profile cannot be used, as sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(pub String);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// A structure definition with all of its elements.
#[derive(Debug)]
pub struct Definition {
    /// Its canonical address, without version.
    pub url: String,
    /// The type that it constrains: `Patient`, `Extension`.
    pub kind: String,
    /// The definition as it was published.
    pub json: Arc<Json>,
    /// Its elements: the snapshot, as a tree.
    pub root: Element,
    /// Where the rules are that it brings.
    pub brings: Brings,
}

/// Where the rules are that a definition brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brings {
    /// In every element, and the structural check keeps many of them: a type of R4 itself.
    Core,
    /// In every element.
    All,
    /// In what differentials have said.
    Said,
}

impl Definition {
    /// Its canonical address with its version, if it has one: `url|version`.
    pub fn canonical(&self) -> String {
        match self.json.root().str("version") {
            Some(version) => format!("{}|{version}", self.url),
            None => self.url.clone(),
        }
    }
}

/// A definition with its snapshot, or why there is none.
type Made = Result<Arc<Definition>, Error>;

/// Definitions with their snapshots; each is made once.
pub struct Snapshots {
    source: Arc<dyn Source>,
    made: Mutex<HashMap<String, Option<Made>>>,
}

impl Snapshots {
    /// Snapshots of the definitions that a source has.
    pub fn new(source: Arc<dyn Source>) -> Snapshots {
        Snapshots { source, made: Mutex::default() }
    }

    /// The definition with this canonical address (`url` or `url|version`); nothing when the source has none.
    pub fn definition(&self, reference: &str) -> Option<Result<Arc<Definition>, Error>> {
        self.find(reference, 0)
    }

    /// Where definitions come from.
    pub fn source(&self) -> &dyn Source {
        &*self.source
    }

    /// The definition of one of R4's own types.
    pub fn of_type(&self, name: &str) -> Option<Result<Arc<Definition>, Error>> {
        self.find(&format!("{CORE}{name}"), 0)
    }

    /// The type that the definition with this canonical address constrains, if it is here.
    pub fn kind(&self, reference: &str) -> Option<String> {
        let (url, version) = canonical(reference);
        let json = self.source.find("StructureDefinition", url, version)?;
        json.root().str("type").map(|kind| kind.into_owned())
    }

    fn find(&self, reference: &str, depth: usize) -> Option<Result<Arc<Definition>, Error>> {
        if let Some(made) = self.made.lock().expect("no thread panics with it locked").get(reference) {
            return made.clone();
        }
        let (url, version) = canonical(reference);
        let json = self.source.find("StructureDefinition", url, version);
        let made = json.map(|json| {
            self.make(url, json, depth)
                .map(Arc::new)
                .map_err(|e| Error(format!("The profile {reference} cannot be used. {}", e.0)))
        });
        let mut kept = self.made.lock().expect("no thread panics with it locked");
        kept.insert(reference.to_owned(), made.clone());
        made
    }

    fn make(&self, url: &str, json: Arc<Json>, depth: usize) -> Result<Definition, Error> {
        if depth > BASES_MAX {
            let text =
                format!("It builds on more than {BASES_MAX} others, or on itself. Look at baseDefinition.");
            return Err(Error(text));
        }
        let sd = json.root();
        let kind = sd.str("type").ok_or_else(|| Error("It does not say its type.".to_owned()))?.into_owned();
        let list = |view: &str| sd.get(view).and_then(|v| v.get("element"));
        let is_profile = sd.str("derivation").as_deref() == Some("constraint");
        let differential = list("differential").filter(|list| list.items().next().is_some());
        let made = |root, brings| {
            let (url, kind, json) = (url.to_owned(), kind.clone(), json.clone());
            Definition { url, kind, json, root, brings }
        };
        let is_core = url.strip_prefix(CORE).is_some_and(|name| fhir::definitions::type_def(name).is_some());
        if let Some(elements) = list("snapshot").filter(|_| is_core || !is_profile || differential.is_none())
        {
            let root = Element::tree(elements.items()).map_err(Error)?;
            return Ok(made(root, if is_core { Brings::Core } else { Brings::All }));
        }
        let Some(base) = sd.str("baseDefinition") else {
            return Err(Error("It has neither a snapshot nor a baseDefinition.".to_owned()));
        };
        let base = match self.find(&base, depth + 1) {
            Some(base) => base?,
            None => {
                return Err(Error(format!(
                    "It builds on {base}, which is not here. Add the package that has it."
                )));
            }
        };
        let mut root = base.root.clone();
        if is_profile && base.kind != kind {
            return Err(Error(format!(
                "It constrains {kind}, but builds on {}, which is a {}.",
                base.url, base.kind
            )));
        }
        if let Some(elements) = differential {
            let mut over = Element::tree(elements.items()).map_err(Error)?;
            root.name = over.name.clone();
            over.slice = None;
            let making = Making { snapshots: self, depth, is_profile, kind: &kind };
            making.merge(&mut root, over, &kind)?;
        }
        let brings = if is_profile && base.brings != Brings::All { Brings::Said } else { Brings::All };
        Ok(made(root, brings))
    }

    /// A definition that is not among those of the source, or why it cannot be made.
    pub fn draft(&self, sd: Value<'_>) -> Result<Definition, Error> {
        let url = sd.str("url").unwrap_or_default();
        self.make(&url, Arc::new(sd.to_json()), 0)
    }

    /// The definition with its snapshot, as a client may ask for it.
    pub fn published(&self, definition: &Definition) -> Tree {
        let mut tree = Tree::from(definition.json.root());
        tree.set("snapshot", Tree::object().with("element", definition.root.list()));
        tree
    }
}

/// A snapshot while it is made.
struct Making<'s> {
    snapshots: &'s Snapshots,
    depth: usize,
    /// False for a type of its own, which may have new elements.
    is_profile: bool,
    kind: &'s str,
}

impl Making<'_> {
    /// Lays an element of a differential over that of the base.
    fn merge(&self, base: &mut Element, over: Element, path: &str) -> Result<(), Error> {
        let narrowed =
            over.rules.get("type").is_some() && base.types().count() != items(over.rules.get("type")).count();
        lay(&over.rules, &mut base.rules);
        lay(&over.rules, &mut base.said);
        if narrowed && !base.is_touched_below() {
            base.children.clear();
        }
        if !over.children.is_empty() && base.children.is_empty() {
            base.children = self.inside(base, path)?;
        }
        for child in over.children {
            self.merge_child(base, child, path)?;
        }
        Ok(())
    }

    fn merge_child(&self, base: &mut Element, child: Element, path: &str) -> Result<(), Error> {
        let path = format!("{path}.{}", child.name);
        if let Some(target) = base.children.iter_mut().find(|known| known.name == child.name) {
            return self.merge_sliced(target, child, &path);
        }
        // `valueQuantity` says in short that the slice of this name of `value[x]` is a Quantity.
        if let Some((target, kind)) = base.children.iter_mut().find_map(|known| renamed(known, &child.name)) {
            let mut all = Element::new(&target.name);
            let Element { name, slice, mut rules, children, slices, .. } = child;
            if rules.get("type").is_none() {
                let kept = target.types().find(|known| text(known, "code") == Some(&kind)).cloned();
                rules.set("type", vec![kept.unwrap_or_else(|| Tree::object().with("code", kind.as_str()))]);
            }
            let one = Element { slice: slice.or(Some(name)), rules, children, ..Element::new(&target.name) };
            all.slices = slices;
            all.slices.insert(0, one);
            return self.merge_sliced(target, all, &path);
        }
        if self.is_profile {
            return Err(Error(format!("Its differential names {path}, which is no element of the base.")));
        }
        base.children.push(child);
        Ok(())
    }

    /// An element together with its slices.
    fn merge_sliced(&self, target: &mut Element, over: Element, path: &str) -> Result<(), Error> {
        let Element { slices, children, rules, name, .. } = over;
        self.merge(target, Element { children, rules, ..Element::new(&name) }, path)?;
        for slice in slices {
            self.merge_slice(target, slice, path)?;
        }
        Ok(())
    }

    fn merge_slice(&self, target: &mut Element, slice: Element, path: &str) -> Result<(), Error> {
        if target.rules.get("slicing").is_none()
            && let Some(slicing) = implied_slicing(&target.name)
        {
            target.rules.set("slicing", slicing.clone());
            target.said.set("slicing", slicing);
        }
        let at = match target.slices.iter().position(|known| known.slice == slice.slice) {
            Some(at) => at,
            None => {
                // A new slice is what the element is, but need not be there.
                let mut fresh = target.clone();
                fresh.slices.clear();
                fresh.hush();
                if let Tree::Object(rules) = &mut fresh.rules {
                    rules.retain(|(name, _)| name != "slicing");
                }
                fresh.rules.set("min", Tree::Number("0".to_owned()));
                fresh.slice = slice.slice.clone();
                target.slices.push(fresh);
                target.slices.len() - 1
            }
        };
        self.merge_sliced(&mut target.slices[at], slice, path)
    }

    /// The elements that the type of an element has.
    fn inside(&self, element: &Element, path: &str) -> Result<Vec<Element>, Error> {
        if let Some(reference) = element.text("contentReference") {
            let mut names = reference.rsplit('#').next().unwrap_or_default().split('.');
            let kind = names.next().unwrap_or(self.kind);
            let of = self.known(kind, path)?;
            let found = of.root.below(names);
            return found
                .map(|found| found.children.clone())
                .ok_or_else(|| Error(format!("{path} refers to {reference}, which is no element.")));
        }
        let types: Vec<&Tree> = element.types().collect();
        let (code, profile) = match types[..] {
            [one] => {
                let mut profiles = items(one.get("profile"));
                let only = profiles.next().filter(|_| profiles.next().is_none());
                (text(one, "code").unwrap_or("Element"), only)
            }
            _ => ("Element", None),
        };
        if code.starts_with("http://hl7.org/fhirpath/System.") {
            return Ok(Vec::new());
        }
        if let Some(Tree::String(profile)) = profile
            && let Some(Ok(found)) = self.snapshots.find(profile, self.depth + 1)
            && found.kind == code
        {
            return Ok(found.root.children.clone());
        }
        self.known(code, path).map(|of| of.root.children.clone())
    }

    fn known(&self, kind: &str, path: &str) -> Result<Arc<Definition>, Error> {
        let url = if kind.contains(':') { kind.to_owned() } else { format!("{CORE}{kind}") };
        let found = self.snapshots.find(&url, self.depth + 1);
        found.unwrap_or_else(|| Err(Error(format!("{path} is of the type {kind}, which is not known here."))))
    }
}

impl Element {
    /// True when a differential has said something of an element below.
    fn is_touched_below(&self) -> bool {
        self.children.iter().chain(&self.slices).any(Element::is_touched)
    }
}

/// The choice that a name such as `valueQuantity` belongs to, and the type it says.
fn renamed<'e>(known: &'e mut Element, name: &str) -> Option<(&'e mut Element, String)> {
    let choice = known.name.strip_suffix("[x]")?;
    let rest = name.strip_prefix(choice)?;
    let named = |code: &str| {
        let mut letters = code.chars();
        letters.next().is_some_and(|first| {
            rest.starts_with(first.to_ascii_uppercase()) && rest.len() == code.len() && rest[1..] == code[1..]
        })
    };
    let kind = known.types().filter_map(|of| text(of, "code")).find(|code| named(code))?.to_owned();
    Some((known, kind))
}

/// Extensions are told apart by their address and choices by their type, also where nobody says so.
fn implied_slicing(name: &str) -> Option<Tree> {
    let (kind, path) = match name {
        "extension" | "modifierExtension" => ("value", "url"),
        _ if name.ends_with("[x]") => ("type", "$this"),
        _ => return None,
    };
    let discriminator = Tree::object().with("type", kind).with("path", path);
    Some(
        Tree::object()
            .with("discriminator", vec![discriminator])
            .with("ordered", false)
            .with("rules", "open"),
    )
}
