//! `kill -9`, again and again.

use crate::check::{Verdict, check, numbers};
use record::{Kind, Refusal};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

/// Kills on one store before a new one is begun, so that checking does not grow without end.
const KILLS_PER_STORE: u32 = 10;

/// What many kills came to.
#[derive(Debug, Default)]
pub struct Total {
    /// Kills.
    pub kills: u32,
    /// Acknowledged transactions over all stores.
    pub acknowledged: usize,
    /// The longest that a store took to open.
    pub slowest: Duration,
}

/// Starts `writer` (given the folder and the file of acknowledgements), kills it after 20 to 500 ms, checks; as
/// often as `times`. Stops at the first fault.
pub fn kill(times: u32, seed: u64, writer: impl Fn(&Path, &Path) -> Command) -> Result<Total, Refusal> {
    let mut total = Total::default();
    let mut state = seed;
    let mut place = None;
    for n in 0..times {
        if n % KILLS_PER_STORE == 0 {
            total.acknowledged += place.as_ref().map_or(0, |(_, seen)| *seen);
            let dir =
                tempfile::tempdir().map_err(|e| Refusal::new(Kind::Fault, format!("No folder: {e}")))?;
            place = Some((dir, 0));
        }
        let Some((dir, seen)) = &mut place else { continue };
        let (store, acks) = (dir.path().join("store"), dir.path().join("acknowledged"));
        let verdict = once(&store, &acks, delay(&mut state), &writer)?;
        if !verdict.is_good() {
            return Err(Refusal::new(Kind::Fault, format!("kill {n} with seed {seed}: {verdict:?}")));
        }
        *seen = verdict.acknowledged;
        total.kills += 1;
        total.slowest = total.slowest.max(verdict.opened_in);
    }
    total.acknowledged += place.map_or(0, |(_, seen)| seen);
    Ok(total)
}

fn once(
    store: &Path,
    acks: &Path,
    delay: Duration,
    writer: &impl Fn(&Path, &Path) -> Command,
) -> Result<Verdict, Refusal> {
    let start =
        |e: std::io::Error| Refusal::new(Kind::Fault, format!("The writer could not be started: {e}"));
    let mut child = writer(store, acks).stdout(Stdio::null()).spawn().map_err(start)?;
    std::thread::sleep(delay);
    // Child::kill is SIGKILL on Unix. A child that has ended before that is a fault of its own.
    if let Ok(Some(status)) = child.try_wait() {
        return Err(Refusal::new(Kind::Fault, format!("The writer ended by itself: {status}")));
    }
    child.kill().and_then(|()| child.wait()).map_err(start)?;
    if !acks.exists() {
        return Ok(Verdict::default());
    }
    check(store, &numbers(acks)?)
}

/// 20 to 500 ms, by a linear congruential generator: the same seed gives the same kills.
pub(crate) fn delay(state: &mut u64) -> Duration {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    Duration::from_millis(20 + (*state >> 33) % 481)
}

pub(crate) fn command(times: u32, seed: u64) -> Result<ExitCode, Refusal> {
    let own = std::env::current_exe().map_err(|e| Refusal::new(Kind::Fault, format!("Who am I? {e}")))?;
    let total = kill(times, seed, |store, acks| {
        let mut command = Command::new(&own);
        command.arg("write").arg(store).arg("--acknowledged").arg(acks);
        command
    })?;
    println!(
        "{} kills, {} acknowledged transactions, 0 lost, 0 torn, chains whole, slowest start {} ms",
        total.kills,
        total.acknowledged,
        total.slowest.as_millis()
    );
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writers;

    const STORE: &str = "CARESPINE_CRASH_STORE";
    const ACKS: &str = "CARESPINE_CRASH_ACKS";

    /// Not a test of its own: what the killed process runs. Without the variables it has nothing to do.
    #[test]
    fn writer_to_be_killed() {
        if let (Some(store), Some(acks)) = (std::env::var_os(STORE), std::env::var_os(ACKS)) {
            writers::write(Path::new(&store), Path::new(&acks), true).unwrap();
        }
    }

    #[test]
    fn r_1_fifty_kills_under_sixteen_writers_lose_tear_and_break_nothing() {
        let own = std::env::current_exe().unwrap();
        let total = kill(50, 1, |store, acks| {
            let mut command = Command::new(&own);
            command.args(["--exact", "kill::tests::writer_to_be_killed", "--nocapture"]);
            command.env(STORE, store).env(ACKS, acks);
            command
        })
        .unwrap();
        println!("{total:?}");
        assert!(total.acknowledged > 1_000, "too little was written to show anything: {total:?}");
        assert!(total.slowest < Duration::from_secs(2), "{total:?}");
    }

    #[test]
    fn a_loss_and_a_tear_are_seen() {
        let dir = tempfile::tempdir().unwrap();
        let store = record::Store::open(dir.path(), record::Options::default()).unwrap();
        let json = fhir::Json::parse(
            r#"{"resourceType":"Basic","id":"t7-0","code":{"text":"synthetic"}}"#,
            fhir::Limits::DOOR,
        );
        let part = record::Prepared::of(&json.unwrap(), "t7-0").unwrap();
        store.write(record::Author::system("test"), move |tx| tx.create(part)).unwrap();
        drop(store);
        let verdict = check(dir.path(), &[7, 8]).unwrap();
        assert_eq!((verdict.lost, verdict.torn), (vec![8], vec![7]));
    }
}
