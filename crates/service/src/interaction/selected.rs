//! Reading much to give little: what an operation chooses from all that a search finds.

use super::Caller;
use super::read::query_text;
use fhir::search::Query;
use record::{Body, COUNT_MAX, Kind, Page, Refusal};

/// Resources that are read to choose from, at most.
pub const SELECTED_MAX: usize = 10_000;

/// Finds all that meets a query, at most [`SELECTED_MAX`], and gives what `choose` takes of it; that is what goes on
/// the audit trail.
pub fn selected(
    caller: &Caller<'_>,
    query: &Query,
    choose: impl FnOnce(Vec<Body>) -> Vec<Body>,
) -> Result<Vec<Body>, Refusal> {
    let what = query_text(query);
    match found(caller, query).map(choose) {
        Ok(bodies) => {
            caller.sees("search", &what, bodies.iter());
            Ok(bodies)
        }
        Err(refusal) => Err(caller.refused("search", &what, refusal)),
    }
}

fn found(caller: &Caller<'_>, query: &Query) -> Result<Vec<Body>, Refusal> {
    super::read::may_search(caller, query)?;
    let reader = caller.reader()?;
    let (mut query, mut all) = (query.clone(), Vec::new());
    loop {
        let results = reader.search(&query, &Page { count: COUNT_MAX, total: false })?;
        all.extend(results.matches);
        if all.len() > SELECTED_MAX {
            let text =
                format!("More than {SELECTED_MAX} resources would have to be read. Narrow the search.");
            return Err(Refusal::new(Kind::TooLarge, text));
        }
        query.page = results.next;
        if query.page.is_none() {
            return Ok(all);
        }
    }
}
