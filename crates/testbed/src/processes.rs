//! Other programs and their processes, without a line of `unsafe`: the system's own tools do the work.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a server may take for anything: it recovers from a kill under load, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// A program of PostgreSQL, to be run in a folder as its owner: as root it would refuse.
pub fn command(program: &Path, folder: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir(folder).env("LC_ALL", "C");
    command
}

/// Gives a new folder to the user whom PostgreSQL is run as.
pub fn hand_over(folder: &Path) {
    if is_root() {
        finish(Command::new("chown").arg("postgres:postgres").arg(folder));
    }
}

/// Our own process, as the kernel shows it, belongs to us.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Runs a program to its end.
pub fn run(command: &mut Command) -> Result<(), String> {
    let shown = command.get_args().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let shown = format!("{} {shown}", command.get_program().to_string_lossy());
    let output =
        command.stdin(Stdio::null()).output().map_err(|e| format!("`{shown}` did not start: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("`{shown}`: {}\n{}", output.status, String::from_utf8_lossy(&said).trim_end()))
}

/// Runs a program that a test cannot go on without.
pub fn finish(command: &mut Command) {
    run(command).unwrap_or_else(|reason| panic!("{reason}"));
}

/// Sends a signal to processes; those that have just ended do not mind.
pub fn send(signal: &str, processes: &[&str]) {
    let mut kill = Command::new("sh");
    kill.args(["-c", "kill \"$@\"", "kill", "-s", signal]).args(processes).stderr(Stdio::null());
    kill.status().expect("there is a shell");
}

/// Whether a process has ended, if only its number is left because nobody has asked how it ended.
pub fn is_gone(process: &str) -> bool {
    let Ok(text) = fs::read_to_string(format!("/proc/{process}/stat")) else { return true };
    // proc(5): the state follows the program's name, which stands in parentheses.
    text.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['Z', 'X']))
}

/// Waits for something that comes by itself; panics when it does not.
pub fn await_that(what: &str, mut happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < PATIENCE, "Waited {} s, and still not: {what}", PATIENCE.as_secs());
        sleep(Duration::from_millis(5));
    }
}
