//! What is asked of Subscriptions and topics before they are stored, and what is noted as they are.

use crate::kept;
use crate::order::{About, Order};
use crate::topic::{Topic, is_topic};
use crate::{Shared, Subscriptions, topic_at};
use access::{Ends, Session};
use fhir::Value;
use record::{Issue, Refusal, Tx, Written};
use service::interaction::{Guard, Guards};
use std::sync::Arc;

impl Subscriptions {
    /// The guards over the types that subscriptions are made of.
    pub fn guards(&self) -> Guards {
        let (one, other) = (self.shared.clone(), self.shared.clone());
        Arc::new([
            Guard {
                kind: "Subscription",
                check: Arc::new(move |session, resource| check(&one, session, resource)),
                filed: Arc::new(filed),
                gone: None,
            },
            Guard {
                kind: "Basic",
                check: Arc::new(move |_, resource| check_topic(&other, resource)),
                filed: Arc::new(|_, _, _| Ok(())),
                gone: None,
            },
        ])
    }
}

/// What is wrong with a Subscription.
fn check(shared: &Shared, session: &Session, resource: Value<'_>) -> Result<Vec<Issue>, Refusal> {
    let store = shared.access.store();
    let order = match Order::read(resource, &shared.settings, store.now()) {
        Ok(order) => order,
        // One that is switched off may be stored however it is, so that it can always be switched off.
        Err(_) if resource.str("status").as_deref() == Some("off") => return Ok(Vec::new()),
        Err(issues) => return Ok(issues),
    };
    let mut issues = Vec::new();
    let wrong = |at: &str, text: String| Issue::new("invalid", format!("Subscription.{at}"), text);
    match &order.about {
        About::Criteria(criteria) => {
            if !session.scope.has_type(criteria.kind) {
                let text = format!("The role {} has no part in {}.", session.role.title, criteria.kind);
                issues.push(wrong("criteria", format!("{text} Ask someone whose role has.")));
            }
        }
        About::Topic { url, filters } => match topic_at(shared, &store.reader(&session.scope)?, url)? {
            None => {
                let text = format!(
                    "There is no topic {url}. Search Basic?code=SubscriptionTopic for those there are."
                );
                issues.push(wrong("criteria", text));
            }
            Some(topic) => {
                let texts = filters.iter().filter_map(|filter| topic.refuses(filter));
                issues.extend(texts.map(|text| wrong("criteria.extension", text)));
            }
        },
    }
    Ok(issues)
}

/// What is wrong with a topic.
fn check_topic(shared: &Shared, resource: Value<'_>) -> Result<Vec<Issue>, Refusal> {
    if !is_topic(resource) {
        return Ok(Vec::new());
    }
    let read = Topic::read(resource, shared.access.store().now(), &shared.settings.base);
    Ok(read.err().unwrap_or_default())
}

/// Whoever wrote a Subscription last owns it: what it tells is what they may see.
pub(crate) fn filed(tx: &mut Tx<'_>, session: &Session, written: &Written) -> Result<(), Refusal> {
    if !written.changed {
        return Ok(());
    }
    kept::own(tx, &written.id, written.version, &session.mandate(Ends::WithGiver))
}
