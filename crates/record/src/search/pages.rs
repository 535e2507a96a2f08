//! One page of matches, and how many there are in all.
//!
//! Where few resources can match, all matches are found, sorted and cut. Where many can, the page is read
//! along an index, so that its cost does not grow with what follows it.

use super::SearchContext;
use super::along::{Along, Log, Place, Way};
use super::drive::{Choice, Drive, Purpose, candidates};
use super::order::{Hit, Order, compare};
use super::part::Part;
use super::state::State;
use super::token::{Mark, Mode};
use crate::Refusal;
use crate::keys::{ordered_ranges, sort_key};
use fhir::definitions::ParamKind;
use fhir::search::{Query, Sort, SortKey};

/// Rows read along a parameter sorted by, for a first page, before all matches are found instead.
const ROWS_MAX: usize = if cfg!(test) { 30 } else { 5_000 };
/// Resources listed at a time.
const LISTED: usize = if cfg!(test) { 3 } else { 256 };

/// A page of matches.
pub(super) struct Found {
    pub matches: Vec<i64>,
    /// Number of all matches, where it is known.
    pub total: Option<u64>,
    /// Where the page ended, if there are more.
    pub next: Option<Mark>,
}

/// How many match.
pub(super) fn count(context: &SearchContext<'_>, parts: &[Part]) -> Result<u64, Refusal> {
    let mut count = 0;
    for part in parts {
        count += part.all(context)?.len() as u64;
    }
    Ok(count)
}

/// Finds `count` matches: the first ones, or those after `mark`.
pub(super) fn find(
    context: &SearchContext<'_>,
    query: &Query,
    parts: &[Part],
    count: usize,
    mark: Option<Mark>,
) -> Result<Found, Refusal> {
    let pager = Pager { context, query, parts, count };
    match (mark, parts) {
        (Some(mark), _) => pager.go_on(mark),
        (None, [part]) => pager.first(part),
        (None, parts) if query.sort.is_empty() && parts.iter().all(|part| part.checks.is_empty()) => {
            pager.listing(0, 0)
        }
        (None, _) => pager.collected(None),
    }
}

struct Pager<'p> {
    context: &'p SearchContext<'p>,
    query: &'p Query,
    parts: &'p [Part],
    count: usize,
}

