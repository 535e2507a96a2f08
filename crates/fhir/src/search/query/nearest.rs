//! "Did you mean": the known names that an unknown one is nearest to.

/// Names that are offered at most.
const OFFERED_MAX: usize = 3;

/// "Did you mean ...?", or all the names when none is near.
pub(super) fn suggestion<'n>(wrong: &str, known: impl Iterator<Item = &'n str>) -> String {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    known.dedup();
    let mut near: Vec<(usize, &str)> =
        known.iter().map(|name| (distance(wrong, name), *name)).filter(|(d, n)| *d <= allowed(n)).collect();
    near.sort_unstable();
    near.truncate(OFFERED_MAX);
    let near: Vec<&str> = near.into_iter().map(|(_, name)| name).collect();
    match near.as_slice() {
        [] if known.is_empty() => "None is known.".into(),
        [] => format!("Known are: {}.", known.join(", ")),
        near => format!("Did you mean {}?", near.join(" or ")),
    }
}

/// Typing errors that still leave a name recognisable.
fn allowed(name: &str) -> usize {
    (name.len() / 3).clamp(1, 3)
}

/// Edits that make one from the other: insert, remove, replace, swap neighbours. The case of letters is free.
fn distance(a: &str, b: &str) -> usize {
    let letters = |s: &str| s.chars().take(64).flat_map(char::to_lowercase).collect::<Vec<char>>();
    let (a, b) = (letters(a), letters(b));
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered_and_else_all() {
        let known = ["name", "family", "birthdate", "given"];
        assert_eq!(suggestion("nmae", known.into_iter()), "Did you mean name?");
        assert_eq!(suggestion("birthDate", known.into_iter()), "Did you mean birthdate?");
        assert_eq!(suggestion("x", known.into_iter()), "Known are: birthdate, family, given, name.");
    }
}
