//! LOINC from the table of a release (LoincTable/Loinc.csv; LOINC Users' Guide, appendix A).

use super::gathered::{Entry, Gathered};
use super::sheet::{self, Sheet};
use super::{Progress, Told};
use crate::index::{Draft, refused};
use fhir::Refusal;
use std::path::Path;

/// "Using LOINC with FHIR" (R4, loinc.html): address, display and which codes are out of use.
const LOINC: &str = "http://loinc.org";
/// Columns that become properties under their own names, as R4's page has them.
const PROPERTIES: &[&str] = &[
    "COMPONENT",
    "PROPERTY",
    "TIME_ASPCT",
    "SYSTEM",
    "SCALE_TYP",
    "METHOD_TYP",
    "CLASS",
    "CLASSTYPE",
    "STATUS",
    "ORDER_OBS",
    "UNITSREQUIRED",
    "EXAMPLE_UNITS",
    "EXAMPLE_UCUM_UNITS",
    "VersionFirstReleased",
    "VersionLastChanged",
    "EXTERNAL_COPYRIGHT_NOTICE",
];

/// Reads the table, or that in and below a folder. Parts, answers and the hierarchy are other files, and not taken.
/// The version is that of a folder such as `Loinc_2.77`, if none is said. A malformed line is refused, with its place.
pub fn read(from: &Path, told: &Told, progress: &mut Progress<'_>) -> Result<Draft, Refusal> {
    let paths = sheet::files(from)?;
    let Some(path) = paths.iter().find(|path| sheet::name(path).eq_ignore_ascii_case("loinc.csv")) else {
        let text =
            format!("{} holds no file Loinc.csv. Name it, or the folder of the release.", from.display());
        return Err(refused(text));
    };
    let head = told.head(LOINC, "LOINC", version(path), None)?;
    let mut gathered = Gathered::default();
    let columns = ["LOINC_NUM", "COMPONENT", "PROPERTY", "SYSTEM", "STATUS", "LONG_COMMON_NAME"];
    Sheet::read(path)?.rows(&columns, progress, |_, row| {
        let code = row.get("LOINC_NUM").unwrap_or_default();
        if !is_code(code) {
            return Err(format!("{code:?} is no code of LOINC: its check digit or its shape is wrong."));
        }
        let status = row.get("STATUS").unwrap_or_default();
        if !["ACTIVE", "TRIAL", "DISCOURAGED", "DEPRECATED"].contains(&status) {
            return Err(format!("the status {status:?} is none of LOINC."));
        }
        // A deprecated code may have no long name; then it is named as its component.
        let display = row.get("LONG_COMMON_NAME").or(row.get("SHORTNAME")).or(row.get("COMPONENT"));
        let mut entry = Entry::new(code, display.unwrap_or_default());
        entry.is_active = status != "DEPRECATED";
        let others =
            [("SHORTNAME", 1), ("DisplayName", 2), ("CONSUMER_NAME", 3)].map(|(name, order)| (order, name));
        for (order, name) in others {
            if let Some(text) = row.get(name).filter(|text| Some(*text) != display) {
                entry.names.push((order, name, text.to_owned()));
            }
        }
        PROPERTIES.iter().for_each(|name| entry.text(name, row.get(name)));
        gathered.add(entry)
    })?;
    gathered.draft(head)
}

/// The version in the name of a folder above the table, or of the table.
fn version(path: &Path) -> Option<String> {
    let parts = path.iter().map(|part| part.to_string_lossy().into_owned());
    let numbers = parts.filter_map(|part| {
        let rest = part.to_lowercase().strip_prefix("loinc")?.trim_start_matches(['_', '-']).to_owned();
        let is_version = rest.contains('.') && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        is_version.then_some(rest)
    });
    numbers.reduce(|_, nearer| nearer)
}

/// Digits, a hyphen and a check digit (Users' Guide: the modulus 10 of Luhn).
fn is_code(text: &str) -> bool {
    let Some((number, check)) = text.split_once('-') else { return false };
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(number) || !is_number(check) || check.len() != 1 || number.len() > 9 {
        return false;
    }
    let doubled = |(nth, byte): (usize, u8)| {
        let digit = u32::from(byte - b'0') * if nth.is_multiple_of(2) { 2 } else { 1 };
        digit / 10 + digit % 10
    };
    let sum: u32 = number.bytes().rev().enumerate().map(doubled).sum();
    check.parse() == Ok((10 - sum % 10) % 10)
}
