//! What was typed into the box, as what it means.

use super::dates::{self, Born};
use html::NhsNumber;

/// Words that are looked at, at most.
const WORDS_MAX: usize = 12;

/// What someone is looked for by. All of it must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Beginnings of names, in any order.
    pub names: Vec<String>,
    /// Dates of birth, one of which must fit; empty when none was typed.
    pub born: Vec<Born>,
    /// NHS number.
    pub nhs_number: Option<NhsNumber>,
    /// Hospital and other numbers.
    pub numbers: Vec<String>,
    /// Postcode, or the first half of one.
    pub postcode: Option<Postcode>,
    /// What was typed and cannot be right, in words that say so.
    pub problems: Vec<String>,
}

/// A postcode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Postcode {
    /// `NG4 7QT`.
    Whole(String),
    /// `NG4`.
    Outward(String),
}

impl Wanted {
    /// True when nothing was typed that can be looked for.
    pub(super) fn is_empty(&self) -> bool {
        let nothing = Wanted { problems: self.problems.clone(), ..Wanted::default() };
        *self == nothing
    }

    /// Reads what was typed. Longer meanings win: `999 000 1006` is one number, `14 March 1945` one date,
    /// `NG4 7QT` one postcode.
    pub(super) fn read(text: &str, this_year: i32) -> Wanted {
        let words: Vec<&str> =
            text.split([' ', ',', '\t', '\u{a0}']).filter(|w| !w.is_empty()).take(WORDS_MAX).collect();
        let mut wanted = Wanted::default();
        let mut at = 0;
        while at < words.len() {
            let taken =
                (1..=3.min(words.len() - at)).rev().find(|n| wanted.takes(&words[at..at + n], this_year));
            at += taken.unwrap_or_else(|| {
                wanted.word(words[at]);
                1
            });
        }
        wanted
    }

    /// Takes words that together have one meaning.
    fn takes(&mut self, words: &[&str], this_year: i32) -> bool {
        self.takes_nhs_number(words) || self.takes_date(words, this_year) || self.takes_postcode(words)
    }

    fn takes_nhs_number(&mut self, words: &[&str]) -> bool {
        let digits = words.concat().replace('-', "");
        let grouped = words.len() == 1 || words.iter().map(|w| w.len()).eq([3, 3, 4]);
        if !grouped || digits.len() != 10 || !digits.bytes().all(|c| c.is_ascii_digit()) {
            return false;
        }
        match NhsNumber::parse(&digits) {
            Ok(number) => self.nhs_number = Some(number),
            Err(why) => self.problems.push(format!("{why}. You entered {}", words.join(" "))),
        }
        true
    }

    fn takes_date(&mut self, words: &[&str], this_year: i32) -> bool {
        let born = dates::read(&words.join(" "), this_year);
        if born.is_empty() {
            return false;
        }
        self.born.extend(born);
        true
    }

    fn takes_postcode(&mut self, words: &[&str]) -> bool {
        let joined = words.concat().to_uppercase();
        let found = match words.len() {
            1 | 2 => whole_postcode(&joined).map(Postcode::Whole),
            _ => None,
        };
        let outward = || (words.len() == 1 && is_outward(&joined)).then(|| Postcode::Outward(joined.clone()));
        match found.or_else(outward) {
            Some(postcode) => {
                self.postcode = Some(postcode);
                true
            }
            None => false,
        }
    }

    /// A word alone: a number if it has a digit in it, else a part of a name.
    fn word(&mut self, word: &str) {
        if word.chars().any(|c| c.is_ascii_digit()) {
            self.numbers.push(word.to_owned());
        } else if word.chars().any(char::is_alphabetic) {
            self.names.push(word.to_owned());
        }
    }
}

/// `NG47QT` as `NG4 7QT`: an outward code, a digit, two letters (Royal Mail's format; BS 7666).
fn whole_postcode(joined: &str) -> Option<String> {
    let split = joined.len().checked_sub(3).filter(|_| joined.is_ascii())?;
    let (outward, inward) = joined.split_at(split);
    let inward_fits = matches!(inward.as_bytes(), [digit, a, b]
        if digit.is_ascii_digit() && a.is_ascii_uppercase() && b.is_ascii_uppercase());
    (inward_fits && is_outward(outward)).then(|| format!("{outward} {inward}"))
}

/// `M1`, `NG4`, `W1A`, `EC1A`.
fn is_outward(code: &str) -> bool {
    let letters = code.bytes().take_while(u8::is_ascii_uppercase).count();
    let rest = &code.as_bytes()[letters.min(code.len())..];
    let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    let last = &rest[digits..];
    (1..=2).contains(&letters)
        && (1..=2).contains(&digits)
        && (last.is_empty() || (digits == 1 && last.len() == 1 && last[0].is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was understood, in one line.
    fn meaning(text: &str) -> String {
        let wanted = Wanted::read(text, 2026);
        let mut parts: Vec<String> = wanted.names.iter().map(|name| format!("name {name}")).collect();
        parts.extend(wanted.born.iter().map(|born| format!("born {}", born.fhir())));
        parts.extend(wanted.nhs_number.iter().map(|number| format!("nhs {number}")));
        parts.extend(wanted.numbers.iter().map(|number| format!("number {number}")));
        parts.extend(wanted.postcode.iter().map(|postcode| format!("{postcode:?}")));
        parts.extend(wanted.problems);
        parts.join("; ")
    }

    #[test]
    fn each_thing_that_can_be_typed_is_told_from_the_others() {
        for (text, expected) in [
            ("smith", "name smith"),
            ("Smith, Anne-Marie", "name Smith; name Anne-Marie"),
            ("O'Brien", "name O'Brien"),
            ("smith 1945", "name smith; born 1945"),
            ("anne 14 March 1945 smith", "name anne; name smith; born 1945-03-14"),
            ("14/3/1945", "born 1945-03-14"),
            ("14 mar 45", "born 1945-03-14"),
            ("March 1945", "born 1945-03"),
            ("999 000 1006", "nhs 999 000 1006"),
            ("9990001006", "nhs 999 000 1006"),
            ("smith 999 000 1006", "name smith; nhs 999 000 1006"),
            ("N0482216", "number N0482216"),
            ("482216", "number 482216"),
            ("ng4 7qt", "Whole(\"NG4 7QT\")"),
            ("NG47QT", "Whole(\"NG4 7QT\")"),
            ("ec1a 1bb", "Whole(\"EC1A 1BB\")"),
            ("NG4", "Outward(\"NG4\")"),
            ("patel M1", "name patel; Outward(\"M1\")"),
            ("may", "name may"),
            ("", ""),
            (" - , ", ""),
        ] {
            assert_eq!(meaning(text), expected, "{text}");
        }
    }

    #[test]
    fn a_wrong_nhs_number_is_said_and_not_looked_for() {
        let wanted = Wanted::read("999 000 1007", 2026);
        assert!(wanted.is_empty());
        assert!(
            wanted.problems[0].contains("not a valid NHS number")
                && wanted.problems[0].ends_with("999 000 1007")
        );
        assert_eq!(Wanted::read("smith 9990001007", 2026).names, ["smith"]);
    }

    #[test]
    fn a_long_text_is_cut_off() {
        assert_eq!(Wanted::read(&"a ".repeat(1000), 2026).names.len(), WORDS_MAX);
    }
}
