//! Small releases, invented and marked synthetic, in the shapes of their publishers.

use crate::import::{Told, icd10, loinc, ods, opcs};
use crate::index::{Draft, Index};
use crate::system::{Filter, Meaning, System};
use fhir::Refusal;
use std::path::Path;

type Read = fn(&Path, &Told, &mut crate::import::Progress<'_>) -> Result<Draft, Refusal>;

/// The release of one file.
fn imported(read: Read, name: &str, bytes: impl AsRef<[u8]>, told: &Told) -> Result<Index, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, bytes).unwrap();
    let draft = read(folder.path(), told, &mut |_, _, _| {}).map_err(|e| e.to_string())?;
    let to = folder.path().join("made.index");
    Index::write(draft, &to, &mut |_, _, _| {}).unwrap();
    Ok(Index::open(&to).unwrap())
}

fn told(date: &str) -> Told {
    Told { date: Some(date.to_owned()), ..Told::default() }
}

fn display(index: &Index, code: &str) -> String {
    let concept = index.find(code).unwrap_or_else(|| panic!("{code} is not there"));
    index.display(concept, None).unwrap_or_default().into_owned()
}

fn below(index: &Index, above: &str, code: &str) -> bool {
    index.subsumes(index.find(above).unwrap(), index.find(code).unwrap())
}

fn property(index: &Index, code: &str, wanted: &str) -> Option<Meaning<'static>> {
    let all = index.properties(index.find(code).unwrap());
    all.into_iter().find(|(key, _)| key == wanted).map(|(_, meaning)| match meaning {
        Meaning::DateTime(text) => Meaning::DateTime(text.into_owned().into()),
        Meaning::Text(text) => Meaning::Text(text.into_owned().into()),
        other => panic!("{other:?} was not expected"),
    })
}

/// The refusal has all of these words, and no release is made.
fn refused(read: Read, name: &str, bytes: impl AsRef<[u8]>, told: &Told, words: &[&str]) {
    let refusal = imported(read, name, bytes, told).err().unwrap_or_else(|| panic!("{name} is taken"));
    for word in words {
        assert!(refusal.contains(word), "{refusal} does not say {word}");
    }
}

const ICD_NAME: &str = "Content/ICD10_Edition5_CodesAndTitlesAndMetadata_GB_20160401.txt";
const ICD: &str = "CODE\tALT_CODE\tUSAGE\tDESCRIPTION\n\
    Z91\tZ91\tDEFAULT\tSynthetic fever\n\
    Z91.0\tZ910\tDEFAULT\t\"Synthetic fever, mild\"\n\
    Z91.01\tZ9101\tDEFAULT\tSynthetic fever, mild, \"\"quoted\"\"\n\
    Z92\tZ92X\tDAGGER\tSynthetic rash\n";

#[test]
fn the_nhs_file_of_icd10_gives_titles_hierarchy_and_its_day() {
    let text = ICD.replace("\t\"Synthetic fever, mild\"", "\t\"Synthetic \"\"fever\"\", mild\"");
    let index = imported(icd10::read, ICD_NAME, &text, &Told::default()).unwrap();
    assert_eq!((index.url(), index.version()), ("http://hl7.org/fhir/sid/icd-10", Some("2016-04-01")));
    assert_eq!(index.len(), 4);
    assert_eq!(display(&index, "Z91.0"), "Synthetic \"fever\", mild");
    assert!(below(&index, "Z91", "Z91.01") && below(&index, "Z91.0", "Z91.01"));
    assert!(!below(&index, "Z91", "Z92"));
    assert_eq!(property(&index, "Z92", "ALT_CODE"), Some(Meaning::Text("Z92X".into())));
    assert_eq!(index.search("synth rash", 5), [index.find("Z92").unwrap()]);
}

#[test]
fn a_file_of_icd10_in_windows_letters_keeps_its_accents() {
    let bytes = b"CODE\tDESCRIPTION\r\nZ91\tSynth\xe9tic \x96 fever\r\n";
    let index = imported(icd10::read, ICD_NAME, bytes, &Told::default()).unwrap();
    assert_eq!(display(&index, "Z91"), "Synthétic – fever");
}

