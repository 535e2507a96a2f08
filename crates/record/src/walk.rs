//! All resources of a type, one batch after the other, in the order in which they came to the record: for what reads
//! many and needs no more of each than its text, as views do. A batch is still packed, so that unpacking can be done
//! on another thread; in memory are only the batches that someone holds.

use crate::engine::{self, Row, Value};
use crate::names::Names;
use crate::snapshot::{Snapshot, VersionRow, version_row};
use crate::{Refusal, fault};
use fhir::Instant;
use std::sync::Arc;

/// Resources of a batch, at most: as many as a core has near at hand when they are unpacked and read.
pub const BATCH_MAX: usize = 256;
/// Resources of the first batch, whose size says how many the next may have.
const BATCH_FIRST: usize = 64;
/// Packed bytes that a batch should have at most, so that many large documents are not in memory at once.
const BATCH_BYTES: usize = 1 << 20;

/// Live resources after one, with their versions as they are now.
pub(crate) const WALK: &str =
    "SELECT v.ver, v.txn, v.at, v.splice, v.pack, v.body, v.prev, h.res FROM guarded_head h
     JOIN guarded_version v ON h.vid = v.vid WHERE h.type = ?1 AND h.live = 1 AND h.res > ?2
     ORDER BY h.res LIMIT ?3";
/// The same with those that have been deleted: they may have been there at a past instant.
pub(crate) const WALK_PAST: &str =
    "SELECT v.ver, v.txn, v.at, v.splice, v.pack, v.body, v.prev, h.res FROM guarded_head h
     JOIN guarded_version v ON h.vid = v.vid WHERE h.type = ?1 AND h.res > ?2
     ORDER BY h.res LIMIT ?3";

/// A walk over all resources of a type that a snapshot shows.
pub struct Walk<'r> {
    snapshot: Snapshot<'r>,
    names: Arc<Names>,
    /// Nothing for a type of which there never was a resource.
    kind: Option<i64>,
    /// The last resource of the batch before.
    last: i64,
    count: usize,
}

/// Some resources, still packed.
pub struct Batch {
    names: Arc<Names>,
    versions: Vec<VersionRow>,
}

impl<'r> Walk<'r> {
    pub(crate) fn new(snapshot: Snapshot<'r>, names: &Arc<Names>, kind: &str) -> Walk<'r> {
        let kind = snapshot.names.type_number(kind);
        Walk { snapshot, names: names.clone(), kind, last: 0, count: BATCH_FIRST }
    }

    /// The next resources, or nothing at the end. A batch may be empty before the end.
    #[allow(clippy::should_implement_trait, reason = "each step can be refused")]
    pub fn next(&mut self) -> Result<Option<Batch>, Refusal> {
        let Some(kind) = self.kind else { return Ok(None) };
        let sql = if self.snapshot.txn == self.snapshot.newest { WALK } else { WALK_PAST };
        let values = [kind, self.last, self.count as i64].map(Value::Int);
        let read = |r: &Row<'_>| Ok((version_row(r)?, r.get::<i64>(7)?));
        let rows: engine::Result<Vec<(VersionRow, i64)>> = self.snapshot.conn.all(sql, &values, read);
        let rows = rows.map_err(|e| fault("read all of a type", e))?;
        match rows.last() {
            Some((_, last)) if rows.len() == self.count => self.last = *last,
            Some(_) => self.kind = None,
            None => return Ok(None),
        }
        let bytes: usize = rows.iter().map(|(row, _)| row.body.as_ref().map_or(0, Vec::len)).sum();
        self.count = (BATCH_BYTES * rows.len() / bytes.max(1)).clamp(1, BATCH_MAX);
        let mut versions = Vec::with_capacity(rows.len());
        for (row, _) in rows {
            versions.extend(self.shown(row)?);
        }
        for row in &versions {
            self.names.know(self.snapshot.conn, row.pack)?;
        }
        Ok(Some(Batch { names: self.names.clone(), versions }))
    }

    /// The version that this state shows, if it shows one.
    fn shown(&self, mut row: VersionRow) -> Result<Option<VersionRow>, Refusal> {
        while row.txn > self.snapshot.txn {
            let Some(prev) = row.prev else { return Ok(None) };
            match self.snapshot.version(prev)? {
                Some(older) => row = older,
                None => return Ok(None),
            }
        }
        Ok(row.body.is_some().then_some(row))
    }
}

impl Batch {
    /// How many resources it has.
    pub fn len(&self) -> usize {
        self.versions.len()
    }

