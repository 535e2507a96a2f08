//! Questions that a client may ask. Their values are taken from what is in the world, hidden or not, so that most
//! would be met by something.

use super::chance::Chance;
use super::value;
use super::world::{World, instant, kinds};
use crate::{Instant, Page};
use fhir::definitions::{COMPARTMENTS, ParamKind, SearchParam, search_param, search_params};
use fhir::search::{SearchValue, Target, extract_param};
use fhir::{Json, Limits};
use std::collections::BTreeMap;

/// A question, and of when.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub ask: Ask,
    /// As at this instant; nothing for now.
    pub at: Option<Instant>,
    /// Asked inside a transaction, as conditional writes do, if it is a search.
    pub inside: bool,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    Search { kind: Option<&'static str>, pairs: Pairs, compartment: Option<Owner>, page: Page },
    Count { kind: Option<&'static str>, pairs: Pairs, compartment: Option<Owner> },
    Read { kind: &'static str, id: String },
    Vread { kind: &'static str, id: String, version: u64 },
    History { kind: Option<&'static str>, id: Option<String>, since: Option<Instant>, count: usize },
    Compartment { patient: String, types: Vec<&'static str> },
    Tally { patient: String },
}

/// Names and values of a query.
pub(super) type Pairs = Vec<(String, String)>;

impl Question {
    /// True when the number of all matches need not be told.
    pub fn leaves_total_open(&self) -> bool {
        matches!(&self.ask, Ask::Search { page, .. } if !page.total)
    }

    /// True when the answer may be in the order of what its resources point at: `:missing=false` is met by all
    /// values of a parameter, and these are gone along.
    pub fn goes_along_references(&self) -> bool {
        let (Ask::Search { pairs, .. } | Ask::Count { pairs, .. }) = &self.ask else { return false };
        pairs.iter().any(|(name, _)| name.ends_with(":missing"))
    }
}

/// How deep chains and `_has` go.
const DEPTH_MAX: usize = 3;

/// A version that is or was there.
struct Thing {
    kind: &'static str,
    id: String,
    json: Json,
}

/// Type and id of who has a compartment.
pub(super) type Owner = (&'static str, String);

/// What can be asked about.
pub(super) struct Asking {
    things: Vec<Thing>,
    orderly: bool,
    commits: usize,
    /// Of each resource: one thing that is a version of it.
    by_id: BTreeMap<(String, String), usize>,
    /// What points at each resource, and by which parameter.
    pointing: BTreeMap<(String, String), Vec<(usize, &'static SearchParam)>>,
}

impl Asking {
    pub fn about(world: &World) -> Asking {
        let mut asking = Asking {
            things: Vec::new(),
            orderly: world.orderly,
            commits: world.commits(),
            by_id: BTreeMap::new(),
            pointing: BTreeMap::new(),
        };
        for step in &world.steps {
            let Some(text) = &step.text else { continue };
            let json = Json::parse(text.as_str(), Limits::FILE).unwrap();
            let number = asking.things.len();
            for param in references(step.kind) {
                for target in locals(&json, param) {
                    asking.pointing.entry(target).or_default().push((number, param));
                }
            }
            asking.by_id.insert((step.kind.to_owned(), step.id.clone()), number);
            asking.things.push(Thing { kind: step.kind, id: step.id.clone(), json });
        }
        asking
    }

    pub fn question(&self, chance: &mut Chance) -> Question {
        let thing = chance.pick(&self.things);
        let (kind, id) = (thing.kind, thing.id.clone());
        let since = chance.one_in(3).then(|| self.instant(chance));
        let count = 1 + chance.below(12);
        let ask = match chance.below(20) {
            0 => Ask::Read { kind, id },
            1 => Ask::Vread { kind, id, version: 1 + chance.below(3) as u64 },
            2 => Ask::History { kind: Some(kind), id: Some(id), since, count },
            3 if chance.one_in(3) => Ask::History { kind: None, id: None, since, count: count * 8 },
            3 => Ask::History { kind: Some(kind), id: None, since, count },
            4 => match self.of_kind(chance, "Patient") {
                Some(thing) if chance.one_in(3) => Ask::Tally { patient: thing.id.clone() },
                Some(thing) if chance.one_in(2) => {
                    let types = vec!["Observation", "Encounter", "Appointment"];
                    Ask::Compartment { patient: thing.id.clone(), types }
                }
                Some(thing) => Ask::Compartment { patient: thing.id.clone(), types: Vec::new() },
                None => Ask::Read { kind, id },
            },
            _ => self.search(chance, thing),
        };
        let at = chance.one_in(5).then(|| self.instant(chance));
        Question { ask, at, inside: at.is_none() && chance.one_in(8) }
    }

    /// When one of the commits was made.
    fn instant(&self, chance: &mut Chance) -> Instant {
        instant(chance.below(self.commits))
    }

    fn of_kind(&self, chance: &mut Chance, kind: &str) -> Option<&Thing> {
        let list: Vec<&Thing> = self.things.iter().filter(|t| t.kind == kind).collect();
        (!list.is_empty()).then(|| *chance.pick(&list))
    }

    fn search(&self, chance: &mut Chance, thing: &Thing) -> Ask {
        if chance.one_in(12) {
            return self.search_of_all(chance, thing);
        }
        let mut pairs = Vec::new();
        for _ in 0..*chance.pick(&[0, 1, 1, 1, 1, 2, 3]) {
            pairs.extend(self.condition(chance, thing, 0));
        }
        let owners = locals_of(thing).filter_map(|(kind, id)| {
            COMPARTMENTS.iter().find(|owner| **owner == kind).map(|owner| (*owner, id))
        });
        let owners: Vec<Owner> = owners.collect();
        let compartment = match owners.is_empty() {
            false if chance.one_in(8) => Some(chance.pick(&owners).clone()),
            _ => None,
        };
        if chance.one_in(6) {
            return Ask::Count { kind: Some(thing.kind), pairs, compartment };
        }
        if chance.one_in(3) {
            pairs.push(("_sort".to_owned(), self.sort(chance, thing.kind)));
        }
        for _ in 0..*chance.pick(&[0, 0, 1, 2]) {
            pairs.push(self.include(chance, thing));
        }
        let count = if chance.one_in(10) { 0 } else { 1 + chance.below(20) };
        Ask::Search {
            kind: Some(thing.kind),
            pairs,
            compartment,
            page: Page { count, total: chance.one_in(2) },
        }
    }

    /// A search over several types or all.
    fn search_of_all(&self, chance: &mut Chance, thing: &Thing) -> Ask {
        let mut pairs = Vec::new();
        if chance.one_in(2) {
            let mut types = vec![thing.kind];
            types.extend(kinds().filter(|_| chance.one_in(3)));
            pairs.push(("_type".to_owned(), types.join(",")));
        }
        pairs.push(match chance.below(4) {
            0 => ("_id".to_owned(), thing.id.clone()),
            1 => ("_tag".to_owned(), chance.pick(&["t1", "http://example.org/tags|t2", "t1,t2"]).to_string()),
            2 => ("_source:below".to_owned(), "http://example.org/a".to_owned()),
            _ => self.updated(chance),
        });
        if chance.one_in(3) {
            pairs.push((
                "_sort".to_owned(),
                chance.pick(&["_id", "-_lastUpdated", "_lastUpdated"]).to_string(),
            ));
        }
        let page = Page { count: 1 + chance.below(30), total: chance.one_in(2) };
        Ask::Search { kind: None, pairs, compartment: None, page }
    }

    fn sort(&self, chance: &mut Chance, kind: &str) -> String {
        let sortable = |param: &&SearchParam| match param.kind {
            ParamKind::Composite | ParamKind::Special => false,
            // References are ordered by the record's numbers, see [`World::orderly`].
            ParamKind::Reference => !self.orderly,
            _ => true,
        };
        let mut codes: Vec<&str> =
            search_params(kind).iter().filter(sortable).map(|param| param.code).collect();
        codes.extend(["_id", "_lastUpdated"]);
        let keys = (0..1 + chance.below(3)).map(|_| {
            let sign = if chance.one_in(2) { "-" } else { "" };
            format!("{sign}{}", chance.pick(&codes))
        });
        keys.collect::<Vec<_>>().join(",")
    }

    fn updated(&self, chance: &mut Chance) -> (String, String) {
        let instant = self.instant(chance).0;
        ("_lastUpdated".to_owned(), value::date(chance, instant, instant))
    }

    /// A condition that `thing` meets, or nearly.
    fn condition(&self, chance: &mut Chance, thing: &Thing, depth: usize) -> Option<(String, String)> {
        match chance.below(10) {
            0 | 1 if depth < DEPTH_MAX => self.chain(chance, thing, depth),
            2 | 3 if depth < DEPTH_MAX => self.has(chance, thing, depth),
            4 if depth == 0 => Some(self.updated(chance)),
            6 if depth == 0 && chance.one_in(2) => {
                Some(("_filter".to_owned(), self.expression(chance, thing)))
            }
            7 if depth == 0 && chance.one_in(8) => {
                Some(("_list".to_owned(), chance.pick(&self.things).id.clone()))
            }
            5 if chance.one_in(2) => {
                let id = thing.id.clone();
                let other = &chance.pick(&self.things).id;
                let ids = if chance.one_in(2) { id } else { format!("{id},{other},nobody") };
                Some(("_id".to_owned(), ids))
            }
            _ => value::condition(chance, thing.kind, thing.json.root()),
        }
    }

    /// An expression about a reference of `thing`, in which what is hidden must not be felt.
    fn expression(&self, chance: &mut Chance, thing: &Thing) -> String {
        let links: Vec<_> =
            references(thing.kind).filter(|param| locals(&thing.json, param).next().is_some()).collect();
        let own = format!("_id eq {}", thing.id);
        if links.is_empty() {
            return own;
        }
        let param = *chance.pick(&links);
        let (kind, id) = locals(&thing.json, param).next().expect("there is one, as was asked above");
        let code = param.code;
        let about = format!("{code}:{kind}._id eq {id}");
        match chance.below(5) {
            0 => format!("not ({about})"),
            1 => format!("{about} and not ({own})"),
            2 => format!("{code} pr false or {about}"),
            3 => format!("{code} ne {kind}/{id} or {own}"),
            _ => format!("{code}:{kind}[_id eq {id}]._lastUpdated gt 1990"),
        }
    }

    fn chain(&self, chance: &mut Chance, thing: &Thing, depth: usize) -> Option<(String, String)> {
        let links: Vec<_> = references(thing.kind)
            .flat_map(|param| locals(&thing.json, param).map(move |target| (param, target)))
            .filter_map(|(param, target)| Some((param, *self.by_id.get(&target)?)))
            .collect();
        if links.is_empty() {
            return None;
        }
        let (param, target) = *chance.pick(&links);
        let target = &self.things[target];
        let (name, value) = self.condition(chance, target, depth + 1)?;
        let link = match param.targets.len() {
            1 if chance.one_in(2) => param.code.to_owned(),
            2.. if chance.one_in(8) => param.code.to_owned(),
            _ => format!("{}:{}", param.code, target.kind),
        };
        Some((format!("{link}.{name}"), value))
    }

    fn has(&self, chance: &mut Chance, thing: &Thing, depth: usize) -> Option<(String, String)> {
        let sources = self.pointing.get(&(thing.kind.to_owned(), thing.id.clone()))?;
        let (source, param) = *chance.pick(sources);
        let source = &self.things[source];
        let (name, value) = self.condition(chance, source, depth + 1)?;
        Some((format!("_has:{}:{}:{name}", source.kind, param.code), value))
    }

    fn include(&self, chance: &mut Chance, thing: &Thing) -> (String, String) {
        let iterate = if chance.one_in(4) { ":iterate" } else { "" };
        let forward = chance.one_in(2);
        let direction = if forward { "_include" } else { "_revinclude" };
        let sources = self.pointing.get(&(thing.kind.to_owned(), thing.id.clone()));
        let (kind, param) = match sources.filter(|_| !forward) {
            Some(sources) => {
                let (source, param) = *chance.pick(sources);
                (self.things[source].kind, param.code)
            }
            None => {
                let params: Vec<_> = references(thing.kind).map(|p| p.code).collect();
                (thing.kind, if params.is_empty() { "*" } else { *chance.pick(&params) })
            }
        };
        let value = match chance.below(6) {
            0 => format!("{kind}:*"),
            1 if search_param(kind, param).is_some_and(|p| p.targets.contains(&"Patient")) => {
                format!("{kind}:{param}:Patient")
            }
            _ => format!("{kind}:{param}"),
        };
        (format!("{direction}{iterate}"), value)
    }
}

fn references(kind: &str) -> impl Iterator<Item = &'static SearchParam> + use<> {
    search_params(kind).iter().filter(|param| param.kind == ParamKind::Reference)
}

/// What a parameter points at in the same record.
fn locals(json: &Json, param: &'static SearchParam) -> impl Iterator<Item = (String, String)> + use<> {
    extract_param(json.root(), param).into_iter().filter_map(|value| match value {
        SearchValue::Reference(Target::Local(kind, id)) => Some((kind, id)),
        _ => None,
    })
}

fn locals_of(thing: &Thing) -> impl Iterator<Item = (String, String)> {
    references(thing.kind).flat_map(|param| locals(&thing.json, param))
}
