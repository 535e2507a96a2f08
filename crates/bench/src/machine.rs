//! What the figures were measured on and with.

use std::fs;
use std::process::Command;

/// The machine in one sentence.
pub fn description() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory = field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.trim_end_matches(" kB").parse::<u64>().ok())
        .map_or_else(String::new, |kib| format!(", {} GB of memory", (kib + (1 << 19)) >> 20));
    let system = output("uname", &["-sr"]);
    format!("{cpu}, {cores} cores{memory}, {system}; clients and server on the same machine")
}

/// The commit that the program was built from, where that is known.
pub fn commit() -> String {
    output("git", &["rev-parse", "--short", "HEAD"])
}

/// Today, in UTC.
pub fn today() -> String {
    output("date", &["-u", "+%d %B %Y"])
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// What a program of the system prints, or nothing.
fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
