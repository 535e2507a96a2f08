//! A request that the door answers later (FHIR R4 async.html, `Prefer: respond-async`).

use super::run::Run;
use crate::Session;
use record::{Act, Refusal};

/// The parcel that holds the body of the request.
pub(super) const BODY: &str = "body";
/// The parcel that holds the answer.
pub(super) const RESULT: &str = "result";

/// A request, but for its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// `GET`, `POST`.
    pub method: String,
    /// The path below the door's base.
    pub path: String,
    /// The query, still encoded.
    pub query: String,
    /// Names in small letters, and values.
    pub headers: Vec<(String, String)>,
}

/// What the door made of it.
#[derive(Debug)]
pub struct Answered {
    /// The text that is the job's result.
    pub text: String,
    /// What must be on the audit trail before anyone sees it.
    pub acts: Vec<Act>,
}

/// How the door answers a request with its body, for someone who was recognised.
pub type Door<'d> = dyn Fn(&Session, &Asked, Vec<u8>) -> Answered + Sync + 'd;

/// Has it answered, and keeps the answer. Begun again after a crash it is answered again: a write has the job's id
/// as its `Idempotency-Key`, so that it takes effect once.
pub(super) fn run(run: &mut Run<'_>, asked: &Asked, door: &Door<'_>) -> Result<(), Refusal> {
    let session = run.session()?;
    let store = run.access.store();
    let body = store.parcel(&run.job.id, BODY)?.unwrap_or_default();
    let mut asked = asked.clone();
    if !asked.headers.iter().any(|(name, _)| name == "idempotency-key" || name == "x-request-id") {
        asked.headers.push(("idempotency-key".to_owned(), format!("job {}", run.job.id)));
    }
    let answered = door(&session, &asked, body);
    for act in answered.acts {
        store.audit(act).wait()?;
    }
    store.put_parcel(&run.job.id, RESULT, answered.text.as_bytes())
}
