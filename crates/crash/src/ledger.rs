//! Every request once: what was acknowledged against what is in the database.

use crate::follower::Follower;
use crate::node::open;
use crate::requests::{Acknowledged, EVERYONES, Request};
use record::{Found, HistoryOf, Kind, Place, Refusal, Scope};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Asks for the request ids in the log, in its order.
pub const REQUESTS: &str = "SELECT request FROM txn WHERE request IS NOT NULL ORDER BY number";

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Requests that were acknowledged.
    pub acknowledged: usize,
    /// Of those, not in the log.
    pub lost: Vec<String>,
    /// In the log more than once.
    pub twice: Vec<String>,
    /// In the log, and nobody was told, after all writers have insisted.
    pub untold: Vec<String>,
    /// Answers and resources that have not the version which one change for each request makes.
    pub miscounted: Vec<String>,
    /// What `verify` says.
    pub unsound: Vec<String>,
    /// Commits that a reader of the log followed.
    pub followed: usize,
    /// What that reader saw otherwise than it is.
    pub unfollowed: Vec<String>,
    /// Times that an outcome was not known.
    pub unknown: u64,
    /// Requests that had been done when they were sent again.
    pub again: usize,
}

impl Ledger {
    /// True when every request was done once and nothing is broken.
    pub fn is_good(&self) -> bool {
        let lists =
            [&self.lost, &self.twice, &self.untold, &self.miscounted, &self.unsound, &self.unfollowed];
        lists.iter().all(|list| list.is_empty())
    }

    /// The same, or a refusal with all of it.
    pub fn good(self, what: &str) -> Result<Ledger, Refusal> {
        match self.is_good() {
            true => Ok(self),
            false => Err(Refusal::new(Kind::Fault, format!("{what}: {self:?}"))),
        }
    }

    /// Takes stock of the record in a place, after all writers have ended. `log` is what the database answers to
    /// [`REQUESTS`].
    pub fn of(
        place: &str,
        log: Result<String, String>,
        acknowledged: &[&Acknowledged],
        follower: Follower,
    ) -> Result<Ledger, Refusal> {
        let mut ledger = Ledger {
            acknowledged: acknowledged.len(),
            unknown: acknowledged.iter().map(|ack| ack.unknown).sum(),
            again: acknowledged.iter().filter(|ack| ack.answer.again).count(),
            ..Ledger::default()
        };
        (ledger.followed, ledger.unfollowed) = follower.finish()?;
        let log = log.map_err(|e| Refusal::new(Kind::Fault, e))?;
        let log: Vec<String> = log.lines().map(str::to_owned).collect();
        ledger.compare(&log, acknowledged);
        ledger.count_versions(place, &log)?;
        let report = record::verify(Place::Postgres(place.to_owned()), &mut |_, _| {})?;
        ledger.unsound = report.findings.iter().map(|f| format!("{}: {}", f.place, f.text)).collect();
        Ok(ledger)
    }

    fn compare(&mut self, log: &[String], acknowledged: &[&Acknowledged]) {
        let mut there = BTreeSet::new();
        self.twice = log.iter().filter(|id| !there.insert(id.as_str())).cloned().collect();
        let told: BTreeSet<String> = acknowledged.iter().map(|ack| ack.request.id()).collect();
        self.lost = told.iter().filter(|id| !there.contains(id.as_str())).cloned().collect();
        self.untold = there.iter().filter(|id| !told.contains(**id)).map(|id| (*id).to_owned()).collect();
        // A writer's first request makes the first version of its resource, and so on.
        let wrong = acknowledged.iter().filter(|ack| ack.answer.version != ack.request.number);
        self.miscounted.extend(wrong.map(|ack| format!("answer {ack:?}")));
    }

    fn count_versions(&mut self, place: &str, log: &[String]) -> Result<(), Refusal> {
        let mut expected = BTreeMap::from([(EVERYONES.to_owned(), log.len() as u64)]);
        for request in log.iter().filter_map(|id| Request::of(id)) {
            *expected.entry(request.writer).or_default() += 1;
        }
        let store = open(place)?;
        let reader = store.reader(&Scope::all())?;
        for (id, count) in expected {
            let history = reader.history(HistoryOf::Resource("Basic", &id), None, 1, None)?;
            let Found::Here(body) = reader.read("Basic", &id)? else {
                self.miscounted.push(format!("{id} is not there"));
                continue;
            };
            let says = body.text.contains(&format!(r#""value":"{count}""#));
            if body.version != count || history.total != Some(count) || !says {
                let total = history.total;
                self.miscounted.push(format!("{count} requests, {total:?} versions, {}", body.text));
            }
        }
        Ok(())
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} acknowledged, {} lost, {} twice, {} untold, {} miscounted, {} unsound; outcome not known {} \
             times, {} had been done when sent again; {} commits followed, {} differences",
            self.acknowledged,
            self.lost.len(),
            self.twice.len(),
            self.untold.len(),
            self.miscounted.len(),
            self.unsound.len(),
            self.unknown,
            self.again,
            self.followed,
            self.unfollowed.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requests::Answer;

    #[test]
    fn what_is_lost_doubled_untold_or_miscounted_is_seen() {
        let acks: Vec<Acknowledged> = (1..=3)
            .map(|number| Acknowledged {
                request: Request { writer: "a".to_owned(), number },
                answer: Answer { version: number.min(2), again: false },
                unknown: 0,
                at: 0,
            })
            .collect();
        let mut ledger = Ledger::default();
        let log = ["a.1", "a.2", "a.2", "a.4"].map(str::to_owned);
        ledger.compare(&log, &acks.iter().collect::<Vec<_>>());
        assert_eq!(ledger.lost, ["a.3"]);
        assert_eq!(ledger.twice, ["a.2"]);
        assert_eq!(ledger.untold, ["a.4"]);
        assert_eq!(ledger.miscounted.len(), 1, "the third answer names the second version");
    }
}