#[test]
fn a_bad_file_of_icd10_is_refused_with_its_line() {
    let check = |from: &str, to: &str, words: &[&str]| {
        let text = ICD.replace(from, to);
        assert_ne!(text, ICD);
        refused(icd10::read, ICD_NAME, text, &Told::default(), words);
    };
    check("Z92\tZ92X\tDAGGER\t", "Z92\tZ92X\t", &[ICD_NAME, "line 5", "3 columns", "header 4"]);
    check("Z92\t", "Z9\t", &["line 5", "\"Z9\" is no code"]);
    check("Z92\t", "Z91\t", &["line 5", "Z91 stands twice"]);
    check("Synthetic rash", "", &["line 5", "Z92 has no title"]);
    check("\"Synthetic fever, mild\"", "\"Synthetic fever", &["line 3", "quotation mark"]);
    check("DESCRIPTION", "TITLE", &["line 1", "no column DESCRIPTION"]);
    refused(icd10::read, "ICD10_CodesAndTitles.txt", ICD, &Told::default(), &["--date"]);
    refused(icd10::read, "notes.txt", ICD, &Told::default(), &["neither ClaML"]);
    refused(icd10::read, ICD_NAME, ICD, &told("2016-13-01"), &["2016-13-01", "is no day"]);
}

const CLAML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE ClaML SYSTEM "ClaML.dtd">
<ClaML version="2.0.0">
<Title date="2019-01-01" name="SYNTHETIC-10" version="2019">Synthetic classification</Title>
<Class code="I" kind="chapter"><SubClass code="Z90-Z93"/>
<Rubric kind="preferred"><Label xml:lang="en">Synthetic diseases</Label></Rubric></Class>
<Class code="Z90-Z93" kind="block"><SuperClass code="I"/>
<Rubric kind="preferred"><Label>Synthetic fevers</Label></Rubric></Class>
<Class code="Z91" kind="category" usage="dagger"><SuperClass code="Z90-Z93"/><ModifiedBy code="S04Z91_4"/>
<Rubric kind="preferred"><Label>Synthetic <Term class="italics">fever</Term> <Reference>Z93*</Reference></Label></Rubric>
<Rubric kind="inclusion"><Label>Invented heat &amp; chill</Label></Rubric>
<Rubric kind="exclusion"><Label>synthetic cold</Label></Rubric></Class>
<Class code="Z92" kind="category"><SuperClass code="Z90-Z93"/><SubClass code="Z92.0"/><ModifiedBy code="S04Z92_5"/>
<Rubric kind="preferred"><Label>Synthetic rash</Label></Rubric></Class>
<Class code="Z92.0" kind="category"><SuperClass code="Z92"/>
<Rubric kind="preferred"><Label>Synthetic rash of the arm</Label></Rubric></Class>
<Class code="Z93" kind="category"><SuperClass code="Z90-Z93"/><ModifiedBy code="S04Z92_5"/>
<Rubric kind="preferred"><Label>Synthetic cough</Label></Rubric></Class>
<ModifierClass modifier="S04Z91_4" code=".0"><SuperClass code="S04Z91_4"/>
<Rubric kind="preferred"><Label>With sleep</Label></Rubric></ModifierClass>
<ModifierClass modifier="S04Z92_5" code="1"><SuperClass code="S04Z92_5"/>
<Rubric kind="preferred"><Label>left</Label></Rubric></ModifierClass>
</ClaML>"#;

#[test]
fn claml_gives_chapters_blocks_categories_and_the_codes_of_modifiers() {
    let index = imported(icd10::read, "icd.xml", CLAML, &Told::default()).unwrap();
    assert_eq!((index.version(), index.name()), (Some("2019"), Some("SYNTHETIC-10")));
    assert_eq!(index.head().date, "2019-01-01");
    assert_eq!(display(&index, "Z91"), "Synthetic fever");
    assert_eq!(display(&index, "Z91.0"), "Synthetic fever : With sleep");
    assert_eq!(display(&index, "Z92.01"), "Synthetic rash of the arm : left");
    assert_eq!(display(&index, "Z93.X1"), "Synthetic cough : left");
    assert!(below(&index, "I", "Z91.0") && below(&index, "Z92.0", "Z92.01"));
    let [chapter, block, category] = ["I", "Z90-Z93", "Z91"].map(|code| index.find(code).unwrap());
    assert!(index.is_abstract(chapter) && index.is_abstract(block) && !index.is_abstract(category));
    assert_eq!(index.search("heat chill", 5), [category]);
    assert_eq!(property(&index, "Z91", "exclusion"), Some(Meaning::Text("synthetic cold".into())));
    assert_eq!(index.len(), 9);
}

