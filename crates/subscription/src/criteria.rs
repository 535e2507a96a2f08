//! Criteria as a Subscription or a topic writes them: a search, asked of one resource at a time.

use fhir::search::{Base, Filter, Handling, Query, Summary, meets, stands_alone};
use fhir::{Instant, Value};
use record::{Issue, Kind, Refusal};
use service::interaction::pairs;

/// What a resource of one type must meet.
#[derive(Clone, Debug)]
pub(crate) struct Criteria {
    /// The type.
    pub kind: &'static str,
    /// The names of the parameters, without modifiers.
    pub names: Vec<String>,
    filters: Vec<Filter>,
}

impl Criteria {
    /// Reads `Observation?code=http://loinc.org|1975-2`. `base` is the address of our own FHIR door.
    pub fn parse(text: &str, now: Instant, base: &str) -> Result<Criteria, Refusal> {
        let (kind, query) = text.split_once('?').unwrap_or((text, ""));
        Criteria::of(kind.trim_start_matches('/'), query, now, base)
    }

    /// Reads the part after the question mark for a type.
    pub fn of(kind: &str, query: &str, now: Instant, base: &str) -> Result<Criteria, Refusal> {
        let pairs = pairs(query.trim_start_matches('?'))?;
        let query = Query::parse(Some(kind), &pairs, Handling::Strict, now, &format!("{base}/"))?;
        let Base::Type(kind) = query.base else { return Err(not_alone()) };
        if !only_conditions(&query) {
            let text = "Criteria say which resources are meant, so order, pages, includes and summaries have no place \
                        in them. Leave them out.";
            return Err(Refusal::invalid("criteria", text));
        }
        if !query.filters.iter().all(stands_alone) {
            return Err(not_alone());
        }
        let bare = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
        let names = query.honoured.iter().map(|(name, _)| bare(name)).collect();
        Ok(Criteria { kind, names, filters: query.filters })
    }

    /// Whether a resource meets them, as it was committed at an instant.
    pub fn met(&self, resource: Value<'_>, at: Instant) -> bool {
        resource.str("resourceType").as_deref() == Some(self.kind)
            && self.filters.iter().all(|filter| meets(filter, resource, at))
    }
}

fn only_conditions(query: &Query) -> bool {
    query.sort.is_empty()
        && query.include.is_empty()
        && query.revinclude.is_empty()
        && query.elements.is_empty()
        && query.summary == Summary::No
        && query.count.is_none()
        && query.page.is_none()
}

fn not_alone() -> Refusal {
    let text = "Criteria that follow references to other resources (chains, _has) or name codes by a value set (:in, \
                :below) are not judged here. Use parameters of the resource itself, and list the codes.";
    Refusal::many(Kind::Unsupported, vec![Issue::new("not-supported", "criteria", text)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::{Json, Limits};

    fn read(text: &str) -> Result<Criteria, Refusal> {
        Criteria::parse(text, Instant(0), "https://care.example/fhir")
    }

    #[test]
    fn criteria_are_a_search_on_one_resource() {
        let observation = |status: &str| {
            let text =
                format!(r#"{{"resourceType":"Observation","status":"{status}","code":{{"text":"x"}}}}"#);
            Json::parse(text, Limits::DOOR).unwrap()
        };
        let criteria = read("Observation?status=final").unwrap();
        assert!(criteria.met(observation("final").root(), Instant(0)));
        assert!(!criteria.met(observation("amended").root(), Instant(0)));
        assert!(read("Observation").unwrap().met(observation("amended").root(), Instant(0)));
        assert!(!read("Patient").unwrap().met(observation("final").root(), Instant(0)));
        assert_eq!(read("Encounter?class:not=AMB&patient=p").unwrap().names, ["class", "patient"]);
    }

    #[test]
    fn criteria_that_cannot_be_judged_are_refused() {
        for (text, kind) in [
            ("Nonsense?a=b", Kind::NotFound),
            ("Observation?no-such=1", Kind::Invalid),
            ("Observation?_sort=date", Kind::Invalid),
            ("Observation?_include=Observation:subject", Kind::Invalid),
            ("Observation?subject:Patient.name=Lee", Kind::Unsupported),
            ("Patient?_has:Observation:patient:code=x", Kind::Unsupported),
            ("Observation?code:not-in=http://example.org/v", Kind::Unsupported),
        ] {
            assert_eq!(read(text).map_err(|r| r.kind).unwrap_err(), kind, "{text}");
        }
    }
}
