//! What a Subscription asks for: as FHIR R4 has it, or as the Subscriptions R5 Backport guide writes it in R4.

use crate::criteria::Criteria;
use crate::endpoint::Endpoint;
use crate::settings::Settings;
use fhir::{Instant, Value};
use record::{Issue, Refusal};

/// Where the guide's profiles and extensions are.
pub(crate) const GUIDE: &str = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/";
/// The type of a payload in JSON.
pub(crate) const JSON: &str = "application/fhir+json";
/// Seconds that a receiver has to answer when the Subscription does not say.
const TIMEOUT: u64 = 10;
/// Seconds, at most.
const TIMEOUT_MAX: u64 = 60;
/// Events in one notification, at most.
const COUNT_MAX: u64 = 100;

/// What a Subscription asks for.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub about: About,
    pub channel: Channel,
    pub content: Content,
    /// Seconds of silence after which a sign of life is sent.
    pub heartbeat: Option<u64>,
    pub timeout: u64,
    pub max_count: u64,
    pub end: Option<Instant>,
    /// False while it is switched off.
    pub on: bool,
}

/// What it wants to be told of.
#[derive(Clone, Debug)]
pub(crate) enum About {
    /// R4: resources that were created or updated and meet these.
    Criteria(Criteria),
    /// The guide: what a topic is about, where it meets one of the filters of its type.
    Topic { url: String, filters: Vec<Criteria> },
}

/// How it wants to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    RestHook { endpoint: Endpoint, headers: Vec<(String, String)> },
    Websocket,
    Email { to: String },
}

/// What it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// That something happened.
    Empty,
    /// To which resource.
    IdOnly,
    /// The resource.
    Full,
}

impl Content {
    /// The content with this code of the guide.
    pub fn named(code: &str) -> Option<Content> {
        match code {
            "empty" => Some(Content::Empty),
            "id-only" => Some(Content::IdOnly),
            "full-resource" => Some(Content::Full),
            _ => None,
        }
    }
}

impl Order {
    /// Reads a Subscription, or says all that is wrong with it. Whether a topic is known is not asked here.
    pub fn read(resource: Value<'_>, settings: &Settings, now: Instant) -> Result<Order, Vec<Issue>> {
        let mut wrong = Wrong(Vec::new());
        let about = wrong.take(about(resource, settings, now));
        let channel = resource.get("channel");
        let by_topic = matches!(about, Some(About::Topic { .. }));
        let way = wrong.take(
            channel
                .ok_or_else(|| invalid("channel", "Say how to notify. Add a channel."))
                .and_then(|channel| way(channel, settings)),
        );
        let content = wrong.take(content(channel, by_topic));
        if matches!(way, Some(Channel::Email { .. })) && content.is_some_and(|c| c != Content::Empty) {
            wrong.0.extend(
                invalid("channel.payload", "Nothing of a record goes out by e-mail. Leave it out.").issues,
            );
        }
        let number = |name| channel.and_then(|channel| number(channel, name));
        let end = resource.str("end").and_then(|end| Instant::parse(&end));
        match (about, way, content) {
            (Some(about), Some(channel), Some(content)) if wrong.0.is_empty() => Ok(Order {
                about,
                channel,
                content,
                heartbeat: number("backport-heartbeat-period").filter(|seconds| *seconds > 0),
                timeout: number("backport-timeout").unwrap_or(TIMEOUT).clamp(1, TIMEOUT_MAX),
                max_count: number("backport-max-count").unwrap_or(1).clamp(1, COUNT_MAX),
                end,
                on: matches!(resource.str("status").as_deref(), Some("requested" | "active")),
            }),
            _ => Err(wrong.0),
        }
    }

    /// True when it follows the guide.
    pub fn by_topic(&self) -> bool {
        matches!(self.about, About::Topic { .. })
    }

    /// The topic's address.
    pub fn topic(&self) -> Option<&str> {
        match &self.about {
            About::Topic { url, .. } => Some(url),
            About::Criteria(_) => None,
        }
    }
}

struct Wrong(Vec<Issue>);

impl Wrong {
    fn take<T>(&mut self, outcome: Result<T, Refusal>) -> Option<T> {
        outcome.map_err(|refusal| self.0.extend(refusal.issues)).ok()
    }
}

fn invalid(at: &str, text: impl Into<String>) -> Refusal {
    Refusal::invalid(format!("Subscription.{at}"), text)
}

fn unsupported(at: &str, text: impl Into<String>) -> Refusal {
    let issue = Issue::new("not-supported", format!("Subscription.{at}"), text);
    Refusal::many(record::Kind::Unsupported, vec![issue])
}

