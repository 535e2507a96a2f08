//! `_include` and `_revinclude`: what matches point at, and what points at them. What the caller may not
//! see is silently not there.

use super::check::{Refers, number_of};
use super::part::Part;
use super::{INCLUDED_MAX, ITERATE_MAX, Results, SearchContext};
use crate::Refusal;
use fhir::definitions::{ParamKind, SearchParam, search_params};
use fhir::search::{Include, Query};
use std::collections::HashSet;

/// Adds what the query includes to its results.
pub(super) fn fill(
    context: &SearchContext<'_>,
    query: &Query,
    matches: &[i64],
    results: &mut Results,
) -> Result<(), Refusal> {
    if query.include.is_empty() && query.revinclude.is_empty() {
        return Ok(());
    }
    let mut seen: HashSet<i64> = matches.iter().copied().collect();
    let mut from = matches.to_vec();
    for round in 0..=ITERATE_MAX {
        let mut found = Vec::new();
        for include in query.include.iter().filter(|include| round == 0 || include.iterate) {
            pointed_at(context, include, &from, &mut found)?;
        }
        for include in query.revinclude.iter().filter(|include| round == 0 || include.iterate) {
            pointing(context, include, &from, &mut found)?;
        }
        found.retain(|res| seen.insert(*res));
        if found.is_empty() {
            return Ok(());
        }
        if round == ITERATE_MAX {
            break;
        }
        let room = INCLUDED_MAX - results.included.len();
        results.included.extend(context.load_all(&found[..found.len().min(room)])?);
        if found.len() > room {
            results.cut = true;
            return Ok(());
        }
        from = found;
    }
    results.cut = true;
    Ok(())
}

/// The reference parameters that an include follows, each with the types it may lead to.
fn followed(include: &Include) -> Vec<&'static SearchParam> {
    match include.param {
        Some(param) => vec![param],
        None => {
            let params = search_params(include.source).iter();
            params.filter(|param| param.kind == ParamKind::Reference).collect()
        }
    }
}

/// True when an include that follows `param` leads to resources of a type.
fn leads_to(include: &Include, param: &SearchParam, kind: &str) -> bool {
    let wanted = include.target.is_none_or(|target| target == kind);
    wanted && (param.targets.is_empty() || param.targets.contains(&kind))
}

fn pointed_at(
    context: &SearchContext<'_>,
    include: &Include,
    from: &[i64],
    found: &mut Vec<i64>,
) -> Result<(), Refusal> {
    let names = context.snapshot.names;
    let source = names.type_number(include.source);
    let params = followed(include);
    let numbers: Vec<i64> = params.iter().map(|param| number_of(context, param).0).collect();
    let mut states = Vec::with_capacity(from.len());
    context.expect(from.iter().copied());
    for res in from {
        states.extend(context.state(*res)?.filter(|state| Some(state.kind) == source));
    }
    context.expect(states.iter().flat_map(|state| numbers.iter().flat_map(|number| state.targets(*number))));
    for state in states {
        for (param, number) in params.iter().zip(&numbers) {
            for target in state.targets(*number) {
                let kind = context.state(target)?.map(|target| names.kind(target.kind));
                found.extend(kind.filter(|kind| leads_to(include, param, kind)).map(|_| target));
            }
        }
    }
    Ok(())
}

fn pointing(
    context: &SearchContext<'_>,
    include: &Include,
    from: &[i64],
    found: &mut Vec<i64>,
) -> Result<(), Refusal> {
    let names = context.snapshot.names;
    let source = Part::of(context, include.source, &[])?;
    let params = followed(include);
    for res in from {
        let Some(state) = context.state(*res)? else { continue };
        let kind = names.kind(state.kind);
        let leading = params.iter().filter(|param| leads_to(include, param, kind));
        let mut numbers: Vec<i64> = leading.map(|param| number_of(context, param).0).collect();
        numbers.sort_unstable();
        numbers.dedup();
        if numbers.is_empty() {
            continue;
        }
        let refers = Refers { params: numbers, to: *res, patient: kind == "Patient", itself: false };
        // One more than will be shown, and those that are matches themselves.
        let most = INCLUDED_MAX + from.len() + 1;
        found.extend(source.referring_up_to(context, refers, most)?);
    }
    Ok(())
}
