//! A write that takes effect once, however often it is sent: its answer is kept in its own transaction.

use fhir::{Json, Limits};
use record::{Author, Found, Kind, Prepared, Refusal, Store, Tx};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The resource that every request of every writer counts up.
pub const EVERYONES: &str = "everyones";
const SPACE: &str = "answer";
/// How long a writer waits before it sends a refused request again.
const RETRY: Duration = Duration::from_millis(20);

/// A request of one writer: its first, second, third ...
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    /// Who sends it.
    pub writer: String,
    /// The how manieth.
    pub number: u64,
}

impl Request {
    /// The request id.
    pub fn id(&self) -> String {
        format!("{}.{}", self.writer, self.number)
    }

    /// The request that has this id.
    pub fn of(id: &str) -> Option<Request> {
        let (writer, number) = id.rsplit_once('.')?;
        Some(Request { writer: writer.to_owned(), number: number.parse().ok()? })
    }
}

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The version of the writer's own resource that it made.
    pub version: u64,
    /// True when it had been done before, and this is the answer that was kept.
    pub again: bool,
}

/// An answer, and what it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// What was asked.
    pub request: Request,
    /// What was answered.
    pub answer: Answer,
    /// How often its outcome was not known before.
    pub unknown: u64,
    /// When, in milliseconds of the machine's clock.
    pub at: u64,
}

impl Acknowledged {
    /// A line of a file of acknowledgements.
    pub fn line(&self) -> String {
        let Answer { version, again } = self.answer;
        format!("{} {version} {again} {} {}\n", self.request.id(), self.unknown, self.at)
    }

    /// What a line says.
    pub fn of(line: &str) -> Option<Acknowledged> {
        let mut words = line.split(' ');
        let request = Request::of(words.next()?)?;
        let answer = Answer { version: words.next()?.parse().ok()?, again: words.next()?.parse().ok()? };
        Some(Acknowledged {
            request,
            answer,
            unknown: words.next()?.parse().ok()?,
            at: words.next()?.parse().ok()?,
        })
    }
}

/// Sends a request again and again, under the same id, until the record says yes.
pub fn insist(store: &Store, request: &Request) -> Result<Acknowledged, Refusal> {
    let mut unknown = 0;
    loop {
        match send(store, request) {
            Ok(answer) => {
                return Ok(Acknowledged { request: request.clone(), answer, unknown, at: now() });
            }
            Err(refusal) => match refusal.kind {
                Kind::Unknown => unknown += 1,
                Kind::Busy | Kind::Fault => {}
                _ => return Err(refusal),
            },
        }
        std::thread::sleep(RETRY);
    }
}

/// Sends a request once.
pub fn send(store: &Store, request: &Request) -> Result<Answer, Refusal> {
    let (author, request) = (author(request), request.clone());
    store.write(author, move |tx| perform(tx, &request))
}

/// Whose write it is.
pub fn author(request: &Request) -> Author {
    Author { request: Some(request.id()), ..Author::system("crash.count") }
}

/// Counts the writer's own resource up, and everyone's, unless that was done before.
pub fn perform(tx: &mut Tx<'_>, request: &Request) -> Result<Answer, Refusal> {
    let id = request.id();
    if let Some(kept) = tx.kept(SPACE, &id)? {
        let version = String::from_utf8(kept).ok().and_then(|text| text.parse().ok());
        let version = version.ok_or_else(|| Refusal::new(Kind::Invalid, "The kept answer is none"))?;
        return Ok(Answer { version, again: true });
    }
    let version = tx.put(counter(&request.writer, request.number)?, None)?.version;
    let before = match tx.read("Basic", EVERYONES)? {
        Found::Here(body) => body.version,
        Found::Gone(_) | Found::Absent => 0,
    };
    tx.put(counter(EVERYONES, before + 1)?, Some(before).filter(|before| *before > 0))?;
    tx.keep(SPACE, &id, version.to_string().as_bytes(), None)?;
    Ok(Answer { version, again: false })
}

/// A resource that says how often it was counted up.
pub fn counter(id: &str, count: u64) -> Result<Prepared, Refusal> {
    let text = format!(
        r#"{{"resourceType":"Basic","id":"{id}","code":{{"text":"synthetic"}},"identifier":[{{"value":"{count}"}}]}}"#
    );
    let json = Json::parse(text, Limits::DOOR).map_err(|e| Refusal::new(Kind::Invalid, e.to_string()))?;
    Prepared::of(&json, id)
}

/// Milliseconds of the machine's clock, which processes that are compared share.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as u64)
}
