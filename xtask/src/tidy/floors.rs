//! The floors of ARCHITECTURE.md: a crate uses only crates of lower floors.

use super::{Finding, Package, Workspace};

/// Every crate outside `services/` and the floor it stands on. A new crate gets its line here.
const FLOORS: &[(&str, u8)] = &[
    ("fhir", 1),
    ("package", 1),
    ("html", 1),
    ("population", 1),
    ("view", 1),
    ("testbed", 1), // for tests; knows nothing of ours
    ("record", 2),
    ("profile", 2),
    ("terminology", 2),
    ("conformance", 3),
    ("access", 3),
    ("audit", 4),
    ("service", 4),
    ("subscription", 4),
    ("story", 4), // for tests of services
    ("identity", 4),
    // 5: everything in services/, and the sample that a new one is copied from
    ("example", SERVICES),
    ("rest", 6),
    ("web", 6),
    ("cli", 6),
    ("app", 7),
    // Beside the house: they look at it from outside, and nothing is built from them.
    ("bench", 8),
    ("crash", 8),
    ("xtask", 8),
];
const SERVICES: u8 = 5;
/// Two neighbours on one floor that may know each other, the first the second.
const NEIGHBOURS: &[(&str, &str)] = &[
    ("population", "fhir"),
    ("view", "fhir"),
    ("package", "fhir"),
    ("subscription", "service"),
    ("story", "service"),
];
/// What a service may not be built from: it says what happens, not over which wire or in which table.
const NOT_FOR_SERVICES: &[&str] = &["axum", "tokio", "hyper", "rusqlite", "serde", "serde_json"];
const CATALOGUE: &str = "crates/app/src/catalogue.rs";

pub fn only_lower(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let Some(floor) = floor(package) else {
            findings.push(finding(
                package,
                format!("the crate {} stands on no floor", package.name),
                "Enter it in FLOORS in xtask/src/tidy/floors.rs and in ARCHITECTURE.md",
            ));
            continue;
        };
        for used in &package.uses {
            let Some(other) = workspace.packages.iter().find(|other| other.name == *used) else { continue };
            let below = self::floor(other).is_some_and(|other| other < floor);
            let neighbour = NEIGHBOURS.contains(&(package.name.as_str(), used.as_str()));
            // Services may call each other downwards; cargo refuses a circle.
            let services = is_service(package) && is_service(other);
            if !below && !neighbour && !services {
                findings.push(finding(
                    package,
                    format!("{} (floor {floor}) uses {used}, which is not on a lower floor", package.name),
                    "Move what they share down a floor, or turn the call round",
                ));
            }
        }
    }
    findings
}

pub fn services_stay_pure(workspace: &Workspace) -> Vec<Finding> {
    let services = workspace.packages.iter().filter(|package| is_service(package));
    let faults = services.flat_map(|package| package.uses.iter().map(move |used| (package, used)));
    faults
        .filter(|(_, used)| NOT_FOR_SERVICES.contains(&used.as_str()))
        .map(|(package, used)| {
            let what = format!("the service {} uses {used}", package.name);
            finding(
                package,
                what,
                "Services hold plain structs and FHIR trees; doors and the record do the rest",
            )
        })
        .collect()
}

pub fn services_are_catalogued(workspace: &Workspace) -> Vec<Finding> {
    let catalogue = workspace.sources.iter().find(|source| source.path == CATALOGUE);
    let listed = |name: &str| {
        let path = format!("{}::", name.replace('-', "_"));
        catalogue.is_some_and(|catalogue| catalogue.find(&path).next().is_some())
    };
    let services = workspace.packages.iter().filter(|package| is_service(package) && !listed(&package.name));
    services
        .map(|package| {
            let what = format!("the service {} is not in {CATALOGUE}", package.name);
            finding(package, what, "Add its SERVICE to the catalogue, so that every door and check knows it")
        })
        .collect()
}

fn is_service(package: &Package) -> bool {
    package.folder.starts_with("services/")
}

fn floor(package: &Package) -> Option<u8> {
    if is_service(package) {
        return Some(SERVICES);
    }
    FLOORS.iter().find(|(name, _)| *name == package.name).map(|(_, floor)| *floor)
}

fn finding(package: &Package, what: String, todo: &str) -> Finding {
    let path = format!("{}/Cargo.toml", package.folder);
    Finding { path, line: 1, what, todo: todo.to_owned() }
}
