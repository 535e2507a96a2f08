//! What is wanted as a FHIR query.

use super::wanted::{Postcode, Wanted};
use crate::newest::escaped;
use crate::views::NHS_NUMBER;
use fhir::Instant;
use fhir::search::{Handling, Query};
use record::Refusal;

/// The query over Patient that finds what is wanted, by family name, then birth.
pub(super) fn query(wanted: &Wanted, now: Instant) -> Result<Query, Refusal> {
    Query::parse(Some("Patient"), &pairs(wanted), Handling::Strict, now, "")
}

fn pairs(wanted: &Wanted) -> Vec<(String, String)> {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    // A name parameter matches the beginning of any part of any name, so the order of words does not matter.
    pairs.extend(wanted.names.iter().map(|name| ("name", escaped(name))));
    if !wanted.born.is_empty() {
        pairs.push(("birthdate", wanted.born.iter().map(|born| born.fhir()).collect::<Vec<_>>().join(",")));
    }
    pairs.extend(wanted.nhs_number.iter().map(|n| ("identifier", format!("{NHS_NUMBER}|{}", n.digits()))));
    pairs.extend(wanted.numbers.iter().map(|number| ("identifier", escaped(number))));
    match &wanted.postcode {
        Some(Postcode::Whole(code)) => pairs.push(("address-postalcode", code.clone())),
        // The second half begins with a digit: NG4 must not find NG40.
        Some(Postcode::Outward(code)) => {
            let codes: Vec<String> = (0..10).map(|digit| format!("{code} {digit}")).collect();
            pairs.push(("address-postalcode", codes.join(",")));
        }
        None => {}
    }
    pairs.push(("_sort", "family,given,birthdate".to_owned()));
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> String {
        let pairs = pairs(&Wanted::read(text, 2026)).into_iter().filter(|(name, _)| name != "_sort");
        pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }

    #[test]
    fn words_become_parameters() {
        for (text, expected) in [
            ("anne smith", "name=anne&name=smith"),
            ("smith 14.03.25", "name=smith&birthdate=2025-03-14,1925-03-14"),
            ("999 000 1006", "identifier=https://fhir.nhs.uk/Id/nhs-number|9990001006"),
            ("N0482216", "identifier=N0482216"),
            ("ng47qt", "address-postalcode=NG4 7QT"),
            ("a|b$c", "name=a\\|b\\$c"),
        ] {
            assert_eq!(asked(text), expected, "{text}");
        }
        assert!(asked("NG4").starts_with("address-postalcode=NG4 0,NG4 1,"));
    }

    #[test]
    fn the_language_understands_every_query() {
        for text in ["anne smith", "14.03.25", "1945", "999 000 1006", "N0482216", "ng47qt", "NG4", "a|b$c\\"]
        {
            let query =
                query(&Wanted::read(text, 2026), Instant(0)).unwrap_or_else(|no| panic!("{text}: {no}"));
            assert!(!query.filters.is_empty() && query.sort.len() == 3, "{text}");
        }
    }
}
