//! Definitions that stand in the record itself, as resources like any other.

use fhir::json::{Json, Limits};
use fhir::search::{Handling, Query};
use package::Source;
use record::{Page, Refusal, Scope, Store};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Addresses that are remembered, with what they lead to or that they lead nowhere, at most; then all are looked for
/// anew. Anyone may ask for addresses that they made up.
const KEPT_MAX: usize = 4_096;
/// Bytes of an address that is remembered, at most. A longer one is looked for each time.
const ADDRESS_MAX: usize = 2_048;

/// The record's own definitions, each looked for once as long as there is room.
pub(crate) struct Stored {
    store: Store,
    found: Mutex<HashMap<String, Option<Arc<Json>>>>,
}

impl Stored {
    pub(crate) fn new(store: Store) -> Stored {
        Stored { store, found: Mutex::default() }
    }

    /// The one that was changed last, where several have the same address.
    fn look(&self, kind: &str, url: &str, version: Option<&str>) -> Result<Option<Arc<Json>>, Refusal> {
        let mut pairs =
            vec![("url".to_owned(), escaped(url)), ("_sort".to_owned(), "-_lastUpdated".to_owned())];
        pairs.extend(version.map(|version| ("version".to_owned(), escaped(version))));
        let query = Query::parse(Some(kind), &pairs, Handling::Strict, self.store.now(), "")?;
        // Definitions are no one's record: no scope hides them from who validates or expands by them.
        let found = self.store.reader(&Scope::all())?.search(&query, &Page { count: 1, total: false })?;
        let body = found.matches.into_iter().next();
        Ok(body.and_then(|body| Json::parse(body.text, Limits::FILE).ok()).map(Arc::new))
    }
}

/// A value of a search as one value: FHIR R4 search.html#escaping.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, '\\' | ',' | '|' | '$') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

impl Source for Stored {
    fn find(&self, kind: &str, url: &str, version: Option<&str>) -> Option<Arc<Json>> {
        let key = format!("{kind} {url}|{}", version.unwrap_or_default());
        let mut found = self.found.lock().expect("no thread panics with it locked");
        if let Some(known) = found.get(&key) {
            return known.clone();
        }
        // A type without the search parameter, or a record that cannot be read now, has none.
        let now = self.look(kind, url, version).unwrap_or_default();
        if key.len() <= ADDRESS_MAX {
            if found.len() >= KEPT_MAX {
                found.clear();
            }
            found.insert(key, now.clone());
        }
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::{Options, Place};
    use testbed::Home;

    #[test]
    fn addresses_that_somebody_made_up_fill_no_memory() {
        let home = Home::new();
        let options = Options { readers: 1, durable: false, ..Options::default() };
        let store = Store::open(home.place().parse::<Place>().unwrap(), options).unwrap();
        let stored = Stored::new(store);
        let kept = || stored.found.lock().unwrap().len();
        stored.found.lock().unwrap().extend((0..KEPT_MAX).map(|i| (format!("ValueSet {i}"), None)));
        assert!(stored.find("ValueSet", "http://example.org/one-more", None).is_none());
        assert_eq!(kept(), 1);
        let long = format!("http://example.org/{}", "x".repeat(ADDRESS_MAX));
        assert!(stored.find("ValueSet", &long, None).is_none());
        assert_eq!(kept(), 1);
    }
}
