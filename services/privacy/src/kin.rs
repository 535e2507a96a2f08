//! Notes which patients somebody of the staff and their family are.

use access::relationship::set_kin;
use record::Tx;
use service::{Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Session, Values};
use std::collections::BTreeSet;

/// Notes it.
pub const KIN: Command<Kin> = Command {
    name: "kin",
    about: "Note whose own or relatives' records these are",
    needs: Permission::Audit,
    run: kin,
};

/// Who, and which patients.
pub struct Kin {
    account: String,
    patients: BTreeSet<String>,
}

impl Input for Kin {
    const FIELDS: &'static [Field] = &[
        Field {
            name: "account",
            kind: FieldKind::String,
            required: true,
            label: "Account",
            hint: "Of the member of staff",
        },
        Field {
            name: "patients",
            kind: FieldKind::Text,
            required: false,
            label: "Patients",
            hint: "Themselves and their family, as Patient/123, with spaces between. They see nothing of these, and \
                   are reported when they try. Empty lifts it",
        },
    ];

    fn read(values: &Values) -> Result<Kin, Refusal> {
        let patients = values.text("patients");
        let ids = patients.split_ascii_whitespace().map(|one| one.trim_start_matches("Patient/").to_owned());
        Ok(Kin { account: values.text("account").trim().to_lowercase(), patients: ids.collect() })
    }
}

fn kin(tx: &mut Tx<'_>, session: &Session, kin: Kin) -> Result<Outcome, Refusal> {
    set_kin(tx, session, &kin.account, &kin.patients)?;
    Ok(Outcome::of([], "It is noted.", "/privacy"))
}
