//! Answers a question about an act of the trail, and closes it.

use crate::question::Question;
use fhir::{Json, Limits};
use record::{Found, Kind, Prepared, Tx};
use service::{Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Session, Values};

/// Answers a question: completes its Task.
pub const ANSWER: Command<Answered> =
    Command { name: "answer", about: "Answer a question", needs: Permission::Audit, run: answer };

/// Which question, and what is answered.
pub struct Answered {
    task: String,
    answer: String,
}

impl Input for Answered {
    const FIELDS: &'static [Field] = &[
        Field {
            name: "task",
            kind: FieldKind::Reference(&["Task"]),
            required: true,
            label: "Question",
            hint: "",
        },
        Field {
            name: "answer",
            kind: FieldKind::Text,
            required: true,
            label: "Answer",
            hint: "What was found out, in words for who asked",
        },
    ];

    fn read(values: &Values) -> Result<Answered, Refusal> {
        Ok(Answered { task: values.text("task"), answer: values.text("answer") })
    }
}

fn answer(tx: &mut Tx<'_>, _: &Session, answered: Answered) -> Result<Outcome, Refusal> {
    let absent = || Refusal::not_found(&answered.task);
    let Found::Here(body) = tx.read("Task", answered.task.trim_start_matches("Task/"))? else {
        return Err(absent());
    };
    let question = Question::of(&body.text).ok_or_else(absent)?;
    if body.text.contains("\"status\":\"completed\"") {
        let text = "This question was answered already. Load the page again to see what still waits.";
        return Err(Refusal::new(Kind::Conflict, text));
    }
    let who = tx.author().who.clone();
    let task = question.task(Some((&answered.answer, &who, tx.now()))).text();
    let task = Json::parse(task, Limits::DOOR).expect("a tree prints as JSON");
    let written = tx.put(Prepared::of(&task, &body.id)?, Some(body.version))?;
    Ok(Outcome::of([written], "The question is answered.", "/privacy"))
}
