//! Refers a patient to the service.

use fhir::{Instant, Json, Limits, Tree};
use record::{Found, Prepared, Tx, new_id};
use service::{Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Session, Values};

/// Refers a patient: files a request that the service then works on.
pub const REFER: Command<Refer> =
    Command { name: "refer", about: "Refer a patient to Example", needs: Permission::Write, run: refer };

/// Who is referred, and why.
pub struct Refer {
    /// `Patient/123`.
    pub patient: String,
    /// In the referrer's words.
    pub reason: String,
}

impl Input for Refer {
    const FIELDS: &'static [Field] = &[
        Field::PATIENT,
        Field {
            name: "reason",
            kind: FieldKind::Text,
            required: true,
            label: "Reason",
            hint: "What should be looked at, and how urgent it is",
        },
    ];

    fn read(values: &Values) -> Result<Refer, Refusal> {
        Ok(Refer { patient: values.text("patient"), reason: values.text("reason") })
    }
}

fn refer(tx: &mut Tx<'_>, _: &Session, refer: Refer) -> Result<Outcome, Refusal> {
    let id = refer.patient.trim_start_matches("Patient/");
    // A patient who is not there and one whom the author may not see are refused in the same words.
    let Found::Here(_) = tx.read("Patient", id)? else { return Err(Refusal::not_found(&refer.patient)) };
    let referral = referral(&refer, tx.now()).text();
    let referral = Json::parse(referral, Limits::DOOR).expect("a tree prints as JSON");
    let written = tx.create(Prepared::of(&referral, &new_id())?)?;
    Ok(Outcome::of([written], "The patient was referred to Example.", format!("/patients/{id}")))
}

/// The referral as FHIR.
fn referral(refer: &Refer, at: Instant) -> Tree {
    Tree::resource("ServiceRequest")
        .with("status", "active")
        .with("intent", "order")
        .with("code", Tree::object().with("text", "Example"))
        .with("subject", Tree::object().with("reference", refer.patient.as_str()))
        .with("authoredOn", at.to_string())
        .with("reasonCode", vec![Tree::object().with("text", refer.reason.as_str())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_referral_is_sound_fhir() {
        let refer = Refer { patient: "Patient/p".to_owned(), reason: "A sore foot".to_owned() };
        let text = referral(&refer, Instant(0)).text();
        let json = Json::parse(text, Limits::DOOR).expect("it is JSON");
        assert_eq!(fhir::validate::structure(json.root()), []);
    }
}
