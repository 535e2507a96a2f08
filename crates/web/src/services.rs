//! All services, A to Z.

use html::{Markup, Nav, frame, html, page_head};
use record::Refusal;
use service::{Answer, Request, Service};

/// The page.
pub fn show(request: &Request<'_>) -> Result<Answer, Refusal> {
    let main = html! {
        (page_head("All services", &[], html! {}))
        div class="app-card" { (list(request)) }
    };
    Ok(Answer::Page(frame(&request.frame("All services", Nav::Services), main)))
}

/// The list: each service with what this role may open in it.
pub fn list(request: &Request<'_>) -> Markup {
    let mut services: Vec<&Service> = request.catalogue.services.to_vec();
    services.sort_by_key(|service| service.title);
    html! {
        ul class="app-list" {
            @for service in services { (entry(request, service)) }
            li {
                div class="app-list__line" { strong class="app-strong" { "Account and help" } }
                p class="app-s app-muted" {
                    "Who you are here, what your role may do, where you are signed in, and how to do things."
                }
                p class="app-s app-row" { a href="/account" { "My account" } a href="/help" { "Help" } }
            }
        }
    }
}

fn entry(request: &Request<'_>, service: &'static Service) -> Markup {
    let pages =
        service.pages.iter().filter(|page| !page.path.contains('{') && request.session.may(page.needs));
    let commands = request
        .catalogue
        .commands()
        .filter(|listed| listed.service.name == service.name && request.session.may(listed.command.needs()));
    let mut links: Vec<(String, &str)> = pages.map(|page| (page.path.to_owned(), page.title)).collect();
    links.extend(commands.map(|listed| (listed.path(), listed.command.about())));
    html! {
        li {
            div class="app-list__line" { strong class="app-strong" { (service.title) } }
            p class="app-s app-muted" { (service.about) }
            @if links.is_empty() {
                p class="app-s" { "Your role opens nothing here." }
            } @else {
                p class="app-s app-row" { @for (address, title) in &links { a href=(address) { (title) } } }
            }
        }
    }
}
