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
fn a_damaged_index_is_found_wherever_it_is_damaged_and_gives_no_wrong_name() {
    let Some((sound, folder)) = mini() else { return };
    let path = folder.path().join("mini.index");
    let whole = std::fs::read(&path).unwrap();
    let bad = folder.path().join("bad.index");
    for place in (0..whole.len()).step_by(97) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x11;
        std::fs::write(&bad, bytes).unwrap();
        assert!(Index::check(&bad, &mut |_, _, _| {}).is_err(), "byte {place}");
        // Names are checked when they are read: another name than that of the release is never given.
        if let Ok(opened) = Index::open(&bad) {
            let names = |index: &Index, concept| index.designations(concept).len();
            let same = |concept| opened.designations(concept) == sound.designations(concept);
            assert!(
                opened.all().into_iter().all(|one| same(one) || names(&opened, one) == 0),
                "byte {place}"
            );
        }
        std::fs::write(&bad, &whole[..place]).unwrap();
        assert!(Index::open(&bad).is_err(), "cut at {place}");
    }
}

#[test]
fn while_typing_all_are_found_that_have_a_name_with_all_words_the_best_first() {
    let folder = tempfile::tempdir().unwrap();
    let sounds = ["ba", "be", "bi", "da", "de", "é", "o", "x1"];
    let word = |nth: usize| format!("{}{}", sounds[nth % 8], sounds[nth / 8 % 8]);
    let name = |nth: usize, which: usize| {
        let words = (0..4).map(|at| word(nth * 7 + at * 11 + which * 5 + nth / 64)).collect::<Vec<_>>();
        words[..2 + nth % 3].join(" ")
    };
    let code = |nth: usize| format!("{:04}", nth + 1);
    let active = |nth: usize| !nth.is_multiple_of(5);
    let codes = (0..300).map(|nth| (code(nth), active(nth))).collect();
    let mut draft = crate::index::Draft::new(crate::index::Head::default(), codes).unwrap();
    for nth in 0..300 {
        for which in 0..2 {
            let text = &name(nth, which);
            let name = crate::index::Name { order: which as u8, language: "en", usage: None, text };
            draft.name(nth as u32, name).unwrap();
        }
    }
    let to = folder.path().join("made.index");
    Index::write(draft, &to, &mut |_, _, _| {}).unwrap();
    let index = Index::open(&to).unwrap();
    for asked in
        ["b", "é", "z", "ba", "x1", "bab", "xoo", "b d", "ba de", "o x1b", "bi bi bi", "00", "0017", "BA"]
    {
        let words = crate::text::words(asked);
        let fits = |nth: &usize| {
            let names = [name(*nth, 0), name(*nth, 1), code(*nth)];
            let lengths = names.iter().filter(|name| crate::text::has(name, &words)).map(String::len);
            lengths.min().map(|length| (!active(*nth), length, code(*nth)))
        };
        let mut expected: Vec<_> = (0..300).filter_map(|nth| fits(&nth)).collect();
        expected.sort();
        let expected: Vec<String> = expected.into_iter().map(|(_, _, code)| code).collect();
        let found = index.search(asked, 300).into_iter();
        assert_eq!(found.map(|one| index.code(one).into_owned()).collect::<Vec<_>>(), expected, "{asked}");
    }
}

#[test]
fn an_edition_is_told_by_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let line = "138875005\t20240101\t1\t900000000000207008\t900000000000074008\n";
    let header = "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\n";
    let write = |name: &str, lines: &str| {
        std::fs::write(folder.path().join(name), format!("{header}{lines}")).unwrap();
    };
    let edition = || {
        let draft = rf2::read(folder.path(), &mut |_, _, _| {}).unwrap();
        let to = folder.path().join("made.index");
        Index::write(draft, &to, &mut |_, _, _| {}).unwrap();
        Index::open(&to).unwrap().version().unwrap().to_owned()
    };
    write("sct2_Concept_Snapshot_INT_20240101.txt", line);
    assert_eq!(edition(), "http://snomed.info/sct/900000000000207008/version/20240101");
    write("sct2_Concept_UKCLSnapshot_GB1000000_20240214.txt", "");
    write("sct2_Concept_UKEDSnapshot_GB_20240214.txt", "");
    assert_eq!(edition(), "http://snomed.info/sct/999000021000000109/version/20240214");
    write("sct2_Concept_UKDGSnapshot_GB1000001_20240214.txt", "");
    assert_eq!(edition(), "http://snomed.info/sct/83821000000107/version/20240214");
    write("sct2_Concept_Snapshot_US1000124_20240301.txt", "");
    assert_eq!(edition(), "http://snomed.info/sct/731000124108/version/20240301");
}

#[test]
fn the_name_that_the_nhs_prefers_is_the_display() {
    let folder = tempfile::tempdir().unwrap();
    let module = "900000000000207008";
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    let concept = format!("138875005\t20240101\t1\t{module}\t900000000000074008\n");
    write(
        "sct2_Concept_Snapshot_GB_20240101.txt",
        format!("id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\n{concept}"),
    );
    let names = [("10000011", "American"), ("10000022", "British"), ("10000033", "Of the NHS")];
    let described = |(id, term): (&str, &str)| {
        format!(
            "{id}\t20240101\t1\t{module}\t138875005\ten\t900000000000013009\t{term}\t900000000000448009\n"
        )
    };
    let header =
        "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcaseSignificanceId\n";
    let lines = names.map(described).concat();
    write("sct2_Description_Snapshot-en_GB_20240101.txt", format!("{header}{lines}"));
    let preferred = [
        ("900000000000509007", "10000011"),
        ("900000000000508004", "10000022"),
        ("999001261000000100", "10000033"),
    ];
    let lines = preferred
        .map(|(refset, id)| format!("x\t20240101\t1\t{module}\t{refset}\t{id}\t900000000000548007\n"));
    let header = "id\teffectiveTime\tactive\tmoduleId\trefsetId\treferencedComponentId\tacceptabilityId\n";
    write("der2_cRefset_LanguageSnapshot-en_GB_20240101.txt", format!("{header}{}", lines.concat()));
    let index = imported(folder.path(), &folder.path().join("made.index"));
    let root = index.find("138875005").unwrap();
    let said: Vec<_> = index.designations(root).into_iter().map(|one| one.value.into_owned()).collect();
    assert_eq!(said, ["Of the NHS", "British", "American"]);
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
