//! Writes a population into a folder, one bundle a file, and tells how fast that was.
//!
//! `cargo run --release -p population --example write -- --people 100 --out DIR [--seed 1] [--until INSTANT]`

use population::Plan;
use std::path::PathBuf;
use std::time::Instant;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let number = |name: &str, usual: usize| option(name).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let until = option("--until").unwrap_or_else(|| "2026-11-12T09:30:00Z".to_owned());
    let until = fhir::Instant::parse(&until).expect("--until is an instant like 2026-11-12T09:30:00Z");
    let plan = Plan { seed: number("--seed", 1) as u64, people: number("--people", 100), until };

    let started = Instant::now();
    let mut bundles = plan.places();
    bundles.extend((0..plan.people).map(|index| plan.person(index)));
    let seconds = started.elapsed().as_secs_f64();

    let resources: usize = bundles.iter().map(|bundle| bundle.matches("\"fullUrl\":").count()).sum();
    let bytes: usize = bundles.iter().map(String::len).sum();
    eprintln!(
        "{} people, {resources} resources, {:.1} MB in {seconds:.2} s: {:.0} resources/s",
        plan.people,
        bytes as f64 / 1e6,
        resources as f64 / seconds
    );
    if let Some(folder) = option("--out").map(PathBuf::from) {
        std::fs::create_dir_all(&folder)?;
        for (number, bundle) in bundles.iter().enumerate() {
            std::fs::write(folder.join(format!("{number:06}.json")), bundle)?;
        }
    }
    Ok(())
}
