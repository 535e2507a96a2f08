use super::*;
use crate::validation::Setting;

#[test]
fn numbers_are_written_for_people() {
    assert_eq!(thousands(1_234_567.4), "1,234,567");
    assert_eq!(thousands(999.0), "999");
    assert_eq!(ms(Duration::from_micros(31)), "0.031");
    assert_eq!(ms(Duration::from_micros(4_320)), "4.32");
    assert_eq!(ms(Duration::from_millis(120)), "120");
}

fn run(server: &'static str, engine: Engine, resources: usize) -> Run {
    let database = |time| (engine == Engine::Postgres).then_some(time);
    Run {
        server,
        engine,
        resources,
        loads: vec![Load {
            way: "transactions over HTTP",
            took: Duration::from_secs(2),
            cpu: Cpu { own: Duration::from_secs(1), database: database(Duration::from_secs(2)) },
            disk: 9_000_000,
            parts: vec![("idx_pkey".to_owned(), 3_000_000)],
        }],
        started: Duration::from_millis(70),
        idle: (40_000_000, None),
        used: (50_000_000, (engine == Engine::Postgres).then_some(300_000_000)),
        figures: vec![Figure {
            name: "read by id",
            resources: 1.0,
            bytes: 1_200.0,
            points: vec![Point {
                concurrency: 1,
                rate: 12_345.0,
                cpu: Cpu { own: Duration::from_micros(30), database: database(Duration::from_micros(40)) },
                half: Duration::from_micros(70),
                most: Duration::from_micros(150),
                busy: 0.0,
            }],
        }],
        situations: vec![Situation {
            name: "an import",
            writes: 500,
            half: Duration::from_millis(2),
            most: Duration::from_millis(51),
            longest: Duration::from_millis(70),
            took: Duration::from_secs(10),
            resources: 100_000,
        }],
        views: vec![Flat {
            format: "csv",
            resources: 50_000,
            took: Duration::from_secs(1),
            cpu: Cpu { own: Duration::from_secs(1), database: database(Duration::from_secs(1)) },
            bytes: 5_000_000,
        }],
        validated: [("off", 200), ("refuse", 290), ("warn", 310)].map(|(policy, us)| held(policy, us)).into(),
    }
}

/// Patients written with this policy, each for so many microseconds.
fn held(policy: &'static str, us: u64) -> Validated {
    let own = Duration::from_micros(us);
    let point = Point {
        concurrency: 16,
        rate: 3_000.0,
        cpu: Cpu { own, database: None },
        half: own,
        most: own,
        busy: 0.0,
    };
    let figure = Figure { name: policy, resources: 0.0, bytes: 0.0, points: vec![point] };
    Validated { setting: Setting::new("rules", policy, ""), figure }
}

#[test]
fn the_page_has_a_row_for_each_question_and_server() {
    let runs = vec![run("carespine", Engine::Sqlite, 10_000), run("carespine", Engine::Postgres, 10_000)];
    let report = Report { runs, failed: vec!["helios on PostgreSQL".to_owned()], ..Report::new(None) };
    let text = report.text();
    for line in [
        "| import: rate | 15,000 resources a second | 5,000 a second | **no** |",
        "| import: rate | 7,500 resources a second | 5,000 a second | **no** |",
        "| import: disk | 1,000 bytes a resource | 900 bytes | yes |",
        "| read by id | 0.030 ms of processor | 0.030 ms | yes |",
        "| read by id | 0.060 ms of processor | 0.070 (0.030 + 0.040) ms | **no** |",
        "| SQLite | an import | 10.0 | 10,000 | 500 | 2.00 | 51 | 70 | **no** |",
        "| carespine, SQLite | transactions over HTTP | 10,000 | 5,000 | 0.100 | 900 |",
        "| carespine, PostgreSQL | transactions over HTTP | 10,000 | 5,000 | 0.300 (0.100 + 0.200) | 900 |",
        "bytes a resource: idx_pkey 300.",
        "| carespine, SQLite | csv | 50,000 | 1.00 | 50,000 | 0.020 | 100 | **no** |",
        "| carespine, PostgreSQL | csv | 50,000 | 1.00 | 50,000 | 0.040 (0.020 + 0.020) | 100 | **no** |",
        "| carespine, SQLite | 10,000 | rules | off | 0.200 | 3,000 |  |  |",
        "| carespine, SQLite | 10,000 | rules | refuse | 0.290 | 3,000 | 45 % | yes |",
        "| carespine, SQLite | 10,000 | rules | warn | 0.310 | 3,000 | 55 % | **no** |",
        "| carespine, PostgreSQL | 10,000 | 70 | 40 | 350 (50 + 300) |",
        "| read by id | carespine, SQLite | 1, 1.2 | 0.030 | 12,345 (0.070, 0.150) |",
        "|  | carespine, PostgreSQL | 1, 1.2 | 0.070 (0.030 + 0.040) | 12,345 (0.070, 0.150) |",
        "Not measured: helios on PostgreSQL",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn a_page_is_written_with_its_curves_and_keeps_what_people_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("figures.md");
    fs::write(&page, "old\n## What was tried, and what each change gave\n\nMuch.\n").unwrap();
    let runs = vec![run("carespine", Engine::Sqlite, 10_000), run("carespine", Engine::Sqlite, 100_000)];
    Report { runs, ..Report::new(None) }.publish(Some(&page)).unwrap();
    let text = fs::read_to_string(&page).unwrap();
    assert!(text.starts_with("# Performance\n") && text.ends_with("each change gave\n\nMuch.\n"), "{text}");
    assert!(text.contains("](figures/read.svg)"), "{text}");
    assert!(fs::read_to_string(folder.path().join("figures/read.svg")).unwrap().contains("<path"));
}
