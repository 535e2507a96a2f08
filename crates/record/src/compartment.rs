//! All that is of one patient.

use crate::engine::{self, Row};
use crate::snapshot::Snapshot;
use crate::{Body, Found, Refusal, fault};
use std::collections::HashMap;

/// The patient, then their resources by type (in the order of `types`; all, by name, when it is empty), oldest
/// first. Not found when the patient is not there in this state, or not in the scope.
pub(crate) fn bodies(snapshot: &Snapshot<'_>, patient: &str, types: &[&str]) -> Result<Vec<Body>, Refusal> {
    let gone = || Refusal::not_found(&format!("Patient/{patient}"));
    let Found::Here(body) = snapshot.read("Patient", patient)? else { return Err(gone()) };
    let head = snapshot.head("Patient", patient)?.ok_or_else(gone)?;
    let members = members(snapshot, head.res, types)?;
    let list: Vec<i64> = members.into_iter().flat_map(|(_, list)| list).collect();
    let mut all = vec![body];
    all.extend(snapshot.load_all(&list)?);
    Ok(all)
}

/// Types and how many resources of each a patient has in this state, the patient itself left out.
pub(crate) fn counts(snapshot: &Snapshot<'_>, patient: &str) -> Result<Vec<(&'static str, u64)>, Refusal> {
    let Some(head) = snapshot.head("Patient", patient)? else { return Ok(Vec::new()) };
    let mut counts = Vec::new();
    for (kind, members) in members(snapshot, head.res, &[])? {
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

/// Resources in a patient's compartment, without the patient: by type in the order of `types` (by name when it is
/// empty: all), each type's oldest first. Of a past state also those deleted since; loading them decides.
fn members(snapshot: &Snapshot<'_>, patient: i64, types: &[&str]) -> Result<Vec<(i64, Vec<i64>)>, Refusal> {
    let mut keys = vec![patient];
    keys.extend(snapshot.names.several_with(snapshot.conn, patient)?);
    let own = snapshot.names.type_number("Patient");
    let wanted = types.iter().filter_map(|kind| snapshot.names.type_number(kind));
    let wanted: Vec<i64> = wanted.filter(|kind| Some(*kind) != own).collect();
    let mut found: HashMap<i64, Vec<i64>> = HashMap::new();
    for key in keys {
        let rows = if types.is_empty() { all(snapshot, key) } else { of_types(snapshot, key, &wanted) };
        for (kind, res) in rows.map_err(|e| fault("list a patient's resources", e))? {
            found.entry(kind).or_default().push(res);
        }
    }
    let mut order = wanted;
    if types.is_empty() {
        order = found.keys().copied().filter(|kind| Some(*kind) != own).collect();
        order.sort_by_key(|kind| snapshot.names.kind(*kind));
    }
    let mut members = Vec::with_capacity(order.len());
    for kind in order {
        let mut list = found.remove(&kind).unwrap_or_default();
        list.sort_unstable();
        members.push((kind, list));
    }
    Ok(members)
}

/// Types and resources of a patient key.
fn all(snapshot: &Snapshot<'_>, key: i64) -> engine::Result<Vec<(i64, i64)>> {
    let sql = if snapshot.txn == snapshot.newest {
        "SELECT type, res FROM guarded_head WHERE patient = ?1 AND live = 1"
    } else {
        "SELECT type, res FROM guarded_head WHERE patient = ?1"
    };
    snapshot.conn.all(sql, &[key.into()], |r| Ok((r.get(0)?, r.get(1)?)))
}

/// The same of some types.
fn of_types(snapshot: &Snapshot<'_>, key: i64, kinds: &[i64]) -> engine::Result<Vec<(i64, i64)>> {
    let sql = if snapshot.txn == snapshot.newest {
        "SELECT type, res FROM guarded_head WHERE patient = ?1 AND type = ?2 AND live = 1"
    } else {
        "SELECT type, res FROM guarded_head WHERE patient = ?1 AND type = ?2"
    };
    let mut rows = Vec::new();
    for kind in kinds {
        let read = |r: &Row<'_>| Ok((r.get(0)?, r.get(1)?));
        rows.extend(snapshot.conn.all(sql, &[key.into(), (*kind).into()], read)?);
    }
    Ok(rows)
}
