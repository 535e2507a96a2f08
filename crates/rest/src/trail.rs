//! The audit trail as `AuditEvent`: a view over it, read and searched by who may review it, and changed by nobody.

use crate::request::Request;
use crate::response::Response;
use crate::route::Route;
use crate::search::{bundle, page_of};
use crate::status::No;
use crate::subset::Subset;
use crate::wants::Wants;
use access::Permission;
use audit::{Event, Wrote, events};
use fhir::search::{Filter, Match, Prefix, Query, SortKey, Test, meets, stands_alone};
use fhir::{Instant, Issue, Json, Limits, Tree};
use record::{About, AuditRow, Body, Kind, Reach, Reader, Refusal, Results, Scope};
use service::interaction::{Caller, Guard, Pairs};
use std::sync::Arc;

/// The type that stands for the trail.
pub(crate) const KIND: &str = "AuditEvent";
/// What can be done with it.
pub(crate) const INTERACTIONS: &[&str] = &["read", "search-type"];
/// Why it cannot be changed.
pub(crate) const READ_ONLY: &str = "An AuditEvent is written by what happens, and nobody can add to the audit \
     trail, change it or take from it. It can be read and searched, by GET, with the permission to review it.";
/// Rows looked through for one page. Where they were not enough the page is short and leads on.
const ROWS_MAX: usize = 20_000;
/// Rows looked through to count.
const COUNTED_MAX: usize = 200_000;
/// Rows read at once.
const BATCH: usize = 500;
/// The end of a row, in a page's token.
const WHOLE: usize = u32::MAX as usize;

/// True where a path leads to the trail.
pub(crate) fn is_at(route: &Route) -> bool {
    match route {
        Route::Type(kind)
        | Route::TypeSearch(kind)
        | Route::TypeHistory(kind)
        | Route::Instance(kind, _)
        | Route::Misnamed(kind, _)
        | Route::InstanceHistory(kind, _)
        | Route::Version(kind, ..)
        | Route::Compartment(_, Some(kind))
        | Route::CompartmentSearch(_, Some(kind)) => *kind == KIND,
        _ => false,
    }
}

/// The answer to what is asked of the trail.
pub(crate) fn answer(
    caller: &Caller<'_>,
    request: &Request,
    wants: Wants,
    (route, method): (&Route, &str),
    body_bytes: usize,
) -> Result<Response, No> {
    let form = |request| crate::body::form(request, body_bytes);
    match (route, method) {
        (Route::Instance(_, id), "GET") => read(caller, wants, id),
        (Route::Type(_), "GET") => search(caller, wants, "/AuditEvent", None, Vec::new()),
        (Route::TypeSearch(_), "POST") => {
            form(request).and_then(|form| search(caller, wants, "/AuditEvent", None, form))
        }
        (Route::Compartment(owner, _), "GET") => {
            let path = format!("/{}/{}/AuditEvent", owner.0, owner.1);
            search(caller, wants, &path, Some(owner), Vec::new())
        }
        (Route::CompartmentSearch(owner, _), "POST") => {
            let path = format!("/{}/{}/AuditEvent", owner.0, owner.1);
            form(request).and_then(|form| search(caller, wants, &path, Some(owner), form))
        }
        _ => Err(No::ReadOnly),
    }
}

/// Holds bundles and imports to it, too.
pub(crate) fn guard() -> Guard {
    Guard {
        kind: KIND,
        check: Arc::new(|_, _| Ok(vec![Issue::new("not-supported", KIND, READ_ONLY)])),
        filed: Arc::new(|_, _, _| Ok(())),
        gone: None,
    }
}

fn read(caller: &Caller<'_>, mut wants: Wants, id: &str) -> Result<Response, No> {
    let what = format!("{KIND}/{id}");
    let subset = Subset::of(&mut wants)?;
    wants.nothing_else()?;
    may(caller, &what)?;
    let view = View::of(caller)?;
    let found = place(id).map(|(seq, n)| view.one(seq, n)).transpose()?.flatten();
    let body = found.ok_or_else(|| caller.refused("audit-view", &what, Refusal::not_found(&what)))?;
    noted(caller, &what, 1);
    let mut text = String::with_capacity(body.text.len());
    subset.write(&body, &mut text);
    Ok(Response::json(200, text).version_of(&body))
}

fn may(caller: &Caller<'_>, what: &str) -> Result<(), Refusal> {
    let may = caller.session.needs(Permission::Audit);
    may.map_err(|refusal| caller.refused("audit-view", what, refusal))
}

/// Looking at the trail is itself on the trail.
fn noted(caller: &Caller<'_>, what: &str, count: usize) {
    let detail = Tree::object()
        .maybe("request", caller.request)
        .with("query", what)
        .with("outcome", "ok")
        .with("count", count as i64);
    caller.add_acts(vec![caller.session.act("audit-view", detail)]);
}

