//! From a path to what stands there.

use crate::operation::{self, Operation, Target};
use crate::request::Request;
use crate::status::No;
use fhir::definitions::{self, COMPARTMENTS};
use record::Refusal;
use service::interaction::{decode, is_id, kind_named};

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// The base: batch and transaction, search over all types.
    Base,
    /// The CapabilityStatement.
    Metadata,
    /// The OpenAPI description.
    Description,
    /// History of everything.
    SystemHistory,
    /// Search over all types by form.
    SystemSearch,
    /// A type.
    Type(&'static str),
    /// Search of a type by form.
    TypeSearch(&'static str),
    /// History of a type.
    TypeHistory(&'static str),
    /// A resource.
    Instance(&'static str, String),
    /// What would be a resource if its id could be one.
    Misnamed(&'static str, String),
    /// Its history.
    InstanceHistory(&'static str, String),
    /// One of its versions.
    Version(&'static str, String, u64),
    /// An operation.
    Operation(&'static Operation, Target),
    /// The resources of a type, or of all, in the compartment of a resource.
    Compartment((&'static str, String), Option<&'static str>),
    /// The same by form.
    CompartmentSearch((&'static str, String), Option<&'static str>),
    /// How far a job is.
    Job(String),
    /// A file that a job has made.
    JobFile(String, String),
}

/// How much work a request may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// So little that it is done where it comes in, if the record is near.
    Light,
    /// It reads more, or waits for the writer.
    Usual,
    /// A Bundle to be carried out; only so many at a time.
    Bundle,
    /// It reads far and wide and may take seconds; only so few at a time that other reads go on.
    Wide,
}

impl Route {
    /// Reads a path.
    pub(crate) fn of(path: &str) -> Result<Route, No> {
        let trimmed = path.strip_prefix('/').unwrap_or(path);
        let trimmed = trimmed.strip_suffix('/').unwrap_or(trimmed);
        if trimmed.is_empty() {
            return Ok(Route::Base);
        }
        let parts = trimmed.split('/').map(|part| decode(part, false)).collect::<Result<Vec<_>, _>>()?;
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["metadata"] => Ok(Route::Metadata),
            ["openapi.json"] => Ok(Route::Description),
            ["_history"] => Ok(Route::SystemHistory),
            ["_search"] => Ok(Route::SystemSearch),
            ["$jobs", id] => Ok(Route::Job((*id).to_owned())),
            ["$jobs", id, name] => Ok(Route::JobFile((*id).to_owned(), (*name).to_owned())),
            [name] | [_, name] | [_, _, name] | [_, _, "_history", _, name] if name.starts_with('$') => {
                operation(&parts, name)
            }
            [kind] => Ok(Route::Type(kind_named(kind)?)),
            [kind, "_search"] => Ok(Route::TypeSearch(kind_named(kind)?)),
            [kind, "_history"] => Ok(Route::TypeHistory(kind_named(kind)?)),
            [kind, id] if is_id(id) => Ok(Route::Instance(kind_named(kind)?, (*id).to_owned())),
            [kind, id] => Ok(Route::Misnamed(kind_named(kind)?, (*id).to_owned())),
            [kind, id, "_history"] => Ok(Route::InstanceHistory(kind_named(kind)?, known_id(kind, id)?)),
            [kind, id, "_history", version] => {
                let (kind, id) = (kind_named(kind)?, known_id(kind, id)?);
                let version = version.parse();
                let version = version.map_err(|_| Refusal::not_found(&format!("{}/_history", kind)))?;
                Ok(Route::Version(kind, id, version))
            }
            [kind, id, rest @ ..] => compartment(kind, id, rest, path),
            [] => Ok(Route::Base),
        }
    }

    /// The methods that are possible here.
    pub(crate) fn allow(&self) -> &'static str {
        match self {
            Route::Base => "GET, POST",
            Route::SystemSearch | Route::TypeSearch(_) | Route::CompartmentSearch(..) => "POST",
            Route::Type(_) => "GET, HEAD, POST, PUT, PATCH, DELETE",
            Route::Instance(..) | Route::Misnamed(..) => "GET, HEAD, PUT, PATCH, DELETE",
            Route::Operation(operation, _) if operation.changes => "POST",
            Route::Operation(..) => "GET, HEAD, POST",
            Route::Job(_) => "GET, HEAD, DELETE",
            Route::Metadata
            | Route::Description
            | Route::JobFile(..)
            | Route::SystemHistory
            | Route::TypeHistory(_)
            | Route::InstanceHistory(..)
            | Route::Version(..)
            | Route::Compartment(..) => "GET, HEAD",
        }
    }
}

/// How much work a request may be.
pub(crate) fn weight(request: &Request) -> Weight {
    let reads = matches!(request.method.as_str(), "GET" | "HEAD");
    match Route::of(&request.path) {
        Ok(Route::Instance(..) | Route::Version(..) | Route::Metadata | Route::Description) if reads => {
            Weight::Light
        }
        Ok(Route::Misnamed(..)) | Err(_) => Weight::Light,
        Ok(Route::Base) if !reads => Weight::Bundle,
        Ok(Route::Operation(operation, _)) => operation.weight,
        Ok(Route::Base | Route::SystemSearch | Route::SystemHistory | Route::TypeHistory(_)) => Weight::Wide,
        Ok(_) => Weight::Usual,
    }
}

/// An id that can be one. Others are as unknown as any.
fn known_id(kind: &str, id: &str) -> Result<String, No> {
    if is_id(id) { Ok(id.to_owned()) } else { Err(Refusal::not_found(&format!("{kind}/{id}")).into()) }
}

fn operation(parts: &[&str], name: &str) -> Result<Route, No> {
    let target = match parts {
        [kind, id, _] => Target::Instance(kind_named(kind)?, known_id(kind, id)?),
        // No type of R4, but one that operations are about.
        ["ViewDefinition", _] => Target::Type("ViewDefinition"),
        [kind, _] => Target::Type(kind_named(kind)?),
        [kind, id, _, version, _] => {
            let version = version.parse().map_err(|_| Refusal::not_found(&format!("{kind}/_history")))?;
            Target::Version(kind_named(kind)?, known_id(kind, id)?, version)
        }
        _ => Target::System,
    };
    let found = operation::find(name.trim_start_matches('$'), &target);
    let text = || No::Path(format!("The operation {name} is not there. GET metadata says which are."));
    found.map(|operation| Route::Operation(operation, target)).ok_or_else(text)
}

fn compartment(kind: &str, id: &str, rest: &[&str], path: &str) -> Result<Route, No> {
    let kind = kind_named(kind)?;
    let of = |member: &str| if member == "*" { Ok(None) } else { kind_named(member).map(Some) };
    let (member, by_form) = match rest {
        [member] => (of(member)?, false),
        [member, "_search"] => (of(member)?, true),
        _ => return Err(No::Path(format!("Nothing stands at {path}. GET metadata says what does."))),
    };
    if !COMPARTMENTS.contains(&kind) {
        let known = COMPARTMENTS.join(", ");
        return Err(No::Path(format!("There is no compartment of {kind}. There is one of each of {known}.")));
    }
    let outside = |member: &&str| *member != kind && definitions::compartment(kind, member).next().is_none();
    if let Some(member) = member.filter(outside) {
        return Err(No::Path(format!("{member} is in no compartment of {kind}. Search it at {member}?...")));
    }
    let owner = (kind, known_id(kind, id)?);
    Ok(if by_form { Route::CompartmentSearch(owner, member) } else { Route::Compartment(owner, member) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_what_stands_there() {
        let route = |path: &str| Route::of(path).map_err(|no| crate::status::of(&no));
        assert_eq!(route("/"), Ok(Route::Base));
        assert_eq!(route(""), Ok(Route::Base));
        assert_eq!(route("/Patient"), Ok(Route::Type("Patient")));
        assert_eq!(route("/Patient/"), Ok(Route::Type("Patient")));
        assert_eq!(route("/Patient/1"), Ok(Route::Instance("Patient", "1".into())));
        assert_eq!(route("/Patient/a%20b"), Ok(Route::Misnamed("Patient", "a b".into())));
        assert_eq!(route("/Patient/%31"), Ok(Route::Instance("Patient", "1".into())));
        assert_eq!(route("/Patient/1/_history/2"), Ok(Route::Version("Patient", "1".into(), 2)));
        let everything = route("/Patient/1/$everything").unwrap();
        let expected = Target::Instance("Patient", "1".into());
        assert!(
            matches!(everything, Route::Operation(o, target) if o.name == "everything" && target == expected)
        );
        assert_eq!(route("/$jobs/1"), Ok(Route::Job("1".into())));
        assert_eq!(route("/$jobs/1/a"), Ok(Route::JobFile("1".into(), "a".into())));
        assert_eq!(
            route("/Patient/1/Observation"),
            Ok(Route::Compartment(("Patient", "1".into()), Some("Observation")))
        );
        assert_eq!(route("/Patient/1/*"), Ok(Route::Compartment(("Patient", "1".into()), None)));
        assert_eq!(
            route("/Patient/1/Observation/_search"),
            Ok(Route::CompartmentSearch(("Patient", "1".into()), Some("Observation")))
        );
        for path in [
            "/Nonsense",
            "/patient",
            "/Patient/1/2/3/4",
            "/Patient/a b/_history",
            "/Nonsense/'; DROP TABLE head; --",
            "/Patient/1/_history/x",
            "/Patient/$nonsense",
            "/Observation/$export",
            "/$jobs",
            "/$jobs/1/2/3",
            "/Location/1/Observation",
            "/Encounter/1/Patient",
            "/Patient/1/Practitioner",
            "/../Patient",
            "/metadata/x",
        ] {
            assert_eq!(route(path), Err(404), "{path}");
        }
        assert_eq!(route("/Patient/%0"), Err(400));
        assert_eq!(route("/Patient/%00"), Err(400));
    }
}
