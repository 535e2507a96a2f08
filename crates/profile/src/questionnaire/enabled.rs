//! Whether a question is asked, by the answers to others (R4, Questionnaire.item.enableWhen).

use super::{chosen, list};
use crate::same::{is_fixed, order};
use fhir::Value;
use std::cmp::Ordering;

/// Items inside one another that are looked into for an answer.
const DEPTH_MAX: usize = 32;

pub fn is_enabled(asked: Value<'_>, response: Value<'_>) -> bool {
    let mut conditions = list(asked, "enableWhen").peekable();
    if conditions.peek().is_none() {
        return true;
    }
    let holds = |condition: Value<'_>| holds(condition, response);
    match asked.str("enableBehavior").as_deref() {
        Some("any") => conditions.any(holds),
        _ => conditions.all(holds),
    }
}

fn holds(condition: Value<'_>, response: Value<'_>) -> bool {
    let question = condition.str("question").unwrap_or_default();
    let mut answers = Vec::new();
    gather(response, &question, DEPTH_MAX, &mut answers);
    let operator = condition.str("operator").unwrap_or_default();
    let Some(wanted) = chosen(condition) else { return false };
    if operator == "exists" {
        return Some(!answers.is_empty()) == wanted.as_bool();
    }
    answers.into_iter().any(|answer| match &*operator {
        "=" => is_same(answer, wanted),
        "!=" => !is_same(answer, wanted),
        ">" => order(answer, wanted) == Some(Ordering::Greater),
        "<" => order(answer, wanted) == Some(Ordering::Less),
        ">=" => order(answer, wanted).is_some_and(Ordering::is_ge),
        "<=" => order(answer, wanted).is_some_and(Ordering::is_le),
        _ => false,
    })
}

/// The answers to a question, wherever it stands.
fn gather<'v>(owner: Value<'v>, question: &str, depth: usize, answers: &mut Vec<Value<'v>>) {
    for item in list(owner, "item").filter(|_| depth > 0) {
        let is_it = item.str("linkId").is_some_and(|link| link == question);
        for answer in list(item, "answer") {
            answers.extend(chosen(answer).filter(|_| is_it));
            gather(answer, question, depth - 1, answers);
        }
        gather(item, question, depth - 1, answers);
    }
}

/// True for one code of one system, and for other values when they are the same.
pub fn is_same(answer: Value<'_>, wanted: Value<'_>) -> bool {
    match wanted.get("code") {
        Some(_) => answer.str("code") == wanted.str("code") && answer.str("system") == wanted.str("system"),
        None => is_fixed(answer, wanted) || order(answer, wanted) == Some(Ordering::Equal),
    }
}
