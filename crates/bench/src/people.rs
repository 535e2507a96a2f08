//! The data: an invented population as transaction bundles on disk, and what in it can be asked for.

use fhir::{Instant, Json, Limits, Value};
use population::Plan;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The day that the history runs up to: fixed, so that the same seed gives the same data.
const UNTIL: &str = "2026-11-24T09:00:00Z";
/// Of each sort of question at most so many different ones.
const ASKED_MAX: usize = 2_000;
const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";

/// A population on disk.
pub struct People {
    /// Bundles that all people share, to be loaded first and in order.
    pub places: Vec<PathBuf>,
    /// One bundle for each person.
    pub persons: Vec<PathBuf>,
    /// Folders of both, in the order in which they are loaded.
    pub folders: [PathBuf; 2],
    pub resources: usize,
    /// Bytes of all bundles.
    pub bytes: u64,
    pub asked: Asked,
}

/// What there is to ask for.
#[derive(Default)]
pub struct Asked {
    pub patients: Vec<String>,
    /// Patients and a code that each has results of.
    pub results: Vec<(String, String)>,
    pub names: Vec<String>,
    pub numbers: Vec<String>,
    /// `Type/id` of anything.
    pub resources: Vec<String>,
    /// A result of each patient: what stands before its id, and what after.
    pub observations: Vec<(String, String)>,
    /// Persons, in the same way.
    pub persons: Vec<(String, String)>,
}

impl People {
    /// Writes people until there are so many resources.
    pub fn write(folder: &Path, seed: u64, size: usize) -> io::Result<People> {
        let until = Instant::parse(UNTIL).expect("the constant is an instant");
        let folders = [folder.join("places"), folder.join("persons")];
        folders.iter().try_for_each(fs::create_dir_all)?;
        let (places, persons) = (Vec::new(), Vec::new());
        let mut people = People { places, persons, folders, resources: 0, bytes: 0, asked: Asked::default() };
        let plan = Plan { seed, people: size, until };
        for (number, bundle) in plan.places().iter().enumerate() {
            let file = people.folders[0].join(format!("{number:06}.json"));
            people.bundle(&file, bundle)?;
            people.places.push(file);
        }
        for index in 0.. {
            if people.resources >= size {
                break;
            }
            let file = people.folders[1].join(format!("{index:06}.json"));
            people.bundle(&file, &plan.person(index))?;
            people.persons.push(file);
        }
        Ok(people)
    }

    fn bundle(&mut self, file: &Path, text: &str) -> io::Result<()> {
        fs::write(file, text)?;
        self.bytes += text.len() as u64;
        let json = Json::parse(text, Limits::FILE).map_err(io::Error::other)?;
        let entries = json.root().get("entry").into_iter().flat_map(Value::items);
        let resources: Vec<Value<'_>> = entries.filter_map(|entry| entry.get("resource")).collect();
        self.resources += resources.len();
        self.asked.learn(&resources);
        Ok(())
    }
}

