//! Whom rows of the audit trail are about: taken in behind the trail, so that no act waits for it, and read by whoever
//! asks who saw a patient or what someone did.
//!
//! Rows that are not taken in yet are looked through, so an answer is never behind; and what is found by the table is
//! read and asked itself, so a damaged table shows nothing that is not so.

use crate::engine::{self, Conn, Row, Value};
use crate::words::{packed, unpacked};
use crate::{AuditRow, Author, Reader, Refusal, Scope, Store, fault};
use fhir::{Json, Limits};
use std::collections::{BTreeMap, BTreeSet};

/// Rows that are taken in at a time.
const BATCH: usize = if cfg!(test) { 7 } else { 4_000 };
/// What says how far rows are taken in.
const END: &str = "";
/// Search parameters by which a query names a patient.
const NAMING: &[&str] = &["patient", "subject", "patient:Patient", "subject:Patient"];

const LAST: &str = "SELECT last FROM trail WHERE about = ?1 ORDER BY last DESC LIMIT 1";
const FIRST_FROM: &str = "SELECT last FROM trail WHERE about = ?1 AND last >= ?2 ORDER BY last LIMIT 1";
const BATCHES: &str =
    "SELECT last, seqs FROM trail WHERE about = ?1 AND last <= ?2 ORDER BY last DESC LIMIT ?3";
const ROW: &str = "SELECT seq, at, who, action, txn, detail FROM audit WHERE seq >= ?1 ORDER BY seq LIMIT ?2";
/// Batches read at a time.
const AT_ONCE: i64 = 64;

/// One side of acts: those on a patient, or those of someone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// Acts that name the patient of this id.
    Patient(String),
    /// Acts of this account or client.
    Who(String),
}

impl About {
    fn key(&self) -> String {
        match self {
            About::Patient(id) => format!("Patient/{id}"),
            About::Who(name) => format!("who/{name}"),
        }
    }

    /// True when the act is about them.
    pub fn meets(&self, row: &AuditRow) -> bool {
        match self {
            About::Patient(id) => row.detail.contains(id.as_str()) && row.patients().contains(id),
            About::Who(name) => row.who == *name,
        }
    }
}

impl AuditRow {
    /// The ids of the patients that the act names: whom it showed, whom it changed, and whom it asked for in vain.
    pub fn patients(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let Ok(detail) = Json::parse(self.detail.as_str(), Limits::FILE) else { return found };
        let detail = detail.root();
        for name in ["patient", "patients", "ids"] {
            for value in detail.get(name).into_iter().flat_map(fhir::Value::each) {
                let text = value.as_str().unwrap_or_default();
                found.extend(Some(text.strip_prefix("Patient/").unwrap_or(&text).to_owned()));
            }
        }
        for value in detail.get("out").into_iter().flat_map(fhir::Value::each) {
            found.extend(patient_of(&value.as_str().unwrap_or_default()));
        }
        found.extend(asked_for(&detail.str("query").unwrap_or_default()));
        found.remove("");
        found
    }
}

/// The id in `Patient/ID`, whatever follows it.
fn patient_of(path: &str) -> Option<String> {
    let rest = path.strip_prefix("Patient/")?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.').unwrap_or(rest.len());
    Some(rest[..end].to_owned())
}

/// The patients that a query names.
fn asked_for(query: &str) -> Vec<String> {
    let (path, rest) = query.split_once('?').unwrap_or((query, ""));
    let named = rest.split('&').filter_map(|pair| pair.split_once('=')).flat_map(|(name, value)| {
        let patients = NAMING.contains(&name) || (name == "_id" && path == "Patient");
        value.split(',').filter(move |_| patients)
    });
    let named =
        named.map(|value| value.strip_prefix("Patient/").unwrap_or(value)).filter(|id| !id.contains('/'));
    named.map(str::to_owned).chain(patient_of(path)).collect()
}

