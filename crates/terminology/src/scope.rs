//! What one request sees: the terminology, the resources that came with the request, versions and supplements that
//! it asks for.

use crate::Terminology;
use crate::inputs::Inputs;
use crate::issue::{Issue, Refused};
use crate::listed::Listed;
use crate::set::{Place, Set};
use crate::supplemented::Supplemented;
use crate::system::System;
use fhir::json::Value;
use fhir::outcome::Kind;
use fhir::{Json, Limits, Tree};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// Value sets that import value sets, at most.
const IMPORTS_DEEP_MAX: usize = 32;

/// The view of one request.
pub(crate) struct Scope<'t> {
    pub terminology: &'t Terminology,
    /// Resources that came with the request.
    extra: Vec<Arc<Json>>,
    /// Parameter, system and version: `system-version`, `check-system-version`, `force-system-version`.
    versions: Vec<(&'static str, String, String)>,
    /// Value sets in versions that are meant where none is said.
    set_versions: Vec<String>,
    pub supplements: Vec<String>,
    /// What this request has made already, so that it is made once: its own code systems, by their place in `extra`,
    /// and value sets by address.
    built: RefCell<HashMap<usize, Arc<Listed>>>,
    sets: RefCell<HashMap<String, Arc<Set>>>,
    /// The last one of a resource: a batch asks it over and over.
    last: RefCell<Option<Arc<Set>>>,
}

/// Parameters that make a view of their own.
const OWN_VIEW: &[&str] = &[
    "tx-resource",
    "force-system-version",
    "system-version",
    "check-system-version",
    "default-valueset-version",
    "useSupplement",
];

impl<'t> Scope<'t> {
    /// A view of what is there, and nothing else.
    pub fn plain(terminology: &'t Terminology) -> Scope<'t> {
        let (extra, versions, set_versions, supplements) = Default::default();
        let (built, sets, last) = Default::default();
        Scope { terminology, extra, versions, set_versions, supplements, built, sets, last }
    }

    /// The view that the parameters of a request ask for.
    pub fn new(terminology: &'t Terminology, inputs: Inputs<'_>) -> Scope<'t> {
        let mut scope = Scope::plain(terminology);
        let extra = inputs.parts("tx-resource").filter_map(|part| part.get("resource"));
        scope.extra = extra.map(|resource| Arc::new(resource.to_json())).collect();
        for name in ["force-system-version", "system-version", "check-system-version"] {
            for said in inputs.texts(name) {
                if let Some((system, version)) = said.split_once('|') {
                    scope.versions.push((name, system.to_owned(), version.to_owned()));
                }
            }
        }
        scope.set_versions = inputs.texts("default-valueset-version");
        scope.supplements = inputs.texts("useSupplement");
        scope
    }

    /// Whether parameters ask for a view of their own.
    pub fn is_asked(parameters: Value<'_>) -> bool {
        OWN_VIEW.iter().any(|name| Inputs::new(Some(parameters)).parts(name).next().is_some())
    }

    /// Whether it shows nothing but what is there for all.
    fn is_plain(&self) -> bool {
        self.extra.is_empty()
            && self.versions.is_empty()
            && self.set_versions.is_empty()
            && self.supplements.is_empty()
    }

    /// A resource by its address, first of those that came with the request.
    pub fn find(&self, kind: &str, url: &str, version: Option<&str>) -> Option<Arc<Json>> {
        let fits = |json: &&Arc<Json>| {
            let root = json.root();
            root.str("resourceType").as_deref() == Some(kind)
                && root.str("url").as_deref() == Some(url)
                && version.is_none_or(|version| root.str("version").as_deref() == Some(version))
        };
        self.extra.iter().find(fits).cloned().or_else(|| self.terminology.resource(kind, url, version))
    }

    /// The version of a system that is meant where `version` is said.
    fn version(&self, url: &str, version: Option<&str>) -> Option<String> {
        let asked = |name: &str| {
            let fits = self.versions.iter().find(|(kind, system, _)| *kind == name && system == url);
            fits.map(|(_, _, version)| version.clone())
        };
        asked("force-system-version")
            .or_else(|| version.map(str::to_owned))
            .or_else(|| asked("system-version"))
            .or_else(|| asked("check-system-version"))
    }

