//! The OpenAPI 3.1 description of the door, for tools that know HTTP and not FHIR. It says the same as the
//! CapabilityStatement, path by path; operations are of the same table. `checks/clients` has a fuzzer hold it
//! against the running door.

use crate::config::Config;
use crate::operation::{Kinds, OPERATIONS, Operation};
use fhir::Tree;
use fhir::definitions::RESOURCES;
use fhir::patch::Patch;
use std::collections::BTreeMap;

/// What every answer may be, whatever is asked: the reasons are those of the table in `status.rs`.
const REFUSALS: &[u16] =
    &[400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 414, 415, 422, 429, 431, 503];
const FHIR: &str = "application/fhir+json";

/// One method of a path.
struct Deed<'d> {
    method: &'d str,
    about: &'d str,
    /// Statuses of success.
    good: &'d [u16],
    /// Media types of the body; none is taken when empty.
    takes: &'d [&'d str],
    /// Query parameters.
    query: &'d [&'d str],
    /// Media types of an answer with a body, each with its schema.
    gives: &'d [(&'d str, &'d str)],
}

const A_RESOURCE: &[(&str, &str)] = &[(FHIR, "Resource")];

const fn get<'d>(about: &'d str, query: &'d [&'d str]) -> Deed<'d> {
    Deed { method: "get", about, good: &[200, 304], takes: &[], query, gives: A_RESOURCE }
}

