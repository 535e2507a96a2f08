//! A job as it is kept: a fact of the space `job`, by its id.

use super::export::{Export, Of};
use super::import::{Import, Input};
use super::request::Asked;
use access::Mandate;
use fhir::json::Value;
use fhir::{Json, Limits, Tree};
use record::{Instant, Kind, Refusal};

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Much of the record goes out, as files.
    Export(Export),
    /// Files are taken in.
    Import(Import),
    /// A request of the door is answered later.
    Request(Asked),
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Under way, or waiting for its turn.
    Open,
    /// Done.
    Done,
    /// Ended, for this reason.
    Failed(String),
}

/// What a file of a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// What was asked for.
    Output,
    /// What has been deleted.
    Deleted,
    /// What went wrong.
    Error,
}

impl Purpose {
    const ALL: [(Purpose, &'static str); 3] =
        [(Purpose::Output, "output"), (Purpose::Deleted, "deleted"), (Purpose::Error, "error")];

    /// The list of the manifest that it stands in.
    pub fn list(self) -> &'static str {
        Purpose::ALL[self as usize].1
    }
}

/// A file of NDJSON that a job has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name among the job's files.
    pub name: String,
    /// The type of the resources in it.
    pub kind: String,
    /// How many.
    pub count: u64,
    /// What for.
    pub purpose: Purpose,
    /// What it is about, where a job had several inputs.
    pub about: Option<String>,
}

/// How far the work has come: what a job that is taken up again goes on from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub step: u64,
    pub page: Option<String>,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its random id.
    pub id: String,
    /// What is to be done.
    pub work: Work,
    /// Who asked.
    pub who: String,
    /// The whole address of the request that began it.
    pub url: String,
    /// When it was asked for.
    pub began: Instant,
    /// The instant of the last commit that it shows.
    pub at: Instant,
    /// How far it is.
    pub state: State,
    /// The same in a few words, for people.
    pub progress: String,
    /// What it has made.
    pub files: Vec<File>,
    /// When all of it goes away.
    pub until: Instant,
    pub(super) mandate: Mandate,
    /// The last commit that it shows.
    pub(super) txn: u64,
    pub(super) place: Place,
    /// How often it was begun without getting further.
    pub(super) tries: u64,
}

impl Job {
    pub(super) fn write(&self) -> String {
        let files = self.files.iter().map(|file| {
            Tree::object()
                .with("name", file.name.as_str())
                .with("kind", file.kind.as_str())
                .with("count", file.count as i64)
                .with("purpose", file.purpose.list())
                .maybe("about", file.about.as_deref())
        });
        let work = match &self.work {
            Work::Export(export) => Tree::object().with("export", export.tree()),
            Work::Import(import) => Tree::object().with("import", import.tree()),
            Work::Request(asked) => Tree::object().with("request", asked.tree()),
        };
        let failed = match &self.state {
            State::Failed(why) => Some(why.as_str()),
            State::Open | State::Done => None,
        };
        Tree::object()
            .with("work", work)
            .with("who", self.who.as_str())
            .with("url", self.url.as_str())
            .with("began", self.began.0)
            .with("at", self.at.0)
            .with("until", self.until.0)
            .with("open", self.state == State::Open)
            .maybe("failed", failed)
            .with("progress", self.progress.as_str())
            .with("mandate", self.mandate.tree())
            .with("txn", self.txn as i64)
            .with("step", self.place.step as i64)
            .maybe("page", self.place.page.as_deref())
            .with("tries", self.tries as i64)
            .with("files", files.collect::<Vec<_>>())
            .text()
    }

    pub(super) fn read(id: &str, kept: &[u8]) -> Result<Job, Refusal> {
        let spoilt = || {
            let text = format!("The job {id} cannot be read. Cancel it and ask again.");
            Refusal::new(Kind::Fault, text)
        };
        let json = Json::parse(kept, Limits::FILE).map_err(|_| spoilt())?;
        parsed(id, json.root()).ok_or_else(spoilt)
    }
}

fn parsed(id: &str, root: Value<'_>) -> Option<Job> {
    let text = |name: &str| root.str(name).map(|text| text.into_owned());
    let work = root.get("work")?;
    let work = match (work.get("export"), work.get("import"), work.get("request")) {
        (Some(export), ..) => Work::Export(Export::read(export)?),
        (_, Some(import), _) => Work::Import(Import::read(import)?),
        (.., Some(asked)) => Work::Request(Asked::read(asked)?),
        _ => return None,
    };
    let state = match (root.get("open")?.as_bool()?, text("failed")) {
        (_, Some(why)) => State::Failed(why),
        (true, None) => State::Open,
        (false, None) => State::Done,
    };
    Some(Job {
        id: id.to_owned(),
        work,
        who: text("who")?,
        url: text("url")?,
        began: Instant(number(root, "began")?),
        at: Instant(number(root, "at")?),
        state,
        progress: text("progress")?,
        files: root.get("files")?.items().map(file).collect::<Option<Vec<_>>>()?,
        until: Instant(number(root, "until")?),
        mandate: Mandate::read(root.get("mandate")?)?,
        txn: number(root, "txn")? as u64,
        place: Place { step: number(root, "step")? as u64, page: text("page") },
        tries: number(root, "tries")? as u64,
    })
}

fn file(value: Value<'_>) -> Option<File> {
    let text = |name: &str| value.str(name).map(|text| text.into_owned());
    let purpose = text("purpose")?;
    Some(File {
        name: text("name")?,
        kind: text("kind")?,
        count: number(value, "count")? as u64,
        purpose: Purpose::ALL.iter().find(|(_, name)| *name == purpose)?.0,
        about: text("about"),
    })
}