impl Pager<'_> {
    fn first(&self, part: &Part) -> Result<Found, Refusal> {
        let purpose = if self.query.sort.is_empty() { Purpose::Page } else { Purpose::All };
        let Choice { drive, check } = part.choose(self.context, purpose)?;
        if let Drive::Given(list) = drive {
            return self.cut(self.hits(part, list, check)?, None);
        }
        match self.query.sort.as_slice() {
            [] if matches!(drive, Drive::Listing) => self.listing(0, 0),
            [] => match check.map(|check| (check, part.checks[check].way())) {
                Some((check, Some(way))) => self.along(part, check, way, None),
                _ => self.collected(None),
            },
            [Sort { key: SortKey::LastUpdated, descending }] => self.log(part, *descending, None),
            [Sort { key: SortKey::Param(_), .. }] => match self.sorted(part, None, Some(ROWS_MAX))? {
                Some(found) => Ok(found),
                None => self.collected(None),
            },
            [Sort { key: SortKey::Param(_), .. }, ..] => match self.grouped(part, None, Some(ROWS_MAX))? {
                Some(found) => Ok(found),
                None => self.collected(None),
            },
            _ => self.collected(None),
        }
    }

    fn go_on(&self, mark: Mark) -> Result<Found, Refusal> {
        let value = || mark.values.first().cloned().flatten().unwrap_or_default();
        let place = || Place { value: value(), patient: mark.patient, res: mark.last };
        let ended = || Ok(Found { matches: Vec::new(), total: None, next: None });
        match (mark.mode, self.parts) {
            (Mode::Collected, _) => self.collected(Some(Hit { keys: mark.values, res: mark.last })),
            (Mode::Listing, _) => self.listing(mark.patient, mark.last),
            (Mode::Along(check), [part]) => {
                let check = usize::from(check);
                match part.checks.get(check).and_then(|check| check.way()) {
                    Some(way) => self.along(part, check, way, Some(place())),
                    None => ended(),
                }
            }
            (Mode::Sorted, [part]) => self.sorted(part, Some(place()), None)?.map_or_else(ended, Ok),
            (Mode::Grouped, [part]) => {
                let last = Hit { keys: mark.values, res: mark.last };
                self.grouped(part, Some(last), None)?.map_or_else(ended, Ok)
            }
            (Mode::Unsorted, [part]) => self.unsorted(part, mark.last, Vec::new()),
            (Mode::Log, [part]) => {
                let descending = self.query.sort.first().is_some_and(|sort| sort.descending);
                self.log(part, descending, Some(mark.last))
            }
            _ => ended(),
        }
    }

    fn mark(&self, mode: Mode, values: Vec<Option<Vec<u8>>>, patient: i64, last: i64) -> Option<Mark> {
        Some(Mark { txn: self.context.snapshot.txn, mode, values, patient, last })
    }

    /// All matches, sorted and cut.
    fn collected(&self, after: Option<Hit>) -> Result<Found, Refusal> {
        let mut hits = Vec::new();
        for part in self.parts {
            let Choice { drive, check } = part.choose(self.context, Purpose::All)?;
            let list = candidates(self.context, part.number, drive)?;
            hits.extend(self.hits(part, list, check)?);
        }
        self.cut(hits, after)
    }

    /// The matches among candidates, with their sort keys.
    fn hits(&self, part: &Part, list: Vec<i64>, check: Option<usize>) -> Result<Vec<Hit>, Refusal> {
        if self.query.sort.is_empty() {
            let list = part.matching(self.context, list, check)?;
            return Ok(list.into_iter().map(|res| Hit { keys: Vec::new(), res }).collect());
        }
        let order = Order::of(self.context, part.kind, &self.query.sort);
        let mut hits = Vec::new();
        self.context.expect(list.iter().copied());
        for res in list {
            if let Some(state) = self.context.state(res)?
                && part.holds(self.context, &state)?
            {
                hits.push(Hit { keys: order.keys(self.context, &state)?, res });
            }
        }
        Ok(hits)
    }

    fn cut(&self, mut hits: Vec<Hit>, after: Option<Hit>) -> Result<Found, Refusal> {
        let total = Some(hits.len() as u64);
        self.sort(&mut hits, after.as_ref());
        Ok(Found { total, ..self.page(Mode::Collected, hits) })
    }

    /// Sorts hits and drops those that do not follow `after`.
    fn sort(&self, hits: &mut Vec<Hit>, after: Option<&Hit>) {
        let sorts = &self.query.sort;
        if let Some(after) = after {
            hits.retain(|hit| compare(sorts, hit, after).is_gt());
        }
        hits.sort_unstable_by(|a, b| compare(sorts, a, b));
    }

    /// The first of these hits.
    fn page(&self, mode: Mode, mut hits: Vec<Hit>) -> Found {
        let more = hits.len() > self.count;
        hits.truncate(self.count);
        let last = hits.last().filter(|_| more);
        let next = last.and_then(|hit| self.mark(mode, hit.keys.clone(), 0, hit.res));
        Found { matches: hits.into_iter().map(|hit| hit.res).collect(), total: None, next }
    }

    /// All resources of the types, type by type, from after one of `kind` on.
    fn listing(&self, kind: i64, after: i64) -> Result<Found, Refusal> {
        let mut matches = Vec::new();
        let start = self.parts.iter().position(|part| part.number == kind).unwrap_or(0);
        let mut after = after;
        for part in &self.parts[start..] {
            loop {
                let list = self.context.listing(part.number, after, LISTED)?;
                let Some(last) = list.last().copied() else { break };
                self.context.expect(list.iter().copied());
                for res in list {
                    if !part.is_told_by(self.context, None) {
                        let Some(state) = self.context.state(res)? else { continue };
                        if !part.holds(self.context, &state)? {
                            continue;
                        }
                    }
                    if matches.len() == self.count {
                        let last = matches.last().copied().unwrap_or_default();
                        let kind = self.kind_of(last)?.unwrap_or(part.number);
                        return Ok(Found {
                            matches,
                            total: None,
                            next: self.mark(Mode::Listing, Vec::new(), kind, last),
                        });
                    }
                    matches.push(res);
                }
                after = last;
            }
            after = 0;
        }
        Ok(Found { matches, total: None, next: None })
    }

    fn kind_of(&self, res: i64) -> Result<Option<i64>, Refusal> {
        Ok(self.context.state(res)?.map(|state| state.kind))
    }

    /// Along the rows that one of the checks is about.
    fn along(&self, part: &Part, check: usize, way: Way, after: Option<Place>) -> Result<Found, Refusal> {
        let mut rows = Along::new(self.context, &way, after);
        let mut places: Vec<Place> = Vec::new();
        let told = part.is_told_by(self.context, Some(check))
            && matches!(way.ranges.as_slice(), [one] if one.exact().is_some());
        while let Some(place) = rows.next(self.context)? {
            if !told && self.match_at(part, &way, &place)?.is_none() {
                continue;
            }
            if places.len() == self.count {
                let mode = Mode::Along(check as u8);
                let next = places
                    .last()
                    .and_then(|p| self.mark(mode, vec![Some(p.value.clone())], p.patient, p.res));
                return Ok(Found { matches: numbers(&places), total: None, next });
            }
            places.push(place);
        }
        Ok(Found { matches: numbers(&places), total: None, next: None })
    }

    /// The resource of a row, if it matches and stands at this row.
    fn match_at(&self, part: &Part, way: &Way, place: &Place) -> Result<Option<std::rc::Rc<State>>, Refusal> {
        let Some(state) = self.context.state(place.res)? else { return Ok(None) };
        let here = way.is_place_of(&state, place) && part.holds(self.context, &state)?;
        Ok(here.then_some(state))
    }

    /// Along the parameter sorted by; nothing when more than `rows_max` rows are not enough for a page.
    fn sorted(
        &self,
        part: &Part,
        after: Option<Place>,
        rows_max: Option<usize>,
    ) -> Result<Option<Found>, Refusal> {
        let Some(sort) = self.query.sort.first() else { return Ok(None) };
        let (param, kind) = Order::of(self.context, part.kind, &self.query.sort).param(0);
        let way = sorted_way(param, kind, sort.descending);
        let mut rows = Along::new(self.context, &way, after);
        let mut places: Vec<Place> = Vec::new();
        let mut read = 0;
        while let Some(place) = rows.next(self.context)? {
            read += 1;
            if rows_max.is_some_and(|max| read > max) {
                return Ok(None);
            }
            if self.match_at(part, &way, &place)?.is_none() {
                continue;
            }
            if places.len() == self.count {
                let values = |p: &Place| vec![Some(p.value.clone())];
                let next = places.last().and_then(|p| self.mark(Mode::Sorted, values(p), p.patient, p.res));
                return Ok(Some(Found { matches: numbers(&places), total: None, next }));
            }
            places.push(place);
        }
        self.unsorted(part, 0, numbers(&places)).map(Some)
    }

    /// Along the first of several parameters sorted by; what is equal in it is sorted by the others. Nothing when
    /// more than `rows_max` rows are not enough for a page.
    fn grouped(
        &self,
        part: &Part,
        after: Option<Hit>,
        rows_max: Option<usize>,
    ) -> Result<Option<Found>, Refusal> {
        let order = Order::of(self.context, part.kind, &self.query.sort);
        let (param, kind) = order.param(0);
        let way = sorted_way(param, kind, self.query.sort.first().is_some_and(|sort| sort.descending));
        let (mut hits, mut group) = (Vec::new(), Vec::new());
        let first_key = after.as_ref().map(|after| after.keys.first().cloned().flatten());
        let mut rows = match &first_key {
            Some(None) => None,
            Some(Some(key)) => Some(Along::from_key(self.context, &way, key)),
            None => Some(Along::new(self.context, &way, None)),
        };
        let (mut group_key, mut read) = (None, 0);
        while let Some(place) = rows.as_mut().map(|rows| rows.next(self.context)).transpose()?.flatten() {
            read += 1;
            if rows_max.is_some_and(|max| read > max) {
                return Ok(None);
            }
            let key = sort_key(kind, &place.value);
            if key != group_key {
                self.sort(&mut group, after.as_ref());
                hits.append(&mut group);
                if hits.len() > self.count {
                    return Ok(Some(self.page(Mode::Grouped, hits)));
                }
                group_key = key;
            }
            if let Some(state) = self.match_at(part, &way, &place)? {
                group.push(Hit { keys: order.keys(self.context, &state)?, res: place.res });
            }
        }
        self.sort(&mut group, after.as_ref());
        hits.append(&mut group);
        if hits.len() <= self.count {
            let Choice { drive, .. } = part.choose(self.context, Purpose::All)?;
            let list = candidates(self.context, part.number, drive)?;
            let mut last = self.hits(part, list, None)?;
            last.retain(|hit| hit.keys.first().is_none_or(Option::is_none));
            self.sort(&mut last, after.as_ref());
            hits.append(&mut last);
        }
        Ok(Some(self.page(Mode::Grouped, hits)))
    }

    /// What has no value of the parameter sorted by, after one resource and behind `matches`.
    fn unsorted(&self, part: &Part, after: i64, mut matches: Vec<i64>) -> Result<Found, Refusal> {
        let order = Order::of(self.context, part.kind, &self.query.sort);
        let Choice { drive, .. } = part.choose(self.context, Purpose::All)?;
        let list = candidates(self.context, part.number, drive)?;
        let mut last = after;
        self.context.expect(list.iter().copied().filter(|res| *res > after));
        for res in list.into_iter().filter(|res| *res > after) {
            let Some(state) = self.context.state(res)? else { continue };
            if order.keys(self.context, &state)?.iter().any(Option::is_some)
                || !part.holds(self.context, &state)?
            {
                continue;
            }
            if matches.len() == self.count {
                let next = self.mark(Mode::Unsorted, Vec::new(), 0, last);
                return Ok(Found { matches, total: None, next });
            }
            matches.push(res);
            last = res;
        }
        Ok(Found { matches, total: None, next: None })
    }

    /// Along the versions of a type.
    fn log(&self, part: &Part, descending: bool, after: Option<i64>) -> Result<Found, Refusal> {
        let mut versions = Log::new(part.number, descending, after);
        let (mut matches, mut last) = (Vec::new(), 0);
        while let Some((vid, res)) = versions.next(self.context)? {
            let Some(state) = self.context.state(res)? else { continue };
            if state.vid != vid || !part.holds(self.context, &state)? {
                continue;
            }
            if matches.len() == self.count {
                return Ok(Found { matches, total: None, next: self.mark(Mode::Log, Vec::new(), 0, last) });
            }
            matches.push(res);
            last = vid;
        }
        Ok(Found { matches, total: None, next: None })
    }
}

fn sorted_way(param: i64, kind: ParamKind, descending: bool) -> Way {
    Way { param, ranges: ordered_ranges(kind), sorted_as: Some(kind), descending }
}

fn numbers(places: &[Place]) -> Vec<i64> {
    places.iter().map(|place| place.res).collect()
}
