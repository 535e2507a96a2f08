//! A scope in the store's own numbers: what the guard of each engine holds every row to.

use crate::names::Names;
use std::collections::HashSet;
use std::sync::Arc;

/// What is seen. Nothing else is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lens {
    /// Types that are seen, by number; none for all.
    pub types: Option<Numbers>,
    /// Types that are reached whoever the patient is.
    pub traced: Option<Numbers>,
    /// Patients that are reached, by `res`; none for everyone.
    pub patients: Option<Numbers>,
    /// Patients of whom nothing is seen.
    pub barred: Option<Numbers>,
    /// Access classes; none for all.
    pub classes: Option<Numbers>,
    /// Patients of whom more classes are seen, and those.
    pub opened: Option<(Numbers, Numbers)>,
}

/// Numbers of the store, shared.
type Numbers = Arc<HashSet<i64>>;

impl Lens {
    /// True when a row is in the scope. `patient` is 0 for none and below 0 for several.
    pub fn sees(&self, names: &Names, kind: i64, patient: i64, class: i64) -> bool {
        let of_type = self.types.as_ref().is_none_or(|t| t.contains(&kind));
        let of_class = self.classes.as_ref().is_none_or(|c| c.contains(&class)) || self.opens(patient, class);
        let traced = self.traced.as_ref().is_some_and(|t| t.contains(&kind));
        let reached = traced
            || self.patients.as_ref().is_none_or(|reach| match patient {
                0 => true,
                1.. => reach.contains(&patient),
                _ => names.several_all(patient, |p| reach.contains(&p)),
            });
        let barred = self.barred.as_ref().is_some_and(|barred| match patient {
            0 => false,
            1.. => barred.contains(&patient),
            _ => !names.several_all(patient, |p| !barred.contains(&p)),
        });
        of_type && of_class && reached && !barred
    }

    /// True when this class is seen of this one patient.
    fn opens(&self, patient: i64, class: i64) -> bool {
        self.opened
            .as_ref()
            .is_some_and(|(patients, classes)| patients.contains(&patient) && classes.contains(&class))
    }

    /// True when versions from before a patient was taken off a resource are in the scope, too: what was filed
    /// under the wrong patient and put right is not shown to those of the right one as it was.
    pub fn sees_before_moves(&self) -> bool {
        self.patients.is_none() && self.barred.is_none()
    }
}
