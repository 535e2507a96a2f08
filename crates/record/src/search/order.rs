//! The order of matches: by the keys of `_sort`, then by the record's own numbers.

use super::SearchContext;
use super::check::number_of;
use super::state::State;
use crate::Refusal;
use crate::keys::{ordered, sort_key};
use fhir::definitions::{ParamKind, SearchParam};
use fhir::search::{Sort, SortKey};
use std::cmp::Ordering;

/// What a resource is sorted by, for each key of `_sort`; nothing where it has no value.
pub(super) type SortKeys = Vec<Option<Vec<u8>>>;

/// A match and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub keys: SortKeys,
    pub res: i64,
}

/// The keys of `_sort`, ready for one type of resource.
pub(super) struct Order<'q> {
    sorts: &'q [Sort],
    numbers: Vec<(i64, ParamKind)>,
}

impl<'q> Order<'q> {
    pub fn of(context: &SearchContext<'_>, kind: &str, sorts: &'q [Sort]) -> Order<'q> {
        let number = |sort: &Sort| match &sort.key {
            SortKey::Param(param) => own(kind, param).map(|param| (number_of(context, param).0, param.kind)),
            SortKey::Id | SortKey::LastUpdated => None,
        };
        // A parameter that the type does not have has no rows under 0.
        let numbers = sorts.iter().map(|sort| number(sort).unwrap_or((0, ParamKind::Special))).collect();
        Order { sorts, numbers }
    }

    /// The number and kind of the parameter that a key sorts by.
    pub fn param(&self, key: usize) -> (i64, ParamKind) {
        self.numbers[key]
    }

    /// What a resource is sorted by.
    pub fn keys(&self, context: &SearchContext<'_>, state: &State) -> Result<SortKeys, Refusal> {
        let mut keys = Vec::with_capacity(self.sorts.len());
        for (i, (sort, (number, kind))) in self.sorts.iter().zip(&self.numbers).enumerate() {
            keys.push(match sort.key {
                SortKey::Id => Some(state.id.text().into_bytes()),
                // Instants never go back from one version to the next; only a further key asks whether they go on.
                SortKey::LastUpdated if i + 1 == self.sorts.len() => Some(ordered(state.vid).to_vec()),
                SortKey::LastUpdated => Some(ordered(context.instant(state.vid)?).to_vec()),
                SortKey::Param(_) => {
                    let values = state.values(*number).filter_map(|value| sort_key(*kind, value));
                    if sort.descending { values.max() } else { values.min() }
                }
            });
        }
        Ok(keys)
    }
}

/// The same parameter of another type, for a search over several.
fn own(kind: &str, param: &'static SearchParam) -> Option<&'static SearchParam> {
    if param.base == kind { Some(param) } else { fhir::definitions::search_param(kind, param.code) }
}

/// The order of two matches. What has no value comes last, whether rising or falling.
pub(super) fn compare(sorts: &[Sort], a: &Hit, b: &Hit) -> Ordering {
    let by_keys = sorts.iter().zip(a.keys.iter().zip(&b.keys)).map(|(sort, pair)| match pair {
        (Some(a), Some(b)) if sort.descending => b.cmp(a),
        (Some(a), Some(b)) => a.cmp(b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
    by_keys.fold(Ordering::Equal, Ordering::then).then(a.res.cmp(&b.res))
}
