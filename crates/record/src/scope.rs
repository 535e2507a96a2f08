//! Which rows exist for a caller.

use std::collections::BTreeSet;
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

    /// True when resources of this type can be in the scope.
    pub fn has_type(&self, kind: &str) -> bool {
        self.types.as_ref().is_none_or(|types| types.contains(kind))
    }
}