/// Something that changes what is there, or asks by POST; its body has one of these media types.
const fn write<'d>(method: &'d str, about: &'d str, takes: &'d [&'d str]) -> Deed<'d> {
    Deed { method, about, good: &[200, 201, 204], takes, query: &[], gives: A_RESOURCE }
}

const PATCHES: &[&str] = &[Patch::JSON];
const PAGE: &[&str] = &["_count", "_elements", "_summary"];
const HISTORY: &[&str] = &["_count", "_since"];

/// The description.
pub(crate) fn description(config: &Config) -> Tree {
    let info = Tree::object()
        .with("title", "Carespine, FHIR R4")
        .with("version", env!("CARGO_PKG_VERSION"))
        .with(
            "description",
            "A care record that speaks FHIR R4. GET metadata says what each type can do. AuditEvent is the audit \
             trail: it is read and searched, and nobody changes it (405).",
        );
    let scheme = Tree::object().with("type", "http").with("scheme", "bearer");
    let components = Tree::object()
        .with("securitySchemes", Tree::object().with("token", scheme))
        .with("schemas", schemas())
        .with("responses", Tree::object().with("Refused", refused()));
    let mut paths = Tree::object();
    for (path, item) in all() {
        paths.set(&path, item);
    }
    Tree::object()
        .with("openapi", "3.1.0")
        .with("info", info)
        .with("servers", vec![Tree::object().with("url", config.base.as_str())])
        .with("security", vec![Tree::object().with("token", Vec::<Tree>::new())])
        .with("paths", paths)
        .with("components", components)
}

fn schemas() -> Tree {
    let named = |kinds: Vec<Tree>| {
        let kind = Tree::object().with("type", "string").with("enum", kinds);
        Tree::object()
            .with("type", "object")
            .with("required", vec![Tree::from("resourceType")])
            .with("properties", Tree::object().with("resourceType", kind))
    };
    Tree::object()
        .with("Resource", named(RESOURCES.iter().map(|kind| Tree::from(*kind)).collect()))
        .with("OperationOutcome", named(vec![Tree::from("OperationOutcome")]))
        .with("Manifest", Tree::object().with("type", "object"))
}

fn refused() -> Tree {
    Tree::object()
        .with("description", "Why there is no answer, and what to do about it.")
        .with("content", contents(&[(FHIR, "OperationOutcome")]))
}

fn contents(list: &[(&str, &str)]) -> Tree {
    list.iter().fold(Tree::object(), |tree, (media, schema)| {
        let schema = Tree::object().with("$ref", format!("#/components/schemas/{schema}"));
        tree.with(media, Tree::object().with("schema", schema))
    })
}

/// Every path with its methods.
fn all() -> BTreeMap<String, Tree> {
    let mut paths: BTreeMap<String, Tree> = BTreeMap::new();
    let form: &[&str] = &["application/x-www-form-urlencoded"];
    let search =
        |about| Deed { method: "post", about, good: &[200], takes: form, query: &[], gives: A_RESOURCE };
    add(&mut paths, "/metadata", &[get("What the door can do", &[])]);
    add(
        &mut paths,
        "/",
        &[get("Search over all types", PAGE), write("post", "A batch or transaction", &[FHIR])],
    );
    add(&mut paths, "/_history", &[get("All changes", HISTORY)]);
    add(&mut paths, "/_search", &[search("Search over all types")]);
    add(
        &mut paths,
        "/{type}",
        &[
            get("Search", PAGE),
            write("post", "Create", &[FHIR]),
            write("put", "Update by criteria", &[FHIR]),
            write("patch", "Patch by criteria", PATCHES),
            write("delete", "Delete by criteria", &[]),
        ],
    );
    add(&mut paths, "/{type}/_search", &[search("Search")]);
    add(&mut paths, "/{type}/_history", &[get("Changes of a type", HISTORY)]);
    add(
        &mut paths,
        "/{type}/{id}",
        &[
            get("Read", &["_elements", "_summary"]),
            write("put", "Update", &[FHIR]),
            write("patch", "Patch", PATCHES),
            write("delete", "Delete", &[]),
        ],
    );
    add(&mut paths, "/{type}/{id}/_history", &[get("Changes of a resource", HISTORY)]);
    add(&mut paths, "/{type}/{id}/_history/{version}", &[get("Read a version", &[])]);
    let job = "/$jobs/{job}";
    let end = Deed { good: &[202], ..write("delete", "Stop it and remove its files", &[]) };
    let far = Deed {
        good: &[200, 202],
        gives: &[(FHIR, "Resource"), ("application/json", "Manifest")],
        ..get("How far a job is, and in the end its answer or its manifest", &[])
    };
    add(&mut paths, job, &[far, end]);
    // What anyone may ask.
    if let Some(item) = paths.get_mut("/metadata") {
        let open = item.get("get").cloned().unwrap_or(Tree::Null).with("security", Vec::<Tree>::new());
        item.set("get", open);
    }
    operations(&mut paths);
    paths
}

/// The operations, where the table says they stand.
fn operations(paths: &mut BTreeMap<String, Tree>) {
    for operation in OPERATIONS {
        for path in places(operation) {
            let asks = get(operation.definition, &[]);
            let tells = Deed { good: &[200, 202, 204], ..write("post", operation.definition, &[FHIR]) };
            if operation.changes {
                add(paths, &path, &[tells]);
            } else {
                add(paths, &path, &[Deed { good: &[200, 202, 204], ..asks }, tells]);
            }
        }
    }
}

fn add(paths: &mut BTreeMap<String, Tree>, path: &str, deeds: &[Deed<'_>]) {
    let item = paths.entry(path.to_owned()).or_insert_with(|| item(path));
    for deed in deeds {
        item.set(deed.method, method(deed));
    }
}

/// The paths that an operation stands at.
fn places(operation: &Operation) -> Vec<String> {
    let kinds = |kinds: Kinds| match kinds {
        Kinds::All => vec!["{type}"],
        Kinds::Only(list) => list.to_vec(),
    };
    let name = operation.name;
    let system = operation.system.then(|| format!("/${name}"));
    let types = kinds(operation.types).into_iter().map(|kind| format!("/{kind}/${name}"));
    let instances = kinds(operation.instances).into_iter().map(|kind| format!("/{kind}/{{id}}/${name}"));
    let versions = operation.versions.then_some("/{type}/{id}/_history/{version}");
    let versions = versions.map(|path| format!("{path}/${name}"));
    system.into_iter().chain(types).chain(instances).chain(versions).collect()
}

/// A path without methods: its own parameters.
fn item(path: &str) -> Tree {
    let held = |name: &str| path.contains(&format!("{{{name}}}"));
    let parameter = |name: &str, schema: Tree| {
        Tree::object().with("name", name).with("in", "path").with("required", true).with("schema", schema)
    };
    let text = || Tree::object().with("type", "string");
    let mut own = Vec::new();
    if held("type") {
        let kinds: Vec<Tree> = RESOURCES.iter().map(|kind| Tree::from(*kind)).collect();
        own.push(parameter("type", text().with("enum", kinds)));
    }
    if held("id") {
        own.push(parameter("id", text().with("pattern", "^[A-Za-z0-9.\\-]{1,64}$")));
    }
    if held("job") {
        own.push(parameter("job", text().with("pattern", "^[a-z0-9\\-]{1,64}$")));
    }
    if held("version") {
        own.push(parameter("version", text().with("pattern", "^[1-9][0-9]{0,8}$")));
    }
    if own.is_empty() { Tree::object() } else { Tree::object().with("parameters", own) }
}

fn method(deed: &Deed<'_>) -> Tree {
    let mut answers = Tree::object();
    for status in deed.good {
        let text = Tree::object().with("description", "Done");
        let has_body = matches!(status, 200 | 201);
        let text = if has_body { text.with("content", contents(deed.gives)) } else { text };
        answers.set(&status.to_string(), text);
    }
    for status in REFUSALS {
        let refused = Tree::object().with("$ref", "#/components/responses/Refused");
        answers.set(&status.to_string(), refused);
    }
    let query = deed.query.iter().map(|name| {
        let schema = match *name {
            "_count" => Tree::object().with("type", "integer").with("minimum", 0),
            "_since" => Tree::object().with("type", "string").with("format", "date-time"),
            "_summary" => {
                let words = ["true", "text", "data", "count", "false"].map(Tree::from).to_vec();
                Tree::object().with("type", "string").with("enum", words)
            }
            _ => Tree::object().with("type", "string"),
        };
        Tree::object().with("name", *name).with("in", "query").with("schema", schema)
    });
    let mut tree = Tree::object().with("summary", deed.about).with("responses", answers);
    if !deed.query.is_empty() {
        tree.set("parameters", query.collect::<Vec<_>>());
    }
    if !deed.takes.is_empty() {
        let mut body = Tree::object();
        for media in deed.takes {
            let schema = match *media {
                FHIR => Tree::object().with("$ref", "#/components/schemas/Resource"),
                "application/x-www-form-urlencoded" => Tree::object().with("type", "object"),
                _ => Tree::object().with("type", "array"),
            };
            body.set(media, Tree::object().with("schema", schema));
        }
        tree.set("requestBody", Tree::object().with("content", body));
    }
    tree
}
