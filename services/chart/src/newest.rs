//! The newest resources of a type: what pages read of types of which a patient may have thousands.

use crate::patient_record::PatientRecord;
use crate::shown::ROWS_MAX;
use crate::views::Resource;
use fhir::Instant;
use fhir::search::{Handling, Query};
use html::{Markup, pagination, showing};
use record::{Kind, Page, Refusal};

/// What is wanted.
pub struct Newest {
    /// Resource type.
    pub kind: &'static str,
    /// The date parameter that says what is new.
    pub by: &'static str,
    /// Further search parameters.
    pub filters: Vec<(&'static str, String)>,
    /// How many, at most.
    pub count: usize,
}

impl Newest {
    /// The newest of a type by its parameter `date`.
    pub fn of(kind: &'static str, count: usize) -> Newest {
        Newest { kind, by: "date", filters: Vec::new(), count }
    }

    /// The same with one more search parameter.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Newest {
        self.filters.push((name, value.into()));
        self
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Newest first.
    pub resources: Vec<Resource>,
    /// How many there are in all, if it was asked for.
    total: Option<u64>,
    /// Token of what comes after.
    next: Option<String>,
}

impl Loaded {
    /// True when there are older ones.
    pub fn has_more(&self) -> bool {
        self.next.is_some()
    }
}

/// One page of a list.
pub struct ListPage {
    /// Newest first.
    pub resources: Vec<Resource>,
    /// How many there are in all.
    pub all: u64,
    /// `Showing 200 of 3,104`.
    pub showing: String,
    /// Links to the newest page and to the next older one.
    pub pages: Markup,
}

impl PatientRecord<'_> {
    /// Reads the newest and keeps them with what the record has read, each once. True when there are more.
    pub fn load(&mut self, wanted: Newest) -> Result<bool, Refusal> {
        let loaded = self.found(&wanted, None, false)?;
        let more = loaded.has_more();
        self.keep(loaded.resources);
        Ok(more)
    }

    /// The newest, not kept.
    pub fn newest(&mut self, wanted: &Newest) -> Result<Loaded, Refusal> {
        self.found(wanted, None, false)
    }

    /// The page of a list that the request asks for: `?page=` is the record's token for it, `?from=` how many
    /// rows come before.
    pub fn list(&mut self, kind: &'static str) -> Result<ListPage, Refusal> {
        let request = self.request;
        let from: u64 = request.query("from").and_then(|from| from.parse().ok()).unwrap_or(0);
        let loaded = self.found(&Newest::of(kind, ROWS_MAX), request.query("page"), true)?;
        let shown = loaded.resources.len() as u64;
        let all = loaded.total.unwrap_or(shown).max(shown);
        let older = loaded.next.as_ref().map(|token| {
            let from = (from + shown).to_string();
            self.place.with(request.path, &[("page", token), ("from", &from)])
        });
        let newest = request.query("page").map(|_| self.place.link(request.path));
        Ok(ListPage {
            resources: loaded.resources,
            all,
            showing: showing(from, shown, all),
            pages: pagination("Pages of this list", newest, older),
        })
    }

    fn found(&mut self, wanted: &Newest, page: Option<&str>, total: bool) -> Result<Loaded, Refusal> {
        let mut pairs = vec![("patient", self.person.id.clone())];
        pairs.extend(wanted.filters.iter().cloned());
        pairs.push(("_sort", format!("-{}", wanted.by)));
        let pairs: Vec<(String, String)> = pairs.into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
        let mut query = Query::parse(Some(wanted.kind), &pairs, Handling::Strict, Instant(self.moment), "")?;
        query.page = page.map(str::to_owned);
        match self.reader.search(&query, &Page { count: wanted.count, total }) {
            Ok(results) => Ok(Loaded {
                resources: results.matches.into_iter().filter_map(Resource::of).collect(),
                total: results.total,
                next: results.next,
            }),
            Err(refusal) if refusal.kind == Kind::Fault => {
                self.has_failed();
                Ok(Loaded::default())
            }
            Err(refusal) => Err(refusal),
        }
    }
}

/// A value in which nothing has a meaning in FHIR search.
pub fn escaped(value: &str) -> String {
    let mut out = String::new();
    for c in value.chars() {
        if matches!(c, '\\' | ',' | '$' | '|') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