    /// True when it has none.
    pub fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    /// The texts of the resources as a client sees them, unpacked one by one.
    pub fn texts(&self) -> impl Iterator<Item = Result<String, Refusal>> {
        self.versions.iter().map(|row| {
            let packed = row.body.as_deref().unwrap_or_default();
            let stored = self.names.dictionaries.unpack(row.pack, packed)?;
            let mut text = String::with_capacity(stored.len() + 80);
            fhir::resource::served(&stored, row.splice, row.ver as u64, Instant(row.at), &mut text);
            Ok(text)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{Desk, only};
    use crate::{Reader, Scope};
    use fhir::{Json, Limits};

    const PEOPLE: usize = 2_500;

    fn patient(id: &str, family: &str) -> String {
        format!(r#"{{"resourceType":"Patient","id":"{id}","name":[{{"family":"{family}"}}]}}"#)
    }

    /// Ids and family names, in the order of the walk.
    fn walked(reader: &Reader, kind: &str) -> Vec<(String, String)> {
        let (mut walk, mut all) = (reader.walk(kind), Vec::new());
        while let Some(batch) = walk.next().unwrap() {
            assert!(batch.len() <= BATCH_MAX);
            all.extend(batch.texts().map(|text| {
                let json = Json::parse(text.unwrap(), Limits::DOOR).unwrap();
                let family = json.root().get("name").and_then(|names| names.items().next()?.str("family"));
                (json.root().str("id").unwrap().into_owned(), family.unwrap_or_default().into_owned())
            }));
        }
        all
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(id, family)| ((*id).to_owned(), (*family).to_owned())).collect()
    }

    #[test]
    fn a_walk_shows_each_resource_of_a_type_once_now_and_as_at() {
        let desk = Desk::new();
        desk.put(&patient("ann", "Lee"));
        desk.put(&patient("bob", "Roe"));
        desk.put(r#"{"resourceType":"Organization","id":"o"}"#);
        let before = desk.store.reader(&Scope::all()).unwrap();
        let then = desk.store.now();
        while desk.store.now() <= then {}
        desk.put(&patient("ann", "Moss"));
        desk.delete("Patient", "bob");
        desk.put(&patient("cy", "Poe"));
        let now = desk.store.reader(&Scope::all()).unwrap();
        assert_eq!(walked(&now, "Patient"), pairs(&[("ann", "Moss"), ("cy", "Poe")]));
        let past = desk.store.reader_at(&Scope::all(), then).unwrap();
        for reader in [&before, &past] {
            assert_eq!(walked(reader, "Patient"), pairs(&[("ann", "Lee"), ("bob", "Roe")]));
        }
        assert_eq!(walked(&past, "Encounter"), []);
    }

    #[test]
    fn a_walk_shows_only_what_is_in_the_scope() {
        let desk = Desk::new();
        desk.put(&patient("ann", "Lee"));
        desk.put(&patient("bob", "Roe"));
        let reader = desk.store.reader(&only(&["bob"])).unwrap();
        assert_eq!(walked(&reader, "Patient"), pairs(&[("bob", "Roe")]));
    }

    #[test]
    fn a_walk_over_many_batches_leaves_none_out() {
        let desk = Desk::new();
        let all: Vec<_> =
            (0..PEOPLE).map(|n| crate::tests::prepared(&patient(&format!("p{n}"), "Lee"))).collect();
        let put = move |tx: &mut crate::Tx<'_>| all.into_iter().try_for_each(|p| tx.put(p, None).map(drop));
        desk.store.write(crate::Author::system("test"), put).unwrap();
        let ids: Vec<_> = walked(&desk.store.reader(&Scope::all()).unwrap(), "Patient");
        let wanted: Vec<_> = (0..PEOPLE).map(|n| (format!("p{n}"), "Lee".to_owned())).collect();
        assert_eq!(ids, wanted);
    }

    #[test]
    fn a_walk_seeks_and_does_not_sort() {
        let desk = Desk::new();
        let place = crate::tests::place(&desk.home);
        let names = Arc::new(Names::known(&place.open_whole().unwrap()).unwrap());
        let mut conn = place.open_writer(false).unwrap();
        conn.guard(&names).unwrap();
        for sql in [WALK, WALK_PAST] {
            let plan = conn.plan(sql).unwrap();
            assert!(!plan.is_empty() && plan.iter().all(|step| step.seeks), "{plan:?}");
        }
    }
}
