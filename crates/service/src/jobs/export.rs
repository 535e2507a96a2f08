//! Taking much of the record out (Bulk Data Access IG 2.0): all of it, that of all patients, that of a group.
//!
//! Three ways lead through the record, all as at the job's commit: type by type; patient by patient, where only some
//! are asked for; and along the log (`changes`), where only what has changed since an instant is.

use super::outbox::Outbox;
use super::run::Run;
use super::{Place, changes};
use crate::interaction::{Caller, pairs, query};
use access::Permission;
use conformance::Conformance;
use fhir::definitions::RESOURCES;
use fhir::search::{Filter, Handling, Query};
use fhir::{Json, Limits};
use record::{Body, Found, Instant, Kind, Page, Reader, Refusal};
use std::collections::HashMap;

/// Filters of one export, at most.
pub const FILTERS_MAX: usize = 50;
/// Patients named by the request, at most.
pub const PATIENTS_MAX: usize = 10_000;

/// Whose resources are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// All there are.
    System,
    /// All that are of some patient.
    Patients,
    /// Those of the members of this Group.
    Group(String),
}

/// What is to be exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Whose.
    pub of: Of,
    /// Of these types; of all when there are none.
    pub types: Vec<&'static str>,
    /// Of a type that stands here only what meets one of its queries.
    pub filters: Vec<(&'static str, String)>,
    /// Of these patients only, by id.
    pub patients: Option<Vec<String>>,
    /// What has changed, or was deleted, since.
    pub since: Option<Instant>,
    /// These elements only: `name`, or `Patient.name` for one type.
    pub elements: Vec<String>,
}

impl Export {
    /// Refuses what cannot be done, and who may not have it.
    pub(super) fn check(&self, caller: &Caller<'_>, now: Instant) -> Result<(), Refusal> {
        caller.session.needs(Permission::Bulk)?;
        let listed = self.patients.as_ref().map_or(0, Vec::len);
        if self.filters.len() > FILTERS_MAX || listed > PATIENTS_MAX {
            let text = format!("An export takes at most {FILTERS_MAX} filters and {PATIENTS_MAX} patients.");
            return Err(Refusal::new(Kind::TooLarge, text));
        }
        if self.of == Of::System && self.patients.is_some() {
            let text = "The export of everything knows no patient. Use Patient/$export.";
            return Err(Refusal::invalid("patient", text));
        }
        self.queries(caller.conformance.as_ref(), caller.base, now)?;
        match &self.of {
            Of::Group(id) => members(&caller.reader()?, id).map(drop),
            Of::System | Of::Patients => Ok(()),
        }
    }

    /// The filters, read.
    fn queries(
        &self,
        conformance: Option<&Conformance>,
        base: &str,
        now: Instant,
    ) -> Result<HashMap<&'static str, Vec<Query>>, Refusal> {
        let mut queries: HashMap<&'static str, Vec<Query>> = HashMap::new();
        for (kind, text) in &self.filters {
            if !self.types.is_empty() && !self.types.contains(kind) {
                let text =
                    format!("_typeFilter names {kind}, which _type does not. Add it, or leave it out.");
                return Err(Refusal::invalid("_typeFilter", text));
            }
            let query = query(conformance, base, Some(kind), &pairs(text)?, Handling::Strict, now)?;
            let narrows = query.sort.is_empty()
                && query.count.is_none()
                && query.include.is_empty()
                && query.revinclude.is_empty()
                && query.elements.is_empty()
                && query.page.is_none();
            if !narrows {
                let text = "A _typeFilter only narrows. Leave out _sort, _count, _include and the like.";
                return Err(Refusal::invalid("_typeFilter", text));
            }
            queries.entry(kind).or_default().push(query);
        }
        Ok(queries)
    }
}

/// What an export lets through.
pub(super) struct Sieve {
    pub types: Vec<&'static str>,
    queries: HashMap<&'static str, Vec<Query>>,
    /// Whether only what is of a patient is wanted.
    of_patients: bool,
    /// Their ids in the order they are gone through, if only those of some are.
    pub members: Option<Vec<String>>,
    order: HashMap<String, usize>,
}

impl Sieve {
    fn new(run: &Run<'_>, export: &Export) -> Result<Sieve, Refusal> {
        let mut members = export.patients.clone();
        if let Of::Group(id) = &export.of {
            let all = self::members(&run.reader(&run.session()?)?, id)?;
            members = Some(match &members {
                None => all,
                Some(some) => all.into_iter().filter(|id| some.contains(id)).collect(),
            });
        }
        let listed = members.iter().flatten().cloned().enumerate();
        Ok(Sieve {
            types: if export.types.is_empty() { RESOURCES.to_vec() } else { export.types.clone() },
            queries: export.queries(run.conformance, run.base, run.job.began)?,
            of_patients: export.of != Of::System,
            order: listed.map(|(i, id)| (id, i)).collect(),
            members,
        })
    }