/// A whole number.
fn number(value: Value<'_>, name: &str) -> Option<i64> {
    value.get(name)?.as_number()?.parse().ok()
}

/// A list of texts.
pub(super) fn texts(list: &[impl AsRef<str>]) -> Tree {
    Tree::Array(list.iter().map(|text| Tree::from(text.as_ref())).collect())
}

/// The same, read.
pub(super) fn read_texts(value: Value<'_>, name: &str) -> Vec<String> {
    let items = value.get(name).into_iter().flat_map(Value::items);
    items.filter_map(|item| item.as_str()).map(|text| text.into_owned()).collect()
}

impl Export {
    fn tree(&self) -> Tree {
        let (of, group) = match &self.of {
            Of::System => ("system", None),
            Of::Patients => ("patients", None),
            Of::Group(id) => ("group", Some(id.as_str())),
        };
        let filters = self.filters.iter().map(|(kind, query)| texts(&[*kind, query.as_str()]));
        Tree::object()
            .with("of", of)
            .maybe("group", group)
            .with("types", texts(&self.types))
            .with("filters", filters.collect::<Vec<_>>())
            .maybe("patients", self.patients.as_ref().map(|list| texts(list)))
            .maybe("since", self.since.map(|since| since.0))
            .with("elements", texts(&self.elements))
    }

    fn read(value: Value<'_>) -> Option<Export> {
        let of = match &*value.str("of")? {
            "system" => Of::System,
            "patients" => Of::Patients,
            _ => Of::Group(value.str("group")?.into_owned()),
        };
        let kind = |name: &str| crate::interaction::kind_named(name).ok();
        let filter = |pair: Value<'_>| {
            let mut parts = pair.items().filter_map(|item| item.as_str());
            Some((kind(&parts.next()?)?, parts.next()?.into_owned()))
        };
        Some(Export {
            of,
            types: read_texts(value, "types").iter().map(|name| kind(name)).collect::<Option<_>>()?,
            filters: value.get("filters")?.items().map(filter).collect::<Option<_>>()?,
            patients: value.get("patients").map(|_| read_texts(value, "patients")),
            since: number(value, "since").map(Instant),
            elements: read_texts(value, "elements"),
        })
    }
}

impl Import {
    fn tree(&self) -> Tree {
        let inputs = self.inputs.iter().map(|input| match input {
            Input::Parcel(name) => Tree::object().with("parcel", name.as_str()),
            Input::Binary(id) => Tree::object().with("binary", id.as_str()),
        });
        Tree::object().with("inputs", inputs.collect::<Vec<_>>())
    }

    fn read(value: Value<'_>) -> Option<Import> {
        let input = |input: Value<'_>| match (input.str("parcel"), input.str("binary")) {
            (Some(name), _) => Some(Input::Parcel(name.into_owned())),
            (_, Some(id)) => Some(Input::Binary(id.into_owned())),
            _ => None,
        };
        Some(Import { inputs: value.get("inputs")?.items().map(input).collect::<Option<_>>()? })
    }
}

impl Asked {
    fn tree(&self) -> Tree {
        let headers = self.headers.iter().map(|(name, value)| texts(&[name.as_str(), value.as_str()]));
        Tree::object()
            .with("method", self.method.as_str())
            .with("path", self.path.as_str())
            .with("query", self.query.as_str())
            .with("headers", headers.collect::<Vec<_>>())
    }

    fn read(value: Value<'_>) -> Option<Asked> {
        let text = |name: &str| value.str(name).map(|text| text.into_owned());
        let header = |pair: Value<'_>| {
            let mut parts = pair.items().filter_map(|item| item.as_str()).map(|text| text.into_owned());
            Some((parts.next()?, parts.next()?))
        };
        Some(Asked {
            method: text("method")?,
            path: text("path")?,
            query: text("query")?,
            headers: value.get("headers")?.items().map(header).collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(work: Work) {
        let by = Json::parse(r#"{"who":"ann","role":"doctor","profile":"1","ends":"session"}"#, Limits::DOOR);
        let by = by.unwrap();
        let job = Job {
            id: "j".into(),
            work,
            who: "ann".into(),
            url: "https://care.example/fhir/$export".into(),
            began: Instant(1),
            at: Instant(2),
            state: State::Failed("because".into()),
            progress: "half".into(),
            files: vec![File {
                name: "a".into(),
                kind: "Patient".into(),
                count: 3,
                purpose: Purpose::Deleted,
                about: Some("x".into()),
            }],
            until: Instant(3),
            mandate: Mandate::read(by.root()).unwrap(),
            txn: 4,
            place: Place { step: 5, page: Some("t".into()) },
            tries: 1,
        };
        assert_eq!(Job::read("j", job.write().as_bytes()).unwrap(), job);
        let open = Job { state: State::Open, files: Vec::new(), place: Place::default(), ..job };
        assert_eq!(Job::read("j", open.write().as_bytes()).unwrap(), open);
    }

    #[test]
    fn a_job_is_read_as_it_was_written() {
        check(Work::Export(Export {
            of: Of::Group("g".into()),
            types: vec!["Patient", "Observation"],
            filters: vec![("Observation", "status=final&code=a|b".into())],
            patients: Some(vec!["p".into()]),
            since: Some(Instant(7)),
            elements: vec!["Patient.name".into()],
        }));
        check(Work::Import(Import { inputs: vec![Input::Parcel("a".into()), Input::Binary("b".into())] }));
        check(Work::Request(Asked {
            method: "GET".into(),
            path: "/Patient".into(),
            query: "name=a".into(),
            headers: vec![("x".into(), "y".into())],
        }));
        assert!(Job::read("j", b"{}").is_err());
    }
}
