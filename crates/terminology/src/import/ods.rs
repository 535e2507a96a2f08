//! NHS organisations from the files of the Organisation Data Service (epraccur.csv, etr.csv, ets.csv, …): 27 columns
//! without a header, the same for all of them (ODS file specifications).

use super::gathered::{Entry, Gathered};
use super::sheet::{self, Sheet};
use super::told::day;
use super::{Progress, Told};
use crate::index::{Draft, refused};
use crate::system::Meaning;
use fhir::Refusal;
use std::path::Path;

/// HL7 UK's index of naming systems ("ODS Organisation Code").
const ODS: &str = "https://fhir.nhs.uk/Id/ods-organization-code";
const COLUMNS: usize = 27;
/// Files of people, of who belongs where, and of successions, by the start of their names. They are no organisations.
const OTHERS: &[&str] = &[
    "earchive",
    "ecarehomesucc",
    "econcur",
    "edconcur",
    "educationtype",
    "egdppracmem",
    "egmcmem",
    "egpcur",
    "egpmem",
    "enurse",
    "epcmem",
    "epcncorepartner",
    "epracmem",
    "ngpcur",
    "nlhscgpr",
    "succ",
];
/// Columns that become properties: place and name.
const PROPERTIES: &[(usize, &str)] = &[
    (2, "nationalGrouping"),
    (3, "healthGeography"),
    (9, "postcode"),
    (12, "status"),
    (13, "subType"),
    (14, "parentOrganisation"),
    (25, "prescribingSetting"),
];

/// Reads the file, or all of organisations in and below a folder. The version is the day of the files, which they do
/// not say. An organisation is out of use when its status says so or when it closed before that day. Telephone
/// numbers are not taken. A malformed line is refused, with file and line.
pub fn read(from: &Path, told: &Told, progress: &mut Progress<'_>) -> Result<Draft, Refusal> {
    let mut paths = sheet::files(from)?;
    paths.retain(|path| is_of_organisations(path));
    if paths.is_empty() {
        let text = format!(
            "{} holds no CSV file of organisations, such as epraccur.csv or etr.csv. Name one, or their folder.",
            from.display()
        );
        return Err(refused(text));
    }
    let date = told.date.clone().or(told.version.clone());
    let head = told.head(ODS, "NHS ODS organisations", date.clone(), date)?;
    let mut gathered = Gathered::default();
    for path in &paths {
        let kind = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        Sheet::read(path)?.each(progress, |line, fields| {
            if fields.len() != COLUMNS {
                return Err(format!("it has {} columns, and not {COLUMNS}.", fields.len()));
            }
            // Reports of the newer export have the names of the columns above them.
            if line == 1 && fields[1].eq_ignore_ascii_case("name") {
                return Ok(());
            }
            gathered.add(organisation(&kind, fields, &head.date)?)
        })?;
    }
    gathered.draft(head)
}

fn is_of_organisations(path: &Path) -> bool {
    let name = sheet::name(path).to_lowercase();
    let is_person = name.strip_suffix(".csv") == Some("egdp");
    name.ends_with(".csv") && !is_person && !OTHERS.iter().any(|other| name.starts_with(other))
}

fn organisation(kind: &str, fields: &[String], today: &str) -> Result<Entry, String> {
    let code = &fields[0];
    if !(3..=12).contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(format!("{code:?} is no ODS code."));
    }
    let mut entry = Entry::new(code, &fields[1]);
    entry.text("file", Some(kind));
    for (place, property) in PROPERTIES {
        entry.text(property, Some(&fields[*place]));
    }
    let address: Vec<&str> =
        fields[4..9].iter().map(String::as_str).filter(|line| !line.is_empty()).collect();
    entry.text("address", Some(&address.join(", ")));
    let mut closed = None;
    for (place, property) in [(10, "openDate"), (11, "closeDate")] {
        let said = &fields[place];
        if said.is_empty() {
            continue;
        }
        let date = day(said).ok_or_else(|| format!("{said:?} is no day (YYYYMMDD)."))?;
        if place == 11 {
            closed = Some(date.clone());
        }
        entry.properties.push((property.to_owned(), Meaning::DateTime(date.into())));
    }
    // The status stands in some of the files only: A is active; closed, dormant and proposed ones are not.
    let status = &fields[12];
    let is_open = closed.is_none_or(|closed| closed.as_str() > today);
    entry.is_active = is_open && (status.is_empty() || status.to_uppercase().starts_with('A'));
    Ok(entry)
}
