//! Measures an index of a million invented concepts with three names each:
//! `cargo run --release -p terminology --example million FOLDER`.

use fhir::Refusal;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};
use terminology::import::rf2;
use terminology::index::Index;
use terminology::system::System;

const CONCEPTS: u64 = 1_000_000;
const WORDS: u64 = 100_000;
const CORE: &str = "900000000000207008";
const ASKED: usize = 200;

fn main() -> Result<(), Refusal> {
    let folder = std::env::args().nth(1).expect("name a folder to work in");
    let folder = Path::new(&folder);
    let release = folder.join("invented");
    std::fs::create_dir_all(&release).expect("the folder can be made");
    generate(&release);
    let path = folder.join("million.release");
    let start = Instant::now();
    let draft = rf2::read(&release, &mut |_, _, _| {})?;
    let read = start.elapsed();
    Index::write(draft, &path, &mut |_, _, _| {})?;
    println!(
        "import {:.1?}, of that reading {read:.1?}; peak memory {} kB",
        start.elapsed(),
        status("VmHWM:")
    );
    let start = Instant::now();
    // Memory that the import left with the allocator counts here too.
    let index = Index::open(&path)?;
    let size = std::fs::metadata(&path).map_or(0, |data| data.len());
    println!("open {:.1?}; file {size} bytes; resident {} kB", start.elapsed(), status("VmRSS:"));
    let code = |nth: usize| code(nth as u64 * 4_999 % CONCEPTS);
    worst("lookup", |nth| index.find(&code(nth)).map_or(0, |one| index.designations(one).len()));
    let top = index.find("138875005");
    worst("subsumes", |nth| {
        let below = index.find(&code(nth));
        top.zip(below).map_or(0, |(top, below)| usize::from(index.subsumes(top, below)))
    });
    for text in ["a", "d", "ba", "dis", "disorder", "a c", "a b", "ba d", "dis a", "ba da fi"] {
        worst(&format!("type-ahead {text:?}"), |_| index.search(text, 20).len());
    }
    Ok(())
}

fn worst(what: &str, mut ask: impl FnMut(usize) -> usize) {
    let mut times: Vec<Duration> = Vec::new();
    let mut found = 0;
    for nth in 0..ASKED {
        let start = Instant::now();
        found += ask(nth);
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let [median, most, last] = [ASKED / 2, ASKED * 99 / 100, ASKED - 1].map(|nth| times[nth]);
    println!("{what}: median {median:.1?}, p99 {most:.1?}, worst {last:.1?}, {found} found");
}

/// A line of /proc/self/status, in kB.
fn status(name: &str) -> String {
    let all = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = all.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_default().trim().trim_end_matches(" kB").to_owned()
}

fn code(nth: u64) -> String {
    if nth == 0 { "138875005".to_owned() } else { (10_000_000 + nth).to_string() }
}

/// An invented word.
fn word(nth: u64) -> String {
    let mut number = nth.wrapping_mul(2_654_435_761) % WORDS;
    let mut word = String::new();
    for _ in 0..4 {
        word.push(char::from(b'a' + (number % 20) as u8));
        word.push(char::from(b"aeiou"[(number / 20 % 5) as usize]));
        number /= 18;
    }
    word
}

fn generate(folder: &Path) {
    let mut concepts = "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\n".to_owned();
    let mut names =
        "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcaseSignificanceId\n"
            .to_owned();
    let mut relations =
        "id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\trelationshipGroup\ttypeId\t\
        characteristicTypeId\tmodifierId\n"
            .to_owned();
    let inferred = "900000000000011006\t900000000000451002";
    for nth in 0..CONCEPTS {
        let own = code(nth);
        let _ = writeln!(concepts, "{own}\t20240101\t1\t{CORE}\t900000000000074008");
        for (name, kind) in
            ["900000000000003001", "900000000000013009", "900000000000013009"].iter().enumerate()
        {
            let id = 100_000_000 + nth * 3 + name as u64;
            let text = (0..5).map(|at| word(nth * 7 + at * 31 + name as u64)).collect::<Vec<_>>().join(" ");
            // As in SNOMED CT, a few words stand in very many names.
            let common = if name > 0 { "" } else { [" disorder", " finding"][(nth % 2) as usize] };
            let _ = writeln!(
                names,
                "{id}\t20240101\t1\t{CORE}\t{own}\ten\t{kind}\t{text}{common}\t900000000000448009"
            );
        }
        let mut relate = |number: u64, to: u64, group: u64, kind: &str| {
            let id = 100_000_000 + nth * 4 + number;
            let to = code(to);
            let _ =
                writeln!(relations, "{id}\t20240101\t1\t{CORE}\t{own}\t{to}\t{group}\t{kind}\t{inferred}");
        };
        if nth > 0 {
            relate(0, nth / 5, 0, "116680003");
            relate(1, nth / 7, 0, "116680003");
            relate(2, nth / 3, 1, "10000001");
            relate(3, nth / 2, 1, "10000002");
        }
    }
    let files = [
        ("sct2_Concept_Snapshot_INT_20240101.txt", concepts),
        ("sct2_Description_Snapshot-en_INT_20240101.txt", names),
        ("sct2_Relationship_Snapshot_INT_20240101.txt", relations),
    ];
    for (name, text) in files {
        std::fs::write(folder.join(name), text).expect("the folder can be written");
    }
}
