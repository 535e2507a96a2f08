//! The CapabilityStatement, made from the tables and from what the routes do. A test tries every claim.

use crate::config::Config;
use crate::operation::{Kinds, OPERATIONS, Operation};
use crate::trail;
use fhir::Tree;
use fhir::definitions::{COMPARTMENTS, ParamKind, RESOURCES, SEARCH_PARAMS, SearchParam, search_params};
use fhir::patch::Patch;
use std::collections::BTreeSet;

/// The day that this statement's shape last changed.
const DATED: &str = "2026-12-01";

/// What each type can do.
const TYPE: &[&str] = &[
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
];
/// What the whole can do.
const SYSTEM: &[&str] = &["transaction", "batch", "history-system", "search-system"];
/// What a patch may come as. In the formats of FHIR it is a Parameters resource: FHIRPath Patch.
const PATCHES: &[&str] = &[Patch::JSON, Patch::XML, "application/fhir+json", "application/fhir+xml"];
/// Parameters that every type has and the tables leave to the language.
const COMMON: &[(&str, &str, &str)] = &[
    ("_content", "string", "http://hl7.org/fhir/SearchParameter/Resource-content"),
    ("_list", "special", "http://hl7.org/fhir/SearchParameter/Resource-list"),
    ("_id", "token", "http://hl7.org/fhir/SearchParameter/Resource-id"),
    ("_lastUpdated", "date", "http://hl7.org/fhir/SearchParameter/Resource-lastUpdated"),
];

/// Types that have no narrative.
const NO_NARRATIVE: &[&str] = &["Binary", "Bundle", "Parameters"];
/// The profile of Subscriptions to topics.
const BACKPORT: &str =
    "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription";

/// The statement.
const BULK: &str = "http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data";

pub(crate) fn statement(config: &Config) -> Tree {
    let software = Tree::object().with("name", "Carespine").with("version", env!("CARGO_PKG_VERSION"));
    let implementation = Tree::object()
        .with("description", "Carespine: a care record that speaks FHIR R4")
        .with("url", config.base.as_str());
    Tree::resource("CapabilityStatement")
        .with("status", "active")
        .with("date", DATED)
        .with("publisher", "Carespine")
        .with("kind", "instance")
        .with("instantiates", texts([BULK]))
        .with("software", software)
        .with("implementation", implementation)
        .with("fhirVersion", "4.0.1")
        .with("format", texts(["json", "application/fhir+json", "xml", "application/fhir+xml"]))
        .with("patchFormat", texts(PATCHES.iter().copied()))
        .with("rest", vec![rest(config)])
}

fn texts<'t>(list: impl IntoIterator<Item = &'t str>) -> Vec<Tree> {
    list.into_iter().map(Tree::from).collect()
}

fn interactions(codes: &[&str]) -> Vec<Tree> {
    codes.iter().map(|code| Tree::object().with("code", *code)).collect()
}

fn rest(config: &Config) -> Tree {
    let origin = crate::oauth::origin(&config.base);
    let uri = |name: &str, path: &str| {
        Tree::object().with("url", name).with("valueUri", format!("{origin}/oauth/{path}"))
    };
    // SMART 2.2 section 6.1, for clients that do not read .well-known/smart-configuration yet.
    let uris = Tree::object()
        .with("url", "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris")
        .with(
            "extension",
            vec![
                uri("authorize", "authorize"),
                uri("token", "token"),
                uri("introspect", "introspect"),
                uri("revoke", "revoke"),
            ],
        );
    let smart = Tree::object()
        .with("system", "http://terminology.hl7.org/CodeSystem/restful-security-service")
        .with("code", "SMART-on-FHIR");
    let service = Tree::object().with("coding", vec![smart]);
    let security = Tree::object().with("extension", vec![uris]).with("cors", true);
    let security = security.with("service", vec![service]).with(
        "description",
        "Every request but GET metadata needs Authorization: Bearer and a token of this installation. \
         What a caller may not see is in every answer as if it were not there.",
    );
    let mut tree = Tree::object()
        .with("mode", "server")
        .with("security", security)
        .with("resource", RESOURCES.iter().map(|kind| resource(kind, config)).collect::<Vec<_>>())
        .with("interaction", interactions(SYSTEM))
        .with(
            "searchParam",
            COMMON.iter().map(|(name, kind, url)| common(name, kind, url)).collect::<Vec<_>>(),
        )
        .with("compartment", COMPARTMENTS.iter().map(|of| Tree::from(compartment(of))).collect::<Vec<_>>());
    if config.subscriptions.is_some() {
        tree.set("extension", vec![websocket(config)]);
    }
    // What stands at a type that is none of R4's can be told of only here.
    let own = operations(config, |o| {
        o.system || matches!(o.types, Kinds::Only(list) if list.contains(&"ViewDefinition"))
    });
    if !own.is_empty() {
        tree.set("operation", own);
    }
    tree
}

/// The canonical address of the compartment of a type.
fn compartment(of: &str) -> String {
    let (first, rest) = of.split_at(1);
    format!("http://hl7.org/fhir/CompartmentDefinition/{}{rest}", first.to_ascii_lowercase())
}

/// Where R4 subscriptions of type websocket are listened to.
fn websocket(config: &Config) -> Tree {
    Tree::object()
        .with("url", "http://hl7.org/fhir/StructureDefinition/capabilitystatement-websocket")
        .with("valueUri", crate::listen::url(&config.base))
}

