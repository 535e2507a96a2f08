//! Dates of birth in any usual form.

use chrono::NaiveDate;

/// A date of birth as far as it was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Born {
    /// A day.
    Day(NaiveDate),
    /// A month of a year.
    Month(i32, u32),
    /// A year.
    Year(i32),
}

impl Born {
    /// As FHIR writes it.
    pub(super) fn fhir(self) -> String {
        match self {
            Born::Day(day) => day.format("%Y-%m-%d").to_string(),
            Born::Month(year, month) => format!("{year:04}-{month:02}"),
            Born::Year(year) => format!("{year:04}"),
        }
    }
}

/// The first year of birth that is taken for one; older people are dead, and older numbers mean something else.
const YEAR_MIN: i32 = 1880;

/// Reads one word or up to three: `14-Mar-1945`, `14/3/1945`, `14.03.45`, `14 March 1945`, `1945-03-14`,
/// `14031945`, `Mar 1945`, `1945`. The day comes before the month. A year of two digits may mean two years.
/// Empty when it is no date.
pub(super) fn read(text: &str, this_year: i32) -> Vec<Born> {
    let lower = text.to_lowercase();
    let parts: Vec<&str> = lower.split(['-', '/', '.', ' ', ',']).filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [one] => single(one, this_year),
        [month, year] => match (named_month(month), full_year(year, this_year)) {
            (Some(month), Some(year)) => vec![Born::Month(year, month)],
            _ => Vec::new(),
        },
        [year, month, day] if year.len() == 4 && number(month).is_some() => full_year(year, this_year)
            .and_then(|year| date(year, number(month)?, number(day)?))
            .into_iter()
            .collect(),
        [day, month, year] => {
            let Some(day) = number(ordinal(day)) else { return Vec::new() };
            let Some(month) = named_month(month).or_else(|| number(month)) else { return Vec::new() };
            years(year, this_year).into_iter().filter_map(|year| date(year, month, day)).collect()
        }
        _ => Vec::new(),
    }
}

fn single(word: &str, this_year: i32) -> Vec<Born> {
    if !word.bytes().all(|c| c.is_ascii_digit()) {
        return joined(word, this_year);
    }
    let part = |range: std::ops::Range<usize>| word.get(range).and_then(number);
    match word.len() {
        4 => full_year(word, this_year).map(Born::Year).into_iter().collect(),
        8 => {
            let day_first =
                full_year(&word[4..], this_year).and_then(|year| date(year, part(2..4)?, part(0..2)?));
            let year_first =
                full_year(&word[..4], this_year).and_then(|year| date(year, part(4..6)?, part(6..8)?));
            day_first.or(year_first).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// `14mar1945`, `14mar45`.
fn joined(word: &str, this_year: i32) -> Vec<Born> {
    let letters = |c: char| c.is_alphabetic();
    let (Some(from), Some(to)) = (word.find(letters), word.rfind(letters)) else { return Vec::new() };
    let (Some(day), Some(month)) = (number(&word[..from]), named_month(&word[from..=to])) else {
        return Vec::new();
    };
    years(&word[to + 1..], this_year).into_iter().filter_map(|year| date(year, month, day)).collect()
}

fn date(year: i32, month: u32, day: u32) -> Option<Born> {
    NaiveDate::from_ymd_opt(year, month, day).map(Born::Day)
}

fn number(text: &str) -> Option<u32> {
    let short = !text.is_empty() && text.len() <= 2 && text.bytes().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|_| short)
}

/// `14th` is `14`.
fn ordinal(day: &str) -> &str {
    ["st", "nd", "rd", "th"].iter().find_map(|end| day.strip_suffix(end)).unwrap_or(day)
}

fn full_year(text: &str, this_year: i32) -> Option<i32> {
    let year = text.parse().ok().filter(|_| text.len() == 4)?;
    (YEAR_MIN..=this_year).contains(&year).then_some(year)
}

/// A year of four digits, or both years that two digits can mean for someone alive.
fn years(text: &str, this_year: i32) -> Vec<i32> {
    if let Some(year) = full_year(text, this_year) {
        return vec![year];
    }
    let Some(short) = number(text).filter(|_| text.len() == 2) else { return Vec::new() };
    let century = this_year / 100 * 100;
    [century + short as i32, century - 100 + short as i32]
        .into_iter()
        .filter(|year| (this_year - 115..=this_year).contains(year))
        .collect()
}

fn named_month(word: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let known = |month: &&str| {
        word.len() >= 3 && (month.starts_with(word) || (word == "sept" && **month == *"september"))
    };
    MONTHS.iter().position(known).map(|i| i as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> String {
        read(text, 2026).into_iter().map(Born::fhir).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_usual_form_of_a_date_of_birth_is_read() {
        for text in [
            "14-Mar-1945",
            "14/3/1945",
            "14/03/1945",
            "14.03.1945",
            "14 March 1945",
            "14 mar 1945",
            "1945-03-14",
            "14031945",
            "19450314",
            "14mar1945",
            "14th March 1945",
            "14-03-1945",
            "1945/3/14",
            "14.03.45",
        ] {
            assert_eq!(all(text), "1945-03-14", "{text}");
        }
    }

    #[test]
    fn two_digits_mean_each_year_that_someone_alive_can_be_born_in() {
        assert_eq!(all("14.03.25"), "2025-03-14 1925-03-14");
        assert_eq!(all("14.03.27"), "1927-03-14");
        assert_eq!(all("1/1/05"), "2005-01-01");
    }

    #[test]
    fn parts_of_a_date_are_enough() {
        assert_eq!(all("1945"), "1945");
        assert_eq!(all("March 1945"), "1945-03");
        assert_eq!(all("sept 1945"), "1945-09");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "31/2/1945",
            "14/13/1945",
            "1789",
            "2027",
            "smith",
            "may",
            "9990001006",
            "14/3",
            "12345",
            "ma 1945",
        ] {
            assert_eq!(all(text), "", "{text}");
        }
    }
}
