//! `/agreements`: which organisations see each other's records, and where relationships are asked for.

use access::relationship::{Rule, set_rule};
use access::{Agreement, agree, end_agreement};
use html::{
    Action, Card, Column, Markup, Nav, Table, When, card, empty, frame, html as markup, page_head, table,
};
use record::{Instant, Tx};
use service::{
    Answer, Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Request, Session, Values,
};

/// Lets another organisation see one's own records.
pub const AGREE: Command<Agree> = Command {
    name: "agree",
    about: "Let another organisation see our records",
    needs: Permission::Administer,
    run: agree_,
};
/// Ends that.
pub const END: Command<End> =
    Command { name: "end-agreement", about: "End an agreement", needs: Permission::Administer, run: end };
/// Says whether a role needs relationships.
pub const ASK: Command<Ask> = Command {
    name: "ask-relationships",
    about: "Say from when a role needs a relationship",
    needs: Permission::Administer,
    run: ask,
};

/// With whom, until when, what for.
pub struct Agree {
    taker: String,
    until: Option<Instant>,
    about: String,
}

/// With whom.
pub struct End(String);

/// Which role, from when, until when.
pub struct Ask {
    role: String,
    from: Option<Instant>,
    until: Option<Instant>,
}

const TAKER: Field = Field {
    name: "taker",
    kind: FieldKind::String,
    required: true,
    label: "Organisation",
    hint: "Its ODS code",
};
const UNTIL: Field = Field {
    name: "until",
    kind: FieldKind::DateTime,
    required: false,
    label: "Until",
    hint: "Empty for no end",
};

impl Input for Agree {
    const FIELDS: &'static [Field] = &[
        TAKER,
        UNTIL,
        Field { name: "about", kind: FieldKind::Text, required: true, label: "What for", hint: "" },
    ];

    fn read(values: &Values) -> Result<Agree, Refusal> {
        let (taker, until) = (values.text("taker"), values.instant("until"));
        Ok(Agree { taker, until, about: values.text("about") })
    }
}

impl Input for End {
    const FIELDS: &'static [Field] = &[TAKER];

    fn read(values: &Values) -> Result<End, Refusal> {
        Ok(End(values.text("taker")))
    }
}

impl Input for Ask {
    const FIELDS: &'static [Field] = &[
        Field {
            name: "role",
            kind: FieldKind::String,
            required: true,
            label: "Role",
            hint: "Its name, such as nurse; all of them are on the page Roles",
        },
        Field {
            name: "from",
            kind: FieldKind::DateTime,
            required: false,
            label: "From",
            hint: "Empty for now",
        },
        UNTIL,
    ];

    fn read(values: &Values) -> Result<Ask, Refusal> {
        let (from, until) = (values.instant("from"), values.instant("until"));
        Ok(Ask { role: values.text("role").trim().to_owned(), from, until })
    }
}

fn agree_(tx: &mut Tx<'_>, session: &Session, asked: Agree) -> Result<Outcome, Refusal> {
    let agreement = Agreement {
        giver: session.organisation.clone(),
        taker: asked.taker,
        from: tx.now(),
        until: asked.until,
        by: session.who.clone(),
        about: asked.about,
    };
    agree(tx, session, &agreement)?;
    Ok(Outcome::of([], "They see our records from now on.", "/agreements"))
}

fn end(tx: &mut Tx<'_>, session: &Session, end: End) -> Result<Outcome, Refusal> {
    end_agreement(tx, session, &session.organisation, &end.0)?;
    Ok(Outcome::of([], "They see our records no more.", "/agreements"))
}

fn ask(tx: &mut Tx<'_>, session: &Session, ask: Ask) -> Result<Outcome, Refusal> {
    let from = ask.from.unwrap_or_else(|| tx.now());
    let (organisation, role) = (session.organisation.clone(), ask.role);
    set_rule(tx, session, &Rule { organisation, role, from, until: ask.until })?;
    Ok(Outcome::of([], "It is set.", "/agreements"))
}

/// The page.
pub fn page(request: &Request<'_>) -> Result<Answer, Refusal> {
    let own = &request.session.organisation;
    let agreements = request.access.agreements()?;
    let rules = request.access.relationship_rules()?;
    let rules: Vec<&Rule> = rules.iter().filter(|rule| rule.organisation == *own).collect();
    let action =
        |title: &str, href: &str, primary| Action { title: title.into(), href: href.into(), primary };
    let actions = [
        action("Let another organisation see our records", "/administration/agree", true),
        action("Ask for relationships", "/administration/ask-relationships", false),
    ];
    let main = markup! {
        (page_head("Sharing", &actions, markup! {}))
        div class="app-grid" {
            (card(Card { id: "given", title: "Who sees our records", count: None, link: None, columns: 12,
                body: listed(&agreements, own, "given-table", |a| a.giver == *own) }))
            (card(Card { id: "taken", title: "Whose records we see", count: None, link: None, columns: 12,
                body: listed(&agreements, own, "taken-table", |a| a.taker == *own) }))
            (card(Card { id: "rules", title: "Who needs a relationship with the patient", count: None, link: None,
                columns: 12, body: ruled(&rules) }))
        }
    };
    Ok(Answer::Page(frame(&request.frame("Sharing", Nav::Services), main)))
}

fn listed(all: &[Agreement], own: &str, id: &'static str, is_of: impl Fn(&Agreement) -> bool) -> Markup {
    let some: Vec<&Agreement> = all.iter().filter(|agreement| is_of(agreement)).collect();
    if some.is_empty() {
        return empty("Nobody", "Without an agreement nobody outside sees a record.", markup! {});
    }
    let row = |agreement: &&Agreement| {
        let is_ours = agreement.giver == own;
        vec![
            markup! { (if is_ours { &agreement.taker } else { &agreement.giver }) },
            markup! { (agreement.about) },
            markup! { (When::Moment(agreement.from.0)) },
            markup! { @if let Some(until) = agreement.until { (When::Moment(until.0)) } },
            markup! { (agreement.by) },
            markup! {
                @if is_ours {
                    a href={ "/administration/end-agreement?taker=" (agreement.taker) } {
                        "End" span class="nhsuk-u-visually-hidden" { " that with " (agreement.taker) }
                    }
                }
            },
        ]
    };
    let columns = ["Organisation", "What for", "From", "Until", "Agreed by", "End"].map(Column::text).into();
    let caption = if id == "given-table" { "Who sees our records" } else { "Whose records we see" };
    let rows = some.iter().map(row).collect();
    table(&Table { id, caption: caption.to_owned(), columns, rows, sortable: true })
}

fn ruled(rules: &[&Rule]) -> Markup {
    if rules.is_empty() {
        let text =
            "Everyone reaches all patients of the organisation. Each look is on the patient's access log.";
        return empty("Nobody", text, markup! {});
    }
    let row = |rule: &&Rule| {
        let title = access::roles().iter().find(|role| role.name == rule.role);
        vec![
            markup! { (title.map_or(rule.role.as_str(), |role| role.title.as_str())) },
            markup! { @if rule.from.0 > 0 { (When::Moment(rule.from.0)) } @else { "Always" } },
            markup! { @if let Some(until) = rule.until { (When::Moment(until.0)) } },
        ]
    };
    table(&Table {
        id: "rules-table",
        caption: "Roles that need a relationship".to_owned(),
        columns: ["Role", "From", "Until"].map(Column::text).into(),
        rows: rules.iter().map(row).collect(),
        sortable: true,
    })
}
