//! Appointments: kept, missed, cancelled, and those still to come.

use crate::elements::{list, own, words};
use crate::history::History;
use crate::places::Place;
use crate::staff::Clinician;
use crate::time::Moment;
use fhir::Tree;

/// An appointment.
pub struct Booking<'a> {
    /// `booked`, `fulfilled`, `noshow` or `cancelled`.
    pub status: &'a str,
    /// When it is.
    pub at: Moment,
    /// For how many minutes.
    pub minutes: i32,
    /// What it is for.
    pub reason: &'a str,
    /// With whom.
    pub clinician: Clinician,
    /// Where.
    pub place: Place,
    /// Days before it at which it was made.
    pub ahead: i32,
}

/// Writes an appointment.
pub fn write(history: &mut History, booking: &Booking) {
    let id = history.next_id();
    let made = booking.at.plus(-booking.ahead * 1440).min(history.end);
    let part = |actor: Tree, status: &str| {
        Tree::object().with("actor", actor).with("required", "required").with("status", status)
    };
    let came = match booking.status {
        "cancelled" | "noshow" => "declined",
        _ => "accepted",
    };
    let mut participants =
        vec![part(history.subject(), came), part(booking.clinician.reference(history.plan), "accepted")];
    if let Some(place) = booking.place.reference(history.plan) {
        participants.push(part(place, "accepted"));
    }
    let reason = (booking.status == "cancelled").then(|| words("Cancelled by the person"));
    let resource = history
        .start("Appointment", &id)
        .with("status", booking.status)
        .maybe("cancelationReason", reason)
        .with("serviceType", list([words(booking.reason)]))
        .with("appointmentType", own("appointment-type", "planned", "Planned"))
        .with("description", booking.reason)
        .with("start", booking.at.to_string())
        .with("end", booking.at.plus(booking.minutes).to_string())
        .with("minutesDuration", i64::from(booking.minutes))
        .with("created", made.to_string())
        .with("participant", participants);
    history.add("Appointment", &id, &resource);
}
