//! Reading. Everything that goes out, and everything that was asked for in vain, is noted for the audit
//! trail.

use super::Caller;
use access::grant::Interaction;
use fhir::search::{Base, Query};
use record::{Body, Found, HistoryOf, HistoryPage, Instant, Kind, Page, Reader, Refusal, Results, Written};

/// The current version of a resource.
pub fn read(caller: &Caller<'_>, kind: &'static str, id: &str) -> Result<Body, Refusal> {
    let what = format!("{kind}/{id}");
    let read = || here(caller.read_now(kind, id)?, kind, id);
    let found = caller.may_look(Some(kind), Interaction::Read).and_then(|()| read());
    if kind == "Patient" && caller.session.is_barred_from(id) {
        caller.barred(id);
    }
    told(caller, "read", &what, found)
}

/// One version of a resource.
pub fn vread(caller: &Caller<'_>, kind: &'static str, id: &str, version: u64) -> Result<Body, Refusal> {
    let what = format!("{kind}/{id}/_history/{version}");
    let found =
        asked(caller, Some(kind), Interaction::Read, |reader| match reader.vread(kind, id, version)? {
            Found::Here(body) => Ok(body),
            Found::Gone(_) => {
                Err(Refusal::new(Kind::Gone, format!("Version {version} of {kind}/{id} is its deletion.")))
            }
            Found::Absent => Err(Refusal::not_found(&what)),
        });
    told(caller, "vread", &what, found)
}

/// What a write left, for its writer. Only what they did not write themselves is a read for the audit trail.
pub fn written(caller: &Caller<'_>, written: &Written) -> Result<Body, Refusal> {
    let Written { kind, id, version, .. } = written;
    if !written.changed {
        return vread(caller, kind, id, *version);
    }
    match caller.reader()?.vread(kind, id, *version)? {
        Found::Here(body) => Ok(body),
        Found::Gone(_) | Found::Absent => Err(Refusal::not_found(&format!("{kind}/{id}"))),
    }
}

/// The body, or why there is none.
pub(super) fn here(found: Found, kind: &str, id: &str) -> Result<Body, Refusal> {
    match found {
        Found::Here(body) => Ok(body),
        Found::Gone(_) => {
            let text = format!("{kind}/{id} has been deleted. Its history is at {kind}/{id}/_history.");
            Err(Refusal::new(Kind::Gone, text))
        }
        Found::Absent => Err(Refusal::not_found(&format!("{kind}/{id}"))),
    }
}

fn asked<T>(
    caller: &Caller<'_>,
    kind: Option<&str>,
    interaction: Interaction,
    ask: impl FnOnce(&Reader) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    caller.may_look(kind, interaction)?;
    ask(&caller.reader()?)
}

fn told(
    caller: &Caller<'_>,
    action: &'static str,
    what: &str,
    found: Result<Body, Refusal>,
) -> Result<Body, Refusal> {
    match found {
        Ok(body) => {
            caller.sees(action, what, std::iter::once(&body));
            Ok(body)
        }
        Err(refusal) => Err(caller.refused(action, what, refusal)),
    }
}

/// Versions, newest first: of a resource, of a type, of everything. Whether the caller may see more than one
/// resource's is for the caller of this to ask.
pub fn history(
    caller: &Caller<'_>,
    of: HistoryOf<'_>,
    since: Option<Instant>,
    count: usize,
    token: Option<&str>,
) -> Result<HistoryPage, Refusal> {
    let what = match &of {
        HistoryOf::Resource(kind, id) => format!("{kind}/{id}/_history"),
        HistoryOf::Type(kind) => format!("{kind}/_history"),
        HistoryOf::All => "_history".to_owned(),
    };
    let (kind, interaction) = match &of {
        HistoryOf::Resource(kind, _) => (Some(*kind), Interaction::Read),
        HistoryOf::Type(kind) => (Some(*kind), Interaction::Search),
        HistoryOf::All => (None, Interaction::Search),
    };
    match asked(caller, kind, interaction, |reader| reader.history(of, since, count, token)) {
        Ok(page) => {
            caller.sees("history", &what, page.versions.iter());
            Ok(page)
        }
        Err(refusal) => Err(caller.refused("history", &what, refusal)),
    }
}

/// A page of a search.
pub fn search(caller: &Caller<'_>, query: &Query, page: &Page) -> Result<Results, Refusal> {
    let what = query_text(query);
    let searched = may_search(caller, query).and_then(|()| caller.reader()?.search(query, page));
    match searched {
        Ok(results) => {
            caller.sees("search", &what, results.matches.iter().chain(&results.included));
            Ok(results)
        }
        Err(refusal) => Err(caller.refused("search", &what, refusal)),
    }
}

/// Refuses a search of types that the caller may not search.
pub(super) fn may_search(caller: &Caller<'_>, query: &Query) -> Result<(), Refusal> {
    match &query.base {
        Base::Type(kind) => caller.may_look(Some(kind), Interaction::Search),
        Base::Types(kinds) if kinds.is_empty() => caller.may_look(None, Interaction::Search),
        Base::Types(kinds) => {
            kinds.iter().try_for_each(|kind| caller.may_look(Some(kind), Interaction::Search))
        }
    }
}

/// A query as it goes on the audit trail.
pub(super) fn query_text(query: &Query) -> String {
    let mut text = match &query.base {
        Base::Type(kind) => (*kind).to_owned(),
        Base::Types(_) => String::new(),
    };
    for (i, (name, value)) in query.honoured.iter().enumerate() {
        text.push(if i == 0 { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        text.push_str(value);
    }
    text
}
