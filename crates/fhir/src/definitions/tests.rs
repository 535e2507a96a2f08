//! The tables against the package they come from.

use super::*;
use crate::json::{Json, Limits, Value};
use std::collections::{BTreeMap, BTreeSet};

fn package(file: &str) -> Json {
    let path = format!("{}/../../target/definitions/dist/fhir/r4/{file}", env!("CARGO_MANIFEST_DIR"));
    Json::parse(std::fs::read(path).unwrap(), Limits::FILE).unwrap()
}

fn resources(bundle: &Json) -> impl Iterator<Item = Value<'_>> {
    bundle.root().get("entry").unwrap().items().map(|e| e.get("resource").unwrap())
}

fn element(type_name: &str, name: &str) -> &'static Element {
    type_def(type_name).unwrap().elements.iter().find(|e| e.name == name).unwrap()
}

#[test]
fn there_are_the_146_resource_types_and_61_data_types_of_r4() {
    assert_eq!(RESOURCES.len(), 146);
    assert!(RESOURCES.windows(2).all(|w| w[0] < w[1]));
    assert!(is_resource("Patient") && !is_resource("DomainResource") && !is_resource("SubscriptionStatus"));
    let data_types = TYPES.iter().filter(|t| t.kind != TypeKind::Resource && !t.name.contains('.'));
    let (primitive, complex): (Vec<_>, Vec<_>) = data_types.partition(|t| t.kind == TypeKind::Primitive);
    assert_eq!((primitive.len(), complex.len()), (20, 41));
    assert!(primitive.iter().all(|t| t.primitive.is_some() && t.elements.is_empty()));
}

#[test]
fn types_are_sorted_and_each_element_knows_its_type() {
    assert!(TYPES.windows(2).all(|w| w[0].name < w[1].name));
    for element in TYPES.iter().flat_map(|t| t.elements) {
        assert_eq!(element.type_def().name, element.type_name, "{}", element.name);
    }
}

