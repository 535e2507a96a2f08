//! `Observation/$lastn`: the last results of each kind (FHIR R4 operation-observation-lastn).

use super::{Call, Kinds, Operation};
use crate::response::Response;
use crate::route::Weight;
use crate::search;
use crate::status::No;
use fhir::json::{Json, Limits, Value};
use fhir::search::{Query, fold};
use record::{Body, Refusal, Results};
use service::interaction::{self, Pairs};
use std::collections::HashMap;

pub(super) const OPERATION: Operation = Operation {
    name: "lastn",
    definition: "http://hl7.org/fhir/OperationDefinition/Observation-lastn",
    system: false,
    types: Kinds::Only(&["Observation"]),
    instances: Kinds::NONE,
    versions: false,
    changes: false,
    weight: Weight::Wide,
    run,
};

/// Results of each kind, at most.
const MAX_MAX: usize = 1_000;

/// With `max` and any search parameters of Observation, among them a subject and a category or a code.
fn run(call: Call<'_>) -> Result<Response, No> {
    let mut pairs = call.inputs()?.pairs()?;
    let max = taken(&mut pairs, "max").map_or(Ok(1), |text| most(&text))?;
    let names = |wanted: &[&str]| pairs.iter().any(|(name, _)| wanted.contains(&base_of(name)));
    if !names(&["patient", "subject"]) {
        let text = "$lastn is for one subject. Give patient or subject.";
        return Err(Refusal::invalid("patient", text).into());
    }
    if !names(&["category"]) && !pairs.iter().any(|(name, _)| base_of(name).contains("code")) {
        let text = "$lastn needs to know which results. Give a category, a code, or both.";
        return Err(Refusal::invalid("category", text).into());
    }
    if let Some((name, _)) = pairs.iter().find(|(name, _)| SHAPES.contains(&base_of(name))) {
        let text = format!("$lastn orders and counts itself. Leave {name} out.");
        return Err(Refusal::invalid(name.as_str(), text).into());
    }
    let (caller, mut honoured) = (call.caller, pairs.clone());
    pairs.push(("_sort".to_owned(), "-date".to_owned()));
    let now = caller.access.store().now();
    let query = caller.query(Some("Observation"), &pairs, call.wants.handling, now)?;
    let matches = interaction::selected(caller, &query, |all| last_of_each(all, max))?;
    let results = Results { total: Some(matches.len() as u64), matches, ..Results::default() };
    honoured.retain(|pair| query.honoured.contains(pair));
    honoured.insert(0, ("max".to_owned(), max.to_string()));
    let shown = Query { honoured, ..query };
    Ok(Response::json(
        200,
        search::bundle(caller.base, "/Observation/$lastn", &shown, &results, &call.wants.format),
    ))
}

/// What would shape the answer in another way than the operation does.
const SHAPES: [&str; 6] = ["_sort", "_count", "_page", "_include", "_revinclude", "_summary"];

fn base_of(name: &str) -> &str {
    name.split([':', '.']).next().unwrap_or_default()
}

fn taken(pairs: &mut Pairs, name: &str) -> Option<String> {
    let at = pairs.iter().position(|(n, _)| n == name)?;
    Some(pairs.remove(at).1)
}

fn most(text: &str) -> Result<usize, Refusal> {
    let max = text.parse().ok().filter(|max| (1..=MAX_MAX).contains(max));
    max.ok_or_else(|| Refusal::invalid("max", format!("max is a number from 1 to {MAX_MAX}.")))
}

/// The first `max` of each kind, kinds in the order of their first, which is their newest.
fn last_of_each(all: Vec<Body>, max: usize) -> Vec<Body> {
    let mut groups = Groups::default();
    let numbers: Vec<usize> = all.iter().map(|body| groups.take_in(&body.text)).collect();
    let mut lists: Vec<(usize, Vec<Body>)> = Vec::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    for (body, number) in all.into_iter().zip(numbers) {
        let group = groups.root(number);
        let place = *places.entry(group).or_insert_with(|| {
            lists.push((group, Vec::new()));
            lists.len() - 1
        });
        if lists[place].1.len() < max {
            lists[place].1.push(body);
        }
    }
    lists.into_iter().flat_map(|(_, list)| list).collect()
}

/// Codes that mean the same because some observation bears both ("code equivalence": a code and its translations).
#[derive(Default)]
struct Groups {
    parents: Vec<usize>,
    by_code: HashMap<String, usize>,
}

impl Groups {
    /// The group of an observation's code.
    fn take_in(&mut self, text: &str) -> usize {
        let limits = Limits { bytes: usize::MAX, depth: usize::MAX, number: usize::MAX };
        let codes = Json::parse(text, limits).map(|json| codes(json.root())).unwrap_or_default();
        let own = self.parents.len();
        self.parents.push(own);
        for code in codes {
            let known = *self.by_code.entry(code).or_insert(own);
            let (a, b) = (self.root(known), self.root(own));
            self.parents[b.max(a)] = a.min(b);
        }
        own
    }

    fn root(&self, mut group: usize) -> usize {
        while self.parents[group] != group {
            group = self.parents[group];
        }
        group
    }
}

/// The codings of an observation's code; its text where it has none.
fn codes(observation: Value<'_>) -> Vec<String> {
    let Some(code) = observation.get("code") else { return Vec::new() };
    let coding = |coding: Value<'_>| {
        let code = coding.str("code")?;
        Some(format!("{}|{code}", coding.str("system").unwrap_or_default()))
    };
    let codes: Vec<String> =
        code.get("coding").into_iter().flat_map(Value::items).filter_map(coding).collect();
    match code.str("text") {
        Some(text) if codes.is_empty() => vec![format!("text {}", fold(&text))],
        _ => codes,
    }
}
