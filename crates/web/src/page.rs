//! Pages: those of services, and those of the house itself, shown in the same way.

use crate::asked::Asked;
use crate::door::{Answered, redirect};
use crate::{Web, account, home, later, services};
use access::Session;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use fhir::Tree;
use record::{Refusal, Ticket};
use service::{Answer, Page, Request};

/// A page of the house, for everyone who is signed in.
pub struct Own {
    /// Its path.
    pub path: &'static str,
    show: Show,
}

type Show = fn(&Request<'_>) -> Result<Answer, Refusal>;

/// The pages of the house.
pub static OWN: &[Own] = &[
    Own { path: "/home", show: home::show },
    Own { path: "/services", show: services::show },
    Own { path: "/account", show: account::show },
    Own { path: "/boards", show: later::boards },
    Own { path: "/schedule", show: later::schedule },
    Own { path: "/worklists", show: later::worklists },
    Own { path: "/reports", show: later::reports },
];

/// A page of the house.
pub fn own(web: &Web, asked: &Asked, own: &Own) -> Answered {
    show(web, asked, own.show)
}

/// A page of a service, if the session may see it. That it may not is on the trail before it is said.
pub fn of_service(web: &Web, asked: &Asked, page: &Page) -> Answered {
    let session = signed_in(asked);
    if let Err(no) = session.needs(page.needs) {
        let detail = Tree::object().with("page", page.path).with("needs", page.needs.name());
        web.access.store().audit(session.act("refused", detail)).wait()?;
        return Err(no);
    }
    show(web, asked, page.show)
}

/// The session behind the door; the door has led everyone else away.
pub fn signed_in(asked: &Asked) -> &Session {
    asked.session().expect("the door lets only those pass who are signed in")
}

/// The request as pages know it.
pub fn request<'a>(web: &'a Web, asked: &'a Asked, session: &'a Session) -> Request<'a> {
    let mut request = Request::new(session, &web.access, web.catalogue, &web.assets);
    request.path = &asked.path;
    request.params = &asked.params;
    request.query = &asked.query;
    request.footnote = web.config.footnote.as_deref();
    request
}

fn show(web: &Web, asked: &Asked, show: Show) -> Answered {
    let request = request(web, asked, signed_in(asked));
    let answer = show(&request);
    // What the page has looked at is on disk before anything of it goes out, also when the page is a refusal.
    let tickets: Vec<Ticket> =
        request.take_acts().into_iter().map(|act| web.access.store().audit(act)).collect();
    tickets.into_iter().try_for_each(Ticket::wait)?;
    Ok(match answer? {
        Answer::Page(markup) | Answer::Part(markup) => Html(markup.into_string()).into_response(),
        Answer::Redirect(address) => redirect(&address),
        Answer::File { name, kind, bytes } => file(&name, kind, bytes),
    })
}

/// A file to keep: never shown in our origin, whatever it holds.
fn file(name: &str, kind: &'static str, bytes: Vec<u8>) -> Response {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    let disposition =
        HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).expect("the name is plain");
    ([(CONTENT_TYPE, HeaderValue::from_static(kind)), (CONTENT_DISPOSITION, disposition)], bytes)
        .into_response()
}
