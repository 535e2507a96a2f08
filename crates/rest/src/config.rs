//! What can be set.

use service::interaction::Validation;
use std::path::PathBuf;
use std::time::Duration;
use subscription::Subscriptions;

/// How the door behaves. The defaults suit one machine of two cores.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address that clients know this door by, without a slash at the end, e.g.
    /// `https://care.example/fhir`. Links and locations begin with it, and references that do are our own.
    pub base: String,
    /// Bytes of a request's body, before and after it is unpacked, at most.
    pub body_bytes: usize,
    /// Batches and transactions at one time, at most. More are told to come again.
    pub bundles: usize,
    /// Searches over all types, histories of many and `$everything` at one time, at most. To be fewer than
    /// the connections for reading, so that some are always left for small reads. More are told to come
    /// again.
    pub wide: usize,
    /// How long a body may take to arrive.
    pub body_time: Duration,
    /// After this much of it, it must have come at [`Config::body_rate`] or faster.
    pub body_grace: Duration,
    /// Bytes a second.
    pub body_rate: usize,
    /// Whether a conditional delete may delete more than one resource.
    pub deletes_many: bool,
    /// Jobs (exports, imports, late answers) that this node works on at one time.
    pub jobs: usize,
    /// In which portions.
    pub pace: service::jobs::Pace,
    /// The folder of imported releases of code systems.
    pub releases: Option<PathBuf>,
    /// How resources are held to profiles when they are written.
    pub validation: Validation,
    /// The subscriptions of the record, where they are served.
    pub subscriptions: Option<Subscriptions>,
}

impl Config {
    /// The defaults, at this address.
    pub fn at(base: impl AsRef<str>) -> Config {
        Config {
            base: base.as_ref().trim_end_matches('/').to_owned(),
            body_bytes: 16 << 20,
            bundles: 16,
            wide: 4,
            body_time: Duration::from_secs(30),
            body_grace: Duration::from_secs(10),
            body_rate: 1024,
            deletes_many: false,
            jobs: 2,
            pace: service::jobs::Pace::default(),
            releases: None,
            validation: Validation::default(),
            subscriptions: None,
        }
    }
}
