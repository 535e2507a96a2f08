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

    /// True when two people could be taken for each other by their names: the same family name and given
    /// names of which one begins as the other does, whatever the accents of capitals.
    pub fn is_like(&self, other: &PersonName) -> bool {
        let (one, two) = (self.given.to_lowercase(), other.given.to_lowercase());
        let initial = |name: &str| name.chars().take(3).collect::<String>();
        self.family.to_lowercase() == other.family.to_lowercase() && initial(&one) == initial(&two)
    }
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
        let anne = name("Smith", "Anne", None);
        assert!(anne.is_like(&name("SMITH", "Anneka", None)));
        assert!(anne.is_like(&name("Smith", "anne marie", None)));
        assert!(!anne.is_like(&name("Smith", "Andrew", None)));
        assert!(!anne.is_like(&name("Smythe", "Anne", None)));
    }
}