    /// Supplements of a system that came with the request and only add languages (extension
    /// codesystem-supplement-type): they need not be asked for.
    fn language_packs(&self, url: &str) -> impl Iterator<Item = Arc<Listed>> {
        let own = self.extra.iter().map(|json| json.root()).filter(move |root| {
            let mut extensions = root.get("extension").into_iter().flat_map(Value::items);
            root.str("supplements").is_some_and(|to| package::canonical(&to).0 == url)
                && extensions.any(|one| one.str("valueCode").as_deref() == Some("lang-pack"))
        });
        own.map(|root| Arc::new(Listed::new(root)))
    }

    /// Where a code system is, in the version that is meant, with the supplements that belong to it.
    pub fn system(&self, url: &str, version: Option<&str>, supplements: &[Arc<Listed>]) -> Place {
        let version = self.version(url, version);
        let own = self.extra.iter().position(|json| {
            let root = json.root();
            root.str("resourceType").as_deref() == Some("CodeSystem")
                && root.str("url").as_deref() == Some(url)
                && version.as_deref().is_none_or(|version| root.str("version").as_deref() == Some(version))
        });
        let place = match own {
            Some(place) => Place::System(self.own(place)),
            None => self.terminology.system(url, version.as_deref()),
        };
        let Place::System(base) = place else { return place };
        let fitting = supplements
            .iter()
            .filter(|one| one.supplements().is_some_and(|to| package::canonical(to).0 == url));
        let supplements: Vec<Arc<Listed>> = fitting.cloned().chain(self.language_packs(url)).collect();
        match supplements.is_empty() {
            true => Place::System(base),
            false => Place::System(Arc::new(Supplemented { base, supplements })),
        }
    }

    /// A code system that came with the request.
    fn own(&self, place: usize) -> Arc<Listed> {
        let mut built = self.built.borrow_mut();
        built.entry(place).or_insert_with(|| Arc::new(Listed::new(self.extra[place].root()))).clone()
    }

    /// Refuses a system in another version than `check-system-version` allows.
    pub fn check(&self, system: &dyn System) -> Result<(), Refused> {
        let check = self
            .versions
            .iter()
            .find(|(kind, url, _)| *kind == "check-system-version" && url == system.url());
        let Some((_, url, wanted)) = check else { return Ok(()) };
        let version = system.version().unwrap_or_default();
        if version == wanted {
            return Ok(());
        }
        let text = format!(
            "The version '{version}' is not allowed for system '{url}': required to be '{wanted}' by a version-check \
             parameter"
        );
        let issue = Issue::error("exception", "version-error", "VALUESET_VERSION_CHECK", text);
        Err(Refused::new(Kind::Invalid, issue))
    }

    /// The supplements of these addresses. Refused when one is not here.
    pub fn supplements(&self, wanted: &[String]) -> Result<Vec<Arc<Listed>>, Refused> {
        let find = |canonical: &String| {
            let (url, version) = package::canonical(canonical);
            let found = self.find("CodeSystem", url, version).map(|json| Arc::new(Listed::new(json.root())));
            found.filter(|listed| listed.supplements().is_some()).ok_or_else(|| {
                let text = format!("Required supplement not found: {canonical}");
                let issue = Issue::error("not-found", "not-found", "VALUESET_SUPPLEMENT_MISSING", text);
                Refused::new(Kind::NotFound, issue)
            })
        };
        wanted.iter().map(find).collect()
    }

    /// The value set of an address.
    pub fn set(&self, canonical: &str) -> Result<Arc<Set>, Refused> {
        self.set_on(canonical, &mut Vec::new())
    }

    /// The value set of a resource.
    pub fn set_of(&self, resource: Value<'_>) -> Result<Arc<Set>, Refused> {
        if let Some(last) = self.last.borrow().as_ref().filter(|last| last.resource.text() == resource.raw())
        {
            return Ok(last.clone());
        }
        let set = Arc::new(self.compile(&Arc::new(resource.to_json()), &mut Vec::new())?);
        *self.last.borrow_mut() = Some(set.clone());
        Ok(set)
    }

