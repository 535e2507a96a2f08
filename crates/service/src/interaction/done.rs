//! What an interaction did.

use fhir::json::Value;
use fhir::outcome::issue_code;
use fhir::search::Query;
use fhir::{Issue, Tree};
use record::{Body, Instant, Results, Written};

/// What one change or one entry of a transaction did.
#[derive(Clone, Debug)]
pub enum Done {
    /// A resource stands as it was asked for: created, updated, or (when `changed` is false) it stood so
    /// before. With what is to be told of it: what speaks against it and did not stop it.
    Wrote(Written, Vec<Issue>),
    /// These were deleted; none when there was nothing to delete.
    Deleted(Vec<Written>),
    /// A read.
    Read(Box<Body>),
    /// A search: what was asked for and what came.
    Found(Box<(Query, Results)>),
}

/// What was written, as text to be kept. Reads are not in it: they are done again.
pub(super) fn write(done: &[Done]) -> Tree {
    let list = done.iter().map(|done| match done {
        Done::Wrote(written, told) => {
            let told = (!told.is_empty()).then(|| told.iter().map(issue_tree).collect::<Vec<_>>());
            Tree::object().with("wrote", written_tree(written)).maybe("told", told)
        }
        Done::Deleted(list) => {
            Tree::object().with("deleted", list.iter().map(written_tree).collect::<Vec<_>>())
        }
        Done::Read(_) | Done::Found(_) => Tree::object(),
    });
    Tree::Array(list.collect())
}

/// The reverse of [`write`]. Nothing at the places of reads.
pub(super) fn read(list: Value<'_>) -> Option<Vec<Option<Done>>> {
    let one = |value: Value<'_>| {
        if let Some(written) = value.get("wrote") {
            let told = value.get("told").into_iter().flat_map(Value::items).map(issue_of);
            return Some(Some(Done::Wrote(written_of(written)?, told.collect::<Option<_>>()?)));
        }
        if let Some(deleted) = value.get("deleted") {
            return Some(Some(Done::Deleted(deleted.items().map(written_of).collect::<Option<_>>()?)));
        }
        Some(None)
    };
    list.items().map(one).collect()
}

fn written_tree(written: &Written) -> Tree {
    Tree::object()
        .with("kind", written.kind)
        .with("id", written.id.as_str())
        .with("version", written.version as i64)
        .with("updated", written.updated.0)
        .with("created", written.created)
        .with("changed", written.changed)
}

fn written_of(value: Value<'_>) -> Option<Written> {
    Some(Written {
        kind: super::kind_named(&value.str("kind")?).ok()?,
        id: value.str("id")?.into_owned(),
        version: value.get("version")?.as_number()?.parse().ok()?,
        updated: Instant(value.get("updated")?.as_number()?.parse().ok()?),
        created: value.get("created")?.as_bool()?,
        changed: value.get("changed")?.as_bool()?,
    })
}

/// What is told is a warning, or information.
fn issue_tree(issue: &Issue) -> Tree {
    Tree::object().with("code", issue.code).with("text", issue.text.as_str()).with("at", issue.at.as_str())
}

fn issue_of(value: Value<'_>) -> Option<Issue> {
    let (code, text, at) = (value.str("code")?, value.str("text")?, value.str("at")?);
    let code = issue_code(&code).unwrap_or("informational");
    Some(Issue { warning: true, ..Issue::new(code, at, text) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::{Json, Limits};

    #[test]
    fn what_was_written_can_be_kept_and_read_again() {
        let written = |created, version| Written {
            kind: "Patient",
            id: "a".into(),
            version,
            updated: Instant(1_700_000_000_123),
            created,
            changed: true,
        };
        let told = Issue { warning: true, ..Issue::new("code-invalid", "Patient.gender", "It is unusual.") };
        let done = vec![
            Done::Wrote(written(true, 1), vec![told]),
            Done::Wrote(written(false, 3), vec![]),
            Done::Deleted(vec![written(false, 2)]),
            Done::Deleted(vec![]),
        ];
        let json = Json::parse(write(&done).text(), Limits::FILE).unwrap();
        let again: Vec<Done> = read(json.root()).unwrap().into_iter().flatten().collect();
        assert_eq!(format!("{again:?}"), format!("{done:?}"));
    }
}
