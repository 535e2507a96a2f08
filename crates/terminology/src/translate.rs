//! `ConceptMap/$translate` (R4 conceptmap-operation-translate.html): a code in other words.

use crate::Terminology;
use crate::inputs::Inputs;
use crate::issue::{Issue, Refused};
use crate::language::coding;
use crate::operation::Request;
use crate::scope::Scope;
use fhir::json::Value;
use fhir::outcome::Kind;
use fhir::{Json, Tree};
use std::borrow::Cow;
use std::sync::Arc;

/// Maps that send on to another map for what they do not know, at most.
const MAPS_DEEP_MAX: usize = 8;

/// Answers with `result` and a `match` for each target.
pub(crate) fn run(terminology: &Terminology, request: &Request<'_>) -> Result<Tree, Refused> {
    let inputs = Inputs::new(request.parameters);
    let scope = Scope::new(terminology, inputs);
    let maps = maps(&scope, inputs, request)?;
    let asked = codings(inputs)?;
    let wish = Wish {
        reverse: inputs.flag("reverse")?.unwrap_or(false),
        source: inputs.text("source"),
        target: inputs.text("target"),
        target_system: inputs.text("targetsystem").or_else(|| inputs.text("targetSystem")),
    };
    let mut found: Vec<Match> = Vec::new();
    for (system, code) in &asked {
        let mut walk =
            Walk { scope: &scope, wish: &wish, system: system.as_deref(), code, found: Vec::new() };
        maps.iter().filter(|map| wish.fits(map.root())).for_each(|map| walk.map(map, 0));
        found.append(&mut walk.found);
    }
    let result = found.iter().any(|one| !matches!(one.equivalence.as_str(), "unmatched" | "disjoint"));
    let mut parts = vec![Tree::object().with("name", "result").with("valueBoolean", result)];
    if !result {
        let codes: Vec<&str> = asked.iter().map(|(_, code)| code.as_str()).collect();
        let text = format!("No map that is here says what {} is.", codes.join(", "));
        parts.push(Tree::object().with("name", "message").with("valueString", text));
    }
    parts.extend(found.iter().map(Match::tree));
    Ok(Tree::resource("Parameters").with("parameter", parts))
}

/// What is wanted.
struct Wish {
    reverse: bool,
    /// The value sets that the map is from and to.
    source: Option<String>,
    target: Option<String>,
    target_system: Option<String>,
}

impl Wish {
    fn fits(&self, map: Value<'_>) -> bool {
        let (from, to) = if self.reverse { ("target", "source") } else { ("source", "target") };
        let said =
            |name: &str| map.str(&format!("{name}Uri")).or_else(|| map.str(&format!("{name}Canonical")));
        let same = |wanted: &Option<String>, own: Option<Cow<'_, str>>| match (wanted, own) {
            (Some(wanted), Some(own)) => package::canonical(wanted).0 == package::canonical(&own).0,
            (Some(_), None) => false,
            (None, _) => true,
        };
        same(&self.source, said(from)) && same(&self.target, said(to))
    }
}

struct Match {
    equivalence: String,
    system: String,
    code: Option<String>,
    display: Option<String>,
    /// The map.
    source: Option<String>,
    /// `product` of the target, as it is.
    products: Vec<Tree>,
}

impl Match {
    fn tree(&self) -> Tree {
        let part = |name: &str, kind: &str, value: Tree| Tree::object().with("name", name).with(kind, value);
        let mut parts = vec![part("equivalence", "valueCode", Tree::from(self.equivalence.as_str()))];
        if let Some(code) = &self.code {
            parts.push(part("concept", "valueCoding", coding(&self.system, code, self.display.as_deref())));
        }
        parts.extend(self.source.as_deref().map(|source| part("source", "valueUri", Tree::from(source))));
        for product in &self.products {
            let text = |name: &str| product.get(name).and_then(Tree::as_text).unwrap_or_default();
            let concept =
                coding(text("system"), text("value"), product.get("display").and_then(Tree::as_text));
            let inner = vec![
                part("element", "valueUri", Tree::from(text("property"))),
                part("concept", "valueCoding", concept),
            ];
            parts.push(Tree::object().with("name", "product").with("part", inner));
        }
        Tree::object().with("name", "match").with("part", parts)
    }
}

/// The maps to ask: the one of the request, or all that are here.
fn maps(scope: &Scope<'_>, inputs: Inputs<'_>, request: &Request<'_>) -> Result<Vec<Arc<Json>>, Refused> {
    if let Some(resource) = inputs.resource("conceptMap").or(request.instance) {
        return Ok(vec![Arc::new(resource.to_json())]);
    }
    let Some(url) = inputs.text("url") else { return Ok(scope.terminology.all("ConceptMap")) };
    let (address, version) = package::canonical(&url);
    let said = inputs.text("conceptMapVersion");
    let found = scope.find("ConceptMap", address, version.or(said.as_deref()));
    found.map(|map| vec![map]).ok_or_else(|| {
        let text = format!("The concept map {url} is not here.");
        Refused::new(Kind::NotFound, Issue::error("not-found", "not-found", "", text).at("url"))
    })
}

