//! What an evaluation is given, and what it asks of others.

use super::{OBSERVATION, PATIENT, show};
use crate::fhirpath::{
    Arena, Code, Context, Expression, Item, Node, Outside, RESOLVED_MAX, Scalar, Setting, Target,
};
use crate::json::{Json, Limits};
use crate::{Instant, definitions::type_def};
use std::cell::{Cell, RefCell};

/// Somebody who knows a few things, and how often it was asked.
#[derive(Default)]
struct Ward {
    asked: Cell<usize>,
}

impl Outside for Ward {
    fn resolve(&self, reference: &str) -> Target {
        self.asked.set(self.asked.get() + 1);
        match reference {
            "Practitioner/1" => {
                let json = r#"{"resourceType": "Practitioner", "id": "1", "name": [{"family": "Moss"}]}"#;
                Target::Resource(Json::parse(json, Limits::DOOR).unwrap())
            }
            "urn:uuid:1" => Target::Nowhere,
            _ => Target::NotKnown,
        }
    }

    fn member_of(&self, value_set: &str, code: &Code<'_>) -> Option<bool> {
        (value_set == "http://sets/weights").then(|| code.code == "29463-7")
    }

    fn subsumes(&self, general: &Code<'_>, special: &Code<'_>) -> Option<bool> {
        (general.code == "body").then(|| special.code == "29463-7")
    }

    fn conforms_to(&self, profile: &str, item: Node<'_>) -> Option<bool> {
        (profile == "http://profiles/named").then(|| item.value.is_some_and(|v| v.get("name").is_some()))
    }

    fn in_slice(&self, _profile: &str, slice: &str, item: Node<'_>) -> Option<bool> {
        Some(item.value?.str("use")? == slice)
    }
}

fn shown(text: &str, expression: &str, change: impl FnOnce(Context<'_>) -> Context<'_>) -> String {
    let json = Json::parse(text, Limits::DOOR).unwrap();
    let (ward, arena) = (Ward::default(), Arena::new());
    let node = Node::resource(json.root()).unwrap();
    let context = change(Context { outside: Some((&ward, &arena)), ..Context::new(node) });
    let setting = Setting { kind: Some(node.kind), constants: &["who", "limit"], ..Setting::default() };
    let expression = match Expression::compile(expression, setting) {
        Ok(expression) => expression,
        Err(error) => return format!("refused: {error}"),
    };
    match expression.evaluate_in(Item::Node(node), &context) {
        Ok(items) => items.iter().map(show).collect::<Vec<_>>().join(", "),
        Err(fault) => format!("fault: {fault}"),
    }
}

fn check(text: &str, cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        assert_eq!(shown(text, expression, |context| context), *expected, "{expression}");
    }
}

#[test]
fn references_are_followed_into_what_the_outside_brings() {
    check(
        PATIENT,
        &[
            ("generalPractitioner[0].resolve().name.family", "Moss"),
            ("generalPractitioner.resolve().count()", "3"),
            ("generalPractitioner[1].resolve()", "Organization"),
            ("generalPractitioner[3].resolve()", ""),
            ("managingOrganization.resolve().name", "Ward"),
            ("'Practitioner/1'.resolve().id", "1"),
            ("'#'.resolve().id", "p"),
        ],
    );
}

#[test]
fn a_reference_is_asked_for_once_and_no_more_than_so_many_are_kept() {
    let json = Json::parse(PATIENT, Limits::DOOR).unwrap();
    let (ward, arena) = (Ward::default(), Arena::new());
    let node = Node::resource(json.root()).unwrap();
    let context = Context { outside: Some((&ward, &arena)), ..Context::new(node) };
    let evaluate = |text: &str| Expression::parse(text).unwrap().evaluate_in(Item::Node(node), &context);
    let names = evaluate("generalPractitioner.where(resolve() is Practitioner).resolve().name").unwrap();
    evaluate("generalPractitioner.resolve()").unwrap();
    assert_eq!((names.len(), ward.asked.get()), (1, 3));
    let many: Vec<Item<'_>> =
        (0..RESOLVED_MAX).map(|n| Item::Computed(Scalar::String(format!("Patient/{n}")))).collect();
    let constants = [("many", many)];
    let context = Context { constants: &constants, ..context };
    let many = Expression::compile(
        "%many.resolve()",
        Setting { kind: None, constants: &["many"], ..Setting::default() },
    )
    .unwrap();
    let fault = many.evaluate_in(Item::Node(node), &context).unwrap_err();
    assert_eq!(fault.reason, "The expression follows more than 256 references.");
}

