//! NHS numbers: ten digits, the last of which checks the others.

use maud::{Markup, Render, html};
use std::fmt;

/// An NHS number whose check digit is right. Stored as ten digits, shown 3-3-4.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NhsNumber(String);

/// Why a text is no NHS number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAnNhsNumber {
    /// Something else than digits, or not ten of them.
    NotTenDigits,
    /// The check digit does not fit, so a digit is wrong or two are swapped.
    WrongCheckDigit,
}

impl fmt::Display for NotAnNhsNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotAnNhsNumber::NotTenDigits => "An NHS number has 10 digits, such as 999 000 1006",
            NotAnNhsNumber::WrongCheckDigit => {
                "This is not a valid NHS number: its last digit does not fit the others. Check it for a wrong or \
                 swapped digit"
            }
        })
    }
}

impl NhsNumber {
    /// Reads ten digits with or without spaces or hyphens and checks the check digit.
    pub fn parse(text: &str) -> Result<NhsNumber, NotAnNhsNumber> {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}')).collect();
        if digits.len() != 10 || !digits.bytes().all(|d| d.is_ascii_digit()) {
            return Err(NotAnNhsNumber::NotTenDigits);
        }
        match check_digit(&digits[..9]) {
            Some(check) if digits.as_bytes()[9] == b'0' + check => Ok(NhsNumber(digits)),
            _ => Err(NotAnNhsNumber::WrongCheckDigit),
        }
    }

    /// Ten digits.
    pub fn digits(&self) -> &str {
        &self.0
    }
}

/// The tenth digit of nine, by modulus 11 (NHS Data Dictionary: NHS NUMBER). Some nine have none.
fn check_digit(nine: &str) -> Option<u8> {
    let sum: u32 =
        nine.bytes().zip((2..=10).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    match 11 - sum % 11 {
        11 => Some(0),
        10 => None,
        digit => Some(digit as u8),
    }
}

impl fmt::Display for NhsNumber {
    /// `999 000 1006`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", &self.0[..3], &self.0[3..6], &self.0[6..])
    }
}

impl Render for NhsNumber {
    fn render(&self) -> Markup {
        html! { span class="app-nn" { (self.to_string()) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_taken_with_or_without_spaces_and_shown_3_3_4() {
        for text in ["9990001006", "999 000 1006", "999-000-1006", " 999 0001006"] {
            let number = NhsNumber::parse(text).unwrap();
            assert_eq!((number.digits(), number.to_string().as_str()), ("9990001006", "999 000 1006"));
        }
    }

    #[test]
    fn what_cannot_be_one_is_refused_with_the_reason() {
        for (text, reason) in [
            ("9990001007", NotAnNhsNumber::WrongCheckDigit),
            ("9990010006", NotAnNhsNumber::WrongCheckDigit),
            ("999000100", NotAnNhsNumber::NotTenDigits),
            ("99900010060", NotAnNhsNumber::NotTenDigits),
            ("99900O1006", NotAnNhsNumber::NotTenDigits),
            ("", NotAnNhsNumber::NotTenDigits),
        ] {
            assert_eq!(NhsNumber::parse(text), Err(reason), "{text}");
        }
    }

    #[test]
    fn nine_digits_whose_check_digit_would_be_ten_are_no_number() {
        for last in 0..10 {
            assert!(
                NhsNumber::parse(&format!("999000105{last}")).is_err() || check_digit("999000105").is_some()
            );
        }
        assert_eq!(check_digit("000000006"), None);
        assert_eq!(check_digit("000000000"), Some(0));
        assert_eq!(check_digit("943476591"), Some(9));
    }
}
