//! Observations and reports of a record: how many a page reads, and in which order it has them.

use super::cell;
use crate::newest::{Newest, escaped};
use crate::patient_record::PatientRecord;
use crate::views::{Panel, Reading, Sort};
use html::When;
use record::{COUNT_MAX, Refusal};

/// Signs that are measured rarely, so that they are not among the newest of someone on a ward: weight, height,
/// body mass index, head circumference.
const SIZES: &str = "29463-7,8302-2,39156-5,9843-4";
/// How many of them.
const SIZES_MAX: usize = 60;

/// Reads the newest results and reports, those before a moment if one is given. True when there are more.
pub fn load_results(
    record: &mut PatientRecord<'_>,
    results: usize,
    reports: usize,
    before: Option<&str>,
) -> Result<bool, Refusal> {
    let narrowed = |newest: Newest| match before {
        Some(moment) => newest.with("date", format!("lt{moment}")),
        None => newest,
    };
    let found = Newest::of("Observation", results.min(COUNT_MAX)).with("category:not", "vital-signs");
    let more = record.load(narrowed(found))?;
    let more_reports = record.load(narrowed(Newest::of("DiagnosticReport", reports)))?;
    Ok(more || more_reports)
}

/// Reads the newest vital signs and sizes. True when there are more.
pub fn load_signs(record: &mut PatientRecord<'_>, count: usize) -> Result<bool, Refusal> {
    let more = record.load(Newest::of("Observation", count).with("category", "vital-signs"))?;
    record.load(Newest::of("Observation", SIZES_MAX.min(count)).with("code", SIZES))?;
    Ok(more)
}

/// Reads the newest scores, examinations and habits.
pub fn load_assessments(record: &mut PatientRecord<'_>, count: usize) -> Result<bool, Refusal> {
    record.load(Newest::of("Observation", count).with("category", "survey,social-history,exam,activity"))
}

/// Reads the newest values of one test, also where it is a part of another. True when there are more.
pub fn load_test(record: &mut PatientRecord<'_>, code: &str) -> Result<bool, Refusal> {
    let more = record.load(Newest::of("Observation", COUNT_MAX).with("combo-code", escaped(code)))?;
    if record.of("Observation").next().is_none() {
        // A test that has no code is called by its words, which no search finds.
        return record.load(Newest::of("Observation", COUNT_MAX));
    }
    Ok(more)
}

/// The readings of a sort that were read, oldest first.
pub fn readings(record: &PatientRecord<'_>, sort: Sort) -> Vec<Reading> {
    let readings = record.of("Observation").filter_map(|resource| Reading::of(resource, &record.person.id));
    let mut readings: Vec<Reading> = readings.filter(|reading| reading.sort == sort).collect();
    readings.sort_by_key(|reading| reading.at.map(When::start));
    readings
}

/// The reports that were read, the newest first.
pub fn panels(record: &PatientRecord<'_>) -> Vec<Panel> {
    let panels = record.of("DiagnosticReport").filter_map(|resource| Panel::of(resource, &record.person.id));
    let mut panels: Vec<Panel> = panels.collect();
    cell::newest_first(&mut panels, |panel| panel.at.or(panel.issued));
    panels
}
