//! What a query's answer must be, found the dull way: each resource that was there is parsed, and each
//! condition asked of it.

use super::world::World;
use fhir::definitions::{ParamKind, compartment, search_param, search_params};
use fhir::search::{
    Base, Decimal, Filter, Include, Query, SearchValue, Sort, SortKey, Target, extract_param, fold, matches,
};
use fhir::{Json, Limits};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Type and id.
pub type Name = (&'static str, String);

/// What a caller sees of a world after a commit.
pub struct Oracle {
    pub there: BTreeMap<Name, Json>,
    /// When the current versions were committed.
    pub at: BTreeMap<Name, i64>,
}

/// What the caller may see.
pub enum Sight {
    Everything,
    Patients(BTreeSet<String>),
    Types(BTreeSet<&'static str>),
}

impl Oracle {
    pub fn new(world: &World, txn: u64, sight: &Sight) -> Oracle {
        let (mut there, mut at) = (BTreeMap::new(), BTreeMap::new());
        for (name, versions) in &world.versions {
            let Some(version) = versions.iter().rev().find(|version| version.txn <= txn) else { continue };
            let Some(text) = &version.text else { continue };
            let json = Json::parse(text.as_str(), Limits::DOOR).unwrap();
            let seen = match sight {
                Sight::Everything => true,
                Sight::Types(types) => types.contains(name.0),
                // Only patients that the store has had can be reached.
                Sight::Patients(reached) => patients(name, &json)
                    .iter()
                    .all(|p| reached.contains(p) && world.versions.contains_key(&("Patient", p.clone()))),
            };
            if seen {
                there.insert(name.clone(), json);
                at.insert(name.clone(), version.at.0);
            }
        }
        Oracle { there, at }
    }

    pub fn found(&self, query: &Query) -> BTreeSet<Name> {
        let of_base = |kind: &str| match &query.base {
            Base::Type(base) => *base == kind,
            Base::Types(kinds) => kinds.is_empty() || kinds.contains(&kind),
        };
        let all =
            |name: &&Name| of_base(name.0) && query.filters.iter().all(|filter| self.meets(name, filter));
        self.there.keys().filter(all).cloned().collect()
    }

    fn meets(&self, name: &Name, filter: &Filter) -> bool {
        let json = &self.there[name];
        match filter {
            Filter::Param { param, .. } | Filter::Chain { param, .. } if param.base != name.0 => false,
            Filter::Param { param, test } => test.met_by(&extract_param(json.root(), param)),
            Filter::Id(ids) => ids.contains(&name.1),
            Filter::LastUpdated(ranges) => {
                let at = SearchValue::Date { start: self.at[name], end: self.at[name] };
                ranges.iter().any(|range| matches(range, &at))
            }
            Filter::Chain { param, targets } => self.targets(name, param.code).iter().any(|target| {
                targets.iter().any(|(kind, filter)| target.0 == *kind && self.meets(target, filter))
            }),
            Filter::Has { source, param, filter } => self.there.keys().any(|other| {
                other.0 == *source
                    && self.targets(other, param.code).contains(name)
                    && self.meets(other, filter)
            }),
            Filter::Compartment { kind, id } => {
                let mut params = compartment(kind, name.0);
                *name == (*kind, id.clone()) || params.any(|param| self.points(name, param.code, kind, id))
            }
            Filter::Text(words) => words.met_by(json.root()),
            Filter::And(filters) => filters.iter().all(|filter| self.meets(name, filter)),
            Filter::Not(filter) => !self.meets(name, filter),
            Filter::Or(filters) => filters.iter().any(|filter| self.meets(name, filter)),
        }
    }

    fn points(&self, name: &Name, code: &str, kind: &str, id: &str) -> bool {
        let Some(param) = search_param(name.0, code) else { return false };
        let values = extract_param(self.there[name].root(), param);
        values.contains(&SearchValue::Reference(Target::Local(kind.into(), id.into())))
    }

    /// The resources that are there and that a parameter points at.
    pub fn targets(&self, name: &Name, code: &str) -> BTreeSet<Name> {
        let values = extract_param(self.there[name].root(), search_param(name.0, code).unwrap());
        let named = |value: &SearchValue| match value {
            SearchValue::Reference(Target::Local(kind, id)) => {
                self.there.keys().find(|name| name.0 == kind && name.1 == *id).cloned()
            }
            _ => None,
        };
        values.iter().filter_map(named).collect()
    }

    /// What the matches include.
    pub fn included(&self, query: &Query, matches: &BTreeSet<Name>) -> BTreeSet<Name> {
        let mut seen = matches.clone();
        let mut from = matches.clone();
        let mut first = true;
        while !from.is_empty() {
            let mut next = BTreeSet::new();
            for include in query.include.iter().filter(|i| first || i.iterate) {
                for name in from.iter().filter(|name| name.0 == include.source) {
                    next.extend(self.led_to(include, name));
                }
            }
            for include in query.revinclude.iter().filter(|i| first || i.iterate) {
                let sources = self.there.keys().filter(|name| name.0 == include.source);
                next.extend(sources.filter(|name| !self.led_to(include, name).is_disjoint(&from)).cloned());
            }
            first = false;
            from = next.into_iter().filter(|name| seen.insert(name.clone())).collect();
        }
        seen.difference(matches).cloned().collect()
    }

    fn led_to(&self, include: &Include, name: &Name) -> BTreeSet<Name> {
        let references =
            |code: &&str| search_param(name.0, code).is_some_and(|p| p.kind == ParamKind::Reference);
        let codes: Vec<&str> = match include.param {
            Some(param) => vec![param.code],
            None => search_params(name.0).iter().map(|p| p.code).filter(references).collect(),
        };
        let all = codes.iter().flat_map(|code| self.targets(name, code));
        all.filter(|target| include.target.is_none_or(|kind| target.0 == kind)).collect()
    }

    /// The order of two matches; equal where the record's own numbers decide.
    pub fn compare(&self, sorts: &[Sort], a: &Name, b: &Name) -> Ordering {
        let by_key = |sort: &Sort| {
            let (a, b) = (self.key(sort, a), self.key(sort, b));
            match (a, b) {
                (Some(a), Some(b)) if sort.descending => b.cmp(&a),
                (Some(a), Some(b)) => a.cmp(&b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            }
        };
        sorts.iter().map(by_key).fold(Ordering::Equal, Ordering::then)
    }

    fn key(&self, sort: &Sort, name: &Name) -> Option<Key> {
        match sort.key {
            SortKey::Id => Some(Key::Text(name.1.clone())),
            SortKey::LastUpdated => Some(Key::Whole(self.at[name])),
            SortKey::Param(param) => {
                let values = extract_param(self.there[name].root(), param);
                let keys = values.iter().filter_map(Key::of);
                if sort.descending { keys.max() } else { keys.min() }
            }
        }
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Whole(i64),
    Text(String),
    Number(Option<Decimal>),
}

impl Key {
    fn of(value: &SearchValue) -> Option<Key> {
        Some(match value {
            SearchValue::Date { start, .. } => Key::Whole(*start),
            SearchValue::String(text) => Key::Text(fold(text)),
            SearchValue::Token { code, .. } => Key::Text(code.clone()),
            SearchValue::Uri(text) => Key::Text(text.clone()),
            SearchValue::Number { low, .. } | SearchValue::Quantity { low, .. } => Key::Number(low.clone()),
            _ => return None,
        })
    }
}

/// The patients that a resource concerns: itself, or all that it points at.
fn patients(name: &Name, json: &Json) -> BTreeSet<String> {
    if name.0 == "Patient" {
        return BTreeSet::from([name.1.clone()]);
    }
    let entries = fhir::search::extract(json.root());
    let patient = |value: &SearchValue| match value {
        SearchValue::Reference(Target::Local(kind, id)) if kind == "Patient" => Some(id.clone()),
        _ => None,
    };
    entries.iter().filter_map(|entry| patient(&entry.value)).collect()
}
