//! SQL is constant text, written by us, with `?` for every value. Never `format!`: a value in the text is an
//! injection, and an access scope that is pasted on can be forgotten (docs/decisions/0006). Tests may explain.

use super::source::{Source, closing};
use super::{Finding, Workspace};

const CALLS: [&str; 6] = ["prepare", "prepare_cached", "execute", "execute_batch", "query_row", "query_one"];
/// Words that begin a statement; in a literal inside `format!` they betray SQL also where no call is near.
const BEGINNINGS: [&str; 10] =
    ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ", "CREATE ", "DROP ", "ALTER ", "ATTACH ", "PRAGMA "];
const TODO: &str = "Write the statement out as a constant, with ? for the values";

pub fn constant(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &workspace.sources {
        calls(source, &mut findings);
        formats(source, &mut findings);
    }
    findings
}

/// Calls that take SQL, where the first argument is put together at run time.
fn calls(source: &Source, findings: &mut Vec<Finding>) {
    for call in CALLS {
        let words = format!(".{call}(");
        for at in source.find(&words) {
            let open = at + words.len() - 1;
            let argument = first_argument(&source.code[open..closing(&source.code, open)]);
            if is_put_together(source, argument) && !source.is_test(at) {
                findings.push(finding(source, at, format!("SQL put together at run time goes into {call}")));
            }
        }
    }
}

/// `format!` and its like with a literal that begins as SQL does.
fn formats(source: &Source, findings: &mut Vec<Finding>) {
    for words in ["format!", "write!", "writeln!", "format_args!"] {
        for at in source.find(words) {
            let Some(open) = source.code[at..].find(['(', '[', '{']).map(|open| at + open) else { continue };
            let inside = &source.text[open..closing(&source.code, open)];
            let literal = inside.split('"').nth(1).unwrap_or_default().trim_start();
            if BEGINNINGS.iter().any(|word| literal.starts_with(word)) && !source.is_test(at) {
                findings.push(finding(source, at, format!("SQL in {words}")));
            }
        }
    }
}

fn first_argument(call: &str) -> &str {
    let mut depth = 0usize;
    for (at, c) in call.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && c == ',') {
            return call[1..at].trim();
        }
    }
    call
}

/// Literals are blank here; so what is left are names, and what was done to them in this file.
fn is_put_together(source: &Source, argument: &str) -> bool {
    if ["format!", ".concat(", ".join(", "+ ", "String"].iter().any(|word| argument.contains(word)) {
        return true;
    }
    let name = argument.trim_start_matches(['&', '*']).trim_start_matches("mut ");
    let name = name.split(['.', '(', ' ']).next().unwrap_or_default();
    let is_variable =
        !name.is_empty() && name.chars().all(|c| c.is_lowercase() || c.is_numeric() || c == '_');
    let grown = [
        format!("{name}.push_str("),
        format!("{name}.push("),
        format!("{name} +="),
        format!("{name} = format!"),
        format!("{name}: String = format!"),
        format!("write!({name},"),
        format!("write!(&mut {name},"),
    ];
    is_variable && grown.iter().any(|way| source.find(way).next().is_some())
}

fn finding(source: &Source, at: usize, what: String) -> Finding {
    Finding { path: source.path.clone(), line: source.line(at), what, todo: TODO.to_owned() }
}