#[test]
fn bad_claml_is_refused_with_its_line() {
    let check = |from: &str, to: &str, words: &[&str]| {
        let text = CLAML.replace(from, to);
        assert_ne!(text, CLAML);
        refused(icd10::read, "icd.xml", text, &Told::default(), words);
    };
    check("</ClaML>", "", &["line 23", "too early"]);
    check("<Class code=\"Z93\"", "<Class code=\"Z92\"", &["line 18", "Z92 stands twice"]);
    check("&amp;", "&unknown;", &["line 11", "entity"]);
    check("ClaML", "Other", &["line 3", "no ClaML"]);
    check(" date=\"2019-01-01\"", "", &["--date"]);
    check("Synthetic cough", "", &["line 18", "Z93 has no title"]);
    let deep = format!("<ClaML>{}", "<a>".repeat(100));
    refused(icd10::read, "icd.xml", deep, &Told::default(), &["nested too deep"]);
}

const OPCS_NAME: &str = "OPCS410 CodesAndTitles Nov 2022 V1.0.txt";
const OPCS: &str = "Z01\tSynthetic operation\r\nZ01.1\tSynthetic operation on the left\r\n";

#[test]
fn opcs_gives_titles_hierarchy_version_and_month() {
    let index = imported(opcs::read, OPCS_NAME, OPCS, &Told::default()).unwrap();
    assert_eq!((index.url(), index.version()), ("https://fhir.nhs.uk/Id/opcs-4", Some("4.10")));
    assert_eq!(index.head().date, "2022-11-01");
    assert_eq!(display(&index, "Z01.1"), "Synthetic operation on the left");
    assert!(below(&index, "Z01", "Z01.1"));
    let other = Told { system: Some("http://example.org/opcs".to_owned()), ..Told::default() };
    assert_eq!(imported(opcs::read, OPCS_NAME, OPCS, &other).unwrap().url(), "http://example.org/opcs");
}

#[test]
fn a_bad_file_of_opcs_is_refused_with_its_line() {
    let none = Told::default();
    refused(opcs::read, OPCS_NAME, format!("{OPCS}Z01.2\n"), &none, &["line 3", "1 columns"]);
    refused(
        opcs::read,
        OPCS_NAME,
        format!("{OPCS}Z012\tNo dot\n"),
        &none,
        &["line 3", "\"Z012\" is no code"],
    );
    refused(opcs::read, OPCS_NAME, format!("{OPCS}{OPCS}"), &none, &["line 3", "Z01 stands twice"]);
    refused(opcs::read, "OPCS CodesAndTitles.txt", OPCS, &told("2022-11-01"), &["--version"]);
}

const LOINC: &str = "\"LOINC_NUM\",\"COMPONENT\",\"PROPERTY\",\"SYSTEM\",\"SCALE_TYP\",\"STATUS\",\"SHORTNAME\",\
    \"LONG_COMMON_NAME\"\n\
    \"99990-4\",\"Synthetic\",\"MCnc\",\"Ser\",\"Qn\",\"ACTIVE\",\"Synth SerPl\",\"Synthetic [Mass/volume]\nin Serum\"\n\
    \"99991-2\",\"Old synthetic\",\"MCnc\",\"Ser\",\"Qn\",\"DEPRECATED\",\"\",\"\"\n";

#[test]
fn loinc_gives_names_axes_and_what_is_out_of_use() {
    let name = "Loinc_2.77/LoincTable/Loinc.csv";
    let index = imported(loinc::read, name, LOINC, &told("2024-02-27")).unwrap();
    assert_eq!((index.url(), index.version()), ("http://loinc.org", Some("2.77")));
    assert_eq!(display(&index, "99990-4"), "Synthetic [Mass/volume]\nin Serum");
    assert_eq!(display(&index, "99991-2"), "Old synthetic");
    let [new, old] = ["99990-4", "99991-2"].map(|code| index.find(code).unwrap());
    assert!(index.is_active(new) && !index.is_active(old));
    assert_eq!(index.search("serpl", 5), [new]);
    let quantitative = Filter { property: "SCALE_TYP", op: "=", value: "Qn" };
    assert_eq!(index.filter(quantitative).unwrap().len(), 2);
}