fn search(
    caller: &Caller<'_>,
    mut wants: Wants,
    path: &str,
    owner: Option<&(&'static str, String)>,
    form: Pairs,
) -> Result<Response, No> {
    wants.pairs.extend(form.into_iter().filter(|(name, _)| name != "_format" && name != "_pretty"));
    let mut query = caller.query(Some(KIND), &wants.pairs, wants.handling, caller.access.store().now())?;
    if let Some((kind, id)) = owner {
        query.filters.push(Filter::Compartment { kind, id: id.clone() });
    }
    let pairs = query.honoured.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
    let what = format!("{}?{}", path.trim_start_matches('/'), pairs.join("&"));
    may(caller, &what)?;
    possible(&query).map_err(|refusal| caller.refused("audit-view", &what, refusal))?;
    let view = View::of(caller)?;
    let page = page_of(&query);
    let mut results = view.page(&query, page.count)?;
    if page.total {
        results.total = Some(view.count(&query)?);
    }
    noted(caller, &what, results.matches.len());
    Ok(Response::json(200, bundle(caller.base, path, &query, &results, &wants.format)))
}

/// Refuses what the view cannot do.
fn possible(query: &Query) -> Result<(), Refusal> {
    let no = |text: &str| Err(Refusal::new(Kind::Unsupported, text));
    if !query.include.is_empty() || !query.revinclude.is_empty() {
        return no("Events of the audit trail include nothing else. Leave out _include and _revinclude.");
    }
    if !query.filters.iter().all(stands_alone) {
        return no("The audit trail is searched by what its events themselves say, not by chains or _has.");
    }
    let newest_first = |key: &SortKey| match key {
        SortKey::LastUpdated => true,
        SortKey::Param(param) => param.code == "date",
        SortKey::Id => false,
    };
    if !query.sort.iter().all(|sort| sort.descending && newest_first(&sort.key)) {
        return no("The audit trail comes newest first. Leave out _sort, or say _sort=-date.");
    }
    Ok(())
}

/// The place of an event: its row and its number among the events of the row.
fn place(id: &str) -> Option<(u64, usize)> {
    let (seq, n) = id.split_once('-')?;
    Some((seq.parse().ok()?, n.parse().ok()?))
}

/// The trail as one caller sees it.
struct View<'c> {
    caller: &'c Caller<'c>,
    reader: Reader,
}

impl<'c> View<'c> {
    fn of(caller: &'c Caller<'c>) -> Result<View<'c>, Refusal> {
        Ok(View { caller, reader: caller.access.store().reader(&Scope::all())? })
    }

    /// The events of a row that the caller may know of.
    fn events(&self, row: &AuditRow) -> Result<Vec<Event>, Refusal> {
        let wrote = match row.txn {
            Some(txn) => self.wrote(txn)?,
            None => Vec::new(),
        };
        let mut found = events(row, &wrote, self.caller.base);
        if let Reach::Patients(reached) = &self.caller.session.scope.reach {
            found.retain(|event| event.patient.as_ref().is_some_and(|patient| reached.contains(patient)));
        }
        Ok(found)
    }

    fn wrote(&self, txn: u64) -> Result<Vec<Wrote>, Refusal> {
        let commit = self.reader.commits_after(txn.saturating_sub(1), 1)?.pop().filter(|c| c.txn == txn);
        let changes = commit.map(|commit| commit.changes).unwrap_or_default();
        let patients = |change: &record::Change| -> Result<Vec<String>, Refusal> {
            Ok(match self.reader.vread(change.kind, &change.id, change.version)? {
                record::Found::Here(body) | record::Found::Gone(body) => body.patients,
                record::Found::Absent => Vec::new(),
            })
        };
        changes.into_iter().map(|change| Ok(Wrote { patients: patients(&change)?, change })).collect()
    }

    fn one(&self, seq: u64, n: usize) -> Result<Option<Body>, Refusal> {
        let row = self.reader.audit(seq.checked_add(1), 1)?.pop().filter(|row| row.seq == seq);
        let Some(row) = row else { return Ok(None) };
        let found = self.events(&row)?.into_iter().find(|event| place(&event.id) == Some((seq, n)));
        Ok(found.map(|event| body(&row, event)))
    }

    /// A page of what meets a query, newest first.
    fn page(&self, query: &Query, count: usize) -> Result<Results, Refusal> {
        let mut results = Results { txn: self.reader.txn(), ..Results::default() };
        let bad = || Refusal::invalid("_page", "This is no page of the audit trail. Begin with the first.");
        let mut after = query.page.as_deref().map(|token| place(token).ok_or_else(bad)).transpose()?;
        if count == 0 {
            return Ok(results);
        }
        let looked = self.each(query, after.map(|(seq, _)| seq), ROWS_MAX, &mut |row, event, met| {
            let at = place(&event.id).unwrap_or_default();
            if after.is_some_and(|(seq, n)| at.0 == seq && at.1 <= n) {
                return true;
            }
            if !met {
                return true;
            }
            if results.matches.len() == count {
                return false;
            }
            after = Some(at);
            results.matches.push(body(row, event));
            true
        })?;
        results.next = match looked {
            Looked::All => None,
            Looked::Enough => after.map(|(seq, n)| format!("{seq}-{n}")),
            Looked::UpTo(seq) => Some(format!("{seq}-{WHOLE}")),
        };
        Ok(results)
    }

    fn count(&self, query: &Query) -> Result<u64, Refusal> {
        let mut count = 0;
        let looked = self.each(query, None, COUNTED_MAX, &mut |_, _, met| {
            count += u64::from(met);
            true
        })?;
        match looked {
            Looked::All => Ok(count),
            _ => {
                let text = format!(
                    "More than {COUNTED_MAX} acts would have to be counted. Name a patient or dates, or leave the \
                     number out."
                );
                Err(Refusal::new(Kind::TooLarge, text))
            }
        }
    }

    /// Passes the events of the rows that can meet a query, newest first, and whether each does, until told to stop.
    fn each(
        &self,
        query: &Query,
        from: Option<u64>,
        rows_max: usize,
        pass: &mut dyn FnMut(&AuditRow, Event, bool) -> bool,
    ) -> Result<Looked, Refusal> {
        let (about, span) = (about(query), span(query));
        let end = match span.end.checked_add(1) {
            Some(end) if span.end < i64::MAX => self.reader.audit_from(Instant(end))?,
            _ => None,
        };
        let mut before = [from.map(|seq| seq + 1), end].into_iter().flatten().min();
        let mut looked = 0;
        loop {
            let rows = match &about {
                Some(about) => self.reader.audit_about(about, before, BATCH)?,
                None => self.reader.audit(before, BATCH)?,
            };
            for row in &rows {
                if row.at.0 < span.start {
                    return Ok(Looked::All);
                }
                for event in self.events(row)? {
                    let met = met(query, row, &event);
                    if !pass(row, event, met) {
                        return Ok(Looked::Enough);
                    }
                }
                looked += 1;
            }
            let Some(last) = rows.last().map(|row| row.seq) else { return Ok(Looked::All) };
            if rows.len() < BATCH {
                return Ok(Looked::All);
            }
            if looked >= rows_max {
                return Ok(Looked::UpTo(last));
            }
            before = Some(last);
        }
    }
}

