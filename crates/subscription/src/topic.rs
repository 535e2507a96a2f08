//! Topics: what happens that one can be told of. FHIR R4 has no SubscriptionTopic; the Subscriptions R5 Backport guide
//! has it as a Basic with the code SubscriptionTopic, its elements in extensions named for them.

use crate::criteria::Criteria;
use fhir::{Instant, Value};
use record::{Issue, Refusal};
use service::interaction::kind_named;

/// The code system of the code that makes a Basic a topic.
const TYPES: &str = "http://hl7.org/fhir/fhir-types";
/// What stands before the name of an element in the address of its extension; the release before it varies (`4.3`,
/// `5.0`).
const ELEMENT: &str = "/StructureDefinition/extension-SubscriptionTopic.";

/// What was done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interaction {
    Create,
    Update,
    Delete,
}

impl Interaction {
    /// FHIR's code.
    pub fn code(self) -> &'static str {
        match self {
            Interaction::Create => "create",
            Interaction::Update => "update",
            Interaction::Delete => "delete",
        }
    }

    /// The interaction with this code.
    pub fn named(code: &str) -> Option<Interaction> {
        let all = [Interaction::Create, Interaction::Update, Interaction::Delete];
        all.into_iter().find(|interaction| interaction.code() == code)
    }
}

/// A change of one resource, with its state before and after where there was one.
pub(crate) struct Happened<'a> {
    pub interaction: Interaction,
    pub at: Instant,
    pub current: Option<Value<'a>>,
    pub previous: Option<Value<'a>>,
}

/// A topic.
#[derive(Clone, Debug)]
pub(crate) struct Topic {
    /// Its canonical address.
    pub url: String,
    triggers: Vec<Trigger>,
    /// Type, if it is said, and parameter.
    filters: Vec<(Option<String>, String)>,
}

#[derive(Clone, Debug)]
struct Trigger {
    kind: &'static str,
    /// None for all.
    interactions: Vec<Interaction>,
    previous: Option<Criteria>,
    current: Option<Criteria>,
    passes_on_create: bool,
    passes_on_delete: bool,
    both: bool,
}

/// True for a Basic that is a topic.
pub(crate) fn is_topic(resource: Value<'_>) -> bool {
    let codings = resource.at(&["code", "coding"]);
    codings.into_iter().flat_map(Value::items).any(|coding| {
        coding.str("code").as_deref() == Some("SubscriptionTopic")
            && coding.str("system").is_none_or(|system| system == TYPES)
    })
}

impl Topic {
    /// Reads a topic, or says all that is wrong with it. `base` is the address of our own FHIR door.
    pub fn read(resource: Value<'_>, now: Instant, base: &str) -> Result<Topic, Vec<Issue>> {
        let mut issues = Vec::new();
        let url = elements(resource, "url").find_map(text);
        if url.is_none() {
            let text =
                "A topic needs its canonical address, in the extension extension-SubscriptionTopic.url.";
            issues.push(Issue::new("required", "Basic.extension", text));
        }
        let mut triggers = Vec::new();
        for extension in elements(resource, "resourceTrigger") {
            match trigger(extension, now, base) {
                Ok(trigger) => triggers.push(trigger),
                Err(refusal) => issues.extend(refusal.issues),
            }
        }
        if triggers.is_empty() && issues.is_empty() {
            let text =
                "A topic needs a trigger, in the extension extension-SubscriptionTopic.resourceTrigger.";
            issues.push(Issue::new("required", "Basic.extension", text));
        }
        let filters = elements(resource, "canFilterBy").filter_map(|extension| {
            Some((part(extension, "resource").map(short), part(extension, "filterParameter")?))
        });
        let filters = filters.collect();
        match (url, issues.is_empty()) {
            (Some(url), true) => Ok(Topic { url, triggers, filters }),
            _ => Err(issues),
        }
    }

    /// Whether it can happen to resources of this type.
    pub fn is_about(&self, kind: &str) -> bool {
        self.triggers.iter().any(|trigger| trigger.kind == kind)
    }