fn common(name: &str, kind: &str, url: &str) -> Tree {
    Tree::object().with("name", name).with("definition", url).with("type", kind)
}

fn resource(kind: &'static str, config: &Config) -> Tree {
    let params: Vec<&SearchParam> =
        search_params(kind).iter().filter(|p| p.kind != ParamKind::Special).collect();
    let references = params.iter().filter(|p| p.kind == ParamKind::Reference);
    let includes: Vec<String> = references.map(|p| format!("{kind}:{}", p.code)).collect();
    if kind == trail::KIND {
        return of_trail(&params);
    }
    let mut tree = Tree::object()
        .with("type", kind)
        .with("profile", format!("http://hl7.org/fhir/StructureDefinition/{kind}"))
        .with("interaction", interactions(TYPE))
        .with("versioning", "versioned")
        .with("readHistory", true)
        .with("updateCreate", true)
        .with("conditionalCreate", true)
        .with("conditionalRead", "full-support")
        .with("conditionalUpdate", true)
        .with("conditionalDelete", if config.deletes_many { "multiple" } else { "single" });
    if !includes.is_empty() {
        tree.set("searchInclude", includes.into_iter().map(Tree::from).collect::<Vec<_>>());
    }
    let pointing = pointing_at(kind);
    if !pointing.is_empty() {
        tree.set("searchRevInclude", pointing.into_iter().map(Tree::from).collect::<Vec<_>>());
    }
    let text = ("_text", "string", "http://hl7.org/fhir/SearchParameter/DomainResource-text");
    let text = Some(&text).filter(|_| !NO_NARRATIVE.contains(&kind));
    let common = COMMON.iter().chain(text).map(|(name, kind, url)| common(name, kind, url));
    tree.set("searchParam", common.chain(params.into_iter().map(param)).collect::<Vec<_>>());
    let served = config.subscriptions.is_some();
    if served && kind == "Subscription" {
        tree.set("supportedProfile", texts([BACKPORT]));
    }
    let own = operations(config, |o| {
        (o.types.has(kind) || o.instances.has(kind)) && (served || !o.is_of_subscriptions())
    });
    if !own.is_empty() {
        tree.set("operation", own);
    }
    tree
}

/// The trail: a view that can be read and searched.
fn of_trail(params: &[&SearchParam]) -> Tree {
    let common_params = COMMON.iter().filter(|(name, ..)| *name != "_list");
    let own = common_params.map(|(name, kind, url)| common(name, kind, url));
    Tree::object()
        .with("type", trail::KIND)
        .with("profile", format!("http://hl7.org/fhir/StructureDefinition/{}", trail::KIND))
        .with("documentation", trail::READ_ONLY)
        .with("interaction", interactions(trail::INTERACTIONS))
        .with("versioning", "no-version")
        .with("searchParam", own.chain(params.iter().map(|p| param(p))).collect::<Vec<_>>())
}

/// The operations that stand somewhere.
fn operations(config: &Config, there: impl Fn(&Operation) -> bool) -> Vec<Tree> {
    let found = OPERATIONS.iter().filter(|operation| there(operation));
    let named =
        |o: &Operation| Tree::object().with("name", o.name).with("definition", o.address(&config.base));
    found.map(named).collect()
}

/// A parameter that may point at more types than this points at nearly anything.
const TARGETS_MAX: usize = 100;

/// The reference parameters, of any type, that may point at this one. Those that may point at nearly anything
/// are left out, though they work: they would be most of the statement.
fn pointing_at(kind: &str) -> BTreeSet<String> {
    let pointing = |p: &&SearchParam| {
        p.kind == ParamKind::Reference && p.targets.contains(&kind) && p.base != trail::KIND
    };
    let pointing = SEARCH_PARAMS.iter().filter(pointing).filter(|p| p.targets.len() <= TARGETS_MAX);
    pointing.map(|p| format!("{}:{}", p.base, p.code)).collect()
}

fn param(param: &SearchParam) -> Tree {
    let (kind, about) = kind_of(param.kind);
    Tree::object()
        .with("name", param.code)
        .with("definition", param.url)
        .with("type", kind)
        .with("documentation", about)
}

/// The code of a parameter type, and the modifiers and prefixes that its parameters take.
fn kind_of(kind: ParamKind) -> (&'static str, &'static str) {
    match kind {
        ParamKind::Number => ("number", "Modifier: missing. Prefixes: eq, ne, gt, lt, ge, le, sa, eb, ap."),
        ParamKind::Date => ("date", "Modifier: missing. Prefixes: eq, ne, gt, lt, ge, le, sa, eb, ap."),
        ParamKind::String => ("string", "Modifiers: missing, exact, contains."),
        ParamKind::Token => ("token", "Modifiers: missing, not, text, of-type, in, not-in, below, above."),
        ParamKind::Reference => {
            ("reference", "Modifiers: missing, identifier, a type. Can be chained, also in reverse by _has.")
        }
        ParamKind::Composite => ("composite", "Its components are joined by $."),
        ParamKind::Quantity => {
            ("quantity", "Modifier: missing. Prefixes: eq, ne, gt, lt, ge, le, sa, eb, ap.")
        }
        ParamKind::Uri => ("uri", "Modifiers: missing, above, below."),
        ParamKind::Special => ("special", "Not searchable here."),
    }
}
