//! Claims a relationship with a patient for oneself.

use crate::{found, patient_of};
use access::relationship;
use record::Tx;
use service::review::{Act, Review};
use service::{Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Session, Values};

/// Claims a relationship.
pub const CLAIM: Command<Claim> = Command {
    name: "claim",
    about: "Say that you care for this patient",
    needs: Permission::Claim,
    run: claim,
};

/// With whom, and why.
pub struct Claim {
    patient: String,
    why: String,
}

/// The field that says why, of all commands here.
pub(crate) const WHY: Field = Field {
    name: "why",
    kind: FieldKind::Text,
    required: true,
    label: "Why",
    hint: "The privacy officer reads it, and the patient can",
};

impl Input for Claim {
    const FIELDS: &'static [Field] = &[Field::PATIENT, WHY];

    fn read(values: &Values) -> Result<Claim, Refusal> {
        Ok(Claim { patient: patient_of(values), why: values.text("why") })
    }
}

fn claim(tx: &mut Tx<'_>, session: &Session, claim: Claim) -> Result<Outcome, Refusal> {
    found(tx, &claim.patient)?;
    let claimed = relationship::claim(tx, session, &claim.patient, &claim.why)?;
    let written = Review::ask(tx, session, Act::Claimed, (&claimed.source, &claim.patient, &claimed.why))?;
    Ok(Outcome::of([written], "It is noted for twelve hours.", format!("/patients/{}", claim.patient)))
}
