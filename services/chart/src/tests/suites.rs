//! Data of others, read where it is: every page over every patient of it.

use super::house::House;
use fhir::{Json, Limits};
use std::path::PathBuf;

/// Patients looked at.
const PATIENTS: usize = 4;

fn suites() -> PathBuf {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites");
    std::env::var_os("CARESPINE_SUITES").map_or(beside, PathBuf::from)
}

/// The resources of a bundle as an array, with references by `urn:uuid:` made local.
fn resources(bundle: &str) -> (String, String) {
    let json = Json::parse(bundle, Limits::FILE).unwrap();
    let (mut text, mut patient) = (String::new(), String::new());
    let mut local = Vec::new();
    for entry in json.root().get("entry").unwrap().items() {
        let resource = entry.get("resource").unwrap();
        let (kind, id) = (resource.str("resourceType").unwrap(), resource.str("id").unwrap());
        if kind == "Patient" {
            patient = id.clone().into_owned();
        }
        local.push((entry.str("fullUrl").unwrap().into_owned(), format!("{kind}/{id}")));
        text.push_str(if text.is_empty() { "[" } else { "," });
        text.push_str(resource.raw());
    }
    text.push(']');
    for (urn, reference) in local {
        text = text.replace(&format!("\"{urn}\""), &format!("\"{reference}\""));
    }
    (patient, text)
}

#[test]
fn every_page_can_show_the_synthea_patients() {
    let folder = suites().join("synthea");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!(
            "skipped: {} is not there. Set CARESPINE_SUITES to the folder of public test data.",
            folder.display()
        );
        return;
    };
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    for file in files.iter().take(PATIENTS) {
        let (patient, resources) = resources(&std::fs::read_to_string(file).unwrap());
        let house = House::with(&resources);
        for section in crate::SECTIONS.iter().filter(|section| section.name != "access-log") {
            let address = format!("/patients/{patient}/{}", section.name);
            let page = house.page("doctor", address.trim_end_matches('/'));
            assert!(page.contains("</html>") && !page.contains("could not be loaded"), "{address}");
        }
    }
}
