//! Imported releases as their users see them.

use super::{ask, suites};
use crate::Terminology;
use crate::import::{dmd, rf2};
use crate::index::Index;
use crate::system::{Filter, Meaning, System};
use std::path::Path;
use std::sync::Arc;

const SNOMED: &str = "http://snomed.info/sct";

fn imported(from: &Path, to: &Path) -> Index {
    let draft = rf2::read(from, &mut |_, _, _| {}).unwrap();
    Index::write(draft, to, &mut |_, _, _| {}).unwrap();
    Index::open(to).unwrap()
}

/// The small release of the suite.
fn mini() -> Option<(Index, tempfile::TempDir)> {
    let suite = suites::folder("terminology-releases")?;
    let folder = tempfile::tempdir().unwrap();
    let from = suite.join("snomed-mini-rf2/SnomedCT_MiniRF2/Snapshot");
    Some((imported(&from, &folder.path().join("mini.index")), folder))
}

#[test]
fn a_snomed_release_is_looked_up_subsumed_and_searched() {
    let Some((index, _folder)) = mini() else { return };
    assert_eq!(index.version(), Some("http://snomed.info/sct/900000000000207008/version/20210131"));
    assert_eq!(index.len(), 13);
    let [root, finding, disorder] =
        ["138875005", "404684003", "362969004"].map(|code| index.find(code).unwrap());
    assert!(index.subsumes(root, disorder) && index.subsumes(finding, disorder));
    assert!(!index.subsumes(disorder, finding));
    assert_eq!(index.display(disorder, None).unwrap(), "Disorder of endocrine system (disorder)");
    assert_eq!(index.search("endo dis", 10), [disorder]);
    assert_eq!(index.search("endo meningitis", 10), []);
    let terminology = Terminology::new(Vec::new()).with(Arc::new(index));
    let found = ask(&terminology, "CodeSystem", "lookup", &[("system", SNOMED), ("code", "404684003")]);
    assert!(found.unwrap().text().contains("Clinical finding (finding)"));
    let pairs = [("system", SNOMED), ("codeA", "404684003"), ("codeB", "362969004")];
    let found = ask(&terminology, "CodeSystem", "subsumes", &pairs).unwrap().text();
    assert!(found.contains("\"subsumes\""), "{found}");
    let pairs = [("url", "http://snomed.info/sct?fhir_vs=ecl/%3C%20404684003"), ("filter", "endo")];
    let found = ask(&terminology, "ValueSet", "expand", &pairs).unwrap().text();
    assert!(found.contains("362969004"), "{found}");
}

#[test]
fn expressions_name_their_concepts() {
    let Some((index, _folder)) = mini() else { return };
    let check = |expression: &str, expected: &[&str]| {
        let found = index.filter(Filter { property: "constraint", op: "=", value: expression }).unwrap();
        let found: Vec<_> = found.into_iter().map(|concept| index.code(concept).into_owned()).collect();
        assert_eq!(found, expected, "{expression}");
    };
    check("<404684003 |Clinical finding|", &["362969004"]);
    check("<<404684003 MINUS <!404684003", &["404684003"]);
    check(">362969004", &["138875005", "404684003"]);
    check(">!362969004 OR 362969004", &["362969004", "404684003"]);
    check("<404684003: 363698007 = <<113331007", &["362969004"]);
    check("<404684003: {363698007 = *}", &["362969004"]);
    check("<404684003: [0..0] 363698007 = *", &[]);
    check("<404684003: 363698007 != 113331007", &[]);
    check("<404684003.363698007", &["113331007"]);
    check("*: R 363698007 = 362969004", &["113331007"]);
    check("(<404684003 AND <<362969004): (363698007 = 113331007, 363698007 = *)", &["362969004"]);
}

#[test]
fn an_expression_that_cannot_be_read_is_refused() {
    let Some((index, _folder)) = mini() else { return };
    let deep = "(".repeat(100_000);
    let long = format!("{}*{}", "(".repeat(1_000), ")".repeat(1_000));
    for expression in
        ["", "<", "404684003 AND", "*: 363698007", "* OR * AND *", "12", "*: 363698007 = #5", &deep, &long]
    {
        let filter = Filter { property: "constraint", op: "=", value: expression };
        assert!(index.filter(filter).is_err(), "{expression:.80}");
    }
}

