//! Taking much in: NDJSON that was sent, or that lies in Binary resources of this record. Each resource is filed
//! under its own id, or under one made of its content, so that an import that is begun again changes nothing twice.

use super::job::Purpose;
use super::run::Run;
use crate::interaction::{self, Caller, Item, waits};
use access::{Permission, Session};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fhir::outcome::outcome;
use fhir::{Issue, Json, Limits, Tree};
use record::{Found, Kind, Refusal};

/// Inputs of one import, at most.
pub const INPUTS_MAX: usize = 1_000;
/// Lines that wait for what a later one may bring, at most.
const WAITING_MAX: usize = 100_000;
/// The type of what an import puts out.
const OUTCOME: &str = "OperationOutcome";

/// What is to be taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// One after the other.
    pub inputs: Vec<Input>,
}

/// A file of NDJSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Sent with the request, as the parcel of this name.
    Parcel(String),
    /// The data of this Binary.
    Binary(String),
}

impl Input {
    fn name(&self) -> String {
        match self {
            Input::Parcel(name) => name.clone(),
            Input::Binary(id) => format!("Binary/{id}"),
        }
    }
}

impl Import {
    /// Refuses what cannot be done, and who may not have it done.
    pub(super) fn check(&self, caller: &Caller<'_>) -> Result<(), Refusal> {
        caller.session.needs(Permission::Write)?;
        caller.session.needs(Permission::AssignIds)?;
        if self.inputs.is_empty() || self.inputs.len() > INPUTS_MAX {
            let text = format!("An import takes 1 to {INPUTS_MAX} inputs. Send it in parts.");
            return Err(Refusal::invalid("input", text));
        }
        for input in &self.inputs {
            if let Input::Binary(id) = input
                && !matches!(caller.read_now("Binary", id)?, Found::Here(_))
            {
                return Err(Refusal::not_found(&format!("Binary/{id}")));
            }
        }
        Ok(())
    }
}

/// A line that may be taken once a later one is there.
struct Waiting {
    input: usize,
    line: usize,
    text: Vec<u8>,
}

/// What came of one input.
#[derive(Default)]
struct Tally {
    filed: u64,
    refused: u64,
}

/// An import under way.
struct Taking<'i> {
    import: &'i Import,
    tallies: Vec<Tally>,
    waiting: Vec<Waiting>,
    errors: String,
    /// How many refusals `errors` holds.
    error_count: u64,
}

/// Takes the inputs in. One that is begun again begins from the first line: what is there already is left as it is.
pub(super) fn run(run: &mut Run<'_>, import: &Import) -> Result<(), Refusal> {
    run.job.files.clear();
    let tallies = import.inputs.iter().map(|_| Tally::default()).collect();
    let mut taking = Taking { import, tallies, waiting: Vec::new(), errors: String::new(), error_count: 0 };
    for (i, input) in import.inputs.iter().enumerate() {
        let text = bytes(run, input)?;
        let lines: Vec<(usize, &[u8])> = text
            .split(|byte| *byte == b'\n')
            .enumerate()
            .filter(|(_, line)| !line.trim_ascii().is_empty())
            .collect();
        for (done, some) in lines.chunks(run.pace.page).enumerate() {
            let some =
                some.iter().map(|(line, text)| Waiting { input: i, line: line + 1, text: text.to_vec() });
            taking.take(run, some.collect(), true)?;
            run.job.progress = format!(
                "{}: line {} of {}",
                input.name(),
                ((done + 1) * run.pace.page).min(lines.len()),
                lines.len()
            );
            taking.save(run)?;
        }
    }
    taking.retry(run)?;
    taking.report(run)
}

