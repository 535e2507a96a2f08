//! The name of a product in the form of the dictionary of medicines and devices, `Ramipril 5mg capsules`, in its
//! parts: drug, strength, form. A name that is not plainly of this form stays whole.

use super::unit::unit;

/// The parts of a product's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// `Ramipril`
    pub name: String,
    /// `5 mg`, `100 units per mL`, `250 mg in 5 mL`.
    pub strength: Option<String>,
    /// `capsules`
    pub form: Option<String>,
}

/// Units of strength, as products are named.
const UNITS: [&str; 13] =
    ["mg", "g", "microgram", "micrograms", "nanograms", "unit", "units", "mL", "ml", "%", "mmol", "kg", "L"];

/// Takes a name apart.
pub(super) fn parts(name: &str) -> Parts {
    split(name).unwrap_or_else(|| Parts { name: name.to_owned(), strength: None, form: None })
}

fn split(name: &str) -> Option<Parts> {
    let words: Vec<&str> = name.split_whitespace().collect();
    let first =
        words.iter().position(|word| word.starts_with(|c: char| c.is_ascii_digit())).filter(|i| *i > 0)?;
    let (strength, taken) = strength(&words[first..])?;
    let form = &words[first + taken..];
    let plain = |word: &&str| word.chars().all(|c| c.is_alphabetic() || c == '-');
    if !form.iter().all(plain) {
        return None;
    }
    let form = (!form.is_empty()).then(|| form.join(" ").to_lowercase());
    Some(Parts { name: words[..first].join(" "), strength: Some(strength), form })
}

/// The strength at the beginning of these words, and how many of them it takes.
fn strength(words: &[&str]) -> Option<(String, usize)> {
    let (mut text, mut taken) = (words[0].to_owned(), 1);
    // `5 mg`, `5 mg in 2.5 mL` and `100 units per mL` come in several words, `5mg/5ml` in one.
    while let Some(word) = words.get(taken) {
        let goes_on = is_unit(word) || is_ratio(word) || word.starts_with(|c: char| c.is_ascii_digit());
        if !goes_on {
            break;
        }
        text.push(' ');
        text.push_str(word);
        taken += 1;
        if matches!(*word, "per") {
            text.push(' ');
            text.push_str(words.get(taken)?);
            taken += 1;
            break;
        }
    }
    let over: Vec<&str> = text.split('/').collect();
    let shown = match over.as_slice() {
        [one] => amount(one)?,
        [drug, one] if !one.trim().starts_with(|c: char| c.is_ascii_digit()) => {
            format!("{} per {}", amount(drug)?, unit(one.trim()))
        }
        [drug, volume] if volume.to_lowercase().ends_with('l') => {
            format!("{} in {}", amount(drug)?, amount(volume)?)
        }
        [one, other] => format!("{} and {}", amount(one)?, amount(other)?),
        _ => return None,
    };
    Some((shown, taken))
}

fn is_unit(word: &str) -> bool {
    let first = word.split('/').next().unwrap_or_default();
    UNITS.iter().any(|unit| unit.eq_ignore_ascii_case(first))
}

fn is_ratio(word: &str) -> bool {
    matches!(word, "in" | "per")
}

/// `5mg` as `5 mg` that does not break; text with words between stays as it is.
fn amount(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).count();
    let (number, rest) = text.split_at(digits);
    let rest = rest.trim();
    let known = UNITS.iter().find(|unit| unit.eq_ignore_ascii_case(rest));
    match known {
        Some(&"%") => Some(format!("{number}%")),
        Some(known) => Some(format!("{number}\u{a0}{}", unit(known))),
        None if rest.contains(" in ") || rest.contains(" per ") => Some(text.to_owned()),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_taken_apart_where_their_form_is_plain() {
        for (name, expected) in [
            ("Ramipril 5mg capsules", "Ramipril | 5 mg | capsules"),
            ("Amlodipine 10 mg tablets", "Amlodipine | 10 mg | tablets"),
            ("Acetaminophen 325 MG Oral Tablet", "Acetaminophen | 325 mg | oral tablet"),
            ("Ciprofloxacin 400mg/200ml infusion bags", "Ciprofloxacin | 400 mg in 200 mL | infusion bags"),
            ("Salbutamol 5 mg in 2.5 mL nebuliser liquid", "Salbutamol | 5 mg in 2.5 mL | nebuliser liquid"),
            ("Salbutamol 100micrograms/dose inhaler", "Salbutamol | 100 micrograms per dose | inhaler"),
            ("Tiotropium 2.5 micrograms per dose inhaler", "Tiotropium | 2.5 micrograms per dose | inhaler"),
            (
                "Insulin glargine 100 units per mL pre-filled pens",
                "Insulin glargine | 100 units per mL | pre-filled pens",
            ),
            ("Co-codamol 8mg/500mg tablets", "Co-codamol | 8 mg and 500 mg | tablets"),
            ("Hydrocortisone 1% cream", "Hydrocortisone | 1% | cream"),
            ("Chloramphenicol 0.5% eye drops", "Chloramphenicol | 0.5% | eye drops"),
            ("Emollient cream", "Emollient cream | - | -"),
            ("Insulin aspart", "Insulin aspart | - | -"),
            (
                "24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet",
                "24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet | - | -",
            ),
            ("Adcal-D3 750 mg/200 unit caplets", "Adcal-D3 | 750 mg and 200 unit | caplets"),
            ("Vitamin B12 injection", "Vitamin B12 injection | - | -"),
            ("Oxygen 2 cylinders (size D)", "Oxygen 2 cylinders (size D) | - | -"),
        ] {
            let Parts { name: drug, strength, form } = parts(name);
            let or_none = |part: Option<String>| part.unwrap_or_else(|| "-".into()).replace('\u{a0}', " ");
            assert_eq!(format!("{drug} | {} | {}", or_none(strength), or_none(form)), expected);
        }
    }
}
