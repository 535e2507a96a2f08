//! Breaks glass: opens one patient's record, or what is sealed of it, for an hour.

use crate::{found, patient_of};
use access::{Glass, Pane};
use record::Tx;
use service::review::{Act, Review};
use service::{Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Session, Values};

/// Breaks glass.
pub const BREAK: Command<Break> = Command {
    name: "break-glass",
    about: "Break the glass",
    needs: Permission::ReadRecord,
    run: break_glass,
};

/// Reasons, by code. Those for a seal are the three that the Care Record Guarantee names.
const REASONS: &[(&str, &str)] = &[
    ("consent", "The patient agrees"),
    ("emergency", "An emergency: the patient cannot be asked"),
    ("law", "The law requires it"),
    ("public-interest", "Overriding public interest, such as serious harm to others"),
];

/// What is broken, of whom, and why.
pub struct Break {
    patient: String,
    pane: Pane,
    reason: &'static str,
    words: &'static str,
    why: String,
}

impl Input for Break {
    const FIELDS: &'static [Field] = &[
        Field::PATIENT,
        Field {
            name: "pane",
            kind: FieldKind::Code(&[
                ("relationship", "The record: nothing on file says that I care for this patient"),
                ("seal", "What another team has sealed of it"),
            ]),
            required: true,
            label: "What you open, for 60 minutes",
            hint: "",
        },
        Field { name: "reason", kind: FieldKind::Code(REASONS), required: true, label: "Reason", hint: "" },
        Field {
            name: "why",
            kind: FieldKind::Text,
            required: true,
            label: "In your words",
            hint: "The privacy officer is told now and reviews it within five working days. The patient can read it",
        },
        Field::PROOF,
    ];

    fn read(values: &Values) -> Result<Break, Refusal> {
        let code = values.text("reason");
        let reason = REASONS.iter().find(|(known, _)| *known == code);
        let (reason, words) = *reason.ok_or_else(|| Refusal::invalid("reason", "Choose a reason."))?;
        let pane = Pane::named(&values.text("pane"));
        let pane = pane.ok_or_else(|| Refusal::invalid("pane", "Choose what you open."))?;
        Ok(Break { patient: patient_of(values), pane, reason, words, why: values.text("why") })
    }
}

fn break_glass(tx: &mut Tx<'_>, session: &Session, asked: Break) -> Result<Outcome, Refusal> {
    session.needs(asked.pane.needs())?;
    found(tx, &asked.patient)?;
    let glass = Glass::break_for(tx, session, asked.pane, &asked.patient, (asked.reason, &asked.why))?;
    let act = match asked.pane {
        Pane::Relationship => Act::BrokeGlass,
        Pane::Seal => Act::BrokeSeal,
    };
    let why = format!("{}: {}", asked.words, glass.why);
    let written = Review::ask(tx, session, act, (&glass.id, &asked.patient, &why))?;
    Ok(Outcome::of([written], "It is open for 60 minutes.", format!("/patients/{}", asked.patient)))
}
