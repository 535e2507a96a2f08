//! What must hold after a crash.

use crate::writers::{RESOURCES, id};
use record::{Found, HistoryOf, Kind, Options, Refusal, Scope, Store};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Transactions that were acknowledged.
    pub acknowledged: usize,
    /// Of those, not there.
    pub lost: Vec<u64>,
    /// Transactions of which only a part is there.
    pub torn: Vec<u64>,
    /// What `verify` says.
    pub unsound: Vec<String>,
    /// How long the store took to open, recovery included.
    pub opened_in: Duration,
}

impl Verdict {
    /// True when nothing is lost, torn or unsound.
    pub fn is_good(&self) -> bool {
        self.lost.is_empty() && self.torn.is_empty() && self.unsound.is_empty()
    }
}

/// Checks the record in `dir` against the acknowledged numbers.
pub fn check(dir: &Path, acknowledged: &[u64]) -> Result<Verdict, Refusal> {
    let started = Instant::now();
    let store = Store::open(dir, Options { readers: 1, ..Options::default() })?;
    let mut verdict =
        Verdict { opened_in: started.elapsed(), acknowledged: acknowledged.len(), ..Verdict::default() };
    let reader = store.reader(&Scope::all())?;
    for &number in acknowledged {
        if !matches!(reader.read("Basic", &id(number, 0))?, Found::Here(_)) {
            verdict.lost.push(number);
        }
    }
    let mut parts: BTreeMap<u64, usize> = BTreeMap::new();
    let mut token = None;
    loop {
        let page = reader.history(HistoryOf::Type("Basic"), None, record::COUNT_MAX, token.as_deref())?;
        for body in &page.versions {
            let number = body.id[1..].split('-').next().and_then(|n| n.parse().ok()).unwrap_or(0);
            *parts.entry(number).or_default() += 1;
        }
        token = page.next;
        if token.is_none() {
            break;
        }
    }
    verdict.torn = parts.into_iter().filter(|(_, n)| *n != RESOURCES).map(|(number, _)| number).collect();
    drop(reader);
    drop(store);
    let report = record::verify(dir, &mut |_, _| {})?;
    verdict.unsound = report.findings.iter().map(|f| format!("{}: {}", f.place, f.text)).collect();
    Ok(verdict)
}

/// The numbers in a file of acknowledgements. A last line that was cut off was not acknowledged.
pub fn numbers(acknowledged: &Path) -> Result<Vec<u64>, Refusal> {
    let text = std::fs::read_to_string(acknowledged)
        .map_err(|e| Refusal::new(Kind::Invalid, format!("{}: {e}", acknowledged.display())))?;
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    Ok(whole.lines().filter_map(|line| line.parse().ok()).collect())
}

pub(crate) fn command(dir: &Path, acknowledged: &Path) -> Result<ExitCode, Refusal> {
    let verdict = check(dir, &numbers(acknowledged)?)?;
    println!(
        "{} acknowledged, {} lost, {} torn, {} unsound, opened in {} ms",
        verdict.acknowledged,
        verdict.lost.len(),
        verdict.torn.len(),
        verdict.unsound.len(),
        verdict.opened_in.as_millis()
    );
    Ok(if verdict.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
