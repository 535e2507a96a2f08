//! A page: a path, who may see it, and a function from a request to an answer.

use crate::Catalogue;
use access::{Access, Permission, Session};
use fhir::{Instant, Tree};
use html::{Assets, Frame, Markup, Nav, Who};
use record::{Act, Reader, Refusal};
use std::cell::RefCell;

/// Milliseconds of a minute that come after its start: "as at 09:05" is as at the end of 09:05.
const REST_OF_MINUTE_MS: i64 = 59_999;

/// A page of a service.
pub struct Page {
    /// `/patients/{id}/results`; the names in braces are the parameters.
    pub path: &'static str,
    /// What it is, in a list of pages.
    pub title: &'static str,
    /// Who may see it at all. Which rows they see is the scope's business.
    pub needs: Permission,
    /// Makes it.
    pub show: fn(&Request<'_>) -> Result<Answer, Refusal>,
}

/// What a page says.
#[derive(Debug)]
pub enum Answer {
    /// A whole page.
    Page(Markup),
    /// A part of one, for a script that asked with `?part=`.
    Part(Markup),
    /// Go to this address of ours.
    Redirect(String),
    /// A file to keep.
    File {
        /// The name it is saved under.
        name: String,
        /// Its content type.
        kind: &'static str,
        /// Its content.
        bytes: Vec<u8>,
    },
}

/// What a page is asked, by whom.
pub struct Request<'a> {
    /// Who asks.
    pub session: &'a Session,
    /// The gate to the record.
    pub access: &'a Access,
    /// All services.
    pub catalogue: &'a Catalogue,
    /// Where the browser finds what a page loads.
    pub assets: &'a Assets,
    /// The path as it was asked for.
    pub path: &'a str,
    /// The values in braces of the page's path, by name.
    pub params: &'a [(String, String)],
    /// The query, decoded, in its order.
    pub query: &'a [(String, String)],
    /// A word for the foot of every page.
    pub footnote: Option<&'a str>,
    acts: RefCell<Vec<Act>>,
}

impl<'a> Request<'a> {
    /// A request without parameters and query; a door sets them.
    pub fn new(
        session: &'a Session,
        access: &'a Access,
        catalogue: &'a Catalogue,
        assets: &'a Assets,
    ) -> Request<'a> {
        Request {
            session,
            access,
            catalogue,
            assets,
            path: "",
            params: &[],
            query: &[],
            footnote: None,
            acts: RefCell::default(),
        }
    }

    /// A parameter of the path; empty when the path has none of that name.
    pub fn param(&self, name: &str) -> &'a str {
        self.params.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// The first value of this name in the query that is not blank, without the blanks around it.
    pub fn query(&self, name: &str) -> Option<&'a str> {
        let mut values = self.query.iter().filter(|(n, _)| n == name).map(|(_, value)| value.trim());
        values.find(|value| !value.is_empty())
    }

    /// What a team is called on pages: by its title, where it has been set up.
    pub fn team(&self, name: &str) -> String {
        let workgroup = self.access.workgroup(name).ok().flatten();
        workgroup.map_or_else(|| name.to_owned(), |workgroup| workgroup.title)
    }

    /// The part of the page that a script asks for.
    pub fn part(&self) -> Option<&'a str> {
        self.query("part")
    }

    /// The moment that `?at=` asks for: the end of a minute, or of a day, in London; nothing for now.
    pub fn at(&self) -> Result<Option<Instant>, Refusal> {
        let Some(text) = self.query("at") else { return Ok(None) };
        let minute = html::parse_local(text).ok_or_else(|| {
            let text = format!("{text:?} is no date and time. Write it like 2026-11-24T09:05.");
            Refusal::invalid("at", text)
        })?;
        let now = self.now();
        if minute > now.0 {
            return Err(Refusal::invalid("at", "This moment is still to come. Choose one in the past."));
        }
        Ok(Some(Instant((minute + REST_OF_MINUTE_MS).min(now.0))))
    }

    /// The record through the session's scope: now, or as at the moment that `?at=` asks for.
    pub fn reader(&self) -> Result<Reader, Refusal> {
        match self.at()? {
            Some(at) => self.access.store().reader_at(&self.session.scope, at),
            None => self.access.store().reader(&self.session.scope),
        }
    }

    /// The time.
    pub fn now(&self) -> Instant {
        self.access.now()
    }

    /// Puts an act on the audit trail, before anything of the answer goes out. `detail` says what was shown
    /// (ids and versions, the query, the count), never clinical content.
    pub fn audit(&self, action: &'static str, detail: Tree) {
        self.acts.borrow_mut().push(self.session.act(action, detail));
    }

    /// The acts collected so far; for the door.
    pub fn take_acts(&self) -> Vec<Act> {
        self.acts.take()
    }

    /// The frame of a page for this session, to be filled and given to [`html::frame`].
    pub fn frame(&self, title: &'a str, section: Nav) -> Frame<'a> {
        Frame {
            who: Some(Who {
                display: self.session.display.clone(),
                role: self.session.role.title.clone(),
                place: self.session.place.clone(),
            }),
            idle_seconds: Some((access::IDLE_MINUTES * 60) as u32),
            csrf: &self.session.csrf,
            made: self.now().0,
            footnote: self.footnote,
            ..Frame::new(title, section, self.assets)
        }
    }
}
