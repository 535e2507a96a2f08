//! Ends a relationship that somebody's word made.

use crate::{page_of, patient_of};
use access::relationship;
use record::Tx;
use service::{Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Session, Values};

/// Ends a relationship.
pub const END: Command<End> =
    Command { name: "end", about: "End a relationship", needs: Permission::Trace, run: end };

/// Which, with whom.
pub struct End {
    patient: String,
    source: String,
}

impl Input for End {
    const FIELDS: &'static [Field] = &[
        Field::PATIENT,
        Field { name: "source", kind: FieldKind::String, required: true, label: "Its number", hint: "" },
    ];

    fn read(values: &Values) -> Result<End, Refusal> {
        Ok(End { patient: patient_of(values), source: values.text("source") })
    }
}

fn end(tx: &mut Tx<'_>, session: &Session, end: End) -> Result<Outcome, Refusal> {
    relationship::end_of(tx, session, &end.source)?;
    Ok(Outcome::of([], "It has ended.", page_of(&end.patient)))
}