#[test]
fn references_within_a_bundle_lead_to_its_entries() {
    let bundle = r#"{"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": "urn:uuid:7", "resource": {"resourceType": "Patient", "id": "a"}},
        {"fullUrl": "http://x/Patient/b", "resource": {"resourceType": "Patient", "id": "b"}},
        {"resource": {"resourceType": "Observation", "subject": {"reference": "urn:uuid:7"},
            "performer": [{"reference": "Patient/b"}, {"reference": "http://x/Patient/b/_history/2"}]}}]}"#;
    check(
        bundle,
        &[
            ("entry.resource.subject.resolve().id", "a"),
            ("entry.resource.performer.resolve().id", "b, b"),
            ("'x/Patient/b'.resolve().id.exists()", "false"),
        ],
    );
}

#[test]
fn terminology_and_profiles_are_asked_for() {
    check(
        OBSERVATION,
        &[
            ("code.memberOf('http://sets/weights')", "true"),
            ("code.coding.memberOf('http://sets/weights')", "true"),
            ("code.coding.code.memberOf('http://sets/weights')", "true"),
            ("status.memberOf('http://sets/weights')", "false"),
            ("code.memberOf('http://sets/other')", ""),
            ("code.subsumes(code)", "true"),
            ("code.coding.code.subsumedBy('body')", "true"),
            ("'body'.subsumes(status)", "false"),
            ("code.subsumes('body')", ""),
            ("conformsTo('http://profiles/named')", "false"),
            // A component without its code.
            ("conformsTo('http://hl7.org/fhir/StructureDefinition/Observation')", "false"),
            ("conformsTo('http://hl7.org/fhir/StructureDefinition/Patient|4.0.1')", "false"),
            ("conformsTo('http://nobody')", "fault: The profile http://nobody is not known here."),
        ],
    );
    check(
        PATIENT,
        &[
            ("name.slice('http://p', 'usual').given", "Jim"),
            ("conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')", "true"),
        ],
    );
}

#[test]
fn the_instant_and_the_constants_are_the_callers() {
    let now = Instant::parse("2026-12-01T10:30:00.5Z");
    let at = |text| shown(PATIENT, text, |context| Context { now, ..context });
    assert_eq!(at("now()"), "2026-12-01T10:30:00.500Z");
    assert_eq!(at("today()"), "2026-12-01");
    assert_eq!(at("timeOfDay()"), "10:30:00.500");
    assert_eq!(at("birthDate + 51 years < today()"), "true");
    let without = shown(PATIENT, "now()", |context| context);
    assert!(without.contains("need an instant"), "{without}");

    let constants = [("who", vec![Item::Computed(Scalar::String("usual".into()))])];
    let json = Json::parse(PATIENT, Limits::DOOR).unwrap();
    let node = Node::resource(json.root()).unwrap();
    let context = Context { constants: &constants, ..Context::new(node) };
    let setting = Setting { kind: None, constants: &["who", "limit"], ..Setting::default() };
    let evaluate = |text| Expression::compile(text, setting).unwrap().evaluate_in(Item::Node(node), &context);
    assert_eq!(evaluate("name.where(use = %who).given").unwrap().iter().map(show).collect::<String>(), "Jim");
    assert_eq!(evaluate("%limit").unwrap_err().reason, "The variable %limit is not defined here.");
    assert!(shown(PATIENT, "%other", |context| context).starts_with("refused: character 1"));
}

#[test]
fn a_contained_resource_knows_its_root() {
    let json = Json::parse(PATIENT, Limits::DOOR).unwrap();
    let root = Node::resource(json.root()).unwrap();
    let contained = json.root().get("contained").unwrap().items().next().unwrap();
    let resource = Node::resource(contained).unwrap();
    let context = Context { root, ..Context::new(resource) };
    let expression = Expression::parse("%resource.id | %rootResource.id | %context.name").unwrap();
    let items = expression.evaluate_in(Item::Node(resource), &context).unwrap();
    assert_eq!(items.iter().map(show).collect::<Vec<_>>(), ["o", "p", "Ward"]);
}

