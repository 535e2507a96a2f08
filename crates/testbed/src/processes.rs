//! Other programs and their processes, without a line of `unsafe`: the system's own tools do the work.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a server may take for anything: it recovers from a kill under load, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// A shell that guards a server. What it reads ends when the process that holds the other end does, however
/// that dies. Then it lets those end that are making or starting the server, stops it, and removes the folder.
const GUARD: &str = r#"exec 9<"$0"; read -r end; flock 9; "$@"; rm -rf "$0""#;

/// A program of PostgreSQL, to be run in a folder, one at a time.
pub fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new("flock");
    // Closed, or a server that is started would hold the lock as long as it lives.
    command.arg("--close").arg(folder).args(as_owner()).arg(program).current_dir(folder).env("LC_ALL", "C");
    // A group of its own: Ctrl-C in the terminal ends the tests, and that ends the rest in order.
    command.process_group(0);
    command
}

/// Stops a server and removes its folder when this process ends, or when the guard's input is closed.
pub fn guard(folder: &Path, pg_ctl: &Path) -> Child {
    let mut guard = Command::new("sh");
    guard.arg("-c").arg(GUARD).arg(folder).args(as_owner()).arg(pg_ctl);
    guard.args(["stop", "--wait", "--mode=immediate", "--pgdata"]).arg(folder.join("data"));
    guard.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    guard.process_group(0).spawn().expect("there is a shell")
}

/// What goes before a program of PostgreSQL, which refuses to be run by root.
fn as_owner() -> &'static [&'static str] {
    if is_root() { &["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] } else { &[] }
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
