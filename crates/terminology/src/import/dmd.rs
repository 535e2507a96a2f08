//! The NHS dictionary of medicines and devices from its XML files (NHSBSA, dm+d data model and release files).

mod rows;

use super::{Progress, tables};
use crate::index::{Draft, Head, Name, refused};
use crate::system::Meaning;
use fhir::Refusal;
use rows::Element;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

const SYSTEM: &str = "https://dmd.nhs.uk";
/// What the files hold: start of the file's name, element, and the field with the code of the concept.
const CONCEPTS: &[(&str, &str, &str)] = &[
    ("f_vtm2_", "VTM", "VTMID"),
    ("f_vmp2_", "VMP", "VPID"),
    ("f_amp2_", "AMP", "APID"),
    ("f_vmpp2_", "VMPP", "VPPID"),
    ("f_ampp2_", "AMPP", "APPID"),
    ("f_ingredient2_", "ING", "ISID"),
];
/// Elements that say more of a concept: file, element, and the field with its code.
const DETAILS: &[(&str, &str, &str)] = &[
    ("f_vmp2_", "VPI", "VPID"),
    ("f_vmp2_", "ONT", "VPID"),
    ("f_vmp2_", "DFORM", "VPID"),
    ("f_vmp2_", "DROUTE", "VPID"),
    ("f_vmp2_", "CONTROL_INFO", "VPID"),
    ("f_amp2_", "AP_ING", "APID"),
    ("f_amp2_", "LIC_ROUTE", "APID"),
];
/// What is directly below what: element, and the field with the code of its parent.
const PARENTS: &[(&str, &str)] = &[("VMP", "VTMID"), ("AMP", "VPID"), ("AMPP", "VPPID")];
/// Fields with a code of a list of the lookup file.
const LOOKUPS: &[(&str, &str)] = &[
    ("AVAIL_RESTRICTCD", "AVAILABILITY_RESTRICTION"),
    ("BASISCD", "BASIS_OF_NAME"),
    ("BASIS_STRNTCD", "BASIS_OF_STRNTH"),
    ("CATCD", "CONTROL_DRUG_CATEGORY"),
    ("COMBPACKCD", "COMBINATION_PACK_IND"),
    ("COMBPRODCD", "COMBINATION_PROD_IND"),
    ("DF_INDCD", "DF_INDICATOR"),
    ("DISCCD", "DISCONTINUED_IND"),
    ("FLAVOURCD", "FLAVOUR"),
    ("FORMCD", "FORM"),
    ("LEGAL_CATCD", "LEGAL_CATEGORY"),
    ("LIC_AUTHCD", "LICENSING_AUTHORITY"),
    ("NON_AVAILCD", "VIRTUAL_PRODUCT_NON_AVAIL"),
    ("PRES_STATCD", "VIRTUAL_PRODUCT_PRES_STATUS"),
    ("QTY_UOMCD", "UNIT_OF_MEASURE"),
    ("ROUTECD", "ROUTE"),
    ("STRNT_DNMTR_UOMCD", "UNIT_OF_MEASURE"),
    ("STRNT_NMRTR_UOMCD", "UNIT_OF_MEASURE"),
    ("SUPPCD", "SUPPLIER"),
    ("UDFS_UOMCD", "UNIT_OF_MEASURE"),
    ("UNIT_DOSE_UOMCD", "UNIT_OF_MEASURE"),
];
/// Fields with a code of dm+d itself.
const OWN: &[&str] = &["APID", "BS_SUBID", "ISID", "VPID", "VPPID", "VTMID"];
/// Fields that are names.
const NAMES: &[&str] = &["NM", "DESC", "ABBREVNM", "NMPREV"];