#[test]
fn trace_tells_who_listens_and_changes_nothing() {
    let heard = RefCell::new(Vec::new());
    let listener =
        |name: &str, items: &[Item<'_>]| heard.borrow_mut().push(format!("{name}: {}", items.len()));
    let json = Json::parse(PATIENT, Limits::DOOR).unwrap();
    let node = Node::resource(json.root()).unwrap();
    let context = Context { trace: Some(&listener), ..Context::new(node) };
    let expression = Expression::parse("name.trace('names').trace('given', given).count()").unwrap();
    let items = expression.evaluate_in(Item::Node(node), &context).unwrap();
    assert_eq!(show(&items[0]), "2");
    assert_eq!(*heard.borrow(), ["names: 2", "given: 3"]);
}

#[test]
fn an_evaluation_ends_when_its_steps_or_its_time_are_used_up() {
    let long = "descendants().select(%resource.descendants()).count()";
    let few = shown(PATIENT, long, |context| Context { steps: 100, ..context });
    assert_eq!(few, "fault: The expression takes more than 100 steps on this resource.");
    let longer = "descendants().select(%resource.descendants().select(%resource.descendants())).count()";
    let late = shown(PATIENT, longer, |context| Context { is_late: Some(&|| true), ..context });
    assert_eq!(late, "fault: The expression takes longer on this resource than it may.");
}

#[test]
fn arguments_stand_on_what_their_function_says_also_when_the_type_is_known() {
    check(
        PATIENT,
        &[
            ("name.defineVariable('g', given).select(%g.count())", "3, 3"),
            ("name.aggregate($total + given.count(), multipleBirth)", "5"),
            ("name.first().iif(given.exists(), family, id)", "Chalmers"),
            ("name.sort(given.first()).given.first()", "Jim"),
            ("name.given.subsetOf(name.given)", "true"),
            ("name.select(given.where($this in %context.name.given).count())", "2, 1"),
        ],
    );
}

#[test]
fn keys_of_resources_and_references_are_the_same() {
    check(
        PATIENT,
        &[
            ("getResourceKey()", "Patient/p"),
            ("generalPractitioner.getReferenceKey()", "Practitioner/1, Organization/2"),
            ("generalPractitioner.getReferenceKey(Organization)", "Organization/2"),
            ("generalPractitioner.getReferenceKey(Patient)", ""),
        ],
    );
}

#[test]
fn what_cannot_be_right_on_a_type_is_said_before() {
    let faults =
        |text: &str| Expression::parse(text).unwrap().faults_on(type_def("Patient").unwrap()).join(" ");
    for (expression, expected) in [
        ("name.given1", "HumanName has no element given1."),
        ("Encounter.status", "Encounter stands where there is a Patient."),
        ("name.where(use1 = 'a')", "HumanName has no element use1."),
        ("birthDate.length()", "length() stands on strings, not on a date."),
        ("name.abs()", "abs() stands on numbers, not on a HumanName."),
        ("birthDate + 7", "A Date and a Integer cannot be reckoned together."),
        ("active > 1", "A Boolean has no order with a Integer."),
        ("children().first()", "first() stands on items that have no order."),
        ("iif('a', 1, 2)", "The condition of iif() is a String."),
        ("-active", "A boolean cannot be negated."),
        ("deceasedBoolean", "Patient has no element deceasedBoolean."),
        // What may be right is not found fault with.
        ("deceased.ofType(dateTime) < today()", ""),
        ("contained.where($this is Practitioner).qualification", ""),
        ("extension.value.unit", ""),
        ("birthDate.extension('http://e').value as dateTime", ""),
        ("name.select(given | family).first().length() > 3", ""),
        ("generalPractitioner.resolve().anything", ""),
        ("multipleBirth > 2 and name.period.start <= today()", ""),
    ] {
        assert_eq!(faults(expression), expected, "{expression}");
    }
}
