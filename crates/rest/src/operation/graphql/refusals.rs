//! How a query is refused.

use record::{Issue, Kind, Refusal};

pub(super) fn wrong(text: String) -> Refusal {
    Refusal::invalid("query", text)
}

pub(super) fn costly(text: String) -> Refusal {
    Refusal::many(Kind::TooLarge, vec![Issue::new("too-costly", "query", text)])
}

pub(super) fn unknown(kind: &str, name: &str) -> Refusal {
    wrong(format!(
        "{kind} has no field {name}. Ask __type(name: \"{kind}\") {{ fields {{ name }} }} which it has."
    ))
}
