//! A record with two patients, and the pages of the service over it.

use crate::SERVICE;
use access::{Access, Session};
use fhir::{Instant, Json, Limits};
use html::Assets;
use record::{Author, Options, Place, Prepared, Refusal, Store};
use service::{Answer, Catalogue, Request};
use std::sync::Arc;
use testbed::Home;

static CATALOGUE: Catalogue = Catalogue { services: &[&SERVICE] };

/// The moment at which the tests look, in the life of the people of `dorothy.json`.
const NOW: &str = "2026-11-12T09:42:00Z";

/// An open record.
pub struct House {
    pub access: Access,
    /// The same record on the machine's clock, by which tokens run out.
    gate: Access,
    _home: Home,
}

impl House {
    /// With Dorothy and Doris.
    pub fn new() -> House {
        House::with(include_str!("dorothy.json"))
    }

    /// With the resources of a JSON array.
    pub fn with(resources: &str) -> House {
        let home = Home::new();
        let options = Options { durable: false, ..Options::default() };
        let store = Store::open(home.place().parse::<Place>().unwrap(), options).unwrap();
        let now = Instant::parse(NOW).unwrap();
        let gate = Access::open(store.clone()).unwrap();
        let access = Access::with_clock(store, Arc::new(move || now)).unwrap();
        let house = House { access, gate, _home: home };
        house.file(resources);
        house
    }

    /// Files the resources of a JSON array, each under its own id.
    pub fn file(&self, resources: &str) {
        let json = Json::parse(resources, Limits::FILE).unwrap();
        let prepared: Vec<Prepared> = json
            .root()
            .items()
            .map(|resource| Prepared::of(&resource.to_json(), &resource.str("id").unwrap()).unwrap())
            .collect();
        let write = self.access.store().write(Author::system("test"), move |tx| {
            prepared.into_iter().try_for_each(|resource| tx.put(resource, None).map(|_| ()))
        });
        write.unwrap();
    }

    /// Someone who holds this role.
    pub fn someone(&self, role: &str) -> Session {
        self.gate.bearer(&self.gate.mint_token(role, 60).unwrap()).unwrap()
    }

    /// What a page answers, with the permission it needs asked first and what it
    /// did on the audit trail, as every door has it.
    pub fn ask(&self, who: &Session, address: &str) -> Result<Answer, Refusal> {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let query: Vec<(String, String)> = service::interaction::pairs(query).unwrap();
        let (page, params) = crate::PAGES
            .iter()
            .find_map(|page| Some((page, fits(page.path, path)?)))
            .unwrap_or_else(|| panic!("no page fits {path}"));
        who.needs(page.needs)?;
        let assets = Assets::default();
        let mut request = Request::new(who, &self.access, &CATALOGUE, &assets);
        (request.path, request.params, request.query) = (path, &params, &query);
        let answer = (page.show)(&request);
        for act in request.take_acts() {
            self.access.store().audit(act).wait().unwrap();
        }
        answer
    }

    /// The markup of a page for a role.
    pub fn page(&self, role: &str, address: &str) -> String {
        match self.ask(&self.someone(role), address) {
            Ok(Answer::Page(markup) | Answer::Part(markup)) => markup.into_string(),
            other => panic!("{address} gave {other:?}"),
        }
    }

    /// The words of a page's content, in order.
    pub fn words(&self, role: &str, address: &str) -> String {
        let page = self.page(role, address);
        let (_, main) = page.split_once("id=\"maincontent\" tabindex=\"-1\">").unwrap_or(("", &page));
        words(main.split_once("</main>").map_or(main, |(main, _)| main))
    }

    /// Why a page is refused.
    pub fn refused(&self, role: &str, address: &str) -> Refusal {
        match self.ask(&self.someone(role), address) {
            Err(refusal) => refusal,
            Ok(answer) => panic!("{address} gave {answer:?}"),
        }
    }
}

fn fits(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    if pattern.len() != path.len() {
        return None;
    }
    let mut params = Vec::new();
    for (part, value) in pattern.into_iter().zip(path) {
        match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
            Some(name) => params.push((name.to_owned(), value.to_owned())),
            None if part == value => {}
            None => return None,
        }
    }
    Some(params)
}

/// What is read, in order, without tags; SVG charts as their title.
pub fn words(markup: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in markup.replace("&amp;", "&").chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Compares with the text in `snapshots/`; with `CARESPINE_BLESS=1` writes it anew.
pub fn same(name: &str, text: &str) {
    let path = format!("{}/src/tests/snapshots/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let mut lines = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        if width + word.len() > 100 {
            lines.push('\n');
            width = 0;
        }
        lines.push_str(word);
        lines.push(' ');
        width += word.len() + 1;
    }
    if std::env::var_os("CARESPINE_BLESS").is_some() {
        std::fs::write(&path, lines).unwrap();
        return;
    }
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        before.split_whitespace().collect::<Vec<_>>(),
        lines.split_whitespace().collect::<Vec<_>>(),
        "{name}"
    );
}