impl Asked {
    fn learn(&mut self, resources: &[Value<'_>]) {
        let mut codes: BTreeMap<String, usize> = BTreeMap::new();
        let (mut patient, mut observation) = (None, None);
        for (n, resource) in resources.iter().enumerate() {
            let (Some(kind), Some(id)) = (resource.str("resourceType"), resource.str("id")) else { continue };
            match &*kind {
                "Patient" => {
                    patient = Some(id.clone().into_owned());
                    if self.persons.len() < ASKED_MAX {
                        self.persons.extend(around_id(*resource, &id));
                    }
                    self.person(*resource);
                }
                "Observation" => {
                    observation = around_id(*resource, &id).or(observation);
                    let code = resource.at(&["code", "coding"]).and_then(|c| c.items().next());
                    if let Some((system, code)) = code.and_then(|c| Some((c.str("system")?, c.str("code")?)))
                    {
                        *codes.entry(format!("{system}|{code}")).or_default() += 1;
                    }
                }
                _ => {}
            }
            // A few of each person, so that they lie all over the store.
            if n % 40 == 7 && self.resources.len() < ASKED_MAX {
                self.resources.push(format!("{kind}/{id}"));
            }
        }
        let Some(patient) = patient.filter(|_| self.patients.len() < ASKED_MAX) else { return };
        if let Some((code, _)) = codes.into_iter().max_by_key(|(_, count)| *count) {
            self.results.push((patient.clone(), code));
        }
        self.patients.push(patient);
        self.observations.extend(observation);
    }

    fn person(&mut self, patient: Value<'_>) {
        if self.numbers.len() >= ASKED_MAX {
            return;
        }
        let numbers = patient.get("identifier").into_iter().flat_map(Value::items);
        let number = numbers
            .filter(|i| i.str("system").as_deref() == Some(NHS_NUMBER))
            .find_map(|i| Some(i.str("value")?.into_owned()));
        self.numbers.extend(number.map(|number| format!("{NHS_NUMBER}|{number}")));
        let name = patient.get("name").and_then(|names| names.items().next());
        if let Some(family) = name.and_then(|name| name.str("family")) {
            self.names.push(family.into_owned());
        }
    }
}

/// The text of a resource before and after its id.
fn around_id(resource: Value<'_>, id: &str) -> Option<(String, String)> {
    let (before, after) = resource.raw().split_once(&format!("\"id\":\"{id}\""))?;
    Some((format!("{before}\"id\":\""), format!("\"{after}")))
}

/// Writes one transaction with so many of the entries of these bundles, or all if they have fewer.
pub fn one_bundle(persons: &[PathBuf], entries: usize, file: &Path) -> io::Result<usize> {
    let mut out = BufWriter::new(fs::File::create(file)?);
    let mut written = 0;
    out.write_all(b"{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[")?;
    for person in persons {
        let json = Json::parse(fs::read(person)?, Limits::FILE).map_err(io::Error::other)?;
        for entry in json.root().get("entry").into_iter().flat_map(Value::items).take(entries - written) {
            out.write_all(if written == 0 { b"" } else { b"," })?;
            out.write_all(entry.raw().as_bytes())?;
            written += 1;
        }
    }
    out.write_all(b"]}")?;
    out.flush()?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_population_is_written_with_what_can_be_asked_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let people = People::write(folder.path(), 1, 2_000).unwrap();
        assert!(people.resources >= 2_000 && people.resources < 4_000, "{}", people.resources);
        let files = |folder: &Path| fs::read_dir(folder).unwrap().count();
        assert_eq!(files(&people.folders[0]), people.places.len());
        assert_eq!(files(&people.folders[1]), people.persons.len());
        assert_eq!(people.asked.patients.len(), people.persons.len());
        assert!(people.asked.numbers.len() > people.persons.len() / 2);
        assert!(people.asked.results.iter().all(|(_, code)| code.contains('|')));
        assert!(people.asked.resources.len() > 20);
        let (before, after) = &people.asked.observations[0];
        let observation = Json::parse(format!("{before}another{after}"), Limits::FILE).unwrap();
        assert_eq!(observation.root().str("id").as_deref(), Some("another"));
        assert!(observation.root().get("subject").is_some());
    }

    #[test]
    fn bundles_are_made_one() {
        let folder = tempfile::tempdir().unwrap();
        let people = People::write(folder.path(), 1, 2_000).unwrap();
        let file = folder.path().join("one.json");
        assert_eq!(one_bundle(&people.persons, 300, &file).unwrap(), 300);
        let json = Json::parse(fs::read(file).unwrap(), Limits::FILE).unwrap();
        let entries = json.root().get("entry").unwrap();
        assert_eq!(entries.items().count(), 300);
        assert!(entries.items().all(|entry| entry.at(&["request", "url"]).is_some()));
    }
}
