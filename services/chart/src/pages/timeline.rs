//! The timeline: everything on one axis, the newest first, by kind and period.

mod events;
mod window;

use crate::patient_record::PatientRecord;
use crate::shown::head;
use crate::views::EventKind;
use fhir::Instant;
use html::{
    Card, Choice, Entry, Markup, When, card, empty, filters, pagination, select_field, timeline as axis,
};
use maud::html;
use record::Refusal;
use service::{Answer, Request};
use window::Asked;

pub use events::{Event, entry, events};

const DAY: i64 = 86_400_000;

/// Periods of the filter: name, words, days.
const PERIODS: [(&str, &str, i64); 4] = [
    ("", "All of it", 0),
    ("month", "Last 30 days", 30),
    ("year", "Last 12 months", 365),
    ("five-years", "Last 5 years", 5 * 365 + 1),
];

/// `/patients/{id}/timeline`
pub fn timeline(request: &Request<'_>) -> Result<Answer, Refusal> {
    let wanted = request.query("kind").unwrap_or_default();
    let kind = EventKind::ALL.into_iter().find(|kind| kind.name() == wanted);
    let whole: Vec<&'static str> =
        window::WHOLE.into_iter().filter(|t| kind.is_none_or(|k| k.types().contains(t))).collect();
    let mut record = PatientRecord::open(request, &whole)?;
    let asked = asked(&record, kind);
    let reach = window::load(&mut record, asked)?;
    let (events, older) = window::window(&record, asked, reach);
    let names = record.names();
    let entries: Vec<Entry> = events.iter().map(|event| entry(&record, &names, event)).collect();
    let body = html! {
        (choices(&record, wanted))
        @if entries.is_empty() { (nothing(&record, asked)) } @else { (axis(&entries)) }
        div class="app-card__foot" { (pages(&record, &events, older)) }
    };
    let list = Card { id: "events", title: "Newest first", count: None, link: None, columns: 12, body };
    let main = html! { (head("Timeline", &record)) div class="app-grid" { (card(list)) } };
    Ok(record.page("Timeline", "timeline", main))
}

fn asked(record: &PatientRecord<'_>, kind: Option<EventKind>) -> Asked {
    let period = record.request.query("period").unwrap_or_default();
    let days = PERIODS.iter().find(|(name, ..)| *name == period).map_or(0, |(_, _, days)| *days);
    let before = record.request.query("before").and_then(Instant::parse);
    Asked {
        kind,
        since: (days > 0).then(|| record.moment - days * DAY),
        before: before.map(|moment| moment.0),
    }
}

fn path(record: &PatientRecord<'_>) -> String {
    format!("/patients/{}/timeline", record.person.id)
}

fn choices(record: &PatientRecord<'_>, kind: &str) -> Markup {
    let at = record.place.at.as_deref().unwrap_or_default();
    let period = record.request.query("period").unwrap_or_default();
    let all = Choice { value: String::new(), title: "Everything".into() };
    let each =
        EventKind::ALL.into_iter().map(|kind| Choice { value: kind.name(), title: kind.title().into() });
    let kinds: Vec<Choice> = std::iter::once(all).chain(each).collect();
    let periods = PERIODS.map(|(name, words, _)| Choice { value: name.into(), title: words.into() });
    filters(
        &path(record),
        &[("at", at)],
        html! {
            (select_field("kind", "Show", &kinds, kind))
            (select_field("period", "Period", &periods, period))
        },
    )
}

fn nothing(record: &PatientRecord<'_>, asked: Asked) -> Markup {
    if asked.kind.is_none() && asked.since.is_none() && asked.before.is_none() {
        return empty("Nothing recorded", "What happens to this patient appears here.", html! {});
    }
    let all = record.place.link(&path(record));
    let link = html! { a href=(all) { "Show everything" } };
    empty("Nothing of this kind in this period", "There may be more outside it.", link)
}

/// How many events are shown, how far back they go, and the way to older ones.
fn pages(record: &PatientRecord<'_>, events: &[Event<'_>], older: bool) -> Markup {
    let request = record.request;
    let kept = |name| request.query(name).unwrap_or_default();
    let oldest = events.iter().rev().find_map(Event::at);
    let to = |before: &str| {
        let query = [("kind", kept("kind")), ("period", kept("period")), ("before", before)];
        record.place.with(&path(record), &query)
    };
    let further = oldest.filter(|_| older).map(|oldest: When| to(&Instant(oldest.start()).to_string()));
    let newest = request.query("before").map(|_| to(""));
    html! {
        (events.len()) @if events.len() == 1 { " event" } @else { " events" }
        @if let Some(oldest) = oldest.filter(|_| older) { ", back to " (oldest) ". There are older ones." }
        (pagination("Parts of the timeline", newest, further))
    }
}
