use super::*;
use crate::search::{System, Target};
use proptest::prelude::*;

const NOW: &str = "2026-11-24T00:00:00Z";
const HERE: &str = "http://localhost:8080/fhir/";

fn parse(kind: Option<&str>, query: &str, handling: Handling) -> Result<Query, Refusal> {
    let pairs: Vec<(String, String)> = query
        .split('&')
        .map(|pair| pair.split_once('=').expect("a test writes name=value"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Query::parse(kind, &pairs, handling, Instant::parse(NOW).unwrap(), HERE)
}

pub(super) fn parse_pair(kind: &str, name: &str, value: &str) -> Result<Query, Refusal> {
    let pairs = [(name.to_owned(), value.to_owned())];
    Query::parse(Some(kind), &pairs, Handling::Strict, Instant::parse(NOW).unwrap(), HERE)
}

fn parsed(kind: &str, query: &str) -> Query {
    parse(Some(kind), query, Handling::Strict).unwrap_or_else(|refusal| panic!("{query}: {refusal}"))
}

fn refused(kind: &str, query: &str) -> String {
    match parse(Some(kind), query, Handling::Strict) {
        Ok(query) => panic!("{query:?}"),
        Err(refusal) => refusal.to_string(),
    }
}

/// A filter in few words.
pub(super) fn show(filter: &Filter) -> String {
    match filter {
        Filter::Param { param, test: Test::Any(matches) } => {
            let all: Vec<String> = matches.iter().map(show_match).collect();
            format!("{}.{} {}", param.base, param.code, all.join(" or "))
        }
        Filter::Param { param, test: Test::Not(matches) } => {
            let all: Vec<String> = matches.iter().map(show_match).collect();
            format!("{}.{} not {}", param.base, param.code, all.join(" or "))
        }
        Filter::Param { param, test: Test::Missing(missing) } => {
            format!("{}.{} missing {missing}", param.base, param.code)
        }
        Filter::Id(ids) => format!("id {}", ids.join(" or ")),
        Filter::LastUpdated(dates) => {
            format!("updated {}", dates.iter().map(show_match).collect::<Vec<_>>().join(" or "))
        }
        Filter::Chain { param, targets } => {
            let all: Vec<String> = targets.iter().map(|(kind, f)| format!("{kind} ({})", show(f))).collect();
            format!("{}.{} -> {}", param.base, param.code, all.join(" or "))
        }
        Filter::Has { source, param, filter } => format!("{source} by {} ({})", param.code, show(filter)),
        Filter::Param { param, test: Test::Other(matches) } => {
            let all: Vec<String> = matches.iter().map(show_match).collect();
            format!("{}.{} other {}", param.base, param.code, all.join(" or "))
        }
        Filter::Compartment { kind, id } => format!("compartment {kind}/{id}"),
        Filter::Or(filters) => filters.iter().map(show).collect::<Vec<_>>().join(" OR "),
        Filter::And(filters) => filters.iter().map(show).collect::<Vec<_>>().join(" AND "),
        Filter::Text(words) => format!("{words:?}"),
        Filter::Not(filter) => format!("NOT ({})", show(filter)),
    }
}

fn show_system(system: &System) -> String {
    match system {
        System::Any => "*".into(),
        System::Absent => "none".into(),
        System::Is(system) => system.clone(),
    }
}

fn show_match(test: &Match) -> String {
    let number = |d: &crate::search::Decimal| {
        let sign = if d.negative { "-" } else { "" };
        format!("{sign}.{}e{}", d.digits, d.exponent)
    };
    match test {
        Match::Token { system, code } => {
            format!("{}|{}", show_system(system), code.as_deref().unwrap_or("*"))
        }
        Match::OfType { system, code, value } => format!("{system}|{code}|{value}"),
        Match::TokenText(text) => format!("text {text:?}"),
        Match::String { text, how } => format!("{how:?} {text:?}"),
        Match::Date { prefix, start, end } => {
            format!("{prefix:?} {} to {}", Instant(*start), Instant(*end))
        }
        Match::Number { prefix, value, low, high } => {
            format!("{prefix:?} {} ({} to {})", number(value), number(low), number(high))
        }
        Match::Quantity { prefix, value, system, code, .. } => {
            let code = code.as_deref().unwrap_or("*");
            format!("{prefix:?} {} {}|{code}", number(value), show_system(system))
        }
        Match::Uri { text, how } => format!("{how:?} {text}"),
        Match::Reference { targets } => {
            let all = targets.iter().map(|target| match target {
                Target::Local(kind, id) => format!("{kind}/{id}"),
                Target::Url(url) => url.clone(),
            });
            all.collect::<Vec<_>>().join(" or ")
        }
        Match::ReferenceIdentifier { system, value } => {
            format!("identifier {}|{value}", show_system(system))
        }
        Match::Composite(parts) => parts.iter().map(show_match).collect::<Vec<_>>().join(" $ "),
    }
}

#[test]
fn every_kind_of_condition_is_read() {
    for (kind, query, expected) in [
        ("Patient", "family=Müller", r#"Patient.family Starts "muller""#),
        ("Patient", "family:exact=Müller", r#"Patient.family Exact "Müller""#),
        ("Patient", "family:contains=O'B", r#"Patient.family Contains "ob""#),
        ("Patient", r"name=a\,b,c", r#"Patient.name Starts "a,b" or Starts "c""#),
        ("Patient", "gender=male", "Patient.gender *|male"),
        ("Patient", "gender:not=male,female", "Patient.gender not *|male or *|female"),
        ("Patient", "identifier=http://x|1", "Patient.identifier http://x|1"),
        ("Patient", "identifier=|1", "Patient.identifier none|1"),
        ("Patient", "identifier=http://x|", "Patient.identifier http://x|*"),
        ("Patient", r"identifier=http://x|a\|b\\c\$", r"Patient.identifier http://x|a|b\c$"),
        ("Patient", "identifier:of-type=http://t|MR|12", "Patient.identifier http://t|MR|12"),
        ("Condition", "code:text=Heart Attack", r#"Condition.code text "heart attack""#),
        ("Patient", "birthdate:missing=true", "Patient.birthdate missing true"),
        (
            "Patient",
            "birthdate=ge2024-02",
            "Patient.birthdate Ge 2024-02-01T00:00:00.000Z to 2024-02-29T23:59:59.999Z",
        ),
        (
            "Observation",
            "date=2024-05-01T10:00:00 01:00",
            "Observation.date Eq 2024-05-01T09:00:00.000Z to 2024-05-01T09:00:00.999Z",
        ),
        // Ten days before and after: a tenth of the 100 days up to now.
        (
            "Patient",
            "birthdate=ap2026-08-16",
            "Patient.birthdate Ap 2026-08-06T00:00:00.000Z to 2026-08-26T23:59:59.999Z",
        ),
        ("RiskAssessment", "probability=gt0.8", "RiskAssessment.probability Gt .8e0 (.75e0 to .85e0)"),
        (
            "Observation",
            "value-quantity=lt5.4|http://u|mg",
            "Observation.value-quantity Lt .54e1 http://u|mg",
        ),
        ("Observation", "value-quantity=5.4||mg", "Observation.value-quantity Eq .54e1 *|mg"),
        ("Observation", "value-quantity=5.4", "Observation.value-quantity Eq .54e1 *|*"),
        ("ValueSet", "url=http://x/a", "ValueSet.url Exact http://x/a"),
        ("ValueSet", "url:below=http://x", "ValueSet.url Below http://x"),
        ("Observation", "subject=Patient/1", "Observation.subject Patient/1"),
        ("Observation", "subject:Patient=1", "Observation.subject Patient/1"),
        ("Patient", "gender=http://hl7.org/fhir/administrative-gender|male", "Patient.gender none|male"),
        ("Patient", "gender=http://a.example|male", "Patient.gender http://a.example|male"),
        (
            "Observation",
            "status=http://hl7.org/fhir/observation-status|final",
            "Observation.status none|final",
        ),
        ("Observation", "_list=42", "List by item (id 42)"),
        ("Observation", "subject:Patient=Patient/1", "Observation.subject Patient/1"),
        ("Observation", "patient=1,Patient/2/_history/3", "Observation.patient Patient/1 or Patient/2"),
        ("Observation", "subject=1", "Observation.subject Group/1 or Device/1 or Patient/1 or Location/1"),
        ("Observation", "subject=http://localhost:8080/fhir/Patient/1", "Observation.subject Patient/1"),
        (
            "Observation",
            "subject=http://other/fhir/Patient/1",
            "Observation.subject http://other/fhir/Patient/1",
        ),
        ("Observation", "subject=urn:uuid:1", "Observation.subject urn:uuid:1"),
        ("Observation", "subject:identifier=http://x|1", "Observation.subject identifier http://x|1"),
        (
            "Observation",
            "code-value-quantity=http://l|1$gt5||mg",
            "Observation.code-value-quantity http://l|1 $ Gt .5e1 *|mg",
        ),
        ("Patient", "_id=a,b", "id a or b"),
        ("Patient", "_tag=http://t|x", "Patient._tag http://t|x"),
        ("Patient", "_lastUpdated=gt2024", "updated Gt 2024-01-01T00:00:00.000Z to 2024-12-31T23:59:59.999Z"),
    ] {
        let query_ = parsed(kind, query);
        let [filter] = query_.filters.as_slice() else { panic!("{query}") };
        let (mut shown, mut expected) = (show(filter), expected.to_owned());
        if query == "subject=1" {
            // The order of a parameter's targets is that of the published tables.
            let sorted = |text: &str| {
                let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
                words.sort();
                words.join(" ")
            };
            (shown, expected) = (sorted(&shown), sorted(&expected));
        }
        assert_eq!(shown, expected, "{query}");
        assert_eq!(query_.honoured.len(), 1, "{query}");
    }
}

#[test]
fn chains_and_has_are_read_to_any_depth() {
    for (kind, query, expected) in [
        ("Observation", "patient.name=x", r#"Observation.patient -> Patient (Patient.name Starts "x")"#),
        (
            "Observation",
            "subject:Patient.name=x",
            r#"Observation.subject -> Patient (Patient.name Starts "x")"#,
        ),
        (
            "Observation",
            "subject.birthdate:missing=true",
            "Observation.subject -> Patient (Patient.birthdate missing true)",
        ),
        (
            "Patient",
            "organization.partof.name:exact=x",
            "Patient.organization -> Organization (Organization.partof -> Organization (\
             Organization.name Exact \"x\"))",
        ),
        ("Observation", "patient._id=1", "Observation.patient -> Patient (id 1)"),
        ("Patient", "_has:Observation:patient:code=1", "Observation by patient (Observation.code *|1)"),
        (
            "Patient",
            "_has:Observation:patient:_has:AuditEvent:entity:agent=Device/1",
            "Observation by patient (AuditEvent by entity (AuditEvent.agent Device/1))",
        ),
        (
            "Encounter",
            "patient._has:Group:member:_id=1",
            "Encounter.patient -> Patient (Group by member (id 1))",
        ),
        (
            "Patient",
            "_has:Observation:patient:performer:Practitioner.name=x",
            "Observation by patient (Observation.performer -> Practitioner (\
             Practitioner.name Starts \"x\"))",
        ),
    ] {
        assert_eq!(show(&parsed(kind, query).filters[0]), expected, "{query}");
    }
    let Filter::Chain { targets, .. } = &parsed("Observation", "subject.identifier=x").filters[0] else {
        panic!()
    };
    let mut kinds: Vec<&str> = targets.iter().map(|(kind, _)| *kind).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["Device", "Group", "Location", "Patient"]);
}

#[test]
fn what_is_wrong_is_refused_in_words_that_help() {
    for (kind, query, reason) in [
        ("Patient", "nmae=x", "nmae: Patient has no search parameter nmae. Did you mean name?"),
        ("Patient", "name:not=x", "name:not: name does not take the modifier :not. It takes :exact"),
        ("Patient", "gender:in=http://x", ":in is not supported here"),
        ("Patient", "birthdate=2024-13", "2024-13 is no date that exists"),
        ("Patient", "birthdate=xx2024", "xx is no prefix. Use one of eq"),
        ("Patient", "birthdate:missing=yes", ":missing takes true or false"),
        ("RiskAssessment", "probability=much", "mu is no prefix"),
        ("RiskAssessment", "probability=1,5e", "5e is no number"),
        ("Observation", "value-quantity=5.4|mg", "number|system|code or number||unit"),
        ("Observation", "code=a|b|c", "There is more than one |"),
        ("Observation", "code=|", "Write system|code"),
        ("Observation", "code=a,,b", "A value is missing before or after a comma"),
        ("Observation", "subject=a b", "a b is no reference"),
        ("Observation", "subject:Patient=Group/1", "It asks for a Patient and names a Group"),
        ("Observation", "subject:Organization=1", "never points at Organization"),
        ("Observation", "subject:Organization.name=x", "never points at Organization"),
        ("Observation", "_include=Observation:subject:Organization", "never points at Organization"),
        ("Observation", "_list=$current-problems", "a server would make itself"),
        ("Observation", "subject:Nurse=1", "does not take the modifier :Nurse"),
        ("Observation", "code-value-quantity=1", "Write its parts with $ between them: code$value-quantity."),
        ("Observation", "code.name=1", "Observation.code is no reference"),
        ("Observation", "subject.nonsense=1", "has no search parameter nonsense"),
        ("Observation", "subject:Nurse.name=1", "No resource type is called Nurse"),
        ("Patient", "_has:Observation=1", "_has is written _has:Type:reference:parameter"),
        ("Patient", "_has:Observation:encounter:code=1", "Observation.encounter never points at Patient"),
        ("Patient", "_id=a b", "a b is no resource id"),
        ("Patient", "_score=x", "_score is not supported here"),
        ("Patient", "_contained=both", "_contained is not supported here"),
        ("Patient", "_sort=_score", "no search parameter _score"),
        ("Location", "near=1|2", "needs a search by distance"),
        ("Patient", "_sort=nmae", "Did you mean name?"),
        ("Observation", "_sort=code-value-quantity", "has no order"),
        ("Patient", "_count=-1", "Give a whole number"),
        ("Patient", "_total=some", "none, estimate or accurate"),
        ("Patient", "_summary=x", "true, false, text, data or count"),
        ("Patient", "_include=organization", "is no Type:parameter"),
        ("Patient", "_include=Patient:name", "Patient.name is no reference"),
        ("Patient", "_include:exact=Patient:organization", "does not take the modifier :exact"),
        ("Patient", "_type=Patient", "only in a search over all types"),
        ("Patient", "organization.partof.partof.partof.partof.partof.name=x", "more than 5 links"),
        ("AuditEvent", "entity.entity.entity.entity.name=x", "forks too often"),
    ] {
        let refusal = refused(kind, query);
        assert!(refusal.contains(reason), "{query}: {refusal}");
    }
}

#[test]
fn all_faults_are_told_at_once_and_lenient_leaves_them_out() {
    let query = "name=x&nmae=x&birthdate=2024-13&_score=x";
    let Err(refusal) = parse(Some("Patient"), query, Handling::Strict) else { panic!() };
    assert_eq!(refusal.kind, Kind::Invalid);
    assert_eq!(
        refusal.issues.iter().map(|i| i.at.as_str()).collect::<Vec<_>>(),
        ["nmae", "birthdate", "_score"]
    );
    let query = parse(Some("Patient"), query, Handling::Lenient).unwrap();
    assert_eq!((query.filters.len(), query.ignored.len(), query.honoured.len()), (1, 3, 1));

    let Err(refusal) = parse(Some("Patient"), "_score=x", Handling::Strict) else { panic!() };
    assert_eq!(refusal.kind, Kind::Unsupported);
    let Err(refusal) = parse(Some("Nurse"), "name=x", Handling::Strict) else { panic!() };
    assert_eq!(refusal.kind, Kind::NotFound);
}

#[test]
fn a_parameter_without_a_value_is_left_out() {
    let query = parsed("Patient", "name=&gender=male");
    assert_eq!((query.filters.len(), query.ignored.len()), (1, 1));
}

#[test]
fn what_shapes_the_answer_is_read() {
    let query = parsed(
        "Observation",
        "_sort=-date,code,_id,-_lastUpdated&_count=20&_total=accurate&_elements=status,code&_summary=data\
         &_page=p\
         &_include=Observation:subject:Patient&_include:iterate=Patient:organization&_include=*\
         &_revinclude=Provenance:target&_revinclude:recurse=AuditEvent:*&_format=json&_pretty=true",
    );
    let sort: Vec<String> = query
        .sort
        .iter()
        .map(|sort| match sort.key {
            SortKey::Param(param) => format!("{} {}", param.code, sort.descending),
            SortKey::Id => format!("id {}", sort.descending),
            SortKey::LastUpdated => format!("updated {}", sort.descending),
        })
        .collect();
    assert_eq!(sort, ["date true", "code false", "id false", "updated true"]);
    assert_eq!((query.count, query.total, query.summary), (Some(20), Total::Accurate, Summary::Data));
    assert_eq!((query.elements.join(" "), query.page.as_deref()), ("status code".into(), Some("p")));
    let show = |include: &Include| {
        let param = include.param.map_or("*", |p| p.code);
        format!("{} {param} {} {}", include.source, include.target.unwrap_or("*"), include.iterate)
    };
    assert_eq!(
        query.include.iter().map(show).collect::<Vec<_>>(),
        ["Observation subject Patient false", "Patient organization * true", "Observation * * false"]
    );
    assert_eq!(
        query.revinclude.iter().map(show).collect::<Vec<_>>(),
        ["Provenance target * false", "AuditEvent * * true"]
    );
    assert_eq!(parsed("Patient", "_count=0&_summary=true").summary, Summary::Count);
}

#[test]
fn a_search_over_all_types_takes_what_all_types_have() {
    let all = |query| parse(None, query, Handling::Strict);
    let query = all("_tag=x&_type=Patient,Observation&_lastUpdated=2024&_sort=_lastUpdated").unwrap();
    assert_eq!(query.base, Base::Types(vec!["Observation", "Patient"]));
    assert_eq!(show(&query.filters[0]), "Observation._tag *|x OR Patient._tag *|x");
    let Filter::Or(filters) = &all("_tag=x").unwrap().filters[0] else { panic!() };
    assert_eq!(filters.len(), crate::definitions::RESOURCES.len());
    assert!(all("name=x").unwrap_err().to_string().contains("search one type"));
    assert!(all("_type=Nurse").unwrap_err().to_string().contains("No resource type is called Nurse"));
    assert!(all("_sort=name").unwrap_err().to_string().contains("_id or _lastUpdated only"));
}

#[test]
fn limits_hold() {
    let many = vec!["name=x"; PARAMETERS_MAX + 1].join("&");
    assert!(refused("Patient", &many).contains("at most 100"));
    let long = format!("name={}", vec!["x"; ALTERNATIVES_MAX + 1].join(","));
    assert!(refused("Patient", &long).contains("at most 1000"));
    assert_eq!(
        parsed("Patient", &format!("name={}", vec!["x"; ALTERNATIVES_MAX].join(","))).filters.len(),
        1
    );
    // Nothing that is written makes the parser fall; see also the random texts below.
    for text in ["\\", "|", "$", ",", "%00", "(((", "𝕏", "'; drop table head; --", "%resource.where("] {
        for name in
            ["name", "identifier", "birthdate", "subject", "_has:", ":", ".", "a.b", "_has:::", "subject:.x"]
        {
            let _ = parse(Some("Patient"), &format!("{name}={text}"), Handling::Strict);
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_fall(
        name in "[a-z_:.]{0,40}|[A-Z].*",
        value in ".*|[|,$\\\\0-9a-zT:.-]{0,40}",
    ) {
        let names = [name.as_str(), "birthdate", "identifier", "name", "link", "_lastUpdated"];
        for name in names {
            let _ = parse_pair("Patient", name, &value);
        }
        for name in ["value-quantity", "code-value-quantity", "subject:Patient", "date", "code:of-type"] {
            let _ = parse_pair("Observation", name, &value);
        }
    }

    #[test]
    fn an_escaped_text_is_read_as_it_was(text in "[^\\x00-\\x1f]+") {
        let escaped: String =
            text.chars().flat_map(|c| if r"\,|$".contains(c) { vec!['\\', c] } else { vec![c] }).collect();
        let query = parse_pair("Patient", "name:exact", &escaped).unwrap();
        let Filter::Param { test: Test::Any(matches), .. } = &query.filters[0] else { panic!() };
        prop_assert_eq!(matches, &vec![Match::String { text, how: crate::search::TextMatch::Exact }]);
    }
}

#[test]
fn no_parameter_mixes_plain_codes_with_codings_of_the_same_system() {
    use crate::definitions::{ParamKind, SEARCH_PARAMS};
    for param in SEARCH_PARAMS.iter().filter(|param| param.kind == ParamKind::Token) {
        let expression = crate::fhirpath::Expression::parse(param.expression).unwrap();
        let kinds =
            expression.paths().into_iter().flatten().filter_map(|path| path.last().map(|s| s.kind.name));
        let kinds: std::collections::BTreeSet<_> = kinds.collect();
        assert!(!kinds.contains("code") || kinds.len() == 1, "{}.{}: {kinds:?}", param.base, param.code);
    }
}