impl Store {
    /// Takes in whom the next rows of the trail are about; true when there are more to come. For a job.
    pub fn take_in_trail(&self) -> Result<bool, Refusal> {
        let (from, rows) = {
            let reader = self.reader(&Scope::all())?;
            let from = taken_in(reader.conn())?;
            (from, reader.audit_after(from as u64, BATCH)?)
        };
        let Some(last) = rows.last().map(|row| row.seq as i64) else { return Ok(false) };
        let more = rows.len() == BATCH;
        let mut about: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for row in rows {
            about.entry(About::Who(row.who.clone()).key()).or_default().push(row.seq as i64);
            for patient in row.patients() {
                about.entry(About::Patient(patient).key()).or_default().push(row.seq as i64);
            }
        }
        let mut rows: Vec<(String, Vec<u8>)> =
            about.into_iter().map(|(about, seqs)| (about, packed(&seqs))).collect();
        rows.push((END.to_owned(), Vec::new()));
        self.write(Author::system("record.trail"), move |tx| {
            let conn = tx.conn()?;
            // Another node may have been first.
            if taken_in(conn)? != from {
                return Ok(());
            }
            let values: Vec<Value<'_>> =
                rows.iter().flat_map(|(about, seqs)| [about.into(), last.into(), seqs.into()]).collect();
            conn.bulk(&engine::TRAIL, &values).map_err(|e| fault("take in the trail", e))
        })?;
        Ok(more)
    }

    /// How many rows of the trail are not taken in yet.
    pub fn trail_behind(&self) -> Result<u64, Refusal> {
        let reader = self.reader(&Scope::all())?;
        let newest = reader.audit(None, 1)?.first().map_or(0, |row| row.seq);
        Ok(newest.saturating_sub(taken_in(reader.conn())? as u64))
    }
}

impl Reader {
    /// The newest rows of the audit trail about a patient or of someone, at most `count`, older than `before` if
    /// given. Complete up to the moment of the reader. As with [`Reader::audit`], callers must hold the permission.
    pub fn audit_about(
        &self,
        about: &About,
        before: Option<u64>,
        count: usize,
    ) -> Result<Vec<AuditRow>, Refusal> {
        let taken = taken_in(self.conn())? as u64;
        let mut found = Vec::new();
        let mut before = before.unwrap_or(i64::MAX as u64);
        let before_taken = before.min(taken + 1);
        // What is not taken in yet.
        while before > taken + 1 && found.len() < count {
            let rows = self.audit(Some(before), BATCH.min((before - taken - 1) as usize))?;
            let Some(last) = rows.last().map(|row| row.seq) else { break };
            found.extend(rows.into_iter().filter(|row| row.seq > taken && about.meets(row)));
            before = last;
        }
        if found.len() < count {
            found.extend(self.taken_in_about(about, before_taken, count - found.len())?);
        }
        found.truncate(count);
        Ok(found)
    }

    fn taken_in_about(&self, about: &About, before: u64, count: usize) -> Result<Vec<AuditRow>, Refusal> {
        let (key, failed) = (about.key(), |e| fault("read the trail", e));
        let first = self.conn().first(FIRST_FROM, &[(&key).into(), (before as i64).into()], |r| r.get(0));
        let mut from: i64 = first.map_err(failed)?.unwrap_or(before as i64);
        let mut found = Vec::new();
        loop {
            let values = [(&key).into(), from.into(), AT_ONCE.into()];
            let read = |r: &Row<'_>| Ok((r.get::<i64>(0)?, r.get::<Vec<u8>>(1)?));
            let batches = self.conn().all(BATCHES, &values, read).map_err(failed)?;
            for (_, seqs) in &batches {
                for seq in unpacked(seqs).into_iter().rev().filter(|seq| *seq < before as i64) {
                    found.extend(self.audit_rows(ROW, seq, 1)?.into_iter().filter(|row| about.meets(row)));
                    if found.len() == count {
                        return Ok(found);
                    }
                }
            }
            match batches.last() {
                Some((last, _)) if batches.len() as i64 == AT_ONCE => from = last - 1,
                _ => return Ok(found),
            }
        }
    }
}

