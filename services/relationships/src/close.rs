//! Closes glass before its time.

use crate::{page_of, patient_of};
use access::Glass;
use record::Tx;
use service::{Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Session, Values};

/// Closes glass that one broke oneself.
pub const CLOSE: Command<Close> = Command {
    name: "close-glass",
    about: "Close what you opened by breaking glass",
    needs: Permission::ReadRecord,
    run: close,
};

/// Which, of whom.
pub struct Close {
    patient: String,
    glass: String,
}

impl Input for Close {
    const FIELDS: &'static [Field] = &[
        Field::PATIENT,
        Field { name: "glass", kind: FieldKind::String, required: true, label: "What is closed", hint: "" },
    ];

    fn read(values: &Values) -> Result<Close, Refusal> {
        Ok(Close { patient: patient_of(values), glass: values.text("glass") })
    }
}

fn close(tx: &mut Tx<'_>, session: &Session, close: Close) -> Result<Outcome, Refusal> {
    Glass::close(tx, session, &close.glass)?;
    Ok(Outcome::of([], "It is closed.", page_of(&close.patient)))
}
