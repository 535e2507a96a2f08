//! Looking up what conditions mean, and remembering what was found so that the writer can see it still holds.

use super::{Caller, Pairs};
use fhir::search::{Handling, Query};
use record::{Body, Found, Instant, Kind, Page, Reader, Refusal, Tx};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// Conditions of one transaction, at most: the writer looks each up again.
pub(super) const CONDITIONS_MAX: usize = 2_000;

/// What a search found while planning. The plan is only good while it finds the same.
pub(super) struct Premise {
    query: Query,
    count: usize,
    found: Vec<(String, u64)>,
}

impl Premise {
    /// True when the search finds the same in the transaction.
    pub(super) fn holds(&self, tx: &Tx<'_>) -> Result<bool, Refusal> {
        let results = tx.search(&self.query, &Page { count: self.count, total: false })?;
        Ok(names(&results.matches) == self.found)
    }
}

fn names(bodies: &[Body]) -> Vec<(String, u64)> {
    bodies.iter().map(|body| (body.id.clone(), body.version)).collect()
}

/// Criteria and what meets them.
pub(super) struct Answer {
    pub query: Query,
    pub bodies: Vec<Body>,
}

/// Reads for a plan: one snapshot, opened when first needed.
pub(super) struct Lookup<'a> {
    pub caller: &'a Caller<'a>,
    pub premises: Vec<Premise>,
    /// What the same transaction deletes.
    pub removed: HashSet<(&'static str, String)>,
    reader: Option<Reader>,
    answers: HashMap<(&'static str, Pairs, usize), Rc<Answer>>,
    now: Instant,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(caller: &'a Caller<'a>) -> Lookup<'a> {
        let now = caller.access.store().now();
        Lookup {
            caller,
            premises: Vec::new(),
            removed: HashSet::new(),
            reader: None,
            answers: HashMap::new(),
            now,
        }
    }

    fn reader(&mut self) -> Result<&Reader, Refusal> {
        if self.reader.is_none() {
            self.reader = Some(self.caller.reader()?);
        }
        Ok(self.reader.as_ref().expect("opened just above"))
    }

    pub(super) fn read(&mut self, kind: &str, id: &str) -> Result<Found, Refusal> {
        self.reader()?.read(kind, id)
    }

    /// Up to `count` resources that meet criteria; a premise of the plan from now on.
    pub(super) fn find(
        &mut self,
        kind: &'static str,
        pairs: &Pairs,
        count: usize,
    ) -> Result<Rc<Answer>, Refusal> {
        let key = (kind, pairs.clone(), count);
        if let Some(answer) = self.answers.get(&key) {
            return Ok(answer.clone());
        }
        if self.premises.len() >= CONDITIONS_MAX {
            let text = format!(
                "There are more than {CONDITIONS_MAX} different conditions. Send it in \
                parts."
            );
            return Err(Refusal::new(Kind::TooLarge, text));
        }
        let query = self.criteria(kind, pairs)?;
        let bodies = self.reader()?.search(&query, &Page { count, total: false })?.matches;
        self.premises.push(Premise { query: query.clone(), count, found: names(&bodies) });
        let answer = Rc::new(Answer { query, bodies });
        self.answers.insert(key, answer.clone());
        Ok(answer)
    }

    /// Criteria that say something: without any, everything would meet them.
    fn criteria(&self, kind: &str, pairs: &Pairs) -> Result<Query, Refusal> {
        let query = self.caller.query(Some(kind), pairs, Handling::Strict, self.now)?;
        if query.filters.is_empty() || !query.ignored.is_empty() {
            let text = "The condition has no criteria, or one without a value. Say which resource is \
                meant, e.g. by identifier.";
            return Err(Refusal::new(Kind::Precondition, text));
        }
        Ok(query)
    }
}
