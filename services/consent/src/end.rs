//! Ends a seal or a wish.

use crate::page_of;
use record::Tx;
use service::{Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Session, Values};

/// Ends a seal or a wish.
pub const END: Command<End> =
    Command { name: "end", about: "End a seal or a wish", needs: Permission::Seal, run: end };

/// Which, of whom.
pub struct End {
    patient: String,
    consent: String,
}

impl Input for End {
    const FIELDS: &'static [Field] = &[
        Field::PATIENT,
        Field {
            name: "consent",
            kind: FieldKind::Reference(&["Consent"]),
            required: true,
            label: "The consent that ends",
            hint: "",
        },
    ];

    fn read(values: &Values) -> Result<End, Refusal> {
        Ok(End {
            patient: values.text("patient").trim_start_matches("Patient/").to_owned(),
            consent: values.text("consent").trim_start_matches("Consent/").to_owned(),
        })
    }
}

fn end(tx: &mut Tx<'_>, _: &Session, end: End) -> Result<Outcome, Refusal> {
    let written = service::consent::end(tx, &end.consent)?;
    Ok(Outcome::of([written], "It has ended.", page_of(&end.patient)))
}
