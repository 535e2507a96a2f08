//! What somebody did on their own responsibility and a privacy officer reviews afterwards: broken glass, claimed
//! relationships. Each is a FHIR Task.

use crate::interaction::Guard;
use access::{Permission, Session};
use fhir::search::{Handling, Query};
use fhir::{Instant, Json, Limits, Tree, Value};
use record::{Body, Found, Kind, Page, Prepared, Reader, Refusal, Tx, Written};
use std::sync::Arc;

/// The code system of these tasks.
const SYSTEM: &str = "urn:carespine:task";
/// Kept facts: Tasks that only privacy officers change, with who is the reason for each.
const GUARDED: &str = "review";
/// Working days within which a review is due.
pub const DUE_DAYS: u32 = 5;
/// Reviews that are read at once.
pub const SHOWN_MAX: usize = 200;
const DAY_MS: i64 = 86_400_000;

/// What is reviewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Glass was broken for want of a relationship.
    BrokeGlass,
    /// A seal was broken.
    BrokeSeal,
    /// A relationship was claimed.
    Claimed,
}

impl Act {
    const ALL: [Act; 3] = [Act::BrokeGlass, Act::BrokeSeal, Act::Claimed];

    fn code(self) -> &'static str {
        match self {
            Act::BrokeGlass => "review-broken-glass",
            Act::BrokeSeal => "review-broken-seal",
            Act::Claimed => "review-claim",
        }
    }

    /// In words.
    pub fn title(self) -> &'static str {
        match self {
            Act::BrokeGlass => "Opened a record without a relationship",
            Act::BrokeSeal => "Opened what another team has sealed",
            Act::Claimed => "Claimed a relationship",
        }
    }
}

/// A review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The id of the Task.
    pub id: String,
    /// What is reviewed.
    pub act: Act,
    /// The id of the patient.
    pub patient: String,
    /// The account of who did it.
    pub who: String,
    /// Why, in their words; a coded reason stands before it.
    pub why: String,
    /// When it was done.
    pub at: Instant,
    /// When the review is due.
    pub due: Instant,
}

impl Review {
    /// Asks for a review of what whoever asks has just done.
    pub fn ask(
        tx: &mut Tx<'_>,
        session: &Session,
        act: Act,
        (id, patient, why): (&str, &str, &str),
    ) -> Result<Written, Refusal> {
        let at = tx.now();
        let (id, patient, why) = (id.to_owned(), patient.to_owned(), why.to_owned());
        let review = Review { id, act, patient, who: session.who.clone(), why, at, due: due(at) };
        let task = Json::parse(review.task(None).text(), Limits::DOOR).expect("a tree prints as JSON");
        guarded(tx, &review.id, &session.who)?;
        tx.create(Prepared::of(&task, &review.id)?)
    }

    /// Closes a review with what was found. Nobody reviews what they did themselves.
    pub fn close(
        tx: &mut Tx<'_>,
        session: &Session,
        id: &str,
        found: (&str, &str),
    ) -> Result<Written, Refusal> {
        let absent = || Refusal::not_found(&format!("Task/{id}"));
        let Found::Here(body) = tx.read("Task", id)? else { return Err(absent()) };
        let review = Review::of(&body).ok_or_else(absent)?;
        if body.text.contains("\"status\":\"completed\"") {
            let text = "This was reviewed already. Load the page again to see what still waits.";
            return Err(Refusal::new(Kind::Conflict, text));
        }
        if review.who == session.who {
            let text = "Nobody reviews what they did themselves. Ask another privacy officer.";
            return Err(Refusal::new(Kind::Forbidden, text));
        }
        let task = review.task(Some((found, &session.who, tx.now()))).text();
        let task = Json::parse(task, Limits::DOOR).expect("a tree prints as JSON");
        tx.put(Prepared::of(&task, id)?, Some(body.version))
    }

    fn task(&self, closed: Option<((&str, &str), &str, Instant)>) -> Tree {
        let coding = Tree::object().with("system", SYSTEM).with("code", self.act.code());
        let requester =
            Tree::object().with("identifier", account(&self.who)).with("display", self.who.as_str());
        let period = Tree::object().with("end", self.due.to_string());
        let task = Tree::resource("Task")
            .with("status", if closed.is_some() { "completed" } else { "requested" })
            .with("intent", "order")
            .with("code", Tree::object().with("coding", vec![coding]))
            .with("description", self.why.as_str())
            .with("for", Tree::object().with("reference", format!("Patient/{}", self.patient)))
            .with("authoredOn", self.at.to_string())
            .with("requester", requester)
            .with("restriction", Tree::object().with("period", period));
        let Some(((outcome, words), who, at)) = closed else { return task };
        let given = |name: &str, text: &str| {
            Tree::object().with("type", Tree::object().with("text", name)).with("valueString", text)
        };
        let note = Tree::object().with("authorString", who).with("time", at.to_string()).with("text", words);
        task.with("note", vec![note]).with("output", vec![given("outcome", outcome)])
    }

