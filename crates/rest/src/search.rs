//! Search, and the Bundles it answers with.

use crate::response::Response;
use crate::status::No;
use crate::subset::Subset;
use crate::wants::Wants;
use fhir::json::write_string;
use fhir::outcome::outcome;
use fhir::search::{Filter, Query, Summary, Total};
use record::{Body, COUNT_MAX, Page, Refusal, Results};
use service::interaction::{self, COUNT_DEFAULT, Caller, Pairs};

/// Search of one type.
pub(crate) fn of_type(
    caller: &Caller<'_>,
    wants: Wants,
    kind: &'static str,
    form: Pairs,
) -> Result<Response, No> {
    run(caller, wants, Some(kind), &format!("/{kind}"), None, form)
}

/// Search over all types, or those of `_type`.
pub(crate) fn system(caller: &Caller<'_>, wants: Wants, form: Pairs) -> Result<Response, No> {
    if wants.pairs.is_empty() && form.is_empty() {
        let text = "A search over everything needs criteria, at least _type. GET metadata says what can \
            be searched.";
        return Err(Refusal::invalid("", text).into());
    }
    run(caller, wants, None, "", None, form)
}

/// Search in the compartment of a resource. One that is not there has nothing in it.
pub(crate) fn compartment(
    caller: &Caller<'_>,
    wants: Wants,
    owner: &(&'static str, String),
    kind: Option<&'static str>,
    form: Pairs,
) -> Result<Response, No> {
    let path = format!("/{}/{}/{}", owner.0, owner.1, kind.unwrap_or("*"));
    run(caller, wants, kind, &path, Some(owner), form)
}

fn run(
    caller: &Caller<'_>,
    mut wants: Wants,
    kind: Option<&str>,
    path: &str,
    owner: Option<&(&'static str, String)>,
    form: Pairs,
) -> Result<Response, No> {
    wants.pairs.extend(form.into_iter().filter(|(name, _)| name != "_format" && name != "_pretty"));
    let now = caller.access.store().now();
    let mut query = Query::parse(kind, &wants.pairs, wants.handling, now, &format!("{}/", caller.base))?;
    if let Some((kind, id)) = owner {
        query.filters.push(Filter::Compartment { kind, id: id.clone() });
    }
    let results = interaction::search(caller, &query, &page_of(&query))?;
    Ok(Response::json(200, bundle(caller.base, path, &query, &results, &wants.format)))
}

/// How much of a result a query asks for.
pub(crate) fn page_of(query: &Query) -> Page {
    let only_total = query.summary == Summary::Count || query.count == Some(0);
    Page {
        count: if only_total { 0 } else { query.count.unwrap_or(COUNT_DEFAULT).min(COUNT_MAX) },
        total: only_total || query.total == Total::Accurate,
    }
}

/// Reads `_count` where it is not part of a query.
pub(crate) fn count_of(text: &str) -> Result<usize, Refusal> {
    text.parse().map_err(|_| Refusal::invalid("_count", format!("{text:?} is no number of results.")))
}

/// The text of a searchset Bundle.
pub(crate) fn bundle(base: &str, path: &str, query: &Query, results: &Results, format: &Pairs) -> String {
    let size =
        results.matches.iter().chain(&results.included).map(|body| body.text.len() + 120).sum::<usize>();
    let mut out = String::with_capacity(size + 1024);
    out.push_str("{\"resourceType\":\"Bundle\",\"type\":\"searchset\"");
    if let Some(total) = results.total.filter(|_| query.total != Total::None || page_of(query).total) {
        out.push_str(",\"total\":");
        out.push_str(&total.to_string());
    }
    let mut honoured: Pairs = query.honoured.iter().filter(|(name, _)| name != "_page").cloned().collect();
    honoured.extend(format.iter().cloned());
    links(base, path, &honoured, query.page.as_deref(), results.next.as_deref(), &mut out);
    out.push_str(",\"entry\":[");
    let matches = Subset { summary: query.summary, elements: query.elements.clone() };
    let others = Subset { summary: query.summary, elements: Vec::new() };
    let mut first = true;
    let mut comma = |out: &mut String| {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
    };
    for body in &results.matches {
        comma(&mut out);
        entry(base, body, &matches, "match", &mut out);
    }
    for body in &results.included {
        comma(&mut out);
        entry(base, body, &others, "include", &mut out);
    }
    if !query.ignored.is_empty() {
        comma(&mut out);
        out.push_str("{\"resource\":");
        outcome(&query.ignored).write(&mut out);
        out.push_str(",\"search\":{\"mode\":\"outcome\"}}");
    }
    crate::read::close_entries(&mut out);
    out
}

fn entry(base: &str, body: &Body, subset: &Subset, mode: &str, out: &mut String) {
    out.push_str("{\"fullUrl\":");
    write_string(&format!("{base}/{}/{}", body.kind, body.id), out);
    out.push_str(",\"resource\":");
    subset.write(body, out);
    out.push_str(",\"search\":{\"mode\":\"");
    out.push_str(mode);
    out.push_str("\"}}");
}

/// Appends the links of a page: itself, the first, and the next if there is one.
pub(crate) fn links(
    base: &str,
    path: &str,
    honoured: &Pairs,
    this: Option<&str>,
    next: Option<&str>,
    out: &mut String,
) {
    let link = |relation: &str, token: Option<&str>, out: &mut String| {
        out.push_str("{\"relation\":\"");
        out.push_str(relation);
        out.push_str("\",\"url\":");
        let mut url = format!("{base}{path}");
        let token = token.map(|token| ("_page", token));
        let pairs = honoured.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (i, (name, value)) in pairs.chain(token).enumerate() {
            url.push(if i == 0 { '?' } else { '&' });
            encode(name, &mut url);
            url.push('=');
            encode(value, &mut url);
        }
        write_string(&url, out);
        out.push('}');
    };
    out.push_str(",\"link\":[");
    link("self", this, out);
    out.push(',');
    link("first", None, out);
    if let Some(next) = next {
        out.push(',');
        link("next", Some(next), out);
    }
    out.push(']');
}

/// Percent-encodes what may not stand in a query as it is, and leaves readable what may.
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:,/$@!*'()".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].map(|n| char::from(b"0123456789ABCDEF"[n as usize])));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_can_be_read_back() {
        let honoured =
            vec![("name:exact".to_owned(), "Ó B&C".to_owned()), ("code".to_owned(), "a|b".to_owned())];
        let mut out = String::new();
        links("https://care.example/fhir", "/Patient", &honoured, None, Some("t+"), &mut out);
        let url = "https://care.example/fhir/Patient?name:exact=%C3%93%20B%26C&code=a%7Cb";
        let wanted = format!(
            ",\"link\":[{{\"relation\":\"self\",\"url\":\"{url}\"}},\
             {{\"relation\":\"first\",\"url\":\"{url}\"}},\
             {{\"relation\":\"next\",\"url\":\"{url}&_page=t%2B\"}}]"
        );
        assert_eq!(out, wanted);
        let query = url.split_once('?').map(|(_, query)| query).unwrap();
        assert_eq!(service::interaction::pairs(query), Ok(honoured));
    }
}