    /// The types that it can happen to.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.triggers.iter().map(|trigger| trigger.kind)
    }

    /// Whether a change is one that this is about.
    pub fn fires(&self, kind: &str, happened: &Happened<'_>) -> bool {
        self.triggers.iter().any(|trigger| trigger.kind == kind && trigger.fires(happened))
    }

    /// What is wrong with filtering it so: only what a topic offers can be filtered by.
    pub fn refuses(&self, filter: &Criteria) -> Option<String> {
        if !self.is_about(filter.kind) {
            return Some(format!("The topic is not about {}. Filter by its own resource.", filter.kind));
        }
        let offered = |name: &String| {
            let of_kind = |kind: &Option<String>| kind.as_ref().is_none_or(|kind| kind == filter.kind);
            self.filters.iter().any(|(kind, parameter)| parameter == name && of_kind(kind))
        };
        let other = filter.names.iter().find(|name| !offered(name))?;
        let mut names: Vec<&str> = self.filters.iter().map(|(_, name)| name.as_str()).collect();
        names.dedup();
        Some(match names.is_empty() {
            true => "The topic offers nothing to filter by. Leave the filter out.".to_owned(),
            false => format!("The topic cannot be filtered by {other}. Use {}.", names.join(", ")),
        })
    }
}

impl Trigger {
    /// SubscriptionTopic.resourceTrigger.queryCriteria: both tests if both are required, else either that there is.
    fn fires(&self, happened: &Happened<'_>) -> bool {
        if !self.interactions.is_empty() && !self.interactions.contains(&happened.interaction) {
            return false;
        }
        let meets = |criteria: &Criteria, state: Option<Value<'_>>, without: bool| match state {
            Some(resource) => criteria.met(resource, happened.at),
            None => without,
        };
        let previous = self.previous.as_ref().map(|c| meets(c, happened.previous, self.passes_on_create));
        let current = self.current.as_ref().map(|c| meets(c, happened.current, self.passes_on_delete));
        match (previous, current) {
            (None, None) => true,
            (Some(one), None) | (None, Some(one)) => one,
            (Some(previous), Some(current)) if self.both => previous && current,
            (Some(previous), Some(current)) => previous || current,
        }
    }
}

fn trigger(extension: Value<'_>, now: Instant, base: &str) -> Result<Trigger, Refusal> {
    let at = "Basic.extension";
    let resource = part(extension, "resource").map(short);
    let resource =
        resource.ok_or_else(|| Refusal::invalid(at, "A trigger says of which resource. Add it."))?;
    let kind = kind_named(&resource).map_err(|refusal| Refusal::invalid(at, refusal.to_string()))?;
    if part(extension, "fhirPathCriteria").is_some() && sub(extension, "queryCriteria").next().is_none() {
        let text = "Triggers by FHIRPath are not judged here. Say the same by queryCriteria.";
        return Err(Refusal::many(record::Kind::Unsupported, vec![Issue::new("not-supported", at, text)]));
    }
    let mut interactions = Vec::new();
    for code in sub(extension, "supportedInteraction").filter_map(text) {
        let known = Interaction::named(&code);
        let wrong =
            || Refusal::invalid(at, format!("{code:?} is no interaction. Use create, update or delete."));
        interactions.push(known.ok_or_else(wrong)?);
    }
    let query = sub(extension, "queryCriteria").next();
    let criteria = |name: &str| {
        let text = query.and_then(|query| part(query, name));
        let read = |text: String| {
            let bare = text.split_once('?').map_or(text.as_str(), |(_, query)| query);
            Criteria::of(kind, bare, now, base)?.alone()
        };
        text.map(read).transpose()
    };
    let passes =
        |name: &str| query.and_then(|query| part(query, name)).is_none_or(|code| code == "test-passes");
    let both = query.and_then(|query| sub(query, "requireBoth").next());
    let both = both.and_then(|part| part.get("valueBoolean")?.as_bool()).unwrap_or(false);
    Ok(Trigger {
        kind,
        interactions,
        previous: criteria("previous")?,
        current: criteria("current")?,
        passes_on_create: passes("resultForCreate"),
        passes_on_delete: passes("resultForDelete"),
        both,
    })
}

/// The extensions that stand for an element of SubscriptionTopic.
fn elements<'a>(resource: Value<'a>, name: &'a str) -> impl Iterator<Item = Value<'a>> {
    let extensions = resource.get("extension").into_iter().flat_map(Value::items);
    extensions.filter(move |extension| {
        let url = extension.str("url").unwrap_or_default();
        url.starts_with("http://hl7.org/fhir/") && url.split_once(ELEMENT).is_some_and(|(_, n)| n == name)
    })
}

