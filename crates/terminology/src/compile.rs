//! From a ValueSet resource to a [`Set`]: systems, supplements and imports are found.

use crate::issue::{Issue, Refused};
use crate::language::Name;
use crate::listed::Listed;
use crate::listed::read::extensions;
use crate::scope::{Scope, no_set};
use crate::set::{Clause, Concepts, Condition, Named, Place, Set, Stated};
use crate::system::{Designation, Meaning, System};
use fhir::Json;
use fhir::json::Value;
use fhir::outcome::Kind;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// Includes and excludes of a value set, with those of its imports, at most: each question looks at all.
pub(crate) const CLAUSES_MAX: usize = 1_000;
const EXTENSION: &str = "http://hl7.org/fhir/StructureDefinition/";
/// Extensions of a listed code that an expansion says as properties.
const AS_PROPERTY: &[(&str, &str)] =
    &[("valueset-conceptOrder", "order"), ("valueset-label", "label"), ("itemWeight", "weight")];
/// Extensions of a listed code that an expansion repeats.
const REPEATED: &[&str] =
    &["valueset-deprecated", "valueset-concept-definition", "rendering-style", "rendering-xhtml"];
const OF_DESIGNATION: &[&str] = &["coding-sctdescid", "structuredefinition-standards-status"];

impl Scope<'_> {
    /// The value set of a resource, imported along a path.
    pub(crate) fn compile(&self, json: &Arc<Json>, path: &mut Vec<String>) -> Result<Set, Refused> {
        let root = json.root();
        let text = |name: &str| root.str(name).map(Cow::into_owned);
        let mut wanted = self.supplements.clone();
        wanted.extend(said(root, "valueset-supplement"));
        let supplements = self.supplements(&wanted)?;
        let compose = root.get("compose");
        let mut settings = settings(root).chain(compose.into_iter().flat_map(settings));
        let asked = settings.find(|(name, _)| name == "displayLanguage").map(|(_, value)| value);
        let mut set = Set {
            url: text("url"),
            version: text("version"),
            resource: json.clone(),
            include: Vec::new(),
            exclude: Vec::new(),
            active_only: compose.and_then(|c| c.get("inactive")).and_then(Value::as_bool) == Some(false),
            active_of: HashMap::new(),
            language: asked.or_else(|| text("language")),
            supplements: Vec::new(),
            clauses: 0,
        };
        match (compose, root.at(&["expansion", "contains"])) {
            (Some(compose), _) => {
                for clause in compose.get("include").into_iter().flat_map(Value::items) {
                    set.include.push(self.clause(root, clause, &supplements, path)?);
                }
                for clause in compose.get("exclude").into_iter().flat_map(Value::items) {
                    set.exclude.push(self.clause(root, clause, &supplements, path)?);
                }
            }
            // Published as an expansion only.
            (None, Some(contains)) => set.include = self.stored(contains, &supplements),
            (None, None) => {}
        }
        let all = || set.include.iter().chain(&set.exclude);
        let imported = all().flat_map(|clause| &clause.sets).map(|one| one.clauses);
        set.clauses = imported.fold(all().count(), usize::saturating_add);
        if set.clauses > CLAUSES_MAX {
            return Err(too_many(&set));
        }
        let mut active_of: HashMap<String, Vec<Arc<dyn System>>> = HashMap::new();
        for named in set.systems().into_iter().filter(|_| set.active_only) {
            if let Place::System(system) = &named.place {
                active_of.entry(named.url.clone()).or_default().push(system.clone());
            }
        }
        set.active_of = active_of;
        let systems: Vec<String> = set.systems().into_iter().map(|named| named.url.clone()).collect();
        set.supplements = supplements
            .iter()
            .filter(|one| {
                one.supplements().is_some_and(|to| systems.iter().any(|url| url == package::canonical(to).0))
            })
            .map(|one| label(&**one))
            .collect();
        Ok(set)
    }

    fn clause(
        &self,
        root: Value<'_>,
        clause: Value<'_>,
        supplements: &[Arc<Listed>],
        path: &mut Vec<String>,
    ) -> Result<Clause, Refused> {
        let system = clause.str("system");
        let system = system.map(|url| self.named(&url, clause.str("version").as_deref(), supplements));
        if let Some(Named { place: Place::System(system), .. }) = &system {
            self.check(&**system)?;
        }
        let listed: Vec<Stated> =
            clause.get("concept").into_iter().flat_map(Value::items).filter_map(stated).collect();
        let concepts = (!listed.is_empty()).then(|| concepts(listed, system.as_ref()));
        let common = match &system {
            Some(Named { place: Place::Grammar(grammar), .. }) if concepts.is_none() => {
                // Only for expansions, so it may be absent.
                grammar.common.and_then(|common| self.set_on(common, path).ok())
            }
            _ => None,
        };
        let filters = clause.get("filter").into_iter().flat_map(Value::items);
        let filters = filters.map(|filter| {
            let text = |name: &str| filter.str(name).unwrap_or_default().into_owned();
            Condition { property: text("property"), op: text("op"), value: text("value") }
        });
        let mut sets = Vec::new();
        for canonical in clause.get("valueSet").into_iter().flat_map(Value::items).filter_map(Value::as_str) {
            sets.push(match canonical.strip_prefix('#') {
                Some(id) => Arc::new(self.compile(&Arc::new(contained(root, id)?), path)?),
                None => self.set_on(&canonical, path)?,
            });
        }
        Ok(Clause { system, concepts, filters: filters.collect(), sets, common })
    }

    fn named(&self, url: &str, version: Option<&str>, supplements: &[Arc<Listed>]) -> Named {
        let place = self.system(url, version, supplements);
        Named { url: url.to_owned(), version: version.map(str::to_owned), place }
    }

    fn stored(&self, contains: Value<'_>, supplements: &[Arc<Listed>]) -> Vec<Clause> {
        let mut by_system: Vec<(String, Vec<Stated>)> = Vec::new();
        collect(contains, &mut by_system);
        let clauses = by_system.into_iter().map(|(url, listed)| {
            let system = Some(self.named(&url, None, supplements));
            let concepts = Some(concepts(listed, system.as_ref()));
            Clause { system, concepts, filters: Vec::new(), sets: Vec::new(), common: None }
        });
        clauses.collect()
    }
}

