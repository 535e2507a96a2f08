//! Running other programs, always from the root of the checkout.

use crate::workspace;
use std::io::{BufRead, BufReader, ErrorKind};
use std::process::{Command, Stdio};

/// A program to be run from the root of the checkout.
pub fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(workspace::root()).stdin(Stdio::null());
    command
}

/// Runs a program to its end and lets it print.
pub fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    finish(command(program, arguments))
}

/// Runs a prepared command to its end and lets it print.
pub fn finish(mut command: Command) -> Result<(), String> {
    let line = shown(&command);
    let status = command.status().map_err(|e| not_started(&line, &e))?;
    if status.success() { Ok(()) } else { Err(format!("`{line}` failed: {status}")) }
}

/// Runs a program and returns what it printed.
pub fn capture(program: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = command(program, arguments);
    let line = shown(&command);
    let output = command.stderr(Stdio::inherit()).output().map_err(|e| not_started(&line, &e))?;
    if !output.status.success() {
        return Err(format!("`{line}` failed: {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("`{line}` printed something that is not UTF-8"))
}

fn not_started(line: &str, error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => format!("`{line}`: the program is not installed"),
        _ => format!("`{line}` did not start: {error}"),
    }
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Runs a program to its end, lets it print, and shows each line of its standard output to `see` as well.
pub fn watch(mut command: Command, mut see: impl FnMut(&str)) -> Result<(), String> {
    let line = shown(&command);
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|e| not_started(&line, &e))?;
    let output = child.stdout.take().expect("standard output was asked for as a pipe");
    for text in BufReader::new(output).lines() {
        let text = text.map_err(|e| format!("`{line}`: its output could not be read: {e}"))?;
        println!("{text}");
        see(&text);
    }
    let status = child.wait().map_err(|e| format!("`{line}`: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{line}` failed: {status}")) }
}