/// The extensions of this name inside one.
fn sub<'a>(extension: Value<'a>, name: &'a str) -> impl Iterator<Item = Value<'a>> {
    let parts = extension.get("extension").into_iter().flat_map(Value::items);
    parts.filter(move |part| part.str("url").as_deref() == Some(name))
}

fn part(extension: Value<'_>, name: &str) -> Option<String> {
    sub(extension, name).find_map(text)
}

/// The text of an extension's value, of whatever type.
fn text(extension: Value<'_>) -> Option<String> {
    let value = extension.members().find(|(member, _)| member.starts_with("value"))?.1;
    value.as_str().map(|text| text.into_owned())
}

/// The name of a type that is given by its address.
fn short(url: String) -> String {
    url.rsplit('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use fhir::{Json, Limits};

    /// A topic of encounters that end, which can be filtered by patient.
    pub const ENDED: &str = r#"{"resourceType":"Basic","id":"ended",
        "code":{"coding":[{"system":"http://hl7.org/fhir/fhir-types","code":"SubscriptionTopic"}]},"extension":[
        {"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic.url",
         "valueUri":"http://care.example/topics/ended"},
        {"url":"http://hl7.org/fhir/4.3/StructureDefinition/extension-SubscriptionTopic.resourceTrigger","extension":[
         {"url":"resource","valueUri":"http://hl7.org/fhir/StructureDefinition/Encounter"},
         {"url":"supportedInteraction","valueCode":"create"},{"url":"supportedInteraction","valueCode":"update"},
         {"url":"queryCriteria","extension":[
          {"url":"previous","valueString":"status:not=finished"},{"url":"resultForCreate","valueCode":"test-passes"},
          {"url":"current","valueString":"status=finished"},{"url":"resultForDelete","valueCode":"test-fails"},
          {"url":"requireBoth","valueBoolean":true}]}]},
        {"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic.canFilterBy","extension":[
         {"url":"resource","valueUri":"Encounter"},{"url":"filterParameter","valueString":"patient"}]}]}"#;

    fn read(text: &str) -> Result<Topic, Vec<Issue>> {
        let json = Json::parse(text, Limits::DOOR).unwrap();
        assert!(is_topic(json.root()));
        Topic::read(json.root(), Instant(0), "https://care.example/fhir")
    }

    fn encounter(status: &str) -> Json {
        let text = format!(r#"{{"resourceType":"Encounter","status":"{status}","class":{{"code":"AMB"}}}}"#);
        Json::parse(text, Limits::DOOR).unwrap()
    }

    #[test]
    fn a_topic_fires_when_a_resource_turns_into_what_it_is_about() {
        let topic = read(ENDED).unwrap();
        let (planned, finished) = (encounter("planned"), encounter("finished"));
        let fires = |interaction, previous: Option<&Json>, current: Option<&Json>| {
            let (previous, current) = (previous.map(Json::root), current.map(Json::root));
            topic.fires("Encounter", &Happened { interaction, at: Instant(0), current, previous })
        };
        assert!(fires(Interaction::Update, Some(&planned), Some(&finished)));
        assert!(fires(Interaction::Create, None, Some(&finished)));
        assert!(!fires(Interaction::Update, Some(&finished), Some(&finished)));
        assert!(!fires(Interaction::Update, Some(&finished), Some(&planned)));
        assert!(!fires(Interaction::Delete, Some(&planned), None));
    }

    #[test]
    fn a_topic_is_filtered_only_by_what_it_offers() {
        let topic = read(ENDED).unwrap();
        let by =
            |text| topic.refuses(&Criteria::parse(text, Instant(0), "https://care.example/fhir").unwrap());
        assert_eq!(by("Encounter?patient=p"), None);
        assert!(by("Encounter?class=AMB").unwrap().contains("Use patient"));
        assert!(by("Patient?_id=p").is_some());
    }

    #[test]
    fn a_topic_that_says_too_little_or_too_much_is_refused() {
        for (from, to) in [
            ("extension-SubscriptionTopic.url", "extension-SubscriptionTopic.name"),
            ("extension-SubscriptionTopic.resourceTrigger", "extension-SubscriptionTopic.eventTrigger"),
            ("StructureDefinition/Encounter", "StructureDefinition/Nonsense"),
            ("status:not=finished", "no-such=finished"),
            ("\"valueCode\":\"create\"", "\"valueCode\":\"admire\""),
        ] {
            assert!(!read(&ENDED.replace(from, to)).unwrap_err().is_empty(), "{from}");
        }
    }
}