fn codings(inputs: Inputs<'_>) -> Result<Vec<(Option<String>, String)>, Refused> {
    let read = |value: Value<'_>| {
        let code = value.str("code")?.into_owned();
        Some((value.str("system").map(Cow::into_owned), code))
    };
    let mut all: Vec<(Option<String>, String)> = inputs.value("coding").and_then(read).into_iter().collect();
    let concept = inputs.value("codeableConcept").and_then(|concept| concept.get("coding"));
    all.extend(concept.into_iter().flat_map(Value::items).filter_map(read));
    all.extend(inputs.text("code").map(|code| (inputs.text("system"), code)));
    match all.is_empty() {
        true => Err(Refused::invalid(
            "code",
            "Say what to translate: code and system, coding or codeableConcept.",
        )),
        false => Ok(all),
    }
}

/// A walk over maps, for one code.
struct Walk<'w> {
    scope: &'w Scope<'w>,
    wish: &'w Wish,
    system: Option<&'w str>,
    code: &'w str,
    found: Vec<Match>,
}

impl Walk<'_> {
    fn map(&mut self, map: &Json, deep: usize) {
        let root = map.root();
        let name = root.str("url").map(Cow::into_owned);
        for group in root.get("group").into_iter().flat_map(Value::items) {
            let text = |name: &str| group.str(name).map(Cow::into_owned);
            let (from, to) = match self.wish.reverse {
                false => (text("source"), text("target")),
                true => (text("target"), text("source")),
            };
            let wrong = |wanted: Option<&str>, own: &Option<String>| {
                wanted.is_some_and(|wanted| own.as_deref().is_some_and(|own| own != wanted))
            };
            if wrong(self.system, &from) || wrong(self.wish.target_system.as_deref(), &to) {
                continue;
            }
            let to = to.unwrap_or_default();
            let before = self.found.len();
            for element in group.get("element").into_iter().flat_map(Value::items) {
                self.element(element, &to, &name);
            }
            if let (true, false, Some(unmapped)) =
                (self.found.len() == before, self.wish.reverse, group.get("unmapped"))
            {
                self.not_mapped(unmapped, &to, &name, deep);
            }
        }
    }

    fn element(&mut self, element: Value<'_>, to: &str, map: &Option<String>) {
        let is = |value: Value<'_>| value.str("code").as_deref() == Some(self.code);
        let targets = element.get("target").into_iter().flat_map(Value::items);
        let matches: Vec<Match> = match self.wish.reverse {
            false if is(element) => {
                targets.map(|target| matched(target, target, to, map.clone(), false)).collect()
            }
            false => Vec::new(),
            true => {
                let fitting = targets.filter(|target| is(*target));
                fitting.map(|target| matched(element, target, to, map.clone(), true)).collect()
            }
        };
        self.found.extend(matches);
    }

    /// What a group says of codes that it does not list (ConceptMap.group.unmapped).
    fn not_mapped(&mut self, unmapped: Value<'_>, to: &str, map: &Option<String>, deep: usize) {
        let text = |name: &str| unmapped.str(name).map(Cow::into_owned);
        let one = |equivalence: &str, code: Option<String>, display: Option<String>| Match {
            equivalence: equivalence.to_owned(),
            system: to.to_owned(),
            code,
            display,
            source: map.clone(),
            products: Vec::new(),
        };
        match text("mode").as_deref() {
            Some("provided") => self.found.push(one("equal", Some(self.code.to_owned()), None)),
            Some("fixed") => self.found.push(one("inexact", text("code"), text("display"))),
            Some("other-map") if deep < MAPS_DEEP_MAX => {
                let url = text("url").unwrap_or_default();
                let (url, version) = package::canonical(&url);
                if let Some(other) = self.scope.find("ConceptMap", url, version) {
                    self.map(&other, deep + 1);
                }
            }
            _ => {}
        }
    }
}

/// A match with the code of `concept`, in the relation that `target` says.
fn matched(
    concept: Value<'_>,
    target: Value<'_>,
    system: &str,
    source: Option<String>,
    reverse: bool,
) -> Match {
    let said = target.str("equivalence").unwrap_or(Cow::Borrowed("equivalent"));
    let equivalence = match (&*said, reverse) {
        ("wider", true) => "narrower",
        ("narrower", true) => "wider",
        ("subsumes", true) => "specializes",
        ("specializes", true) => "subsumes",
        (said, _) => said,
    };
    Match {
        equivalence: equivalence.to_owned(),
        system: system.to_owned(),
        code: concept.str("code").map(Cow::into_owned),
        display: concept.str("display").map(Cow::into_owned),
        source,
        products: target.get("product").into_iter().flat_map(Value::items).map(Tree::from).collect(),
    }
}