/// Reads the release in and below a folder. A malformed file is refused, with its place.
pub fn read(folder: &Path, progress: &mut Progress<'_>) -> Result<Draft, Refusal> {
    let paths = tables::files(folder, 0)?;
    let of = |start: &str| -> Vec<&PathBuf> {
        let fits = |path: &&PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(start) && name.ends_with(".xml")
        };
        paths.iter().filter(fits).collect()
    };
    let Some(products) = of("f_vmp2_").last().copied() else {
        let text =
            format!("{} holds no file f_vmp2_….xml. Name the folder of a dm+d release.", folder.display());
        return Err(refused(text));
    };
    let mut lists = HashMap::new();
    for path in of("f_lookup2_") {
        rows::each(path, progress, |list, _, fields| {
            if let (Some(code), Some(text)) = (fields.get("CD"), fields.get("DESC")) {
                lists.insert((list.to_owned(), code.to_owned()), text.to_owned());
            }
        })?;
    }
    let mut elements = Vec::new();
    for start in ["f_ingredient2_", "f_vtm2_", "f_vmp2_", "f_amp2_", "f_vmpp2_", "f_ampp2_"] {
        for path in of(start) {
            rows::each(path, progress, |_, kind, fields| {
                let known =
                    CONCEPTS.iter().chain(DETAILS).find(|(file, own, _)| *file == start && *own == kind);
                if let Some((_, kind, key)) = known {
                    elements.push((*kind, *key, fields));
                }
            })?;
        }
    }
    gather(head(products)?, &elements, &lists)
}

/// The day of a release stands in the names of its files: a digit, then day, month and year.
fn head(path: &Path) -> Result<Head, Refusal> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let digits = stem.rsplit('_').next().unwrap_or_default();
    if digits.len() != 7 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refused(format!("{}: its name ends in no day (_NDDMMYY.xml).", path.display())));
    }
    let date = format!("20{}-{}-{}", &digits[5..], &digits[3..5], &digits[1..3]);
    Ok(Head {
        url: SYSTEM.to_owned(),
        version: date.clone(),
        name: "NHS dm+d".to_owned(),
        date,
        language: "en-GB".to_owned(),
    })
}

/// Kind, field of the code, and fields of an element.
type Said = (&'static str, &'static str, Element);

fn gather(
    head: Head,
    elements: &[Said],
    lists: &HashMap<(String, String), String>,
) -> Result<Draft, Refusal> {
    let is_concept = |kind: &str| CONCEPTS.iter().any(|(_, own, _)| *own == kind);
    let mut codes: BTreeMap<String, bool> = BTreeMap::new();
    for (kind, key, fields) in elements.iter().filter(|(kind, _, _)| is_concept(kind)) {
        let Some(code) = fields.get(key) else {
            return Err(refused(format!("An element {kind} has no {key}. Nothing is imported.")));
        };
        let twice = codes.insert(code.to_owned(), fields.get("INVALID") != Some("1")).is_some();
        if twice {
            return Err(refused(format!(
                "The code {code} stands twice in the release. Import one release only."
            )));
        }
    }
    let mut draft = Draft::new(head, codes.into_iter().collect())?;
    for (kind, key, fields) in elements {
        let Some(concept) = fields.get(key).and_then(|code| draft.find(code)) else { continue };
        if is_concept(kind) {
            draft.property(concept, "kind", &Meaning::Code((*kind).into()))?;
        }
        let parent = PARENTS.iter().find(|(own, _)| own == kind).and_then(|(_, field)| fields.get(field));
        if let Some(parent) = parent.and_then(|parent| draft.find(parent)) {
            draft.parent(concept, parent);
        }
        for (field, text) in fields.iter() {
            if NAMES.contains(&field) {
                name(&mut draft, concept, field, text)?;
            } else if field != *key && field != "INVALID" {
                draft.property(concept, field, &meaning(kind, field, text, lists))?;
            }
        }
    }
    Ok(draft)
}

/// The full description of an actual product is its display, as it names the supplier.
fn name(draft: &mut Draft, concept: u32, field: &str, text: &str) -> Result<(), Refusal> {
    let order = match field {
        "DESC" => 0,
        "NM" => 1,
        "ABBREVNM" => 2,
        _ => 3,
    };
    draft.name(concept, Name { order, language: "en-GB", usage: Some((SYSTEM, field)), text })
}

fn meaning<'t>(
    kind: &str,
    field: &str,
    text: &'t str,
    lists: &'t HashMap<(String, String), String>,
) -> Meaning<'t> {
    if OWN.contains(&field) {
        return Meaning::Code(text.into());
    }
    let list = match (kind, field) {
        ("ONT", "FORMCD") => Some("ONT_FORM_ROUTE"),
        _ => LOOKUPS.iter().find(|(own, _)| *own == field).map(|(_, list)| *list),
    };
    let Some(list) = list else { return Meaning::Text(text.into()) };
    let display = lists.get(&(list.to_owned(), text.to_owned())).map(|text| text.as_str().into());
    Meaning::Coding { system: format!("{SYSTEM}/{list}").into(), code: text.into(), display }
}