#[test]
fn a_bad_table_of_loinc_is_refused_with_its_line() {
    let name = "Loinc_2.77/Loinc.csv";
    let check = |from: &str, to: &str, words: &[&str]| {
        let text = LOINC.replace(from, to);
        assert_ne!(text, LOINC);
        refused(loinc::read, name, text, &told("2024-02-27"), words);
    };
    check("99991-2", "99991-1", &["line 4", "check digit"]);
    check("DEPRECATED", "GONE", &["line 4", "\"GONE\" is none"]);
    check("\"ACTIVE\"", "\"ACTIVE\"x", &["line 2", "closing quotation mark"]);
    check(",\"STATUS\"", "", &["line 1", "no column STATUS"]);
    refused(loinc::read, name, LOINC, &Told::default(), &["--date"]);
    refused(loinc::read, "Loinc.csv", LOINC, &told("2024-02-27"), &["--version"]);
}

/// A line of 27 columns.
fn organisation(code: &str, name: &str, closed: &str, status: &str) -> String {
    let empty = "\"\",".repeat(12);
    format!(
        "\"{code}\",\"{name}\",\"Y99\",\"QXX\",\"1 INVENTED ROAD\",\"\",\"SYNTHTOWN\",\"\",\"\",\"ZZ99 9ZZ\",\"19900101\",\
         \"{closed}\",\"{status}\",\"\",\"99X\",{empty}"
    )
    .trim_end_matches(',')
    .to_owned()
        + "\n"
}

#[test]
fn organisations_are_open_closed_and_found_by_name() {
    let lines = [
        organisation("Z99901", "SYNTHETIC SURGERY", "", "A"),
        organisation("Z99902", "SYNTHETIC CLINIC", "20200331", "C"),
        organisation("Z99903", "SYNTHETIC DORMANT", "", "D"),
        organisation("Z99904", "SYNTHETIC CLOSING", "20990101", "A"),
    ];
    let index = imported(ods::read, "epraccur.csv", lines.concat(), &told("2026-11-27")).unwrap();
    let system = "https://fhir.nhs.uk/Id/ods-organization-code";
    assert_eq!((index.url(), index.version()), (system, Some("2026-11-27")));
    let active = |code: &str| index.is_active(index.find(code).unwrap());
    let all = ["Z99901", "Z99902", "Z99903", "Z99904"].map(active);
    assert_eq!(all, [true, false, false, true]);
    assert_eq!(index.search("synth surg", 5), [index.find("Z99901").unwrap()]);
    assert_eq!(property(&index, "Z99902", "closeDate"), Some(Meaning::DateTime("2020-03-31".into())));
    assert_eq!(
        property(&index, "Z99901", "address"),
        Some(Meaning::Text("1 INVENTED ROAD, SYNTHTOWN".into()))
    );
    assert_eq!(property(&index, "Z99901", "parentOrganisation"), Some(Meaning::Text("99X".into())));
}

#[test]
fn files_of_people_are_no_organisations_and_bad_lines_are_refused() {
    let good = organisation("Z99901", "SYNTHETIC SURGERY", "", "A");
    for name in ["egpcur.csv", "econcur.csv", "egdp.csv", "epracmem.csv"] {
        refused(ods::read, name, &good, &told("2026-11-27"), &["no CSV file of organisations"]);
    }
    let bad = format!("{good}\"Z99902\",\"SYNTHETIC\"\n");
    refused(ods::read, "etr.csv", bad, &told("2026-11-27"), &["etr.csv, line 2", "2 columns"]);
    let bad = organisation("Z99902", "SYNTHETIC", "20201301", "C");
    refused(ods::read, "etr.csv", bad, &told("2026-11-27"), &["line 1", "\"20201301\" is no day"]);
    refused(ods::read, "etr.csv", format!("{good}{good}"), &told("2026-11-27"), &["line 2", "stands twice"]);
    refused(ods::read, "etr.csv", good, &Told::default(), &["--date"]);
}
