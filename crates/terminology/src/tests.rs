//! Terminology as its callers see it.

mod compare;
mod suites;

use crate::{Request, Terminology};
use fhir::{Instant, Json, Limits};
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
