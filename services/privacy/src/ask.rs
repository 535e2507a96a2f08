//! Asks the privacy officer about an act of the trail.

use crate::question::Question;
use fhir::{Json, Limits};
use record::{Found, Prepared, Tx, new_id};
use service::{Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Session, Values};

/// Asks about an act: files a Task for the privacy officer.
pub const ASK: Command<Ask> =
    Command { name: "ask", about: "Ask about an act on a record", needs: Permission::Audit, run: ask };

/// About which act on whose record, and what.
pub struct Ask {
    patient: String,
    row: i64,
    question: String,
}

impl Input for Ask {
    const FIELDS: &'static [Field] = &[
        Field::PATIENT,
        Field {
            name: "row",
            kind: FieldKind::Integer,
            required: true,
            label: "Number of the act",
            hint: "As the list of who has looked gives it",
        },
        Field { name: "question", kind: FieldKind::Text, required: true, label: "Question", hint: "" },
    ];

    fn read(values: &Values) -> Result<Ask, Refusal> {
        let row = values.text("row").parse().unwrap_or(0);
        if row < 1 {
            return Err(Refusal::invalid("row", "Acts are numbered from 1. Take the number from the list."));
        }
        Ok(Ask { patient: values.text("patient"), row, question: values.text("question") })
    }
}

fn ask(tx: &mut Tx<'_>, _: &Session, ask: Ask) -> Result<Outcome, Refusal> {
    let id = ask.patient.trim_start_matches("Patient/");
    let Found::Here(_) = tx.read("Patient", id)? else { return Err(Refusal::not_found(&ask.patient)) };
    let question = Question {
        id: new_id(),
        patient: id.to_owned(),
        row: ask.row as u64,
        text: ask.question,
        asker: tx.author().who.clone(),
        asked: tx.now().to_string(),
    };
    let task = Json::parse(question.task(None).text(), Limits::DOOR).expect("a tree prints as JSON");
    service::review::guarded(tx, &question.id, "")?;
    let written = tx.create(Prepared::of(&task, &question.id)?)?;
    let next = format!("/patients/{id}/access-log?asked=yes");
    Ok(Outcome::of([written], "The question has gone to the privacy officer.", next))
}