    /// The first of the members that a resource is of.
    pub fn first_member(&self, body: &Body) -> Option<usize> {
        body.patients.iter().filter_map(|id| self.order.get(id)).min().copied()
    }

    /// Whether it is of someone whose resources are wanted.
    pub fn is_of_them(&self, body: &Body) -> bool {
        match &self.members {
            Some(_) => self.first_member(body).is_some(),
            None => !self.of_patients || !body.patients.is_empty(),
        }
    }

    /// Whether it meets a filter of its type.
    pub fn lets(&self, reader: &Reader, body: &Body) -> Result<bool, Refusal> {
        let Some(queries) = self.queries.get(body.kind) else { return Ok(true) };
        for query in queries {
            let mut query = query.clone();
            query.filters.push(Filter::Id(vec![body.id.clone()]));
            if reader.count(&query)? > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

pub(super) fn run(run: &mut Run<'_>, export: &Export) -> Result<(), Refusal> {
    let sieve = Sieve::new(run, export)?;
    let mut outbox = Outbox::new(&export.elements);
    match (export.since, &sieve.members) {
        (Some(since), _) => changes::walk(run, &sieve, since, &mut outbox)?,
        (None, Some(members)) => by_patient(run, &sieve, members, &mut outbox)?,
        (None, None) => by_type(run, &sieve, &mut outbox)?,
    }
    outbox.flush(run)
}

/// Type by type, page by page.
fn by_type(run: &mut Run<'_>, sieve: &Sieve, outbox: &mut Outbox<'_>) -> Result<(), Refusal> {
    let page = Page { count: run.pace.page, total: false };
    while let Some(kind) = sieve.types.get(run.job.place.step as usize) {
        let reader = run.reader(&run.session()?)?;
        let mut query = Query::parse(Some(kind), &[], Handling::Strict, run.job.began, run.base)?;
        query.page = run.job.place.page.take();
        let results = reader.search(&query, &page)?;
        for body in &results.matches {
            if sieve.is_of_them(body) && sieve.lets(&reader, body)? {
                outbox.add(body);
            }
        }
        drop(reader);
        run.job.place = match results.next {
            Some(next) => Place { step: run.job.place.step, page: Some(next) },
            None => Place { step: run.job.place.step + 1, page: None },
        };
        outbox.flush_if_due(run)?;
    }
    Ok(())
}

/// Patient by patient. What is of several goes out with the first of them.
fn by_patient(
    run: &mut Run<'_>,
    sieve: &Sieve,
    members: &[String],
    outbox: &mut Outbox<'_>,
) -> Result<(), Refusal> {
    while let Some(member) = members.get(run.job.place.step as usize) {
        let reader = run.reader(&run.session()?)?;
        let bodies = match reader.compartment(member, &sieve.types) {
            Ok(bodies) => bodies,
            // Not there at that commit, or not for who asks: the two look the same.
            Err(refusal) if refusal.kind == Kind::NotFound => Vec::new(),
            Err(refusal) => return Err(refusal),
        };
        let at = Some(run.job.place.step as usize);
        for body in &bodies {
            let wanted = sieve.types.contains(&body.kind) && sieve.first_member(body) == at;
            if wanted && sieve.lets(&reader, body)? {
                outbox.add(body);
            }
        }
        drop(reader);
        run.job.place = Place { step: run.job.place.step + 1, page: None };
        outbox.flush_if_due(run)?;
    }
    Ok(())
}

/// The ids of the patients that are members of a Group, each once: not those who have left it.
fn members(reader: &Reader, id: &str) -> Result<Vec<String>, Refusal> {
    let Found::Here(body) = reader.read("Group", id)? else {
        return Err(Refusal::not_found(&format!("Group/{id}")));
    };
    let broken = |_| Refusal::new(Kind::Fault, "The Group cannot be read. Tell support.");
    let json = Json::parse(body.text, Limits::FILE).map_err(broken)?;
    let mut found = Vec::new();
    for member in json.root().get("member").into_iter().flat_map(|list| list.items()) {
        let left = member.get("inactive").and_then(|is| is.as_bool()) == Some(true);
        let reference = member.get("entity").and_then(|entity| entity.str("reference"));
        let patient = reference.as_deref().and_then(|text| text.strip_prefix("Patient/"));
        if let Some(patient) = patient.filter(|_| !left) {
            let id = patient.split('/').next().unwrap_or_default().to_owned();
            found.push(id);
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|id| seen.insert(id.clone()));
    Ok(found)
}
