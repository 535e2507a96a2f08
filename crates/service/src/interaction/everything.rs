//! A patient's whole record.

use super::read::here;
use super::{Caller, care};
use record::{Body, Found, Instant, Reader, Refusal};
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
    /// Only what is of care in this range, first and last millisecond.
    pub care: Option<(i64, i64)>,
    /// How many to give; all when there is none.
    pub count: Option<usize>,
    /// The page before, to go on from.
    pub page: Option<String>,
}

/// A part of everything.
#[derive(Debug)]
pub struct EverythingPage {
    /// The resources, the patient first.
    pub bodies: Vec<Body>,
    /// How many there are on all pages.
    pub total: usize,
    /// The token of the next page.
    pub next: Option<String>,
}

/// A patient, everything in their compartment, and the resources of no patient that these point at (FHIR R4
/// patient-operation-everything). All pages are as at the state of the first.
pub fn everything(
    caller: &Caller<'_>,
    patient: &str,
    wanted: &Everything,
) -> Result<EverythingPage, Refusal> {
    let what = format!("Patient/{patient}/$everything");
    match gather(caller, patient, wanted) {
        Ok(page) => {
            caller.sees("everything", &what, page.bodies.iter());
            Ok(page)
        }
        Err(refusal) => Err(caller.refused("everything", &what, refusal)),
    }
}

fn gather(caller: &Caller<'_>, patient: &str, wanted: &Everything) -> Result<EverythingPage, Refusal> {
    caller.may_look(Some("Patient"), access::grant::Interaction::Read)?;
    let mut reader = caller.reader()?;
    let words = format!("{patient} {:?} {:?} {:?}", wanted.types, wanted.since, wanted.care);
    let first = wanted.page.as_deref().map(|token| reader.turn_to(&words, token)).transpose()?;
    let first = first.and_then(|first| usize::try_from(first).ok()).unwrap_or(0);
    let mut bodies = all(&reader, patient, wanted)?;
    let total = bodies.len();
    bodies.drain(..first.min(total));
    bodies.truncate(wanted.count.unwrap_or(total));
    let end = first.saturating_add(bodies.len());
    let next = (end < total && !bodies.is_empty()).then(|| reader.page_token(&words, end as u64));
    Ok(EverythingPage { bodies, total, next })
}

fn all(reader: &Reader, patient: &str, wanted: &Everything) -> Result<Vec<Body>, Refusal> {
    here(reader.read("Patient", patient)?, "Patient", patient)?;
    // What is shared is found by what points at it, which may be of any type.
    let all = wanted.types.iter().any(|kind| is_shared(kind));
    let mut bodies = reader.compartment(patient, if all { &[] } else { &wanted.types })?;
    if let Some((start, end)) = wanted.care {
        bodies.retain(|body| care::overlaps(body, start, end));
    }
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