/// `dataelements.json` holds the leaf elements as the standard published them, apart from those of data types
/// derived from Quantity and those with very long names.
#[test]
fn elements_are_those_of_the_published_standard() {
    let bundle = package("dataelements.json");
    let mut published = BTreeMap::new();
    for element in resources(&bundle).flat_map(|r| r.at(&["snapshot", "element"]).unwrap().items()) {
        // SimpleQuantity and the like forbid an element of the type they narrow.
        if element.str("max").unwrap() != "0" {
            published.insert(element.str("path").unwrap().into_owned(), element);
        }
    }
    for (path, element) in published.iter().filter(|(p, _)| !p.starts_with("MetadataResource")) {
        let Some((parent, name)) = path.rsplit_once('.') else { continue };
        let def = type_def(parent).unwrap_or_else(|| panic!("{parent} is missing"));
        if def.kind == TypeKind::Primitive {
            continue;
        }
        let ours: Vec<_> = def.elements.iter().filter(|e| e.path == name.trim_end_matches("[x]")).collect();
        let types = element.get("type").unwrap().items().map(|t| t.str("code").unwrap().into_owned());
        let types: Vec<_> = types.filter(|t| !t.starts_with("http:")).collect();
        if !types.is_empty() {
            assert_eq!(ours.iter().map(|e| e.type_name).collect::<Vec<_>>(), types, "{path}");
        }
        let max = element.str("max").unwrap().parse().unwrap_or(u16::MAX);
        let min = element.get("min").unwrap().raw().parse().unwrap();
        let summary = element.get("isSummary").unwrap().as_bool() == Some(true);
        for e in ours {
            assert_eq!((e.min, e.max, e.summary), (min, max, summary), "{path}");
            assert_eq!(e.choice, name.ends_with("[x]"), "{path}");
        }
    }
    let common =
        ["id", "extension", "modifierExtension", "meta", "implicitRules", "language", "text", "contained"];
    let unknown =
        TYPES.iter().filter(|t| t.name.len() < 40).flat_map(|t| t.elements.iter().map(move |e| (t, e)));
    let unknown = unknown
        // Elements with elements of their own are not in that file, nor are those that borrow their content.
        .filter(|(_, e)| !e.type_name.contains('.') && !common.contains(&e.name))
        .filter(|(t, _)| !["Age", "Count", "Distance", "Duration"].contains(&t.name))
        .map(|(t, e)| format!("{}.{}{}", t.name, e.path, if e.choice { "[x]" } else { "" }))
        .filter(|path| path.len() < 60 && !published.contains_key(path));
    assert_eq!(unknown.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn choices_are_written_out() {
    let observation = type_def("Observation").unwrap();
    let names: Vec<_> = observation.elements.iter().filter(|e| e.path == "value").map(|e| e.name).collect();
    let expected = [
        "valueQuantity",
        "valueCodeableConcept",
        "valueString",
        "valueBoolean",
        "valueInteger",
        "valueRange",
        "valueRatio",
        "valueSampledData",
        "valueTime",
        "valueDateTime",
        "valuePeriod",
    ];
    assert_eq!(names, expected);
    assert!(observation.elements.iter().all(|e| e.choice == ["value", "effective"].contains(&e.path)));
    assert_eq!(element("Observation", "valueDateTime").type_name, "dateTime");
}

#[test]
fn the_names_of_a_choice_are_one_group() {
    for def in TYPES {
        for pair in def.elements.windows(2) {
            let same = pair[0].path == pair[1].path;
            assert_eq!(pair[1].group, pair[0].group + u8::from(!same), "{} {}", def.name, pair[1].name);
        }
        for e in def.elements {
            assert_eq!(def.required >> e.group & 1 == 1, e.min > 0, "{} {}", def.name, e.name);
        }
    }
}

#[test]
fn required_bindings_list_their_codes() {
    assert_eq!(element("Patient", "gender").codes, ["female", "male", "other", "unknown"]);
    assert_eq!(element("Composition", "confidentiality").codes, ["L", "M", "N", "R", "U", "V"]);
    assert_eq!(element("Timing.repeat", "dayOfWeek").codes.len(), 7);
    assert!(element("Questionnaire.item", "type").codes.contains(&"choice"));
    assert!(element("DetectedIssue", "status").codes.contains(&"amended"));
    assert!(element("SearchParameter", "base").codes.contains(&"Patient"));
    // Not listed in the package: every mime type, language and currency.
    for (type_name, name) in [("Attachment", "contentType"), ("Patient", "language"), ("Money", "currency")] {
        assert!(element(type_name, name).codes.is_empty());
    }
    // Preferred, not required.
    assert!(element("Patient", "maritalStatus").codes.is_empty());
}

#[test]
fn inner_elements_are_types_and_borrowed_content_is_resolved() {
    assert_eq!(element("Patient", "contact").type_name, "Patient.contact");
    assert_eq!(element("Bundle", "entry").type_name, "Bundle.entry");
    assert_eq!(element("Bundle.entry", "resource").type_name, "Resource");
    assert_eq!(element("Bundle.entry", "link").type_name, "Bundle.link");
    assert_eq!(element("Observation.component", "referenceRange").type_name, "Observation.referenceRange");
    assert_eq!(element("Questionnaire.item", "item").type_name, "Questionnaire.item");
    assert_eq!(element("Timing", "repeat").type_name, "Timing.repeat");
    assert_eq!(element("Patient", "id").type_name, "id");
    assert_eq!(element("Patient.contact", "id").type_name, "string");
    assert_eq!(element("Extension", "url").type_name, "uri");
    assert_eq!(element("Bundle.entry.response", "outcome").type_name, "Resource");
}

#[test]
fn cardinality_and_targets_are_kept() {
    let subject = element("Observation", "subject");
    assert_eq!((subject.min, subject.max), (0, 1));
    assert_eq!(subject.targets, ["Device", "Group", "Location", "Patient"]);
    assert_eq!(element("Observation", "focus").targets, [""; 0]);
    let link = element("Patient", "link");
    assert!(link.repeats() && link.summary && link.min == 0);
    assert_eq!(element("Patient.link", "other").min, 1);
    let known: BTreeSet<_> = RESOURCES.iter().copied().collect();
    for e in TYPES.iter().flat_map(|t| t.elements) {
        assert!(e.targets.iter().all(|t| known.contains(t)), "{} {:?}", e.name, e.targets);
    }
}

#[test]
fn every_search_parameter_with_an_expression_has_its_rows() {
    let bundle = package("search-parameters.json");
    let with_expression: BTreeSet<_> = resources(&bundle)
        .filter(|p| p.get("expression").is_some())
        .map(|p| p.str("url").unwrap().into_owned())
        .filter(|url| !url.ends_with("/Resource-id") && !url.ends_with("/Resource-lastUpdated"))
        .collect();
    assert_eq!(with_expression.len(), 1373);
    let ours: BTreeSet<_> = SEARCH_PARAMS.iter().map(|p| p.url.to_owned()).collect();
    assert_eq!(ours, with_expression);
    assert!(SEARCH_PARAMS.windows(2).all(|w| (w[0].base, w[0].code) < (w[1].base, w[1].code)));
    for (i, param) in SEARCH_PARAMS.iter().enumerate() {
        assert_eq!(usize::from(param.number), i);
        assert!(is_resource(param.base), "{}", param.base);
        for (code, _) in param.components {
            assert!(search_param(param.base, code).is_some(), "{} {code}", param.base);
        }
    }
    // No alternative is lost and none is invented: the parts of all rows of one parameter are its own parts.
    let parts =
        |text: &str| text.replace(['(', ')'], " ").split(['|', ' ']).filter(|s| !s.is_empty()).count();
    for param in resources(&bundle).filter(|p| ours.contains(&*p.str("url").unwrap())) {
        let url = param.str("url").unwrap();
        let rows = SEARCH_PARAMS.iter().filter(|p| p.url == url);
        if !url.contains("SearchParameter/Resource-") {
            let sum: usize = rows.map(|p| parts(p.expression)).sum();
            assert_eq!(sum, parts(&param.str("expression").unwrap()), "{url}");
        }
    }
}

#[test]
fn expressions_are_narrowed_to_their_base() {
    let expression = |base, code| search_param(base, code).unwrap().expression;
    assert_eq!(expression("Patient", "_tag"), "Patient.meta.tag");
    assert_eq!(expression("Binary", "_profile"), "Binary.meta.profile");
    assert_eq!(expression("InsurancePlan", "name"), "InsurancePlan.name | InsurancePlan.alias");
    assert_eq!(expression("Patient", "email"), "Patient.telecom.where(system='email')");
    assert_eq!(expression("Patient", "deceased"), "Patient.deceased.exists() and Patient.deceased != false");
    assert_eq!(expression("Condition", "patient"), "Condition.subject.where(resolve() is Patient)");
    assert_eq!(expression("MedicationRequest", "code"), "(MedicationRequest.medication as CodeableConcept)");
    assert_eq!(expression("Observation", "code-value-quantity"), "Observation");
    let composite = search_param("Observation", "code-value-quantity").unwrap();
    assert_eq!(composite.components, [("code", "code"), ("value-quantity", "value.as(Quantity)")]);
    assert_eq!(
        search_param("Observation", "subject").unwrap().targets,
        ["Device", "Group", "Location", "Patient"]
    );
    assert!(search_param("Patient", "_id").is_none() && search_param("Patient", "_lastUpdated").is_none());
}

#[test]
fn the_patient_compartment_names_known_parameters() {
    assert_eq!(patient_compartment("Observation"), ["subject", "performer"]);
    assert_eq!(patient_compartment("Medication"), [""; 0]);
    for (base, codes) in PATIENT_COMPARTMENT {
        for code in *codes {
            assert!(search_param(base, code).is_some(), "{base} {code}");
        }
    }
}
