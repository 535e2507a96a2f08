//! What can be done here, as a TerminologyCapabilities (R4 terminologycapabilities.html): answered by doors at
//! `metadata?mode=terminology`.

use crate::Terminology;
use crate::grammar;
use crate::system::System;
use fhir::{Instant, Tree};
use std::collections::{BTreeMap, BTreeSet};

/// Parameters of `$expand` that change what it answers.
const OF_EXPAND: &[&str] = &[
    "activeOnly",
    "check-system-version",
    "count",
    "default-valueset-version",
    "designation",
    "displayLanguage",
    "exclude-system",
    "excludeNested",
    "filter",
    "force-system-version",
    "includeDefinition",
    "includeDesignations",
    "offset",
    "property",
    "system-version",
    "tx-resource",
    "url",
    "useSupplement",
    "valueSet",
    "valueSetVersion",
];

impl Terminology {
    /// The resource. `software` is the name and version of the program.
    pub fn capabilities(&self, software: (&str, &str), now: Instant) -> Tree {
        let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut add = |system: &dyn System| {
            let known = versions.entry(system.url().to_owned()).or_default();
            known.extend(system.version().map(str::to_owned));
        };
        self.systems().iter().for_each(|system| add(&**system));
        for json in self.all("CodeSystem") {
            let root = json.root();
            let here = !matches!(root.str("content").as_deref(), Some("not-present" | "supplement"));
            if let Some(url) = root.str("url").filter(|_| here) {
                let known = versions.entry(url.into_owned()).or_default();
                known.extend(root.str("version").map(|version| version.into_owned()));
            }
        }
        for (url, version) in grammar::all().chain(crate::tables::ALL.iter().map(|url| (*url, None))) {
            versions.entry(url.to_owned()).or_default().extend(version.map(str::to_owned));
        }
        let systems = versions.into_iter().map(|(url, versions)| {
            let versions = versions.into_iter().map(|version| Tree::object().with("code", version));
            let versions: Vec<Tree> = versions.collect();
            Tree::object().with("uri", url).maybe("version", (!versions.is_empty()).then_some(versions))
        });
        let parameters = OF_EXPAND.iter().map(|name| Tree::object().with("name", *name));
        let expansion = Tree::object()
            .with("hierarchical", true)
            .with("paging", true)
            .with("incomplete", false)
            .with("parameter", parameters.collect::<Vec<_>>())
            .with("textFilter", "Each word of the text begins a word of a name of the code, in any order.");
        let (name, version) = software;
        Tree::resource("TerminologyCapabilities")
            .with("status", "active")
            .with("date", now.to_string())
            .with("kind", "instance")
            .with("software", Tree::object().with("name", name).with("version", version))
            .with("implementation", Tree::object().with("description", "The terminology of this server."))
            .with("codeSystem", systems.collect::<Vec<_>>())
            .with("expansion", expansion)
            .with("codeSearch", "all")
            .with("validateCode", Tree::object().with("translations", true))
            .with("translation", Tree::object().with("needsMap", false))
    }
}