    fn of(body: &Body) -> Option<Review> {
        let json = Json::parse(body.text.as_str(), Limits::FILE).ok()?;
        let task = json.root();
        let text = |value: Value<'_>, name: &str| value.str(name).map(|text| text.into_owned());
        let coding = task.get("code")?.get("coding")?.each().next()?;
        let code = text(coding, "code").filter(|_| coding.str("system").is_some_and(|s| s == SYSTEM))?;
        let end = task.get("restriction")?.get("period")?.str("end")?;
        Some(Review {
            id: text(task, "id")?,
            act: Act::ALL.into_iter().find(|act| act.code() == code)?,
            patient: text(task.get("for")?, "reference")?.strip_prefix("Patient/")?.to_owned(),
            who: text(task.get("requester")?, "display")?,
            why: text(task, "description")?,
            at: Instant::parse(&task.str("authoredOn")?)?,
            due: Instant::parse(&end)?,
        })
    }

    /// The reviews that wait, those that are due first.
    pub fn open(reader: &Reader, now: Instant) -> Result<Vec<Review>, Refusal> {
        let codes: Vec<String> = Act::ALL.iter().map(|act| format!("{SYSTEM}|{}", act.code())).collect();
        let pairs =
            [("code", codes.join(",")), ("status", "requested".into()), ("_sort", "authored-on".into())];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value));
        let query = Query::parse(Some("Task"), &pairs, Handling::Strict, now, "")?;
        let found = reader.search(&query, &Page { count: SHOWN_MAX, total: false })?;
        Ok(found.matches.iter().filter_map(Review::of).collect())
    }
}

/// Lets only privacy officers change a Task from now on, and not the one who is the reason for it.
pub fn guarded(tx: &mut Tx<'_>, id: &str, who: &str) -> Result<(), Refusal> {
    tx.keep(GUARDED, id, who.as_bytes(), None)
}

/// The guard over Task: what is reviewed is not closed, changed or made away with by plain FHIR.
pub fn guard() -> Guard {
    let may = |tx: &Tx<'_>, session: &Session, written: &Written| {
        let Some(who) = tx.kept(GUARDED, &written.id)?.filter(|_| written.changed) else { return Ok(()) };
        session.needs(Permission::Audit)?;
        if who != session.who.as_bytes() {
            return Ok(());
        }
        Err(Refusal::new(Kind::Forbidden, "Nobody changes the review of what they did themselves."))
    };
    Guard {
        kind: "Task",
        check: Arc::new(|_, _| Ok(Vec::new())),
        filed: Arc::new(move |tx, session, written| may(tx, session, written)),
        gone: Some(Arc::new(move |tx, session, written| may(tx, session, written))),
    }
}

fn account(name: &str) -> Tree {
    Tree::object().with("system", "urn:carespine:account").with("value", name)
}

/// When a review is due of what was done at an instant: at the end of the fifth working day after it. Saturdays and
/// Sundays are none; bank holidays are taken for working days, so it is never due later than it should be.
fn due(at: Instant) -> Instant {
    // 1970-01-01 was a Thursday; Monday is 0.
    let mut day = at.0.div_euclid(DAY_MS);
    let mut left = DUE_DAYS;
    while left > 0 {
        day += 1;
        left -= u32::from((day + 3).rem_euclid(7) < 5);
    }
    Instant((day + 1) * DAY_MS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_is_due_at_the_end_of_the_fifth_working_day() {
        for (at, expected) in [
            ("2026-12-01T09:00:00Z", "2026-12-08"),
            ("2026-12-04T23:59:59Z", "2026-12-11"),
            ("2026-12-05T00:00:00Z", "2026-12-11"),
            ("2026-12-06T12:00:00Z", "2026-12-11"),
            ("2026-12-07T00:00:00Z", "2026-12-14"),
        ] {
            let due = due(Instant::parse(at).unwrap()).to_string();
            assert!(due.starts_with(expected), "{at}: {due}");
        }
    }

    #[test]
    fn a_review_is_sound_fhir() {
        let review = Review {
            id: "t".into(),
            act: Act::BrokeSeal,
            patient: "p".into(),
            who: "ann".into(),
            why: "Found unconscious".into(),
            at: Instant(0),
            due: due(Instant(0)),
        };
        for closed in [None, Some((("justified", "She was in resus."), "olu", Instant(0)))] {
            let json = Json::parse(review.task(closed).with("id", "t").text(), Limits::DOOR).unwrap();
            assert_eq!(fhir::validate::structure(json.root()), []);
        }
    }
}
