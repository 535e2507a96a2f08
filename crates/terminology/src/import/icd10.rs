//! ICD-10, from WHO's ClaML or from NHS England's text file of codes and titles.
//!
//! Both have the address of FHIR's page "Using ICD-[x] with FHIR"; NHS Digital's register of naming systems names the
//! same one for use in the UK (ICD10uk), so a version tells which is which.

mod claml;

use super::gathered::{Entry, Gathered};
use super::sheet::{self, Sheet};
use super::told::day;
use super::{Progress, Told};
use crate::index::{Draft, refused};
use fhir::Refusal;
use std::path::Path;

const ICD: &str = "http://hl7.org/fhir/sid/icd-10";
/// Columns of the NHS file that become properties under their own names.
const PROPERTIES: &[&str] = &[
    "ALT_CODE",
    "USAGE",
    "USAGE_UK",
    "MODIFIER_4",
    "MODIFIER_5",
    "QUALIFIERS",
    "GENDER_MASK",
    "MIN_AGE",
    "MAX_AGE",
];

/// Reads a file, or that in and below a folder: `ICD10_Edition5_CodesAndTitlesAndMetadata_GB_20160401.txt` (or
/// `.csv`) before any ClaML. A malformed line is refused, with file and line.
pub fn read(from: &Path, told: &Told, progress: &mut Progress<'_>) -> Result<Draft, Refusal> {
    let paths = sheet::files(from)?;
    let ends = |path: &Path, ending: &str| sheet::name(path).to_lowercase().ends_with(ending);
    let is_titles = |path: &&std::path::PathBuf| {
        sheet::name(path).contains("CodesAndTitles") && (ends(path, ".txt") || ends(path, ".csv"))
    };
    if let Some(path) = paths.iter().rfind(is_titles) {
        return titles(path, told, progress);
    }
    match paths.iter().rfind(|path| ends(path, ".xml") || ends(path, ".claml")) {
        Some(path) => claml::read(path, told, progress),
        None => {
            let text = format!(
                "{} holds neither ClaML (.xml) nor a file …CodesAndTitles….txt of ICD-10. Name the file or its folder.",
                from.display()
            );
            Err(refused(text))
        }
    }
}

/// The file of NHS England: a code stands below the longest other that it begins with.
fn titles(path: &Path, told: &Told, progress: &mut Progress<'_>) -> Result<Draft, Refusal> {
    let name = sheet::name(path);
    let date = name.split(['_', '.', ' ']).find_map(day);
    let head = told.head(ICD, "ICD-10 (NHS England)", date.clone(), date)?;
    let mut gathered = Gathered::default();
    Sheet::read(path)?.rows(&["CODE", "DESCRIPTION"], progress, |_, row| {
        let code = row.get("CODE").unwrap_or_default();
        if !is_code(code) {
            return Err(format!("{code:?} is no code of ICD-10."));
        }
        let mut entry = Entry::new(code, row.get("DESCRIPTION").unwrap_or_default());
        PROPERTIES.iter().for_each(|property| entry.text(property, row.get(property)));
        gathered.add(entry)
    })?;
    gathered.nest();
    gathered.draft(head)
}

/// A letter and two digits, then perhaps a dot with one or two digits, of which the first may be X.
fn is_code(text: &str) -> bool {
    let is_category = |part: &str| {
        let bytes = part.as_bytes();
        bytes.len() == 3 && bytes[0].is_ascii_uppercase() && bytes[1..].iter().all(u8::is_ascii_digit)
    };
    let Some((category, rest)) = text.split_once('.') else { return is_category(text) };
    let rest = rest.as_bytes();
    is_category(category)
        && (1..=2).contains(&rest.len())
        && (rest[0].is_ascii_digit() || rest[0] == b'X')
        && rest[1..].iter().all(u8::is_ascii_digit)
}
