//! Notes what a patient wants of the whole record: that it is kept where it was written, or used for care only.

use crate::page_of;
use record::{Found, Tx};
use service::consent::{Rule, consent};
use service::{Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Session, Values};

/// Notes a patient's wish about the whole record.
pub const KEEP: Command<Keep> = Command {
    name: "keep",
    about: "Note what a patient wants of their record",
    needs: Permission::Seal,
    run: keep,
};

/// Whose, and what.
pub struct Keep {
    patient: String,
    rule: Rule,
}

impl Input for Keep {
    const FIELDS: &'static [Field] = &[
        Field::PATIENT,
        Field {
            name: "wish",
            kind: FieldKind::Code(&[
                ("no-sharing", "Not to be shared with other organisations"),
                ("opt-out", "Not to be used beyond their care (national data opt-out)"),
            ]),
            required: true,
            label: "What they want",
            hint: "",
        },
    ];

    fn read(values: &Values) -> Result<Keep, Refusal> {
        Ok(Keep {
            patient: values.text("patient").trim_start_matches("Patient/").to_owned(),
            rule: if values.text("wish") == "opt-out" { Rule::OptOut } else { Rule::NoSharing },
        })
    }
}

fn keep(tx: &mut Tx<'_>, _: &Session, keep: Keep) -> Result<Outcome, Refusal> {
    let Found::Here(_) = tx.read("Patient", &keep.patient)? else {
        return Err(Refusal::not_found(&format!("Patient/{}", keep.patient)));
    };
    let written = consent(tx, &keep.patient, &keep.rule, None)?;
    Ok(Outcome::of([written], "It is noted, and kept from now on.", page_of(&keep.patient)))
}
