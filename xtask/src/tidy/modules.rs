//! Which files are modules of which, and what that says of them: a module under `#[cfg(test)]` is a test, and
//! one that no public path leads to has no public items.

use super::source::Source;

/// Marks the files of modules that are compiled for tests only.
pub fn mark_tests(sources: &mut [Source]) {
    let children = |source: &Source| -> Vec<String> {
        source.test_modules().into_iter().map(|name| child(&source.path, name)).collect()
    };
    let tests: Vec<String> = sources.iter().flat_map(children).collect();
    for source in sources {
        let stem = source.path.strip_suffix(".rs").unwrap_or(&source.path);
        let inside = |module: &String| stem == module || stem.starts_with(&format!("{module}/"));
        if tests.iter().any(inside) {
            source.mark_as_test();
        }
    }
}

/// Whether users of the crate can name something in this file: each module on the way to it is public, or
/// something of it is passed on with `pub use`.
pub fn is_reachable(sources: &[Source], source: &Source) -> bool {
    let Some((folder, name)) = source.path.strip_suffix(".rs").and_then(|stem| stem.rsplit_once('/')) else {
        return false;
    };
    if matches!(name, "lib" | "main") {
        return true;
    }
    let Some(parent) = sources.iter().find(|parent| child(&parent.path, name) == format!("{folder}/{name}"))
    else {
        return false;
    };
    let root =
        sources.iter().find(|root| root.path.ends_with("/src/lib.rs") && folder.starts_with(root.folder()));
    let path = root.map(|root| format!("{folder}/{name}")[root.folder().len() + 1..].replace('/', "::"));
    let passed_on =
        path.is_some_and(|path| root.is_some_and(|root| says(root, &format!("pub use {path}::"))));
    let here = [format!("pub mod {name};"), format!("pub use {name}::"), format!("pub use self::{name}::")];
    passed_on || (here.iter().any(|words| says(parent, words)) && is_reachable(sources, parent))
}

fn says(source: &Source, words: &str) -> bool {
    source.find(words).next().is_some()
}

/// Where the module `name` of a file is, without the ending: beside `lib.rs`, in the folder of `a.rs`.
fn child(path: &str, name: &str) -> String {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    match stem.rsplit_once('/') {
        Some((folder, "lib" | "main" | "mod")) => format!("{folder}/{name}"),
        _ => format!("{stem}/{name}"),
    }
}
