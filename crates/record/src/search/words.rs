//! Candidates of a search for words: the resources of versions that have them all, and of those whose words are not
//! taken in yet. Only what the caller sees is among them.

use super::{SearchContext, sql};
use crate::engine::Row;
use crate::words::{END, key, unpacked};
use crate::{Refusal, fault};
use fhir::search::{Term, Words};
use std::collections::BTreeSet;

/// Versions whose words are not taken in, at most, that are candidates all of them.
const LAG_MAX: usize = if cfg!(test) { 40 } else { 20_000 };
/// Versions that are asked for together, where asking costs a round trip.
const TOGETHER: usize = 1_000;

impl SearchContext<'_> {
    /// The resources that may have the words; nothing when too many are not taken in yet to tell.
    pub(super) fn with_words(&self, words: &Words) -> Result<Option<Vec<i64>>, Refusal> {
        let conn = self.snapshot.conn;
        let read = |r: &Row<'_>| r.get::<i64>(0);
        let last = sql::WORDS_LAST.first(conn, &[END.into()], read).map_err(failed)?.unwrap_or(0);
        let late = [last.into(), (LAG_MAX as i64 + 1).into()];
        let late = sql::RESOURCES_AFTER.all(conn, &late, read).map_err(failed)?;
        if late.len() > LAG_MAX {
            return Ok(None);
        }
        let mut found: BTreeSet<i64> = late.into_iter().collect();
        for terms in &words.any {
            let mut all: Option<BTreeSet<i64>> = None;
            for term in terms {
                for vids in self.versions_with(term)? {
                    all = Some(match all {
                        None => vids,
                        Some(all) => all.intersection(&vids).copied().collect(),
                    });
                }
            }
            found.extend(self.resources_of(&all.unwrap_or_default().into_iter().collect::<Vec<_>>())?);
        }
        Ok(Some(found.into_iter().collect()))
    }

    /// For each word of a term, the versions that have it.
    fn versions_with(&self, term: &Term) -> Result<Vec<BTreeSet<i64>>, Refusal> {
        let conn = self.snapshot.conn;
        let read = |r: &Row<'_>| Ok(unpacked(r.get(0)?));
        let one = |rows: Vec<Vec<i64>>| rows.into_iter().flatten().collect::<BTreeSet<i64>>();
        match term {
            Term::Words(words) => {
                let each = words.iter().map(|word| {
                    let word = key(word);
                    sql::WORD.all(conn, &[(&word).into()], read).map(one).map_err(failed)
                });
                each.collect()
            }
            Term::Prefix(start) => {
                let low = key(start);
                let mut high = low.clone();
                high.push(0xFF);
                let rows = sql::WORDS.all(conn, &[(&low).into(), (&high).into()], read).map_err(failed)?;
                Ok(vec![one(rows)])
            }
        }
    }

    fn resources_of(&self, vids: &[i64]) -> Result<Vec<i64>, Refusal> {
        let conn = self.snapshot.conn;
        let read = |r: &Row<'_>| r.get::<i64>(0);
        let mut found = Vec::new();
        if conn.is_far() {
            for some in vids.chunks(TOGETHER) {
                let some = [crate::engine::Value::Ints(some)];
                found.extend(sql::RESOURCES_OF.all(conn, &some, read).map_err(failed)?);
            }
            return Ok(found);
        }
        for vid in vids {
            found.extend(sql::RESOURCE_OF.first(conn, &[(*vid).into()], read).map_err(failed)?);
        }
        Ok(found)
    }
}

fn failed(e: crate::engine::Error) -> Refusal {
    fault("look for words", e)
}
