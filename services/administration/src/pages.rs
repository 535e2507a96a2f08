//! `/roles`: the matrix, as the program has it.

use access::Role;
use html::{Card, Column, Nav, Table, card, frame, html as markup, page_head, table};
use record::Refusal;
use service::{Answer, Permission, Request, csv};

/// The page; with `?as=csv` a file.
pub fn roles(request: &Request<'_>) -> Result<Answer, Refusal> {
    let roles: Vec<&Role> = access::roles().iter().collect();
    if request.query("as") == Some("csv") {
        return Ok(file(&roles));
    }
    let mut columns = vec![Column::text("May")];
    columns.extend(roles.iter().map(|role| Column::text(&role.title)));
    let row = |permission: Permission| {
        let mut cells = vec![markup! { (permission.about()) }];
        cells.extend(roles.iter().map(|role| match role.may(permission) {
            true => markup! { "Yes" },
            false => markup! { span class="nhsuk-u-visually-hidden" { "No" } },
        }));
        cells
    };
    let matrix = Table {
        id: "roles-table",
        caption: "What each role may do".to_owned(),
        columns,
        rows: Permission::ALL.into_iter().map(row).collect(),
        sortable: false,
    };
    let body = markup! {
        (table(&matrix))
        div class="app-card__foot" { "To keep: " a href="/roles?as=csv" { "CSV file" } "." }
    };
    let card_ =
        Card { id: "roles", title: "Roles", count: Some(roles.len() as u64), link: None, columns: 12, body };
    let main = markup! {
        (page_head("Roles", &[], markup! {}))
        div class="app-grid" { (card(card_)) }
    };
    Ok(Answer::Page(frame(&request.frame("Roles", Nav::Services), main)))
}

fn file(roles: &[&Role]) -> Answer {
    let head = ["may".to_owned()].into_iter().chain(roles.iter().map(|role| role.name.clone())).collect();
    let line = |permission: Permission| {
        let marks = roles.iter().map(|role| if role.may(permission) { "yes" } else { "" }.to_owned());
        [permission.name().to_owned()].into_iter().chain(marks).collect::<Vec<String>>()
    };
    let lines: Vec<Vec<String>> =
        std::iter::once(head).chain(Permission::ALL.into_iter().map(line)).collect();
    Answer::File { name: "roles.csv".to_owned(), kind: "text/csv; charset=utf-8", bytes: csv(&lines) }
}
