//! Criteria as a Subscription or a topic writes them: a search, asked of one resource at a time. What can be told from
//! the resource is told from it; what follows references is asked of the record, once the rest is met.

use fhir::search::{Base, Filter, Handling, Query, Summary, meets, stands_alone};
use fhir::{Instant, Value};
use record::{Issue, Kind, Page, Reader, Refusal};
use service::interaction::pairs;

/// What a resource of one type must meet.
#[derive(Clone, Debug)]
pub(crate) struct Criteria {
    /// The type.
    pub kind: &'static str,
    /// The names of the parameters, without modifiers.
    pub names: Vec<String>,
    filters: Vec<Filter>,
    /// What of them follows references to other resources, as a search; nothing where nothing does.
    joined: Option<Box<Query>>,
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
        let Base::Type(kind) = query.base else {
            return Err(Refusal::invalid("criteria", "Criteria begin with a type: Observation?code=..."));
        };
        if !only_conditions(&query) {
            let text = "Criteria say which resources are meant, so order, pages, includes and summaries have no place \
                        in them. Leave them out.";
            return Err(Refusal::invalid("criteria", text));
        }
        let bare = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
        let names = query.honoured.iter().map(|(name, _)| bare(name)).collect();
        let mut query = query;
        query.resolve(&mut |_| Err(by_value_set()))?;
        let (filters, joined) = std::mem::take(&mut query.filters).into_iter().partition(stands_alone);
        query.filters = joined;
        if query.filters.iter().any(reads_words) {
            return Err(by_words());
        }
        let joined = (!query.filters.is_empty()).then(|| Box::new(query));
        Ok(Criteria { kind, names, filters, joined })
    }

    /// These, unless they follow references: for a topic, which looks at a resource before and after a change.
    pub fn alone(self) -> Result<Criteria, Refusal> {
        if self.joined.is_none() { Ok(self) } else { Err(not_alone()) }
    }

    /// Whether a resource meets what of them can be told from it alone, as it was committed at an instant.
    pub fn met(&self, resource: Value<'_>, at: Instant) -> bool {
        resource.str("resourceType").as_deref() == Some(self.kind)
            && self.filters.iter().all(|filter| meets(filter, resource, at))
    }

    /// Whether a resource meets the rest of them in what a reader sees: what a chain leads to in what it may see, and
    /// at the commit that it stands at.
    pub fn found(&self, reader: &Reader, id: &str) -> Result<bool, Refusal> {
        let Some(joined) = &self.joined else { return Ok(true) };
        let mut query = Query::clone(joined);
        query.filters.push(Filter::Id(vec![id.to_owned()]));
        Ok(!reader.search(&query, &Page { count: 1, total: false })?.matches.is_empty())
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

fn by_value_set() -> Refusal {
    let text = "Criteria that name codes by a value set or a hierarchy (:in, :not-in, :below, :above) are not judged \
                here. List the codes.";
    Refusal::many(Kind::Unsupported, vec![Issue::new("not-supported", "criteria", text)])
}

/// Words are looked for by reading texts, and the record refuses to read too many for one search. Whoever reads the log
/// for all subscriptions must not be refused because of one.
fn reads_words(filter: &Filter) -> bool {
    match filter {
        Filter::Text(_) => true,
        Filter::Chain { targets, .. } => targets.iter().any(|(_, filter)| reads_words(filter)),
        Filter::Has { filter, .. } | Filter::Not(filter) => reads_words(filter),
        Filter::And(filters) | Filter::Or(filters) => filters.iter().any(reads_words),
        Filter::Param { .. } | Filter::Id(_) | Filter::LastUpdated(_) | Filter::Compartment { .. } => false,
    }
}

fn by_words() -> Refusal {
    let text = "Criteria do not look for words (_content, _text) in resources that references lead to. Look for them \
                in the resource itself, or follow the reference by another parameter.";
    Refusal::many(Kind::Unsupported, vec![Issue::new("not-supported", "criteria", text)])
}

fn not_alone() -> Refusal {
    let text = "What a topic is about is judged by the resource itself, so chains and _has have no place in it. Use \
                parameters of the resource, or a Subscription with criteria of R4 \
                (Observation?subject:Patient.family=...).";
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
            ("Observation?subject:Patient._content=x", Kind::Unsupported),
            ("Patient?_has:Observation:patient:_text=x", Kind::Unsupported),
            ("Patient?_has:Observation:patient:performer:Practitioner._content=x", Kind::Unsupported),
            ("Observation?code:not-in=http://example.org/v", Kind::Unsupported),
        ] {
            assert_eq!(read(text).map_err(|r| r.kind).unwrap_err(), kind, "{text}");
        }
    }

    #[test]
    fn what_follows_references_is_told_apart_and_has_no_place_in_a_topic() {
        for text in
            ["Observation?subject:Patient.name=Lee&status=final", "Patient?_has:Observation:patient:code=x"]
        {
            let criteria = read(text).unwrap();
            assert!(criteria.joined.is_some(), "{text}");
            let refusal = criteria.alone().unwrap_err();
            assert_eq!(refusal.kind, Kind::Unsupported);
            assert!(refusal.to_string().contains("Use parameters of the resource"), "{refusal}");
        }
        assert!(read("Observation?status=final").unwrap().alone().is_ok());
    }
}
