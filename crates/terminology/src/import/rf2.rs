//! SNOMED CT from a snapshot of Release Format 2 (SNOMED CT Release File Specification, sections 5 and 7).

use super::{Progress, tables};
use crate::index::{Draft, Head, Name, refused};
use crate::system::Meaning;
use fhir::Refusal;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

const SNOMED: &str = "http://snomed.info/sct";
const IS_A: &str = "116680003";
const FULLY_SPECIFIED: &str = "900000000000003001";
const PREFERRED: &str = "900000000000548007";
const STATED: &str = "900000000000010007";
const CORE: &str = "900000000000207008";
const MODEL: &str = "900000000000012004";
/// Language reference sets of the NHS, clinical and pharmacy part: they stand in the UK edition, and go before others.
const REALM: &[&str] = &["999001261000000100", "999000691000001104"];
/// The international language reference set of British English.
const BRITISH: &str = "900000000000508004";
const AMERICAN: &str = "900000000000509007";
/// Editions by the country of the files, with the module that names the edition (SNOMED CT URI Standard; the UK's is
/// "SNOMED CT United Kingdom composition module").
const EDITIONS: &[(&str, &str)] = &[("INT", CORE), ("GB", "83821000000107"), ("US", "731000124108")];
/// Names the UK Clinical Edition, which is the UK's without its drug extension.
const UK_CLINICAL: &str = "999000021000000109";

/// The files of a snapshot.
struct Files {
    all: Vec<PathBuf>,
    country: String,
    /// YYYYMMDD.
    date: String,
}

impl Files {
    fn find(folder: &Path) -> Result<Files, Refusal> {
        let mut all = tables::files(folder, 0)?;
        all.retain(|path| name(path).ends_with(".txt") && name(path).contains("Snapshot"));
        let concepts = all.iter().filter(|path| is(path, "sct2_Concept_")).max_by_key(|path| date(path));
        let Some(concepts) = concepts else {
            let text = format!(
                "{} holds no file sct2_Concept_…Snapshot…txt. Name the folder of an unpacked RF2 release.",
                folder.display()
            );
            return Err(refused(text));
        };
        let country = name(concepts).rsplit('_').nth(1).unwrap_or_default().to_owned();
        let date = date(concepts);
        if date.len() != 8 || !date.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused(format!("{}: its name ends in no day (YYYYMMDD).", concepts.display())));
        }
        Ok(Files { all, country, date })
    }

    /// Whether the files are those of the UK Clinical Edition: its extension (UKCL) without that of drugs (UKDG).
    fn are_uk_clinical(&self) -> bool {
        let has = |part: &str| self.of("sct2_Concept_").any(|path| name(path).contains(part));
        has("_UKCLSnapshot") && !has("_UKDGSnapshot")
    }

    fn of<'f>(&'f self, start: &'f str) -> impl Iterator<Item = &'f PathBuf> {
        self.all.iter().filter(move |path| is(path, start))
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn is(path: &Path, start: &str) -> bool {
    name(path).starts_with(start)
}

fn date(path: &Path) -> String {
    name(path).rsplit('_').next().unwrap_or_default().trim_end_matches(".txt").to_owned()
}

/// Reads the snapshot in and below a folder. Files that are not there are taken as empty, but for that of concepts.
/// A malformed line is refused, with file and line.
pub fn read(folder: &Path, progress: &mut Progress<'_>) -> Result<Draft, Refusal> {
    let files = Files::find(folder)?;
    let mut draft = concepts(&files, progress)?;
    let preferred = preferred(&files, progress)?;
    for path in files.of("sct2_Description_").chain(files.of("sct2_TextDefinition_")) {
        descriptions(path, &preferred, &mut draft, progress)?;
    }
    for path in files.of("sct2_Relationship_") {
        relationships(path, &mut draft, progress)?;
    }
    for path in files.of("sct2_RelationshipConcreteValues_") {
        concrete(path, &mut draft, progress)?;
    }
    for path in files.all.iter().filter(|path| is(path, "der2_Refset_")) {
        members(path, &mut draft, progress)?;
    }
    Ok(draft)
}

/// Whether a line is of now; other words than `0` and `1` are refused.
fn active(said: &str) -> Result<bool, String> {
    match said {
        "1" => Ok(true),
        "0" => Ok(false),
        _ => Err(format!("active is {said:?}, and neither 0 nor 1.")),
    }
}

/// An identifier: 6 to 18 digits (section 6).
fn id(said: &str) -> Result<&str, String> {
    let fits = (6..=18).contains(&said.len()) && said.bytes().all(|byte| byte.is_ascii_digit());
    fits.then_some(said).ok_or_else(|| format!("{said:?} is no SNOMED CT identifier."))
}

fn concepts(files: &Files, progress: &mut Progress<'_>) -> Result<Draft, Refusal> {
    let mut codes = Vec::new();
    let mut modules: HashMap<String, usize> = HashMap::new();
    for path in files.of("sct2_Concept_") {
        tables::each(path, ["id", "active", "moduleId"], progress, |[code, is_active, module]| {
            codes.push((id(code)?.to_owned(), active(is_active)?));
            *modules.entry(id(module)?.to_owned()).or_default() += 1;
            Ok(())
        })?;
    }
    let known = EDITIONS.iter().find(|(country, _)| files.country.starts_with(country));
    modules.retain(|module, _| module != CORE && module != MODEL);
    let most = modules.into_iter().max_by_key(|(module, count)| (*count, module.clone()));
    let module = match (known, most) {
        _ if files.are_uk_clinical() => UK_CLINICAL.to_owned(),
        (Some((_, module)), _) => (*module).to_owned(),
        (None, Some((module, _))) => module,
        (None, None) => CORE.to_owned(),
    };
    let day = &files.date;
    let head = Head {
        url: SNOMED.to_owned(),
        version: format!("{SNOMED}/{module}/version/{day}"),
        name: format!("SNOMED CT ({})", files.country),
        date: format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]),
        language: "en".to_owned(),
    };
    Draft::new(head, codes)
}

