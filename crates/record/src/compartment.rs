//! All that is of one patient.

use crate::snapshot::Snapshot;
use crate::{Body, Found, Refusal, fault};

/// The patient, then their resources by type (in the order of `types`; all, by name, when it is empty), oldest
/// first. Not found when the patient is not there in this state, or not in the scope.
pub(crate) fn bodies(snapshot: &Snapshot<'_>, patient: &str, types: &[&str]) -> Result<Vec<Body>, Refusal> {
    let gone = || Refusal::not_found(&format!("Patient/{patient}"));
    let Found::Here(body) = snapshot.read("Patient", patient)? else { return Err(gone()) };
    let head = snapshot.head("Patient", patient)?.ok_or_else(gone)?;
    let mut all = vec![body];
    for kind in kinds(snapshot, head.res, types)? {
        all.extend(snapshot.load_all(&members(snapshot, head.res, kind)?)?);
    }
    Ok(all)
}

/// Types and how many resources of each a patient has in this state, the patient itself left out.
pub(crate) fn counts(snapshot: &Snapshot<'_>, patient: &str) -> Result<Vec<(&'static str, u64)>, Refusal> {
    let Some(head) = snapshot.head("Patient", patient)? else { return Ok(Vec::new()) };
    let mut counts = Vec::new();
    for kind in kinds(snapshot, head.res, &[])? {
        let members = members(snapshot, head.res, kind)?;
        let count = if snapshot.txn == snapshot.newest {
            members.len()
        } else {
            let mut there = 0;
            for res in members {
                there += usize::from(snapshot.there(res)?);
            }
            there
        };
        if count > 0 {
            counts.push((snapshot.names.kind(kind), count as u64));
        }
    }
    Ok(counts)
}

/// Type numbers, without Patient, in the order they are wanted.
fn kinds(snapshot: &Snapshot<'_>, patient: i64, types: &[&str]) -> Result<Vec<i64>, Refusal> {
    let own = snapshot.names.type_number("Patient");
    if !types.is_empty() {
        return Ok(types
            .iter()
            .filter_map(|t| snapshot.names.type_number(t))
            .filter(|n| Some(*n) != own)
            .collect());
    }
    let mut kinds = Vec::new();
    for key in keys(snapshot, patient)? {
        let sql = "SELECT DISTINCT type FROM guarded_head WHERE patient = ?1";
        let found = snapshot.conn.all(sql, &[key.into()], |r| r.get::<i64>(0));
        let found = found.map_err(|e| fault("list a patient's types", e))?;
        kinds.extend(found.into_iter().filter(|n| Some(*n) != own));
    }
    kinds.sort_by_key(|n| snapshot.names.kind(*n));
    kinds.dedup();
    Ok(kinds)
}

/// The patient keys that a patient's resources may have: its own, and those of sets that it is in.
fn keys(snapshot: &Snapshot<'_>, patient: i64) -> Result<Vec<i64>, Refusal> {
    let mut keys = vec![patient];
    keys.extend(snapshot.names.several_with(snapshot.conn, patient)?);
    Ok(keys)
}

/// Resources of a type in a patient's compartment, oldest first. Of a past state also those deleted since;
/// loading them decides.
fn members(snapshot: &Snapshot<'_>, patient: i64, kind: i64) -> Result<Vec<i64>, Refusal> {
    let sql = if snapshot.txn == snapshot.newest {
        "SELECT res FROM guarded_head WHERE patient = ?1 AND type = ?2 AND live = 1"
    } else {
        "SELECT res FROM guarded_head WHERE patient = ?1 AND type = ?2"
    };
    let mut all = Vec::new();
    for key in keys(snapshot, patient)? {
        let found = snapshot.conn.all(sql, &[key.into(), kind.into()], |r| r.get::<i64>(0));
        let found = found.map_err(|e| fault("list a patient's resources", e))?;
        all.extend(found);
    }
    all.sort_unstable();
    Ok(all)
}
