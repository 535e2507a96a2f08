//! Gives a colleague a relationship with a patient.

use crate::claim::WHY;
use crate::{found, page_of, patient_of};
use access::relationship;
use record::Tx;
use service::{Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Session, Values};

/// Gives a colleague a relationship.
pub const GIVE: Command<Give> = Command {
    name: "give",
    about: "Ask a colleague to help with this patient",
    needs: Permission::ReadRecord,
    run: give,
};

/// With whom, to whom, and why.
pub struct Give {
    patient: String,
    colleague: String,
    why: String,
}

impl Input for Give {
    const FIELDS: &'static [Field] = &[
        Field::PATIENT,
        Field {
            name: "colleague",
            kind: FieldKind::String,
            required: true,
            label: "Colleague",
            hint: "The name that they sign in with. They can open the record for three days",
        },
        WHY,
    ];

    fn read(values: &Values) -> Result<Give, Refusal> {
        let colleague = values.text("colleague").trim().to_lowercase();
        Ok(Give { patient: patient_of(values), colleague, why: values.text("why") })
    }
}

fn give(tx: &mut Tx<'_>, session: &Session, give: Give) -> Result<Outcome, Refusal> {
    found(tx, &give.patient)?;
    relationship::give(tx, session, &give.colleague, &give.patient, &give.why)?;
    Ok(Outcome::of([], "They can open the record for three days.", page_of(&give.patient)))
}
