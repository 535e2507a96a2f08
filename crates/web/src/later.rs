//! Places of the top navigation that are not built yet. They say so, so that an address from a guide or a
//! bookmark does not end at "not found".

use html::{Action, Nav, empty, frame, html, page_head};
use record::Refusal;
use service::{Answer, Request};

pub fn boards(request: &Request<'_>) -> Result<Answer, Refusal> {
    later(request, "Boards", "Bed boards and department boards will show here who is where, live.")
}

pub fn schedule(request: &Request<'_>) -> Result<Answer, Refusal> {
    later(request, "Schedule", "Clinics, theatre lists and visits will show here by day.")
}

pub fn worklists(request: &Request<'_>) -> Result<Answer, Refusal> {
    later(request, "Worklists", "Things to do, each with its owner and its due time, will show here.")
}

pub fn reports(request: &Request<'_>) -> Result<Answer, Refusal> {
    later(request, "Reports", "Counts and charts over many patients will show here.")
}

fn later(request: &Request<'_>, title: &'static str, text: &str) -> Result<Answer, Refusal> {
    let home = Action { title: "Home".to_owned(), href: "/home".to_owned(), primary: false };
    let main = html! {
        (page_head(title, &[home], html! {}))
        div class="app-card" {
            (empty("Not there yet", text, html! { a href="/services" { "See what is there" } }))
        }
    };
    Ok(Answer::Page(frame(&request.frame(title, Nav::None), main)))
}