fn too_many(set: &Set) -> Refused {
    let text = format!(
        "The value set {} has, with what it imports, more than {CLAUSES_MAX} includes and excludes. Write it shorter.",
        set.label()
    );
    let issue = Issue { kind: None, ..Issue::error("too-costly", "", "VALUESET_TOO_COSTLY", text) };
    Refused::new(Kind::Invalid, issue)
}

/// Address and version of a code system.
pub(crate) fn label(system: &dyn System) -> String {
    match system.version() {
        Some(version) => format!("{}|{version}", system.url()),
        None => system.url().to_owned(),
    }
}

fn collect(contains: Value<'_>, by_system: &mut Vec<(String, Vec<Stated>)>) {
    for one in contains.items() {
        let system = one.str("system").unwrap_or_default();
        let groups = one.get("abstract").and_then(Value::as_bool) == Some(true);
        if let Some(stated) = stated(one).filter(|_| !groups) {
            match by_system.iter_mut().find(|(url, _)| *url == system) {
                Some((_, list)) => list.push(stated),
                None => by_system.push((system.into_owned(), vec![stated])),
            }
        }
        if let Some(inner) = one.get("contains") {
            collect(inner, by_system);
        }
    }
}

fn concepts(list: Vec<Stated>, system: Option<&Named>) -> Concepts {
    let case_sensitive = match system.map(|named| &named.place) {
        Some(Place::System(system)) => system.case_sensitive(),
        _ => true,
    };
    let mut by_code = HashMap::with_capacity(list.len());
    for (place, stated) in list.iter().enumerate() {
        let key = if case_sensitive { stated.code.clone() } else { stated.code.to_lowercase() };
        by_code.entry(key).or_insert(place);
    }
    Concepts { list, by_code, case_sensitive }
}

fn contained(root: Value<'_>, id: &str) -> Result<Json, Refused> {
    let all = root.get("contained").into_iter().flat_map(Value::items);
    let found = all.filter(|one| one.str("resourceType").as_deref() == Some("ValueSet"));
    let found = found.into_iter().find(|one| one.str("id").as_deref() == Some(id)).map(Value::to_json);
    found.ok_or_else(|| no_set(&format!("#{id}")))
}

fn stated(value: Value<'_>) -> Option<Stated> {
    let named = value.get("designation").into_iter().flat_map(Value::items).filter_map(|one| {
        let usage = one.get("use").and_then(|usage| {
            let system = usage.str("system").unwrap_or_default().into_owned();
            Some((system.into(), usage.str("code")?.into_owned().into()))
        });
        let language = one.str("language").map(|language| language.into_owned().into());
        let value = one.str("value")?.into_owned().into();
        Some(Name::of(Designation { language, usage, value }, extensions(one, OF_DESIGNATION)))
    });
    let mut properties = Vec::new();
    for extension in value.get("extension").into_iter().flat_map(Value::items) {
        let url = extension.str("url").unwrap_or_default();
        let known = AS_PROPERTY.iter().find(|(name, _)| url.strip_prefix(EXTENSION) == Some(*name));
        let said = known.and_then(|(_, name)| Some((*name, crate::inputs::value(extension)?)));
        let Some((name, said)) = said else { continue };
        let number = said.as_number().map(|digits| Meaning::Decimal(digits.to_owned().into()));
        let text = || said.as_str().map(|text| Meaning::Text(text.into_owned().into()));
        properties.extend(number.or_else(text).map(|meaning| (name, meaning)));
    }
    Some(Stated {
        code: value.str("code")?.into_owned(),
        display: value.str("display").map(Cow::into_owned),
        names: named.collect(),
        properties,
        extensions: extensions(value, REPEATED),
    })
}

/// The canonical addresses that extensions of a name say.
fn said(value: Value<'_>, name: &str) -> Vec<String> {
    let all = value.get("extension").into_iter().flat_map(Value::items);
    let named = all.filter(|one| one.str("url").is_some_and(|url| url.strip_prefix(EXTENSION) == Some(name)));
    named.filter_map(crate::inputs::value).filter_map(crate::inputs::simple).collect()
}

/// Names and values of extension valueset-expansion-parameter.
fn settings(value: Value<'_>) -> impl Iterator<Item = (String, String)> {
    let all = value.get("extension").into_iter().flat_map(Value::items);
    let named = all.filter(|one| {
        one.str("url").is_some_and(|url| url.strip_prefix(EXTENSION) == Some("valueset-expansion-parameter"))
    });
    named.filter_map(|one| {
        let part = |name: &str| {
            let mut parts = one.get("extension").into_iter().flat_map(Value::items);
            let part = parts.find(|part| part.str("url").as_deref() == Some(name))?;
            crate::inputs::simple(crate::inputs::value(part)?)
        };
        Some((part("name")?, part("value")?))
    })
}
