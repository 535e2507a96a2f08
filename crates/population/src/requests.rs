//! Requests: referrals and examinations that someone asks for.

use crate::elements::{list, own, reference};
use crate::history::History;
use crate::visits::Visit;

/// Writes a request: a referral or an examination.
pub fn write(history: &mut History, visit: &Visit, request: &Request) -> String {
    let id = history.next_id();
    let resource = history
        .start("ServiceRequest", &id)
        .with("status", if request.open { "active" } else { "completed" })
        .with("intent", "order")
        .with("category", list([own("request-category", request.category.0, request.category.1)]))
        .with("priority", request.priority)
        .with("code", own("request", request.code, request.words))
        .with("subject", history.subject())
        .with("encounter", visit.reference())
        .with("authoredOn", visit.at.to_string())
        .with("requester", visit.clinician.reference(history.plan))
        .maybe("reasonReference", request.reason.map(|id| list([reference("Condition", id)])));
    history.add("ServiceRequest", &id, &resource);
    id
}

/// Something asked for.
pub struct Request<'a> {
    /// Code and words of its category.
    pub category: (&'a str, &'a str),
    /// Code in `https://carespine.example/CodeSystem/request`.
    pub code: &'a str,
    /// What it is called.
    pub words: &'a str,
    /// `routine`, `urgent`, `asap` or `stat`.
    pub priority: &'a str,
    /// Whether it is still to be done.
    pub open: bool,
    /// Id of the Condition it is for.
    pub reason: Option<&'a str>,
}

/// Category of referrals.
pub const REFERRAL: (&str, &str) = ("referral", "Referral");
/// Category of laboratory tests.
pub const LABORATORY: (&str, &str) = ("laboratory", "Laboratory");
/// Category of imaging.
pub const IMAGING: (&str, &str) = ("imaging", "Imaging");