fn taken_in(conn: &Conn) -> Result<i64, Refusal> {
    let last = conn.first(LAST, &[END.into()], |r| r.get(0));
    last.map(|last| last.unwrap_or(0)).map_err(|e| fault("find how far the trail is taken in", e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Act;
    use crate::tests::Desk;

    fn act(desk: &Desk, who: &str, detail: &str) {
        desk.store
            .audit(Act { who: who.to_owned(), action: "read", detail: detail.to_owned() })
            .wait()
            .unwrap();
    }

    fn seqs(desk: &Desk, about: &About, before: Option<u64>, count: usize) -> Vec<u64> {
        let reader = desk.store.reader(&Scope::all()).unwrap();
        reader.audit_about(about, before, count).unwrap().into_iter().map(|row| row.seq).collect()
    }

    fn pages(desk: &Desk, about: &About, count: usize) -> Vec<u64> {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let page = seqs(desk, about, before, count);
            let Some(last) = page.last().copied() else { return all };
            all.extend(page);
            before = Some(last);
        }
    }

    #[test]
    fn an_act_names_whom_it_showed_changed_or_asked_for() {
        let patients = |detail: &str| {
            let row = AuditRow {
                seq: 1,
                at: crate::Instant(0),
                who: "a".into(),
                action: "read".into(),
                txn: None,
                detail: detail.into(),
            };
            row.patients().into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(patients(r#"{"patient":"p1"}"#), "p1");
        assert_eq!(patients(r#"{"patients":["p0","p1"],"ids":["Patient/p2"]}"#), "p0 p1 p2");
        assert_eq!(patients(r#"{"out":["Patient/p1/_history/2","Observation/o/_history/1"]}"#), "p1");
        assert_eq!(patients(r#"{"query":"Patient/p1/$everything"}"#), "p1");
        assert_eq!(patients(r#"{"query":"Observation?patient=p1,Patient/p2&code=p3"}"#), "p1 p2");
        assert_eq!(patients(r#"{"query":"Patient?name=p1"}"#), "");
        assert_eq!(patients("p1 is no JSON"), "");
    }

    #[test]
    fn acts_about_a_patient_are_found_at_once_whether_taken_in_or_not() {
        let desk = Desk::new();
        let (p1, ann) = (About::Patient("p1".into()), About::Who("ann".into()));
        for i in 0..60 {
            let who = if i % 3 == 0 { "ann" } else { "bob" };
            let patient = if i % 10 == 0 { "p1" } else { "p11" };
            act(&desk, who, &format!(r#"{{"patients":["{patient}"]}}"#));
        }
        let by_hand = |about: &About| -> Vec<u64> {
            let rows = desk.store.reader(&Scope::all()).unwrap().audit(None, 1_000).unwrap();
            rows.into_iter().filter(|row| about.meets(row)).map(|row| row.seq).collect()
        };
        assert_eq!(by_hand(&p1).len(), 6);
        let mut more = true;
        while more {
            for about in [&p1, &ann] {
                for count in [1, 2, 5, 100] {
                    assert_eq!(pages(&desk, about, count), by_hand(about));
                }
            }
            more = desk.store.take_in_trail().unwrap();
        }
        assert_eq!(desk.store.trail_behind().unwrap(), 0);
        act(&desk, "ann", r#"{"patients":["p1"]}"#);
        assert_eq!(desk.store.trail_behind().unwrap(), 1);
        assert_eq!(pages(&desk, &p1, 3), by_hand(&p1));
        assert_eq!(pages(&desk, &p1, 3).len(), 7);
        desk.sound();
    }

    #[test]
    fn a_commit_is_about_the_patients_of_what_it_wrote_and_of_what_it_took_away() {
        let desk = Desk::new();
        let about = |id: &str| seqs(&desk, &About::Patient(id.into()), None, 100).len();
        desk.put(r#"{"resourceType":"Patient","id":"a"}"#);
        desk.put(r#"{"resourceType":"Patient","id":"b"}"#);
        let basic = |patient: &str| {
            format!(
                r#"{{"resourceType":"Basic","id":"x","subject":{{"reference":"Patient/{patient}"}},
                         "code":{{"text":"c"}}}}"#
            )
        };
        desk.put(&basic("a"));
        assert_eq!((about("a"), about("b")), (2, 1));
        desk.put(&basic("b"));
        assert_eq!((about("a"), about("b")), (3, 2), "it left one and came to the other");
        desk.delete("Basic", "x");
        assert_eq!((about("a"), about("b")), (3, 3));
        while desk.store.take_in_trail().unwrap() {}
        assert_eq!((about("a"), about("b")), (3, 3));
        desk.sound();
    }

    #[test]
    fn an_instant_leads_to_the_first_row_at_it_or_after() {
        let desk = Desk::new();
        let from = |at| desk.store.reader(&Scope::all()).unwrap().audit_from(crate::Instant(at)).unwrap();
        assert_eq!(from(0), None);
        (0..9).for_each(|_| act(&desk, "ann", "{}"));
        assert_eq!(from(0), Some(1));
        let rows = desk.store.reader(&Scope::all()).unwrap().audit(None, 100).unwrap();
        for row in &rows {
            let first = rows.iter().filter(|other| other.at >= row.at).map(|other| other.seq).min();
            assert_eq!(from(row.at.0), first);
        }
        assert_eq!(from(rows[0].at.0 + 1), None);
    }
}
