use super::*;
use package::Package;
use record::{Author, Options, Place, Prepared};
use testbed::Home;

fn store(home: &Home) -> Store {
    let options = Options { readers: 2, durable: false, ..Options::default() };
    Store::open(home.place().parse::<Place>().unwrap(), options).unwrap()
}

fn value_set(id: &str, version: &str) -> Json {
    let text = format!(
        r#"{{"resourceType":"ValueSet","id":"{id}","url":"http://example.org/v","version":"{version}","status":"active"}}"#
    );
    Json::parse(text, fhir::Limits::DOOR).unwrap()
}

fn package(version: &str) -> Package {
    Package::of("example", version, &[], &[value_set("packaged", version)]).unwrap()
}

fn version(conformance: &Conformance, wanted: Option<&str>) -> Option<String> {
    let loaded = conformance.now().unwrap();
    let found = loaded.definitions().find("ValueSet", "http://example.org/v", wanted)?;
    found.root().str("version").map(|text| text.into_owned())
}

#[test]
fn packages_are_added_listed_and_removed_with_versions_side_by_side() {
    let home = Home::new();
    let store = store(&home);
    let conformance = Conformance::new(store.clone());
    assert_eq!(version(&conformance, None), None);
    packages::add(&store, &package("1.0.0")).unwrap();
    packages::add(&store, &package("2.0.0")).unwrap();
    conformance.changed();
    assert_eq!(version(&conformance, None).as_deref(), Some("2.0.0"));
    assert_eq!(version(&conformance, Some("1.0.0")).as_deref(), Some("1.0.0"));
    let listed: Vec<String> = packages::list(&store).unwrap().into_iter().map(|held| held.version).collect();
    assert_eq!(listed, ["1.0.0", "2.0.0"]);
    packages::remove(&store, "example", "2.0.0").unwrap();
    assert_eq!(packages::remove(&store, "example", "3").unwrap_err().kind, record::Kind::NotFound);
    conformance.changed();
    assert_eq!(version(&conformance, None).as_deref(), Some("1.0.0"));
}

#[test]
fn a_definition_of_the_record_stands_before_those_of_packages() {
    let home = Home::new();
    let store = store(&home);
    let conformance = Conformance::new(store.clone());
    packages::add(&store, &package("1.0.0")).unwrap();
    let resource = value_set("own", "9");
    let prepared = Prepared::new(resource.root(), "own", &mut |_| None).unwrap();
    let author = Author::system("test");
    store
        .write(author, move |tx| {
            tx.put(prepared, None)?;
            Conformance::changes(tx)
        })
        .unwrap();
    assert_eq!(version(&conformance, None).as_deref(), Some("9"));
    assert_eq!(version(&conformance, Some("1.0.0")).as_deref(), Some("1.0.0"));
}

/// Writes a version of the value set as the guard does, and waits until it is acknowledged.
fn write(store: &Store, n: usize) {
    let resource = value_set("own", &n.to_string());
    let prepared = Prepared::new(resource.root(), "own", &mut |_| None).unwrap();
    let act = move |tx: &mut record::Tx<'_>| {
        tx.put(prepared, None)?;
        Conformance::changes(tx)
    };
    store.write(Author::system("test"), act).unwrap();
}

#[test]
fn what_was_acknowledged_is_seen_by_whoever_asks_next_however_many_ask_meanwhile() {
    let home = Home::new();
    let store = store(&home);
    let conformance = Conformance::new(store.clone());
    let ends = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        // These look between a write and its commit, too, and what they see must not last.
        for _ in 0..2 {
            scope.spawn(|| {
                while !ends.load(std::sync::atomic::Ordering::Relaxed) {
                    version(&conformance, None);
                }
            });
        }
        let missed = (1..=300).filter(|n| {
            write(&store, *n);
            version(&conformance, None) != Some(n.to_string())
        });
        let missed = missed.count();
        ends.store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(missed, 0, "of 300");
    });
}

#[test]
fn what_another_node_wrote_is_seen_within_a_second() {
    let home = Home::new();
    let (here, there) = (store(&home), store(&home));
    let conformance = Conformance::new(here);
    assert_eq!(version(&conformance, None), None);
    write(&there, 1);
    let began = Instant::now();
    while version(&conformance, None).is_none() {
        assert!(began.elapsed() < LOOK_AGAIN * 3, "a busy machine is given three");
        std::thread::sleep(Duration::from_millis(20));
    }
}