/// Of each description in which language it is preferred: 1 British, 2 American, 4 another, 8 that of the NHS.
fn preferred(files: &Files, progress: &mut Progress<'_>) -> Result<HashMap<u64, u8>, Refusal> {
    let mut found: HashMap<u64, u8> = HashMap::new();
    let columns = ["active", "refsetId", "referencedComponentId", "acceptabilityId"];
    for path in files.of("der2_cRefset_").filter(|path| name(path).contains("Language")) {
        tables::each(path, columns, progress, |[is_active, refset, description, acceptability]| {
            if active(is_active)? && acceptability == PREFERRED {
                let which = match refset {
                    _ if REALM.contains(&refset) => 8 | 1,
                    BRITISH => 1,
                    AMERICAN => 2,
                    _ => 4,
                };
                let key = id(description)?.parse().map_err(|_| "the identifier is too long.".to_owned())?;
                *found.entry(key).or_default() |= which;
            }
            Ok(())
        })?;
    }
    Ok(found)
}

fn descriptions(
    path: &Path,
    preferred: &HashMap<u64, u8>,
    draft: &mut Draft,
    progress: &mut Progress<'_>,
) -> Result<(), Refusal> {
    let columns = ["id", "active", "conceptId", "languageCode", "typeId", "term"];
    tables::each(path, columns, progress, |[own, is_active, code, language, kind, term]| {
        if !active(is_active)? {
            return Ok(());
        }
        let key: u64 = id(own)?.parse().map_err(|_| "the identifier is too long.".to_owned())?;
        // What describes no concept of the release has no place to stand.
        let Some(concept) = draft.find(id(code)?) else { return Ok(()) };
        let chosen = preferred.get(&key).copied().unwrap_or_default();
        let order = match (kind, chosen) {
            ("900000000000550004", _) => 6,
            (FULLY_SPECIFIED, _) => 4,
            (_, 0) => 5,
            (_, chosen) if chosen & 8 != 0 => 0,
            (_, chosen) if chosen & 1 != 0 => 1,
            (_, chosen) if chosen & 4 != 0 => 2,
            _ => 3,
        };
        let language = match (language, chosen & 3) {
            ("en", 1) => "en-GB",
            ("en", 2) => "en-US",
            (other, _) => other,
        };
        let name = Name { order, language, usage: Some((SNOMED, kind)), text: term };
        draft.name(concept, name).map_err(|e| e.to_string())
    })
}

fn relationships(path: &Path, draft: &mut Draft, progress: &mut Progress<'_>) -> Result<(), Refusal> {
    let columns =
        ["active", "sourceId", "destinationId", "relationshipGroup", "typeId", "characteristicTypeId"];
    tables::each(path, columns, progress, |[is_active, source, target, group, kind, nature]| {
        let group = group.parse().map_err(|_| format!("the group {group:?} is no number."))?;
        let ends = [draft.find(id(source)?), draft.find(id(target)?), draft.find(id(kind)?)];
        if !active(is_active)? || nature == STATED {
            return Ok(());
        }
        match ends {
            [Some(source), Some(target), _] if kind == IS_A => draft.parent(source, target),
            [Some(source), Some(target), Some(kind)] => draft.attribute(source, group, kind, target),
            _ => {}
        }
        Ok(())
    })
}

/// Relationships to numbers and texts become properties, of which expressions know nothing.
fn concrete(path: &Path, draft: &mut Draft, progress: &mut Progress<'_>) -> Result<(), Refusal> {
    let columns = ["active", "sourceId", "value", "typeId"];
    tables::each(path, columns, progress, |[is_active, source, value, kind]| {
        let source = draft.find(id(source)?);
        let Some(source) = source.filter(|_| active(is_active) == Ok(true)) else { return Ok(()) };
        let meaning = match (value.strip_prefix('#'), value.strip_prefix('"')) {
            (Some(digits), _) => Meaning::Decimal(digits.into()),
            (_, Some(text)) => Meaning::Text(text.trim_end_matches('"').into()),
            _ => return Err(format!("the value {value:?} is neither a number (#) nor a text (\").")),
        };
        draft.property(source, id(kind)?, &meaning).map_err(|e| e.to_string())
    })
}

fn members(path: &Path, draft: &mut Draft, progress: &mut Progress<'_>) -> Result<(), Refusal> {
    let columns = ["active", "refsetId", "referencedComponentId"];
    tables::each(path, columns, progress, |[is_active, refset, member]| {
        let (refset, member) = (draft.find(id(refset)?), draft.find(id(member)?));
        if let (true, Some(refset), Some(member)) = (active(is_active)?, refset, member) {
            draft.member(refset, member);
        }
        Ok(())
    })
}
