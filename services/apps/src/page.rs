//! `/apps`: the apps that are registered.

use access::{App, AppProof};
use html::{Action, Card, Column, Markup, Nav, Table, card, empty, frame, html as markup, page_head, table};
use record::Refusal;
use service::{Answer, Request};

/// The page.
pub fn page(request: &Request<'_>) -> Result<Answer, Refusal> {
    let apps = request.access.apps()?;
    let own = |app: &App| app.organisation == request.session.organisation;
    let register = Action { title: "Register an app".into(), href: "/apps/register".into(), primary: true };
    let main = markup! {
        (page_head("Apps", &[register], markup! {}))
        div class="app-grid" {
            (card(Card {
                id: "apps", title: "Registered", count: Some(apps.len() as u64), link: None, columns: 12,
                body: list(&apps, &own),
            }))
        }
        p class="app-muted" {
            "What an app may do is never more than the person who lets it in may do. A secret for an app is made on "
            "the command line, which shows it once."
        }
    };
    Ok(Answer::Page(frame(&request.frame("Apps", Nav::Services), main)))
}

fn list(apps: &[App], own: &dyn Fn(&App) -> bool) -> Markup {
    if apps.is_empty() {
        return empty("No app is registered", "Nothing of others can be let in yet.", markup! {});
    }
    let columns = ["Name", "client_id", "Shows itself by", "May ask for", "Acts as", "Registered by", "End"];
    let row = |app: &App| {
        vec![
            markup! { strong class="app-strong" { (app.name) } },
            markup! { code { (app.id) } },
            markup! {
                @match app.proof {
                    AppProof::Public => "Nothing (public)",
                    AppProof::Secret(_) => "A secret",
                    AppProof::Keys(_) => "Its keys",
                }
            },
            markup! { (app.scopes.to_string()) },
            markup! {
                @match app.role {
                    Some(role) => { (role.title) ", " (app.organisation) ", " (app.purpose) },
                    None => "Whoever lets it in",
                }
            },
            markup! { (app.by) },
            markup! {
                @if own(app) {
                    a href={ "/apps/end?app=" (app.id) } {
                        "End" span class="nhsuk-u-visually-hidden" { " " (app.name) }
                    }
                }
            },
        ]
    };
    table(&Table {
        id: "apps-table",
        caption: "Apps that are registered here".to_owned(),
        columns: columns.map(Column::text).into(),
        rows: apps.iter().map(row).collect(),
        sortable: true,
    })
}
