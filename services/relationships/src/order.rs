//! Notes a relationship of a named person that a court, a complaint or an inquiry asks for.

use crate::claim::WHY;
use crate::{found, page_of, patient_of};
use access::relationship;
use record::{Instant, Tx};
use service::{Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Session, Values};

const HOUR_MS: i64 = 3_600_000;
/// The longest that one can hold.
const DAYS_MAX: i64 = 366;

/// Notes a relationship that is ordered.
pub const ORDER: Command<Order> = Command {
    name: "order",
    about: "Let a named person open this record, as for a court or a complaint",
    needs: Permission::Audit,
    run: order,
};

/// With whom, whose, until when, and why.
pub struct Order {
    patient: String,
    who: String,
    until: Option<Instant>,
    why: String,
}

impl Input for Order {
    const FIELDS: &'static [Field] = &[
        Field::PATIENT,
        Field {
            name: "who",
            kind: FieldKind::String,
            required: true,
            label: "Person",
            hint: "The name that they sign in with",
        },
        Field { name: "until", kind: FieldKind::DateTime, required: true, label: "Until", hint: "" },
        WHY,
    ];

    fn read(values: &Values) -> Result<Order, Refusal> {
        let (who, until) = (values.text("who").trim().to_lowercase(), values.instant("until"));
        Ok(Order { patient: patient_of(values), who, until, why: values.text("why") })
    }
}

fn order(tx: &mut Tx<'_>, session: &Session, order: Order) -> Result<Outcome, Refusal> {
    found(tx, &order.patient)?;
    let hours = order.until.map_or(0, |until| (until.0 - tx.now().0) / HOUR_MS);
    if !(1..=DAYS_MAX * 24).contains(&hours) {
        let text = format!("Choose an end that is an hour to {DAYS_MAX} days away.");
        return Err(Refusal::invalid("until", text));
    }
    relationship::order(tx, session, &order.who, &order.patient, hours, &order.why)?;
    Ok(Outcome::of([], "They can open the record until then.", page_of(&order.patient)))
}
