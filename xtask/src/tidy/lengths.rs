//! What fits on a screen is read; what does not is skimmed.

use super::source::Source;
use super::{Finding, Workspace};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
/// rustfmt breaks code at 110; what it cannot break (markup, sentences) may run a little over.
const LINE_COLUMNS_MAX: usize = 120;

pub fn files(workspace: &Workspace) -> Vec<Finding> {
    let long = workspace.sources.iter().filter(|source| source.lines_that_count() > FILE_LINES_MAX);
    long.map(|source| {
        let count = source.lines_that_count();
        let what = format!("{count} lines, and {FILE_LINES_MAX} is the limit (without tests and tables)");
        finding(source, 0, what, "Split it into modules, one idea each")
    })
    .collect()
}

pub fn functions(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in workspace.sources.iter().filter(|source| !source.is_test_file()) {
        for function in source.functions() {
            let count = source.count(function.start, function.end);
            if count > FUNCTION_LINES_MAX && !source.is_test(function.start) {
                let what = format!(
                    "fn {} has {count} lines, and {FUNCTION_LINES_MAX} is the limit (without tables)",
                    function.name
                );
                findings.push(finding(source, function.start, what, "Give its parts names"));
            }
        }
    }
    findings
}

pub fn lines(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in workspace.sources.iter().filter(|source| !source.is_test_file()) {
        let mut at = 0;
        for (number, line) in source.text.lines().enumerate() {
            let columns = line.chars().count();
            let start = at;
            at += line.len() + 1;
            if columns > LINE_COLUMNS_MAX && !source.is_test(start) {
                findings.push(Finding {
                    path: source.path.clone(),
                    line: number + 1,
                    what: format!("the line has {columns} columns, and {LINE_COLUMNS_MAX} is the limit"),
                    todo: "Break it".to_owned(),
                });
            }
        }
    }
    findings
}

fn finding(source: &Source, at: usize, what: String, todo: &str) -> Finding {
    Finding { path: source.path.clone(), line: source.line(at), what, todo: todo.to_owned() }
}
