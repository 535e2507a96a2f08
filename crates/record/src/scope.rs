//! Which rows exist for a caller.

use crate::body::IdKey;
use crate::engine::Conn;
use crate::lens::Lens;
use crate::names::Names;
use crate::{Refusal, fault};
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// Whose resources a caller reaches. Resources of no patient are reached by anyone whose types allow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every patient.
    Everyone,
    /// These patients only, by id. A resource that concerns several is reached only by someone who reaches all.
    Patients(Arc<BTreeSet<String>>),
}

/// Which rows exist for a caller: of which types, of whose, in which access classes. What is outside is, in
/// every answer, as if it were not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Resource types; none for all.
    pub types: Option<Arc<BTreeSet<&'static str>>>,
    /// Patients.
    pub reach: Reach,
    /// Access classes; none for all.
    pub classes: Option<Arc<BTreeSet<i64>>>,
}

impl Scope {
    /// Everything. For the system itself and for tests.
    pub fn all() -> Scope {
        Scope { types: None, reach: Reach::Everyone, classes: None }
    }

    /// True when nothing is outside.
    pub fn is_all(&self) -> bool {
        self.types.is_none() && self.classes.is_none() && self.reach == Reach::Everyone
    }

    /// True when resources of this type can be in the scope.
    pub fn has_type(&self, kind: &str) -> bool {
        self.types.as_ref().is_none_or(|types| types.contains(kind))
    }
}

impl Scope {
    /// What is inside both.
    pub fn narrowed_to(&self, other: &Scope) -> Scope {
        let reach = match (&self.reach, &other.reach) {
            (Reach::Everyone, reach) | (reach, Reach::Everyone) => reach.clone(),
            (Reach::Patients(a), Reach::Patients(b)) => Reach::Patients(Arc::new(&**a & &**b)),
        };
        Scope { types: both(&self.types, &other.types), reach, classes: both(&self.classes, &other.classes) }
    }

    /// The scope in this store's numbers. Patients that the store does not know reach nothing.
    pub(crate) fn lens(&self, conn: &Conn, names: &Names) -> Result<Lens, Refusal> {
        let types = self.types.as_ref().map(|types| {
            Arc::new(types.iter().filter_map(|kind| names.type_number(kind)).collect::<HashSet<i64>>())
        });
        let patients = match &self.reach {
            Reach::Everyone => None,
            Reach::Patients(ids) => Some(Arc::new(numbers(conn, names, ids)?)),
        };
        let classes = self.classes.as_ref().map(|c| Arc::new(c.iter().copied().collect::<HashSet<i64>>()));
        Ok(Lens { types, patients, classes })
    }

    /// A hash of the scope, so that a page token cannot be carried to another.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(format!("{self:?}").as_bytes()).into()
    }
}

/// What is in both; nothing stands for all.
fn both<T: Ord + Clone>(
    a: &Option<Arc<BTreeSet<T>>>,
    b: &Option<Arc<BTreeSet<T>>>,
) -> Option<Arc<BTreeSet<T>>> {
    match (a, b) {
        (None, set) | (set, None) => set.clone(),
        (Some(a), Some(b)) => Some(Arc::new(&**a & &**b)),
    }
}

fn numbers(conn: &Conn, names: &Names, ids: &BTreeSet<String>) -> Result<HashSet<i64>, Refusal> {
    let patient = names.type_number("Patient").unwrap_or(0);
    let find = |id: &String| {
        let sql = "SELECT res FROM guarded_name WHERE type = ?1 AND id = ?2 AND ver > 0";
        let id = IdKey::of(id);
        let values = [patient.into(), id.bytes().into()];
        conn.first(sql, &values, |r| r.get(0)).map_err(|e| fault("find the patients of a scope", e))
    };
    ids.iter().filter_map(|id| find(id).transpose()).collect()
}
