//! Terminology as its callers see it.

mod compare;
mod core;
mod imports;
mod operations;
mod releases;
mod suites;

use crate::{Refused, Request, Terminology};
use fhir::{Instant, Json, Limits, Tree};
use package::Source;
use std::sync::Arc;

/// Resources in memory.
struct Resources(Vec<Arc<Json>>);

impl Resources {
    fn of(texts: &[&str]) -> Resources {
        Resources(texts.iter().map(|text| Arc::new(json(text))).collect())
    }
}

impl Source for Resources {
    fn find(&self, kind: &str, url: &str, version: Option<&str>) -> Option<Arc<Json>> {
        let fits = |json: &&Arc<Json>| {
            let root = json.root();
            root.str("resourceType").as_deref() == Some(kind)
                && root.str("url").as_deref() == Some(url)
                && version.is_none_or(|version| root.str("version").as_deref() == Some(version))
        };
        self.0.iter().find(fits).cloned()
    }

    fn addresses(&self, kind: &str) -> Vec<String> {
        let fitting = self.0.iter().filter(|json| json.root().str("resourceType").as_deref() == Some(kind));
        fitting.filter_map(|json| json.root().str("url").map(|url| url.into_owned())).collect()
    }
}

fn json(text: &str) -> Json {
    Json::parse(text, Limits::FILE).unwrap()
}

/// An operation with simple parameters, as they come in a query.
fn ask(
    terminology: &Terminology,
    kind: &str,
    operation: &str,
    pairs: &[(&str, &str)],
) -> Result<Tree, Refused> {
    let parameters = json(&crate::parameters(pairs.iter().copied(), None).text());
    terminology.operation(&Request {
        operation,
        kind: Some(kind),
        instance: None,
        parameters: Some(parameters.root()),
        languages: None,
        now: Instant(0),
    })
}
