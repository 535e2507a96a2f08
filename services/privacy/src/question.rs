//! A question about an act of the trail, as a FHIR Task.

use fhir::search::{Handling, Query};
use fhir::{Instant, Json, Limits, Tree};
use record::{Page, Reader, Refusal};

/// The code system of tasks of this service.
pub const SYSTEM: &str = "urn:carespine:task";
/// The code of a question.
pub const CODE: &str = "audit-question";
/// Questions that are shown.
pub const SHOWN_MAX: usize = 100;

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The id of the Task.
    pub id: String,
    /// The id of the patient.
    pub patient: String,
    /// The number of the act.
    pub row: u64,
    /// In the asker's words.
    pub text: String,
    /// Who asked.
    pub asker: String,
    /// When.
    pub asked: String,
}

impl Question {
    /// The Task: open, or completed with the answer and who gave it.
    pub fn task(&self, answer: Option<(&str, &str, Instant)>) -> Tree {
        let coding = Tree::object().with("system", SYSTEM).with("code", CODE);
        let text = |text: &str| Tree::object().with("text", text);
        let row = Tree::object()
            .with("type", text("number of the act on the audit trail"))
            .with("valueString", self.row.to_string());
        let requester = Tree::object()
            .with(
                "identifier",
                Tree::object().with("system", "urn:carespine:account").with("value", self.asker.as_str()),
            )
            .with("display", self.asker.as_str());
        let task = Tree::resource("Task")
            .with("status", if answer.is_some() { "completed" } else { "requested" })
            .with("intent", "order")
            .with("code", Tree::object().with("coding", vec![coding]))
            .with("description", self.text.as_str())
            .with("for", Tree::object().with("reference", format!("Patient/{}", self.patient)))
            .with("authoredOn", self.asked.as_str())
            .with("requester", requester)
            .with("input", vec![row]);
        let Some((answer, who, at)) = answer else { return task };
        let given = Tree::object().with("type", text("answer")).with("valueString", answer);
        let note = Tree::object().with("authorString", who).with("time", at.to_string()).with("text", answer);
        task.with("note", vec![note]).with("output", vec![given])
    }

    /// Reads a Task back; nothing for one that is no question.
    pub fn of(text: &str) -> Option<Question> {
        let json = Json::parse(text, Limits::FILE).ok()?;
        let task = json.root();
        let text = |value: fhir::Value<'_>, name: &str| value.str(name).map(|text| text.into_owned());
        let coding = task.get("code")?.get("coding")?.each().next()?;
        if text(coding, "code")? != CODE {
            return None;
        }
        let row = task.get("input")?.each().next()?;
        Some(Question {
            id: text(task, "id")?,
            patient: text(task.get("for")?, "reference")?.strip_prefix("Patient/")?.to_owned(),
            row: text(row, "valueString")?.parse().ok()?,
            text: text(task, "description")?,
            asker: text(task.get("requester")?, "display")?,
            asked: text(task, "authoredOn")?,
        })
    }
}

/// The questions that wait for an answer, those that wait longest first.
pub fn open(reader: &Reader, now: Instant) -> Result<Vec<Question>, Refusal> {
    let pairs = [
        ("code", format!("{SYSTEM}|{CODE}")),
        ("status", "requested".into()),
        ("_sort", "_lastUpdated".into()),
    ];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value));
    let query = Query::parse(Some("Task"), &pairs, Handling::Strict, now, "")?;
    let found = reader.search(&query, &Page { count: SHOWN_MAX, total: false })?;
    Ok(found.matches.iter().filter_map(|body| Question::of(&body.text)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_sound_fhir_and_is_read_back() {
        let question = Question {
            id: "t".into(),
            patient: "p".into(),
            row: 7,
            text: "Who is this?".into(),
            asker: "ann".into(),
            asked: Instant(0).to_string(),
        };
        for answer in [None, Some(("A nurse of the ward.", "officer", Instant(0)))] {
            let text = question.task(answer).with("id", "t").text();
            let json = Json::parse(text.as_str(), Limits::DOOR).unwrap();
            assert_eq!(fhir::validate::structure(json.root()), []);
            assert_eq!(Question::of(&text), Some(question.clone()));
        }
        assert_eq!(Question::of(r#"{"resourceType":"Task","id":"t"}"#), None);
    }
}
