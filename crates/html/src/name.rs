//! Names of people as the NHS writes them: `HARGREAVES, Dorothy (Mrs)`.

use std::fmt;

/// A patient's name in parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonName {
    /// Family name as recorded; shown in capitals.
    pub family: String,
    /// Given names with spaces between.
    pub given: String,
    /// `Mrs`, `Dr`; shown without a full stop.
    pub title: Option<String>,
}

impl PersonName {
    /// `HARGREAVES, Dorothy`: as in lists.
    pub fn in_list(&self) -> String {
        match (self.family.trim(), self.given.trim()) {
            ("", "") => "Name not known".to_owned(),
            (family, "") => family.to_uppercase(),
            ("", given) => given.to_owned(),
            (family, given) => format!("{}, {given}", family.to_uppercase()),
        }
    }

    /// True when two people could be taken for each other by their names: family names that are the same or
    /// differ in a letter or two, and given names that begin alike.
    pub fn is_like(&self, other: &PersonName) -> bool {
        let letters =
            |name: &str| name.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect::<Vec<char>>();
        let (one, two) = (letters(&self.family), letters(&other.family));
        let slips = if one.len().min(two.len()) < 6 { 1 } else { 2 };
        let begins = |name: &str| letters(name).into_iter().take(3).collect::<Vec<char>>();
        one.first() == two.first()
            && distance(&one, &two) <= slips
            && begins(&self.given) == begins(&other.given)
    }
}

/// Letters that must be changed, added or left out to turn one word into the other (Levenshtein).
fn distance(one: &[char], two: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, b) in two.iter().enumerate() {
            let changed = before + usize::from(a != b);
            before = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(before + 1);
        }
    }
    row[two.len()]
}

impl fmt::Display for PersonName {
    /// `HARGREAVES, Dorothy (Mrs)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_list())?;
        match self.title.as_deref().map(|t| t.trim().trim_end_matches('.')) {
            Some(title) if !title.is_empty() => write!(f, " ({title})"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(family: &str, given: &str, title: Option<&str>) -> PersonName {
        PersonName { family: family.into(), given: given.into(), title: title.map(str::to_owned) }
    }

    #[test]
    fn family_in_capitals_then_given_then_title_in_brackets() {
        for (family, given, title, expected) in [
            ("Hargreaves", "Dorothy", Some("Mrs"), "HARGREAVES, Dorothy (Mrs)"),
            ("O’Connell", "Maeve", Some("Ms."), "O’CONNELL, Maeve (Ms)"),
            ("Banerjee", "Baby of Priya", None, "BANERJEE, Baby of Priya"),
            ("Nduka", "", None, "NDUKA"),
            ("", "Cher", None, "Cher"),
            ("", "", None, "Name not known"),
        ] {
            assert_eq!(name(family, given, title).to_string(), expected);
        }
    }

    #[test]
    fn people_who_could_be_confused_are_alike() {
        for (one, two, alike) in [
            (("Smith", "Anne"), ("SMITH", "Anneka"), true),
            (("Smith", "Anne"), ("Smyth", "anne marie"), true),
            (("Hargreaves", "Dorothy"), ("Hargraves", "Dorothea"), true),
            (("O’Connell", "Maeve"), ("O'Connell", "Maeve"), true),
            (("Smith", "Anne"), ("Smith", "Andrew"), false),
            (("Smith", "Anne"), ("Jones", "Anne"), false),
            (("Lee", "Ann"), ("Low", "Ann"), false),
        ] {
            let [one, two] = [one, two].map(|(family, given)| name(family, given, None));
            assert_eq!((one.is_like(&two), two.is_like(&one)), (alike, alike), "{one} {two}");
        }
    }
}
