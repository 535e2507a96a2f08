//! Code systems of ISO that FHIR R4 uses and does not publish, as far as they are free.

use crate::listed::Listed;
use fhir::{Json, Limits, Tree};

const COUNTRIES: &str = include_str!("tables/countries.txt");
const CURRENCIES: &str = include_str!("tables/currencies.txt");

/// The addresses of all of them.
pub(crate) const ALL: &[&str] = &["urn:iso:std:iso:3166", "urn:iso:std:iso:4217"];

/// The code system of an address.
pub(crate) fn find(url: &str) -> Option<Listed> {
    let rows: Vec<(&str, &str)> = match url {
        "urn:iso:std:iso:3166" => lines(COUNTRIES).flat_map(country).collect(),
        "urn:iso:std:iso:4217" => lines(CURRENCIES).filter_map(|line| line.split_once(' ')).collect(),
        _ => return None,
    };
    let name = if url.ends_with("3166") { "Countries" } else { "Currencies" };
    let concepts =
        rows.iter().map(|(code, display)| Tree::object().with("code", *code).with("display", *display));
    let resource = Tree::resource("CodeSystem")
        .with("url", url)
        .with("name", name)
        .with("language", "en")
        .with("caseSensitive", true)
        .with("content", "complete")
        .with("concept", concepts.collect::<Vec<_>>());
    let json = Json::parse(resource.text(), Limits::FILE).expect("a tree is written as JSON");
    Some(Listed::new(json.root()))
}

fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.starts_with('#'))
}

/// Two letters, three letters and the number, all with the name; or two letters alone.
fn country(line: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut parts = line.splitn(4, ' ');
    let codes: Vec<&str> = parts.by_ref().take(3).collect();
    let name = parts.next().unwrap_or("User-assigned");
    codes.into_iter().map(move |code| (code, name))
}
