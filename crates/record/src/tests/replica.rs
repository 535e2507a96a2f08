//! Reading from a replica: a real one, streaming from a real primary.

use super::{ANN, ANN_AGAIN, prepared};
use crate::{Author, Found, Options, Place, Scope, Store};
use std::time::{Duration, Instant};
use testbed::{Cluster, Settings};

fn version(store: &Store) -> u64 {
    match store.reader(&Scope::all()).unwrap().read("Patient", "ann").unwrap() {
        Found::Here(body) => body.version,
        other => panic!("{other:?}"),
    }
}

fn from_replica(store: &Store) -> f64 {
    let metrics = store.metrics();
    metrics.iter().find(|(name, _)| *name == "record_replica_reads_total").unwrap().1
}

#[test]
fn a_replica_is_read_from_only_when_it_has_the_last_write() {
    let primary = Cluster::start(Settings::fast());
    let database = primary.database();
    let place: Place = database.url().parse().unwrap();
    drop(Store::open(&place, Options { durable: false, ..Options::default() }).unwrap());
    let replica = primary.replica("reads");
    // The same database on the other server.
    let url = replica.url().replacen("/postgres?", &format!("/{}?", name_of(database.url())), 1);
    assert_ne!(url, database.url());
    let options =
        Options { readers: 2, durable: false, replicas: vec![url.parse().unwrap()], ..Options::default() };
    let store = Store::open(&place, options).unwrap();
    for expected in 1..=20 {
        let resource = prepared(if expected % 2 == 0 { ANN } else { ANN_AGAIN });
        store.write(Author::system("test"), move |tx| tx.put(resource, None)).unwrap();
        assert_eq!(version(&store), expected);
    }
    let until = Instant::now() + Duration::from_secs(20);
    while from_replica(&store) == 0.0 {
        assert!(Instant::now() < until, "no read went to the replica");
        assert_eq!(version(&store), 20);
    }
    // One that falls behind is passed over, and one that is away, too.
    replica.sql("SELECT pg_wal_replay_pause()").unwrap();
    let ann = prepared(ANN_AGAIN);
    store.write(Author::system("test"), move |tx| tx.put(ann, None)).unwrap();
    assert_eq!(version(&store), 21);
    replica.kill();
    assert_eq!(version(&store), 21);
}

fn name_of(url: &str) -> &str {
    let path = url.split_once("://").unwrap().1.split_once('/').unwrap().1;
    path.split_once('?').map_or(path, |(name, _)| name)
}
