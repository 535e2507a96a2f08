//! A patient's whole record.

use super::Caller;
use super::read::here;
use record::{Body, Found, Instant, Refusal};
use std::collections::{BTreeSet, HashSet};

/// Resources of others (organisations, practitioners, medicines) that come with a patient's own in
/// [`everything`], at most.
pub const EVERYTHING_MAX: usize = 2_000;

/// Which part of everything is wanted.
#[derive(Clone, Debug, Default)]
pub struct Everything {
    /// Of these types only; of all when empty.
    pub types: Vec<&'static str>,
    /// Only what has changed since.
    pub since: Option<Instant>,
    /// As it was at an instant, and not now.
    pub at: Option<Instant>,
    /// How many to leave out at the beginning.
    pub first: usize,
    /// How many to give after that; all when there is none.
    pub count: Option<usize>,
}

/// A patient, everything in their compartment, and the resources of no patient that these point at (FHIR R4
/// patient-operation-everything): the part that is wanted, and how many there are without `first` and
/// `count`.
pub fn everything(
    caller: &Caller<'_>,
    patient: &str,
    wanted: &Everything,
) -> Result<(Vec<Body>, usize), Refusal> {
    let what = format!("Patient/{patient}/$everything");
    match gather(caller, patient, wanted) {
        Ok(mut bodies) => {
            let total = bodies.len();
            bodies.drain(..wanted.first.min(total));
            bodies.truncate(wanted.count.unwrap_or(total));
            caller.sees("everything", &what, bodies.iter());
            Ok((bodies, total))
        }
        Err(refusal) => Err(caller.refused("everything", &what, refusal)),
    }
}

fn gather(caller: &Caller<'_>, patient: &str, wanted: &Everything) -> Result<Vec<Body>, Refusal> {
    caller.may_read()?;
    let reader = match wanted.at {
        Some(at) => caller.access.store().reader_at(&caller.session.scope, at)?,
        None => caller.reader()?,
    };
    here(reader.read("Patient", patient)?, "Patient", patient)?;
    // What is shared is found by what points at it, which may be of any type.
    let all = wanted.types.iter().any(|kind| is_shared(kind));
    let mut bodies = reader.compartment(patient, if all { &[] } else { &wanted.types })?;
    let mut seen: HashSet<String> = HashSet::new();
    let most = bodies.len() + EVERYTHING_MAX;
    let mut next = 0;
    while next < bodies.len() && bodies.len() < most {
        let shared = references(&bodies[next].text).filter(|reference| is_shared(reference.kind));
        let fresh: BTreeSet<String> =
            shared.map(|r| r.whole).filter(|whole| !seen.contains(*whole)).map(str::to_owned).collect();
        for whole in fresh {
            if let Some((kind, id)) = whole.split_once('/')
                && let Found::Here(body) = reader.read(kind, id)?
            {
                bodies.push(body);
            }
            seen.insert(whole);
        }
        next += 1;
    }
    bodies.retain(|body| wanted.types.is_empty() || wanted.types.contains(&body.kind));
    bodies.retain(|body| wanted.since.is_none_or(|since| body.updated >= since));
    Ok(bodies)
}

/// True for types that are no patient's: directories, medicines, definitions.
fn is_shared(kind: &str) -> bool {
    fhir::definitions::is_resource(kind)
        && fhir::definitions::patient_compartment(kind).is_empty()
        && kind != "Patient"
}

/// A reference as it stands in a resource: `Type/id`, and its type.
#[derive(Debug, PartialEq)]
struct Reference<'t> {
    kind: &'t str,
    whole: &'t str,
}

/// The references in a resource's canonical text, taken for `Type/id`: those that are none are of no known
/// type. Within a JSON string each quote is escaped, so the pattern can only be a member of that name.
fn references(text: &str) -> impl Iterator<Item = Reference<'_>> {
    const MEMBER: &str = "\"reference\":\"";
    memchr::memmem::find_iter(text.as_bytes(), MEMBER).filter_map(move |at| {
        let (reference, _) = text[at + MEMBER.len()..].split_once('"')?;
        let (kind, rest) = reference.split_once('/')?;
        let id = rest.find('/').unwrap_or(rest.len());
        Some(Reference { kind, whole: &reference[..kind.len() + 1 + id] })
    })
}

#[cfg(test)]
mod tests {
    use super::references;

    #[test]
    fn local_references_are_found_in_canonical_text() {
        let text = concat!(
            r#"{"a":{"reference":"Practitioner/1"},"b":[{"reference":"Organization/2/_history/3"}],"#,
            r##""c":{"reference":"#x"},"d":"\"reference\":\"Patient/9\"",
                "e":{"reference":"http://a.example/Patient/1"}}"##
        );
        let found: Vec<_> = references(text).map(|r| (r.kind, r.whole)).collect();
        let wanted =
            [("Practitioner", "Practitioner/1"), ("Organization", "Organization/2"), ("http:", "http:/")];
        assert_eq!(found, wanted);
    }
}
