//! The licence of everything that is built in, direct or not (docs/decisions/0007-dependencies.md).

use super::{Finding, Workspace};

const ACCEPTED: [&str; 11] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "0BSD",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "Unlicense",
    "CC0-1.0",
];

pub fn accepted(workspace: &Workspace) -> Vec<Finding> {
    let others = workspace.licences.iter().filter(|(_, licence)| !is_accepted(licence));
    others
        .map(|(name, licence)| Finding {
            path: "Cargo.lock".to_owned(),
            line: 1,
            what: format!("{name} is licensed {licence}, which docs/decisions/0007 does not accept"),
            todo: "Do without it; `cargo tree --invert` says who brings it".to_owned(),
        })
        .collect()
}

/// Whether we may choose accepted licences only: one of each `OR`, all of each `AND`. A slash is an old `OR`.
fn is_accepted(licence: &str) -> bool {
    let licence = licence.replace(['(', ')'], " ").replace('/', " OR ");
    licence.split(" AND ").all(|all| all.split(" OR ").any(|one| ACCEPTED.contains(&one.trim())))
}
