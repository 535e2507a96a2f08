//! What is sent: Bundles of type history with the status as Parameters in the first entry, as the Subscriptions R5
//! Backport guide has them for R4.

use crate::kept::Event;
use crate::order::{Content, GUIDE};
use crate::topic::Interaction;
use fhir::{Instant, Json, Limits, Tree};
use record::Body;

/// Why something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    Handshake,
    Heartbeat,
    Events,
    Status,
    Asked,
}

impl Occasion {
    fn code(self) -> &'static str {
        match self {
            Occasion::Handshake => "handshake",
            Occasion::Heartbeat => "heartbeat",
            Occasion::Events => "event-notification",
            Occasion::Status => "query-status",
            Occasion::Asked => "query-event",
        }
    }
}

/// An event with its number and, where it is to be sent, the version that it left.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub number: u64,
    pub event: Event,
    pub body: Body,
}

/// Of which subscription.
#[derive(Clone, Debug)]
pub(crate) struct Stands<'s> {
    pub base: &'s str,
    pub id: &'s str,
    pub topic: Option<&'s str>,
    pub status: &'s str,
    pub events: u64,
    pub error: Option<&'s str>,
}

/// SubscriptionStatus as Parameters (profile backport-subscription-status-r4).
pub(crate) fn status(stands: &Stands<'_>, occasion: Occasion, told: &[Told], content: Content) -> Tree {
    let part = |name: &str, kind: &str, value: Tree| Tree::object().with("name", name).with(kind, value);
    let reference = |reference: String| Tree::object().with("reference", reference);
    let mut parameters = vec![part(
        "subscription",
        "valueReference",
        reference(format!("{}/Subscription/{}", stands.base, stands.id)),
    )];
    if let Some(topic) = stands.topic {
        parameters.push(part("topic", "valueCanonical", topic.into()));
    }
    parameters.push(part("status", "valueCode", stands.status.into()));
    parameters.push(part("type", "valueCode", occasion.code().into()));
    let events = stands.events.to_string();
    parameters.push(part("events-since-subscription-start", "valueString", events.into()));
    for told in told {
        let mut parts = vec![
            part("event-number", "valueString", told.number.to_string().into()),
            part("timestamp", "valueInstant", told.event.at.to_string().into()),
        ];
        if content != Content::Empty {
            let focus = format!("{}/{}/{}", stands.base, told.event.kind, told.event.id);
            parts.push(part("focus", "valueReference", reference(focus)));
        }
        parameters.push(Tree::object().with("name", "notification-event").with("part", parts));
    }
    if let Some(error) = stands.error {
        parameters.push(part("error", "valueCodeableConcept", Tree::object().with("text", error)));
    }
    let profile = vec![Tree::from(format!("{GUIDE}backport-subscription-status-r4"))];
    Tree::resource("Parameters")
        .with("id", record::new_id())
        .with("meta", Tree::object().with("profile", profile))
        .with("parameter", parameters)
}

/// A notification (profile backport-subscription-notification-r4).
pub(crate) fn bundle(
    stands: &Stands<'_>,
    occasion: Occasion,
    told: &[Told],
    content: Content,
    now: Instant,
) -> Tree {
    let request = |method: &str, url: String| Tree::object().with("method", method).with("url", url);
    let mut entries = vec![
        Tree::object()
            .with("fullUrl", format!("urn:uuid:{}", record::new_id()))
            .with("resource", status(stands, occasion, told, content))
            .with("request", request("GET", format!("Subscription/{}/$status", stands.id)))
            .with("response", Tree::object().with("status", "200")),
    ];
    for told in told.iter().filter(|_| content != Content::Empty) {
        let Event { kind, id, interaction, .. } = &told.event;
        let (method, url, status) = match interaction {
            Interaction::Create => ("POST", kind.clone(), "201"),
            Interaction::Update => ("PUT", format!("{kind}/{id}"), "200"),
            Interaction::Delete => ("DELETE", format!("{kind}/{id}"), "204"),
        };
        let resource = (content == Content::Full && !told.body.deleted).then(|| resource(&told.body.text));
        let entry = Tree::object()
            .with("fullUrl", format!("{}/{kind}/{id}", stands.base))
            .maybe("resource", resource.flatten())
            .with("request", request(method, url))
            .with("response", Tree::object().with("status", status));
        entries.push(entry);
    }
    let profile = vec![Tree::from(format!("{GUIDE}backport-subscription-notification-r4"))];
    Tree::resource("Bundle")
        .with("id", record::new_id())
        .with("meta", Tree::object().with("profile", profile))
        .with("type", "history")
        .with("timestamp", now.to_string())
        .with("entry", entries)
}

/// What the record keeps is JSON.
fn resource(text: &str) -> Option<Tree> {
    Json::parse(text, Limits::FILE).ok().map(|json| json.root().into())
}