#[test]
fn a_damaged_index_is_refused_wherever_it_is_damaged() {
    let Some((_, folder)) = mini() else { return };
    let path = folder.path().join("mini.index");
    let whole = std::fs::read(&path).unwrap();
    let bad = folder.path().join("bad.index");
    for place in (0..whole.len()).step_by(97) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x11;
        std::fs::write(&bad, bytes).unwrap();
        assert!(Index::open(&bad).is_err(), "byte {place}");
        std::fs::write(&bad, &whole[..place]).unwrap();
        assert!(Index::open(&bad).is_err(), "cut at {place}");
    }
}

#[test]
fn a_malformed_line_is_refused_with_its_place_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sct2_Concept_Snapshot_INT_20240101.txt");
    let header = "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\n";
    let good = "138875005\t20240101\t1\t900000000000207008\t900000000000074008\n";
    for bad in [
        "138875005\t20240101\t1\n",
        "x\t20240101\t1\t900000000000207008\t1\n",
        "404684003\t2\t7\t900000000000207008\t1\n",
    ] {
        std::fs::write(&file, format!("{header}{good}{bad}")).unwrap();
        let refusal = rf2::read(folder.path(), &mut |_, _, _| {}).unwrap_err().to_string();
        assert!(refusal.contains("sct2_Concept_Snapshot_INT_20240101.txt, line 3:"), "{refusal}");
    }
    std::fs::write(&file, format!("{header}{good}{good}")).unwrap();
    let refusal = rf2::read(folder.path(), &mut |_, _, _| {}).unwrap_err().to_string();
    assert!(refusal.contains("138875005 stands twice"), "{refusal}");
}

#[test]
fn versions_stand_side_by_side_the_newest_first_and_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let releases = crate::releases::Releases::new(folder.path().join("terminology"));
    assert_eq!(releases.list().unwrap(), []);
    for year in ["2023", "2024"] {
        let head = crate::index::Head {
            url: "http://example.org".into(),
            version: year.into(),
            date: format!("{year}-01-01"),
            ..Default::default()
        };
        let draft = crate::index::Draft::new(head, vec![("a".into(), true)]).unwrap();
        assert_eq!(releases.add(draft, &mut |_, _, _| {}).unwrap().concepts, 1);
    }
    let versions = || {
        let held = releases.list().unwrap().into_iter();
        held.map(|held| held.head.version).collect::<Vec<_>>()
    };
    assert_eq!(versions(), ["2024", "2023"]);
    assert_eq!(releases.systems().unwrap()[0].version(), Some("2024"));
    releases.remove("http://example.org", "2024").unwrap();
    assert_eq!(versions(), ["2023"]);
    assert!(releases.remove("http://example.org", "2024").is_err());
}

#[test]
fn medicines_are_looked_up_with_their_forms_and_stand_below_each_other() {
    let Some(suite) = suites::folder("terminology-releases") else { return };
    let folder = tempfile::tempdir().unwrap();
    let draft = dmd::read(&suite.join("dmd-2021-08-26"), &mut |_, _, _| {}).unwrap();
    let to = folder.path().join("dmd.index");
    Index::write(draft, &to, &mut |_, _, _| {}).unwrap();
    let index = Index::open(&to).unwrap();
    assert_eq!((index.url(), index.version()), ("https://dmd.nhs.uk", Some("2021-08-26")));
    let [vtm, vmp, amp] =
        ["34186711000001102", "318136009", "37365811000001102"].map(|c| index.find(c).unwrap());
    assert!(index.subsumes(vtm, amp) && index.subsumes(vmp, amp) && !index.subsumes(amp, vmp));
    let display = "Co-amilofruse 5mg/40mg tablets (Mawdsley-Brooks & Company Ltd)";
    assert_eq!(index.display(amp, None).unwrap(), display);
    assert_eq!(index.search("mawdsley amilofruse", 1), [amp]);
    let form = Filter { property: "FORMCD", op: "=", value: "385055001" };
    assert_eq!(index.filter(form).unwrap(), [vmp]);
    let tablet = index.properties(vmp).into_iter().find(|(key, _)| key == "FORMCD").unwrap().1;
    assert!(matches!(tablet, Meaning::Coding { .. }), "{tablet:?}");
}

#[test]
fn a_medicines_file_that_is_cut_off_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("f_vmp2_3260821.xml");
    std::fs::write(&file, "<A>\n<VMPS>\n<VMP><VPID>1</VPID>").unwrap();
    let refusal = dmd::read(folder.path(), &mut |_, _, _| {}).unwrap_err().to_string();
    assert!(refusal.contains("f_vmp2_3260821.xml, line 3:"), "{refusal}");
}