impl Taking<'_> {
    /// Files these lines, in as few commits as that takes. With `patience`, those that only point at what is not
    /// there yet wait.
    fn take(&mut self, run: &Run<'_>, lines: Vec<Waiting>, patience: bool) -> Result<(), Refusal> {
        let session = run.session()?;
        let mut caller = Caller::new(run.access, &session, run.base);
        caller.guards = run.guards.clone();
        let mut read = Vec::with_capacity(lines.len());
        for line in lines {
            match Json::parse(line.text.as_slice(), Limits::DOOR) {
                Ok(json) => read.push((line, json)),
                Err(error) => {
                    let text = format!("The line is not sound JSON: {error}.");
                    self.refuse(
                        &line,
                        &Refusal::many(Kind::Invalid, vec![Issue::new("structure", "", text)]),
                    );
                }
            }
        }
        let items =
            read.iter().map(|(_, json)| Item { resource: json.root(), full_url: None, place: String::new() });
        let fates = interaction::load_each(&caller, &items.collect::<Vec<_>>())?;
        audit(run, &caller)?;
        for ((line, _), fate) in read.into_iter().zip(fates) {
            match fate {
                Ok(_) => self.tallies[line.input].filed += 1,
                Err(refusal) if patience && waits(&refusal) && self.waiting.len() < WAITING_MAX => {
                    self.waiting.push(line);
                }
                Err(refusal) => self.refuse(&line, &refusal),
            }
        }
        Ok(())
    }

    /// What waited is tried again as long as that gets anything further; then its refusals stand.
    fn retry(&mut self, run: &mut Run<'_>) -> Result<(), Refusal> {
        let mut before = usize::MAX;
        loop {
            let waiting = std::mem::take(&mut self.waiting);
            let last = waiting.len() >= before;
            before = waiting.len();
            let mut lines = waiting.into_iter().peekable();
            while lines.peek().is_some() {
                let some: Vec<Waiting> = lines.by_ref().take(run.pace.page).collect();
                self.take(run, some, !last)?;
                self.save(run)?;
            }
            if self.waiting.is_empty() {
                return Ok(());
            }
        }
    }

    /// Keeps how far it is. Refusals go into a file as soon as they fill one: there may be far more of them than of
    /// what was sent.
    fn save(&mut self, run: &mut Run<'_>) -> Result<(), Refusal> {
        if self.errors.len() >= run.pace.file_bytes {
            self.put_errors(run)?;
        }
        run.save()
    }

    fn put_errors(&mut self, run: &mut Run<'_>) -> Result<(), Refusal> {
        let (text, count) = (std::mem::take(&mut self.errors), std::mem::take(&mut self.error_count));
        run.put(Purpose::Error, OUTCOME, count, text.as_bytes())
    }

    fn refuse(&mut self, line: &Waiting, refusal: &Refusal) {
        let name = self.import.inputs[line.input].name();
        let mut issues = refusal.issues.clone();
        for issue in &mut issues {
            issue.text = format!("{name}, line {}: {}", line.line, issue.text);
        }
        outcome(&issues).write(&mut self.errors);
        self.errors.push('\n');
        self.error_count += 1;
        self.tallies[line.input].refused += 1;
    }

    /// An outcome for each input, and one for each line that was refused.
    fn report(mut self, run: &mut Run<'_>) -> Result<(), Refusal> {
        let mut text = String::new();
        for (input, tally) in self.import.inputs.iter().zip(&self.tallies) {
            let said = format!("{}: {} filed, {} refused.", input.name(), tally.filed, tally.refused);
            let issue = Tree::object()
                .with("severity", "information")
                .with("code", "informational")
                .with("diagnostics", said);
            Tree::resource(OUTCOME).with("issue", vec![issue]).write(&mut text);
            text.push('\n');
        }
        run.put(Purpose::Output, OUTCOME, self.import.inputs.len() as u64, text.as_bytes())?;
        if self.error_count > 0 {
            self.put_errors(run)?;
        }
        let sum = |of: fn(&Tally) -> u64| self.tallies.iter().map(of).sum::<u64>();
        run.job.progress = format!("{} filed, {} refused", sum(|t| t.filed), sum(|t| t.refused));
        run.save()
    }
}

/// Has what was done on the audit trail before anyone hears of it.
fn audit(run: &Run<'_>, caller: &Caller<'_>) -> Result<(), Refusal> {
    let tickets: Vec<_> = caller.take_acts().into_iter().map(|act| run.access.store().audit(act)).collect();
    tickets.into_iter().try_for_each(|ticket| ticket.wait())
}

/// The NDJSON of an input.
fn bytes(run: &Run<'_>, input: &Input) -> Result<Vec<u8>, Refusal> {
    let gone = || Refusal::not_found(&input.name());
    match input {
        Input::Parcel(name) => run.access.store().parcel(&run.job.id, name)?.ok_or_else(gone),
        Input::Binary(id) => binary(run, &run.session()?, id)?.ok_or_else(gone),
    }
}

fn binary(run: &Run<'_>, session: &Session, id: &str) -> Result<Option<Vec<u8>>, Refusal> {
    let caller = Caller::new(run.access, session, run.base);
    let read = interaction::read(&caller, "Binary", id);
    audit(run, &caller)?;
    let body = match read {
        Ok(body) => body,
        Err(refusal) if matches!(refusal.kind, Kind::NotFound | Kind::Gone) => return Ok(None),
        Err(refusal) => return Err(refusal),
    };
    let json = Json::parse(body.text, Limits::FILE).ok();
    let data = json.as_ref().and_then(|json| json.root().str("data"));
    let packed: Vec<u8> = data.unwrap_or_default().bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let decoded = STANDARD.decode(packed);
    decoded
        .map(Some)
        .map_err(|_| Refusal::invalid("Binary.data", format!("Binary/{id} is not sound base64.")))
}
