//! `/workgroups`: teams and what they serve.

use access::{Workgroup, set_workgroup};
use html::{Action, Card, Column, Nav, Table, card, empty, frame, html as markup, page_head, table};
use record::Tx;
use service::{
    Answer, Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Request, Session, Values,
};
use std::collections::BTreeSet;

/// Makes a workgroup, or changes it.
pub const WORKGROUP: Command<Group> =
    Command { name: "workgroup", about: "Set up a workgroup", needs: Permission::Administer, run: set };

/// A workgroup; the organisation is that of whoever sets it up.
pub struct Group {
    name: String,
    title: String,
    serves: BTreeSet<String>,
}

impl Input for Group {
    const FIELDS: &'static [Field] = &[
        Field {
            name: "name",
            kind: FieldKind::String,
            required: true,
            label: "Name",
            hint: "In profiles and seals; it stays. Letters, digits and hyphens",
        },
        Field { name: "title", kind: FieldKind::String, required: true, label: "Name on pages", hint: "" },
        Field {
            name: "serves",
            kind: FieldKind::Text,
            required: false,
            label: "What it serves",
            hint: "Wards, clinics, practices and people as type and id, like Location/123, with spaces between. \
                   Whoever comes there is related to the team",
        },
    ];

    fn read(values: &Values) -> Result<Group, Refusal> {
        let serves = values.text("serves").split_ascii_whitespace().map(str::to_owned).collect();
        Ok(Group { name: values.text("name"), title: values.text("title"), serves })
    }
}

fn set(tx: &mut Tx<'_>, session: &Session, group: Group) -> Result<Outcome, Refusal> {
    let Group { name, title, serves } = group;
    let workgroup = Workgroup { name, title, organisation: session.organisation.clone(), serves };
    set_workgroup(tx, session, &workgroup)?;
    Ok(Outcome::of([], "The workgroup is set up.", "/workgroups"))
}

const NONE: &str = "People can be in teams by name; set one up to say what it serves.";

/// The page.
pub fn page(request: &Request<'_>) -> Result<Answer, Refusal> {
    let own = &request.session.organisation;
    let groups = request.access.workgroups()?;
    let groups: Vec<&Workgroup> = groups.iter().filter(|group| group.organisation == *own).collect();
    let people = request.access.users()?;
    let now = request.now();
    let members = |name: &str| {
        let is_in = |account: &&access::Account| account.current(now).any(|p| p.workgroups.contains(name));
        people.iter().filter(is_in).map(|account| account.name.clone()).collect::<Vec<_>>().join(", ")
    };
    let row = |group: &&Workgroup| {
        let serves = group.serves.iter().cloned().collect::<Vec<_>>().join(" ");
        vec![
            markup! { strong class="app-strong" { (group.title) } },
            markup! { code { (group.name) } },
            markup! { (members(&group.name)) },
            markup! { (group.serves.len()) },
            markup! {
                a href=(format!(
                    "/administration/workgroup?name={}&title={}&serves={}",
                    group.name, encoded(&group.title), encoded(&serves),
                )) {
                    "Change" span class="nhsuk-u-visually-hidden" { " " (group.title) }
                }
            },
        ]
    };
    let body = markup! {
        @if groups.is_empty() {
            (empty("No workgroup is set up", NONE, markup! {}))
        } @else {
            (table(&Table {
                id: "workgroups-table",
                caption: "Workgroups".to_owned(),
                columns: ["Team", "Name", "Members", "Things served", "Change"].map(Column::text).into(),
                rows: groups.iter().map(row).collect(),
                sortable: true,
            }))
        }
    };
    let set = Action {
        title: "Set up a workgroup".into(),
        href: "/administration/workgroup".into(),
        primary: true,
    };
    let count = Some(groups.len() as u64);
    let list = Card { id: "workgroups", title: "Workgroups", count, link: None, columns: 12, body };
    let main = markup! {
        (page_head("Workgroups", &[set], markup! {}))
        div class="app-grid" { (card(list)) }
    };
    Ok(Answer::Page(frame(&request.frame("Workgroups", Nav::Services), main)))
}

/// A text as a value of a query.
fn encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    text.bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
