//! OPCS-4, the classification of interventions and procedures, from NHS England's file of codes and titles (TRUD,
//! "OPCS410 CodesAndTitles Nov 2022 V1.0.txt"): code and title, separated by a tab, without a header.

use super::gathered::{Entry, Gathered};
use super::sheet::{self, Sheet};
use super::{Progress, Told};
use crate::index::{Draft, refused};
use fhir::Refusal;
use std::path::Path;

/// No registry of NHS England or HL7 UK that could be read names an address for OPCS-4. This one stands in most
/// published code that has one; `Told::system` gives another.
const OPCS: &str = "https://fhir.nhs.uk/Id/opcs-4";
const MONTHS: &[&str] = &["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads the file, or the one in and below a folder. A code stands below the longest other that it begins with.
/// A malformed line is refused, with file and line.
pub fn read(from: &Path, told: &Told, progress: &mut Progress<'_>) -> Result<Draft, Refusal> {
    let paths = sheet::files(from)?;
    let is_titles = |path: &&std::path::PathBuf| {
        let name = sheet::name(path).to_uppercase();
        name.starts_with("OPCS") && name.contains("CODESANDTITLES")
    };
    let Some(path) = paths.iter().rfind(is_titles) else {
        let text = format!(
            "{} holds no file OPCS… CodesAndTitles….txt. Name it, or the folder of the release.",
            from.display()
        );
        return Err(refused(text));
    };
    let (version, date) = release(&sheet::name(path));
    let head = told.head(OPCS, "OPCS-4", version, date)?;
    let mut gathered = Gathered::default();
    Sheet::read(path)?.each(progress, |_, fields| {
        let [code, title] = fields else {
            return Err(format!("it has {} columns, and not a code and a title.", fields.len()));
        };
        if !is_code(code) {
            return Err(format!("{code:?} is no code of OPCS-4."));
        }
        gathered.add(Entry::new(code, title))
    })?;
    gathered.nest();
    gathered.draft(head)
}

/// A letter for a chapter, with two digits a category, and with another after a dot a subcategory.
fn is_code(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let (first, rest) = bytes.split_first().map_or((b' ', bytes), |(first, rest)| (*first, rest));
    first.is_ascii_uppercase()
        && match rest {
            [] => true,
            [_, _] => digits(rest),
            [_, _, b'.', _] => digits(&rest[..2]) && digits(&rest[3..]),
            _ => false,
        }
}

/// Version and first day of the month in the name of the file: OPCS410 CodesAndTitles Nov 2022 V1.0.txt is 4.10.
fn release(name: &str) -> (Option<String>, Option<String>) {
    let words: Vec<&str> = name.split([' ', '_']).collect();
    let number = words.first().map(|word| word[4..].trim_start_matches('-').replace('.', ""));
    let number = number.filter(|digits| digits.len() > 1 && digits.bytes().all(|byte| byte.is_ascii_digit()));
    let version = number.map(|digits| format!("{}.{}", &digits[..1], &digits[1..]));
    let date = words.windows(2).find_map(|two| {
        let month = MONTHS.iter().position(|month| two[0].starts_with(month))? + 1;
        let is_year = two[1].len() == 4 && two[1].bytes().all(|byte| byte.is_ascii_digit());
        is_year.then(|| format!("{}-{month:02}-01", two[1]))
    });
    (version, date)
}
