//! Views: how fast resources become flat rows, by the command that an operator has.

use crate::engine::Place;
use crate::load::cpu_of_children;
use crate::process::Cpu;
use crate::server::Program;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

pub const NAME: &str = "view";

/// A table of results: ten columns.
const VIEW: &str = r#"{
  "resourceType": "ViewDefinition", "name": "results", "status": "active", "resource": "Observation",
  "select": [{"column": [
    {"name": "id", "path": "getResourceKey()", "type": "string"},
    {"name": "patient", "path": "subject.getReferenceKey(Patient)", "type": "string"},
    {"name": "encounter", "path": "encounter.getReferenceKey(Encounter)", "type": "string"},
    {"name": "status", "path": "status", "type": "code"},
    {"name": "category", "path": "category.first().coding.first().code", "type": "code"},
    {"name": "code", "path": "code.coding.where(system = 'http://loinc.org').code.first()", "type": "code"},
    {"name": "words", "path": "code.text", "type": "string"},
    {"name": "at", "path": "effective.ofType(dateTime)", "type": "dateTime"},
    {"name": "value", "path": "value.ofType(Quantity).value", "type": "decimal"},
    {"name": "unit", "path": "value.ofType(Quantity).unit", "type": "string"}
  ]}]
}"#;

/// One run of a view.
pub struct Flat {
    pub format: &'static str,
    pub resources: usize,
    pub took: Duration,
    pub cpu: Cpu,
    /// Bytes of the file.
    pub bytes: u64,
}

/// How often each is run: it lasts so short that whoever else is on the machine shows.
const RUNS: usize = 3;

/// Runs the view over all results of a store, into each format; the fastest run of each.
pub fn all(program: &Program, place: &Place<'_>) -> io::Result<Vec<Flat>> {
    let file = place.folder().join("view.json");
    fs::write(&file, VIEW)?;
    let mut all = Vec::new();
    for format in ["csv", "parquet"] {
        println!("  view run: {format}");
        let runs = (0..RUNS).map(|_| once(program, place, &file, format)).collect::<io::Result<Vec<_>>>()?;
        all.extend(runs.into_iter().min_by_key(|flat| flat.took));
    }
    Ok(all)
}

fn once(program: &Program, place: &Place<'_>, file: &Path, format: &'static str) -> io::Result<Flat> {
    let out = place.folder().join(format!("rows.{format}"));
    let (before, began) = (cpu_of_children(place)?, Instant::now());
    let said = program.run_view(place, file, &out)?;
    let (took, cpu) = (began.elapsed(), cpu_of_children(place)? - before);
    let resources = resources(&said).ok_or_else(|| io::Error::other(format!("view run: {said}")))?;
    let bytes = fs::metadata(&out)?.len();
    fs::remove_file(out)?;
    Ok(Flat { format, resources, took, cpu, bytes })
}

/// How many resources the command says that it looked at.
fn resources(said: &str) -> Option<usize> {
    said.split_once(" rows of ")?.1.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_says_how_many_resources_it_looked_at() {
        let said = "51 rows of 50 resources of type Observation in 0.1 s: 500 resources a second.";
        assert_eq!(resources(said), Some(50));
        assert_eq!(resources("The view cannot be read."), None);
    }
}