fn about(resource: Value<'_>, settings: &Settings, now: Instant) -> Result<About, Refusal> {
    let text = resource.str("criteria").unwrap_or_default();
    if !text.split('?').next().unwrap_or_default().contains("://") {
        let criteria = Criteria::parse(&text, now, &settings.base).map_err(|r| at(r, "criteria"))?;
        return Ok(About::Criteria(criteria));
    }
    let extensions = resource.at(&["_criteria", "extension"]).into_iter().flat_map(Value::items);
    let filters = extensions.filter(|e| is(*e, "backport-filter-criteria")).map(|extension| {
        let text = extension.str("valueString").unwrap_or_default();
        let read = Criteria::parse(&text, now, &settings.base).and_then(Criteria::alone);
        read.map_err(|r| at(r, "criteria.extension"))
    });
    Ok(About::Topic { url: text.into_owned(), filters: filters.collect::<Result<_, _>>()? })
}

/// A refusal of a search as one of the element that it stands in.
fn at(refusal: Refusal, element: &str) -> Refusal {
    let place = format!("Subscription.{element}");
    let one = |issue: Issue| {
        let named = !issue.at.is_empty() && issue.at != "criteria";
        let text = if named { format!("{}: {}", issue.at, issue.text) } else { issue.text };
        let code = if issue.code == "not-found" { "invalid" } else { issue.code };
        Issue::new(code, place.as_str(), text)
    };
    Refusal::many(refusal.kind, refusal.issues.into_iter().map(one).collect())
}

fn way(channel: Value<'_>, settings: &Settings) -> Result<Channel, Refusal> {
    let endpoint = channel.str("endpoint").unwrap_or_default();
    match channel.str("type").as_deref().unwrap_or_default() {
        "rest-hook" => {
            let endpoint =
                settings.hosts.endpoint(&endpoint).map_err(|text| invalid("channel.endpoint", text))?;
            Ok(Channel::RestHook { endpoint, headers: headers(channel)? })
        }
        "websocket" => Ok(Channel::Websocket),
        "email" if settings.smtp.is_none() => Err(unsupported(
            "channel.type",
            "This installation sends no e-mail. Use rest-hook or websocket, or ask its administrator to set [smtp].",
        )),
        "email" => {
            let to = endpoint.strip_prefix("mailto:").unwrap_or(&endpoint).to_owned();
            let parsed: Result<lettre::Address, _> = to.parse();
            match parsed {
                Ok(_) => Ok(Channel::Email { to }),
                Err(_) => Err(invalid(
                    "channel.endpoint",
                    "Write an e-mail address, as mailto:ward@hospital.example.",
                )),
            }
        }
        other => {
            let text =
                format!("Notifications do not go out by {other} here. Use rest-hook, websocket or email.");
            Err(unsupported("channel.type", text))
        }
    }
}

/// Headers that are ours to set: where a message goes, how it is framed and what it holds.
const OURS: &[&str] = &[
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "forwarded",
    "via",
    "cookie",
];

/// What the channel wants in each request. `Authorization` is the receiver's own secret (R4 Subscription's example has
/// it); we never send one of ours.
fn headers(channel: Value<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let mut headers = Vec::new();
    for line in channel.get("header").into_iter().flat_map(Value::items).filter_map(|line| line.as_str()) {
        let (name, value) = line.split_once(':').ok_or_else(|| {
            invalid(
                "channel.header",
                "A header is a name, a colon and a value: Authorization: Bearer secret.",
            )
        })?;
        let (name, value) = (name.trim().to_lowercase(), value.trim().to_owned());
        let fits = hyper::header::HeaderName::from_bytes(name.as_bytes()).is_ok()
            && hyper::header::HeaderValue::from_str(&value).is_ok();
        if !fits {
            return Err(invalid(
                "channel.header",
                format!("{name:?} cannot be sent as a header. Correct it."),
            ));
        }
        if OURS.contains(&name.as_str()) || name.starts_with("x-forwarded") {
            let text = format!("The header {name} is this server's to set. Leave it out.");
            return Err(invalid("channel.header", text));
        }
        headers.push((name, value));
    }
    Ok(headers)
}

fn content(channel: Option<Value<'_>>, by_topic: bool) -> Result<Content, Refusal> {
    let payload = channel.and_then(|channel| channel.str("payload"));
    match payload.as_deref() {
        None | Some("application/fhir+json" | "application/json") => {}
        Some("") if !by_topic => return Ok(Content::Empty),
        Some(other) => {
            let text = format!("Notifications are not sent as {other}. Use {JSON}.");
            return Err(unsupported("channel.payload", text));
        }
    }
    if !by_topic {
        return Ok(if payload.is_some() { Content::Full } else { Content::Empty });
    }
    let extensions = channel.and_then(|channel| channel.at(&["_payload", "extension"]));
    let mut extensions = extensions.into_iter().flat_map(Value::items);
    let Some(extension) = extensions.find(|e| is(*e, "backport-payload-content")) else {
        return Ok(Content::Empty);
    };
    Content::named(&extension.str("valueCode").unwrap_or_default()).ok_or_else(|| {
        invalid("channel.payload.extension", "The content is one of empty, id-only and full-resource.")
    })
}

