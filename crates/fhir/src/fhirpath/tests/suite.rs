//! The public FHIRPath suite for R4, case by case. What does not pass stands in `not_passed.txt` with its reason.

use super::xml::{self, Element};
use crate::definitions::{TypeDef, type_def};
use crate::fhirpath::{Context, Expression, Item, Node, Number, Scalar, Setting};
use crate::json::{Json, Limits};
use crate::{Instant, suites};
use std::collections::BTreeMap;

/// Group and name of each case that does not pass, with the reason.
const NOT_PASSED: &str = include_str!("not_passed.txt");

/// Where an expression was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Syntax,
    Semantic,
    Execution,
}

#[test]
fn every_case_of_the_public_suite_passes_or_is_listed_with_its_reason() {
    let Some(folder) = suites::folder("fhirpath-r4") else { return };
    let text = std::fs::read_to_string(folder.join("tests-fhir-r4.xml")).unwrap();
    let inputs: BTreeMap<String, Json> = std::fs::read_dir(folder.join("input"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let json = if name.ends_with(".xml") { xml::resource(&xml::parse(&text)).text() } else { text };
            (name, Json::parse(json, Limits::DOOR).unwrap())
        })
        .collect();
    let listed: BTreeMap<&str, &str> = NOT_PASSED.lines().filter_map(|line| line.split_once(": ")).collect();
    let (mut passed, mut failed, mut wrong) = (0, 0, Vec::new());
    for group in xml::parse(&text).named("group") {
        for case in group.named("test") {
            let key = format!("{}/{}", group.attribute("name").unwrap(), case.attribute("name").unwrap());
            let input = case.attribute("inputfile").unwrap_or("patient-example.xml");
            match (run(case, &inputs[input]), listed.get(key.as_str())) {
                (Ok(()), None) => passed += 1,
                (Err(_), Some(_)) => failed += 1,
                (Ok(()), Some(_)) => wrong.push(format!("{key} passes now: take it off the list")),
                (Err(reason), None) => wrong.push(format!("{key}: {reason}")),
            }
        }
    }
    eprintln!("SUITE fhirpath-r4: passed {passed}, failed {failed}, skipped 0");
    assert!(wrong.is_empty(), "{} cases differ from the list:\n{}", wrong.len(), wrong.join("\n"));
}

fn run(case: &Element<'_>, input: &Json) -> Result<(), String> {
    let expression = case.named("expression").next().unwrap();
    let node = Node::resource(input.root()).unwrap();
    let outcome = evaluate(&expression.text, node.kind, node);
    if let Some(stage) = expression.attribute("invalid") {
        let latest = match stage {
            "syntax" => Stage::Syntax,
            "semantic" => Stage::Semantic,
            _ => Stage::Execution,
        };
        return match outcome {
            // What is known to be wrong before it is said to be is refused as well.
            Err((stage, _)) if stage <= latest => Ok(()),
            Err((stage, reason)) => Err(format!("refused as {stage:?} only: {reason}")),
            Ok(items) => Err(format!("not refused, but gives {:?}", shown(&items))),
        };
    }
    let items = outcome.map_err(|(stage, reason)| format!("{stage:?}: {reason}"))?;
    if case.attribute("predicate") == Some("true") {
        let truth = match items.as_slice() {
            [item] => item.scalar() != Some(Scalar::Boolean(false)),
            items => !items.is_empty(),
        };
        let expected = case.named("output").next().unwrap().text == "true";
        return if truth == expected { Ok(()) } else { Err(format!("gives {truth}")) };
    }
    let mut expected: Vec<_> = case.named("output").map(|o| (o.attribute("type"), o.text.clone())).collect();
    let mut given = shown(&items);
    if case.attribute("ordered") == Some("false") {
        expected.sort();
        given.sort_by(|a, b| a.1.cmp(&b.1));
    }
    let same = |((kind, text), (k, t)): (&(Option<&str>, String), &(String, String))| {
        kind.is_none_or(|kind| kind == k) && alike(text, t)
    };
    let all = expected.len() == given.len() && expected.iter().zip(&given).all(same);
    if all { Ok(()) } else { Err(format!("gives {given:?}, not {expected:?}: {}", expression.text)) }
}

fn evaluate<'a>(
    text: &str,
    kind: &'static TypeDef,
    node: Node<'a>,
) -> Result<Vec<Item<'a>>, (Stage, String)> {
    let setting = Setting { kind: Some(kind), ..Setting::default() };
    let expression = Expression::compile(text, setting).map_err(|e| (Stage::Syntax, e.to_string()))?;
    let faults = expression.faults_on(kind);
    if !faults.is_empty() {
        return Err((Stage::Semantic, faults.join(" ")));
    }
    let context = Context { now: Instant::parse("2026-12-01T10:30:00Z"), ..Context::new(node) };
    expression.evaluate_in(Item::Node(node), &context).map_err(|fault| (Stage::Execution, fault.to_string()))
}

fn alike(expected: &str, given: &str) -> bool {
    let plain = expected.strip_prefix("@T").or(expected.strip_prefix('@')).unwrap_or(expected);
    let numbers = Number::parse(expected).zip(Number::parse(given));
    plain == given || numbers.is_some_and(|(a, b)| a == b)
}

/// Type and text of each item.
fn shown(items: &[Item<'_>]) -> Vec<(String, String)> {
    let kind = |item: &Item<'_>| match item {
        Item::Node(node) => node.kind.name.to_owned(),
        Item::Computed(scalar) => match scalar.type_name() {
            "Quantity" => "Quantity".to_owned(),
            name => name[..1].to_lowercase() + &name[1..],
        },
    };
    items.iter().map(|item| (kind(item), super::show(item))).collect()
}

#[test]
fn resources_of_the_suite_are_read_whole() {
    let patient = xml::resource(&xml::parse(
        "<?xml version=\"1.0\"?><!-- a --><Patient xmlns=\"http://hl7.org/fhir\"><id value=\"p\"/>\
         <text><status value=\"generated\"/><div><p>a</p></div></text><active value='true'/>\
         <name><given value=\"A &amp; B\"/><given><extension url=\"http://e\"><valueInteger value=\"2\"/>\
         </extension></given></name></Patient>",
    ));
    assert_eq!(
        patient.text(),
        "{\"resourceType\":\"Patient\",\"id\":\"p\",\"text\":{\"status\":\"generated\",\"div\":\"<div><p>a</p></div>\"},\
         \"active\":true,\"name\":[{\"given\":[\"A & B\",null],\
         \"_given\":[null,{\"extension\":[{\"url\":\"http://e\",\"valueInteger\":2}]}]}]}"
    );
    assert!(type_def("Patient").is_some());
}