/// How far the trail was looked through.
enum Looked {
    All,
    /// As many as were wanted were found.
    Enough,
    /// Up to this row, and nobody has looked further.
    UpTo(u64),
}

fn met(query: &Query, row: &AuditRow, event: &Event) -> bool {
    let json = Json::parse(event.resource.text(), Limits::FILE);
    json.is_ok_and(|json| query.filters.iter().all(|filter| meets(filter, json.root(), row.at)))
}

fn body(row: &AuditRow, event: Event) -> Body {
    Body {
        kind: KIND,
        text: event.resource.text(),
        id: event.id,
        version: 1,
        updated: row.at,
        deleted: false,
        txn: row.txn.unwrap_or(0),
        patients: event.patient.into_iter().collect(),
    }
}

/// The one side that a query names, if it names one: then only its rows are read.
fn about(query: &Query) -> Option<About> {
    let owner = query.filters.iter().find_map(|filter| match filter {
        Filter::Compartment { kind: "Patient", id } => Some(About::Patient(id.clone())),
        _ => None,
    });
    let named = query.honoured.iter().filter(|(_, value)| !value.contains(','));
    let named = named.filter_map(|(name, value)| match name.as_str() {
        "patient" | "patient:Patient" => {
            let id = value.rsplit('/').next().unwrap_or(value);
            Some(About::Patient(id.to_owned()))
        }
        "agent-name:exact" => Some(About::Who(value.clone())),
        "agent:identifier" => {
            let name = value.strip_prefix("urn:carespine:account|");
            name.map(|name| About::Who(name.to_owned()))
        }
        _ => None,
    });
    owner.or_else(|| named.into_iter().next())
}

/// The instants that a query reaches over, both inside.
struct Span {
    start: i64,
    end: i64,
}

fn span(query: &Query) -> Span {
    let mut span = Span { start: i64::MIN, end: i64::MAX };
    let tests = query.filters.iter().filter_map(|filter| match filter {
        Filter::Param { param, test: Test::Any(matches) } if param.code == "date" => Some(matches),
        Filter::LastUpdated(matches) => Some(matches),
        _ => None,
    });
    for test in tests {
        if let [Match::Date { prefix, start, end }] = test.as_slice() {
            match prefix {
                Prefix::Eq => (span.start, span.end) = (span.start.max(*start), span.end.min(*end)),
                Prefix::Ge | Prefix::Gt | Prefix::Sa => span.start = span.start.max(*start),
                Prefix::Le | Prefix::Lt | Prefix::Eb => span.end = span.end.min(*end),
                _ => {}
            }
        }
    }
    span
}