    /// The value set of an address, imported along a path.
    pub(crate) fn set_on(&self, canonical: &str, path: &mut Vec<String>) -> Result<Arc<Set>, Refused> {
        let (url, version) = package::canonical(canonical);
        if path.iter().any(|seen| package::canonical(seen).0 == url) || path.len() > IMPORTS_DEEP_MAX {
            return Err(circle(canonical, path));
        }
        let key = match version {
            Some(_) => canonical.to_owned(),
            None => {
                let meant = self.set_versions.iter().find(|one| package::canonical(one).0 == url);
                meant.cloned().unwrap_or_else(|| url.to_owned())
            }
        };
        if let Some(known) = self.is_plain().then(|| self.terminology.known_set(&key)).flatten() {
            return known;
        }
        if let Some(known) = self.sets.borrow().get(&key) {
            return Ok(known.clone());
        }
        let (url, version) = package::canonical(&key);
        let json = self.find("ValueSet", url, version).or_else(|| implicit(&key));
        let json = json.ok_or_else(|| no_set(canonical))?;
        path.push(key.clone());
        let set = self.compile(&json, path).map(Arc::new);
        path.pop();
        // What goes wrong on the way of an import may be right elsewhere.
        if self.is_plain() && (set.is_ok() || path.is_empty()) {
            self.terminology.keep_set(&key, &set);
        }
        let set = set?;
        self.sets.borrow_mut().insert(key, set.clone());
        Ok(set)
    }
}

/// A value set that a SNOMED CT address says without a resource (R4 snomedct.html, section 4.3.1.0.4): all codes, or
/// those below one, of a reference set or of an expression constraint.
fn implicit(url: &str) -> Option<Arc<Json>> {
    let (system, query) = url.split_once("?fhir_vs")?;
    if !system.starts_with("http://snomed.info/sct") {
        return None;
    }
    let query = decoded(query.strip_prefix('=').unwrap_or(query))?;
    let filter = match query.split_once('/') {
        Some(("isa", code)) => Some(("concept", "is-a", code)),
        Some(("refset", code)) => Some(("concept", "in", code)),
        Some(("ecl", constraint)) => Some(("constraint", "=", constraint)),
        None if query.is_empty() => None,
        _ => return None,
    };
    let filter = filter.map(|(property, op, value)| {
        vec![Tree::object().with("property", property).with("op", op).with("value", value)]
    });
    let version = (system != "http://snomed.info/sct").then_some(system);
    let include = Tree::object().with("system", "http://snomed.info/sct").maybe("version", version);
    let compose = Tree::object().with("include", vec![include.maybe("filter", filter)]);
    let set = Tree::resource("ValueSet").with("url", url).with("status", "active").with("compose", compose);
    Json::parse(set.text(), Limits::FILE).ok().map(Arc::new)
}

/// A part of an address without its escapes (RFC 3986, section 2.1).
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        match first {
            b'%' => {
                let hex = std::str::from_utf8(more.get(..2)?).ok()?;
                bytes.push(u8::from_str_radix(hex, 16).ok()?);
                rest = &more[2..];
            }
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok()
}

/// The refusal of a value set that is not here.
pub(crate) fn no_set(canonical: &str) -> Refused {
    let text = format!("A definition for the value Set '{canonical}' could not be found");
    Refused::new(Kind::NotFound, Issue::error("not-found", "not-found", NO_SET, text))
}

/// The message of [`no_set`].
pub(crate) const NO_SET: &str = "Unable_to_resolve_value_Set_";

fn circle(canonical: &str, path: &[String]) -> Refused {
    let text = format!(
        "The value set {canonical} is imported by itself, along {}. Take one of the imports out.",
        path.join(", ")
    );
    let issue = Issue::error("processing", "vs-invalid", "VALUESET_CIRCULAR_REFERENCE", text);
    Refused::new(Kind::Invalid, issue)
}

#[cfg(test)]
mod tests {
    use super::implicit;

    #[test]
    fn addresses_of_snomed_ct_say_value_sets() {
        let check = |url: &str, expected: &str| {
            let found = implicit(url).map(|json| json.root().get("compose").unwrap().canonical());
            assert!(found.as_deref().unwrap_or("nothing").contains(expected), "{url}: {found:?}");
        };
        check("http://snomed.info/sct?fhir_vs", r#"{"include":[{"system":"http://snomed.info/sct"}]}"#);
        check("http://snomed.info/sct?fhir_vs=isa/73211009", r#""op":"is-a","value":"73211009""#);
        check("http://snomed.info/sct?fhir_vs=refset/999", r#""op":"in","value":"999""#);
        let ecl = "http://snomed.info/sct/83821000000107?fhir_vs=ecl/%3C%2073211009%20OR%20%5E%20999";
        check(ecl, r#""property":"constraint","op":"=","value":"< 73211009 OR ^ 999""#);
        check(ecl, r#""version":"http://snomed.info/sct/83821000000107""#);
        check("http://snomed.info/sct?fhir_vs=ecl/%3", "nothing");
        check("http://snomed.info/sct?fhir_vs=other/1", "nothing");
        check("http://example.org?fhir_vs", "nothing");
    }
}
