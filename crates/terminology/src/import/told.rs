//! What a release is, where its files do not say it.

use crate::index::{Head, refused};
use fhir::Refusal;

/// What the person who imports says of a release; it goes before what its files say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Address of the code system.
    pub system: Option<String>,
    pub version: Option<String>,
    /// The day of the release (YYYY-MM-DD).
    pub date: Option<String>,
}

impl Told {
    /// The head of a release, of which the files give a version and a day if they can.
    pub(super) fn head(
        &self,
        system: &str,
        name: &str,
        version: Option<String>,
        date: Option<String>,
    ) -> Result<Head, Refusal> {
        let date = self.date.clone().or(date);
        let date = date.ok_or_else(|| {
            refused(format!("The files of {name} do not say their day. Say it with --date YYYY-MM-DD."))
        })?;
        if !is_day(&date) {
            return Err(refused(format!("{date:?} is no day. Write it as YYYY-MM-DD.")));
        }
        let version = self.version.clone().or(version);
        let version = version.ok_or_else(|| {
            refused(format!("The files of {name} do not say their version. Say it with --version."))
        })?;
        Ok(Head {
            url: self.system.clone().unwrap_or_else(|| system.to_owned()),
            version,
            name: name.to_owned(),
            date,
            language: "en".to_owned(),
        })
    }
}

/// Whether a text is a day as FHIR writes it.
fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    let number = |part: &str, digits: usize| {
        let fits = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u16>().ok().filter(|_| fits)
    };
    number(year, 4).is_some()
        && number(month, 2).is_some_and(|month| (1..=12).contains(&month))
        && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
}

/// A day of eight digits (YYYYMMDD) as FHIR writes it.
pub(super) fn day(digits: &str) -> Option<String> {
    let all = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let text = all.then(|| format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]))?;
    is_day(&text).then_some(text)
}