/// A number that an extension of the channel gives.
fn number(channel: Value<'_>, name: &str) -> Option<u64> {
    let mut extensions = channel.get("extension").into_iter().flat_map(Value::items);
    let extension = extensions.find(|extension| is(*extension, name))?;
    let value = extension.members().find(|(member, _)| member.starts_with("value"))?.1;
    value.as_number()?.parse().ok()
}

fn is(extension: Value<'_>, name: &str) -> bool {
    extension.str("url").is_some_and(|url| url.strip_prefix(GUIDE) == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Hosts;
    use fhir::{Json, Limits};

    fn read(text: &str) -> Result<Order, Vec<Issue>> {
        let mut settings = Settings::at("https://care.example/fhir");
        settings.hosts = Hosts::new(["hooks.example".to_owned()]);
        Order::read(Json::parse(text, Limits::DOOR).unwrap().root(), &settings, Instant(0))
    }

    fn plain(criteria: &str, channel: &str) -> String {
        format!(
            r#"{{"resourceType":"Subscription","status":"requested","reason":"test","criteria":"{criteria}",
            "channel":{channel}}}"#
        )
    }

    const HOOK: &str = r#"{"type":"rest-hook","endpoint":"https://hooks.example/x","payload":"application/fhir+json",
        "header":["Authorization: Bearer secret-token-abc-123"]}"#;

    #[test]
    fn a_subscription_of_r4_is_read() {
        let order = read(&plain("Observation?code=http://loinc.org|1975-2", HOOK)).unwrap();
        assert!(order.on && !order.by_topic());
        assert_eq!((order.content, order.timeout, order.max_count), (Content::Full, 10, 1));
        let Channel::RestHook { headers, .. } = order.channel else { panic!() };
        assert_eq!(headers, [("authorization".to_owned(), "Bearer secret-token-abc-123".to_owned())]);
        let silent = read(&plain("Patient", r#"{"type":"websocket"}"#)).unwrap();
        assert_eq!((silent.content, silent.channel), (Content::Empty, Channel::Websocket));
    }

    #[test]
    fn a_subscription_of_the_guide_is_read() {
        let text = r#"{"resourceType":"Subscription","status":"requested","reason":"test",
            "criteria":"http://care.example/topics/ended","_criteria":{"extension":[{"url":
            "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-filter-criteria",
            "valueString":"Encounter?patient=Patient/p1"}]},
            "channel":{"extension":[
            {"url":"http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-heartbeat-period",
             "valueUnsignedInt":60},
            {"url":"http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-timeout",
             "valueUnsignedInt":5},
            {"url":"http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-max-count",
             "valuePositiveInt":20}],
            "type":"rest-hook","endpoint":"https://hooks.example/x","payload":"application/fhir+json",
            "_payload":{"extension":[{"url":
            "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-payload-content",
            "valueCode":"id-only"}]}}}"#;
        let order = read(text).unwrap();
        assert_eq!(order.topic(), Some("http://care.example/topics/ended"));
        assert_eq!((order.heartbeat, order.timeout, order.max_count), (Some(60), 5, 20));
        assert_eq!(order.content, Content::IdOnly);
    }

    #[test]
    fn what_cannot_be_done_is_refused_with_its_place() {
        let hook = |from: &str, to: &str| plain("Observation", &HOOK.replace(from, to));
        for (text, place) in [
            (plain("Nonsense?x=1", HOOK), "Subscription.criteria"),
            (plain("Observation?nonsense=1", HOOK), "Subscription.criteria"),
            (hook("hooks.example", "elsewhere.example"), "Subscription.channel.endpoint"),
            (hook("https://hooks.example", "http://127.0.0.1"), "Subscription.channel.endpoint"),
            (hook("rest-hook", "sms"), "Subscription.channel.type"),
            (hook("rest-hook", "email"), "Subscription.channel.type"),
            (hook("application/fhir+json", "application/fhir+xml"), "Subscription.channel.payload"),
            (hook("Authorization:", "Host:"), "Subscription.channel.header"),
            (hook("Authorization: ", "X\\r\\nHost: "), "Subscription.channel.header"),
            (hook("Bearer secret", "a\\r\\nhost: b"), "Subscription.channel.header"),
        ] {
            let issues = read(&text).unwrap_err();
            assert_eq!(issues[0].at, place, "{issues:?}");
        }
    }
}
