//! Sets of patients that one resource concerns. A set has a number; the patient key of its resources is below 0.

use crate::engine::{Conn, Result, Row};
use std::collections::HashMap;

/// Sets that are committed.
#[derive(Default)]
pub(super) struct Several {
    /// By number.
    sets: HashMap<i64, Vec<i64>>,
    /// The keys of the sets that a patient is in.
    with: HashMap<i64, Vec<i64>>,
    /// All numbers up to this one are here.
    known: i64,
}

impl Several {
    pub fn read(conn: &Conn) -> Result<Several> {
        let mut several = Several::default();
        newer(conn, 0)?.into_iter().for_each(|(number, patients)| several.add(number, patients));
        Ok(several)
    }

    /// The patients behind a key.
    pub fn get(&self, key: i64) -> Option<&[i64]> {
        self.sets.get(&-key).map(Vec::as_slice)
    }

    /// The keys of the sets that a patient is in.
    pub fn with(&self, patient: i64) -> &[i64] {
        self.with.get(&patient).map(Vec::as_slice).unwrap_or_default()
    }

    /// The key of a set, which is in order.
    pub fn key(&self, patients: &[i64]) -> Option<i64> {
        let keys = self.with(*patients.first()?);
        keys.iter().copied().find(|key| self.get(*key) == Some(patients))
    }

    /// All numbers up to this one are here.
    pub fn known(&self) -> i64 {
        self.known
    }

    pub fn add(&mut self, number: i64, patients: Vec<i64>) {
        if self.sets.contains_key(&number) {
            return;
        }
        for patient in &patients {
            self.with.entry(*patient).or_default().push(-number);
        }
        self.sets.insert(number, patients);
        while self.sets.contains_key(&(self.known + 1)) {
            self.known += 1;
        }
    }
}

/// Sets with greater numbers.
pub(super) fn newer(conn: &Conn, known: i64) -> Result<Vec<(i64, Vec<i64>)>> {
    let read = |r: &Row<'_>| Ok((r.get(0)?, patients_of(r.get(1)?)));
    conn.all("SELECT number, patients FROM several WHERE number > ?1", &[known.into()], read)
}

/// The patients behind a key below 0; none when there is no such set.
pub(super) fn one(conn: &Conn, key: i64) -> Result<Vec<i64>> {
    let read = |r: &Row<'_>| Ok(patients_of(r.get(0)?));
    let found = conn.first("SELECT patients FROM several WHERE number = ?1", &[(-key).into()], read)?;
    Ok(found.unwrap_or_default())
}

/// A set as its column has it.
pub(crate) fn text_of(patients: &[i64]) -> String {
    patients.iter().map(i64::to_string).collect::<Vec<_>>().join(" ")
}

fn patients_of(text: &str) -> Vec<i64> {
    text.split(' ').filter_map(|n| n.parse().ok()).collect()
}
