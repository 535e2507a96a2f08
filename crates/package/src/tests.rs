use super::*;
use std::sync::Arc;

fn resource(text: &str) -> Json {
    Json::parse(text, Limits::DOOR).unwrap()
}

fn value_set(version: &str) -> Json {
    resource(&format!(
        r#"{{"resourceType":"ValueSet","id":"v{version}","url":"http://example.org/v","version":"{version}"}}"#
    ))
}

fn package(version: &str, holds: &[Json]) -> Arc<Package> {
    Arc::new(Package::of("example", version, &[("hl7.fhir.r4.core".into(), "4.0.1".into())], holds).unwrap())
}

#[test]
fn the_definitions_of_r4_are_all_there() {
    let count = |kind: &str| core().entries().iter().filter(|entry| entry.kind == kind).count();
    assert_eq!(count("StructureDefinition"), 650);
    assert!(count("CodeSystem") > 1_000 && count("ValueSet") > 1_300);
    for entry in core().entries() {
        let resource = core().resource(entry).unwrap();
        assert_eq!(resource.root().str("url").unwrap_or_default(), entry.url);
    }
}

#[test]
fn a_definition_is_found_by_address_and_version() {
    let library = Library::new(vec![
        package("1", &[value_set("2.9.1"), value_set("2.10.0-rc")]),
        package("2", &[value_set("2.10.0"), value_set("1.0")]),
    ]);
    let version = |wanted| {
        let found = library.find("ValueSet", "http://example.org/v", wanted);
        found.map(|found| found.root().str("version").unwrap_or_default().into_owned())
    };
    assert_eq!(version(None).as_deref(), Some("2.10.0"));
    assert_eq!(version(Some("2.9")).as_deref(), Some("2.9.1"));
    assert_eq!(version(Some("1.0")).as_deref(), Some("1.0"));
    assert_eq!(version(Some("3")), None);
    let patient =
        library.find("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/Patient", None);
    assert!(patient.unwrap().root().get("snapshot").is_some());
    assert_eq!(canonical("http://a|1#x"), ("http://a", Some("1")));
}

#[test]
fn a_package_is_kept_and_opened_again() {
    let package = package("1", &[value_set("1")]);
    let again = Package::open(package.bytes().to_vec()).unwrap();
    assert_eq!((again.name(), again.version(), again.entries()), ("example", "1", package.entries()));
    assert_eq!(again.depends(), package.depends());
    for end in [0, 10, 40, package.bytes().len() - 1] {
        assert!(Package::open(package.bytes()[..end].to_vec()).is_err(), "cut at {end}");
    }
}

#[test]
fn an_archive_is_read_as_npm_makes_them() {
    let mut builder =
        tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut add = |path: &str, text: &str| {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_cksum();
        builder.append_data(&mut header, path, text.as_bytes()).unwrap();
    };
    let manifest = r#"{"name":"some.guide","version":"1.2.0","dependencies":{"hl7.fhir.r4.core":"4.0.1"}}"#;
    add("package/package.json", manifest);
    add("package/ValueSet-v.json", value_set("1").text());
    add("package/.index.json", r#"{"index-version":1}"#);
    add("package/example/Patient-p.json", r#"{"resourceType":"Patient","id":"p"}"#);
    let archive = builder.into_inner().unwrap().finish().unwrap();
    let package = Package::from_archive(&archive).unwrap();
    assert_eq!((package.name(), package.version(), package.entries().len()), ("some.guide", "1.2.0", 1));
    assert_eq!(package.depends(), [("hl7.fhir.r4.core".to_owned(), "4.0.1".to_owned())]);
    assert!(Package::from_archive(&archive[..archive.len() / 2]).is_err());
    let unnamed = Package::from_files(None, vec![("v.json".into(), value_set("1").text().into())]);
    assert_eq!(unnamed.unwrap_err().to_string(), "It has no package.json with name and version. Say them.");
}

#[test]
fn resources_of_a_package_may_be_in_xml() {
    let xml = r#"<ValueSet xmlns="http://hl7.org/fhir"><url value="http://example.org/v"/></ValueSet>"#;
    let read =
        |name: &str, text: &str| Package::from_files(Some(("a", "1")), vec![(name.into(), text.into())]);
    let package = read("v.xml", xml).unwrap();
    assert_eq!(package.entries()[0].url, "http://example.org/v");
    assert!(read("v.xml", &xml.replace("url", "uri")).unwrap_err().to_string().starts_with("v.xml: "));
}
