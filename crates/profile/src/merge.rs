//! What a differential says laid over what was said before (R4, profiling.html and elementdefinition.html).

use crate::element::{items, text};
use fhir::Tree;

/// Lists that a differential adds to, and the member by which their items are told apart.
const ADDED: &[(&str, &str)] =
    &[("constraint", "key"), ("extension", "url"), ("mapping", "identity"), ("example", "label")];
/// Texts that go on where they were when they begin with three full stops.
const GOING_ON: &[&str] = &["short", "definition", "comment", "requirements"];

/// Lays the rules of an element over others of it.
pub fn lay(over: &Tree, onto: &mut Tree) {
    let Tree::Object(rules) = over else { return };
    for (name, rule) in rules {
        if let Some((_, key)) = ADDED.iter().find(|(list, _)| list == name) {
            let mut list: Vec<Tree> = items(onto.get(name)).cloned().collect();
            for item in items(Some(rule)) {
                let same = |other: &Tree| text(other, key).is_some() && text(other, key) == text(item, key);
                match list.iter_mut().find(|other| same(other)) {
                    Some(other) => *other = item.clone(),
                    None => list.push(item.clone()),
                }
            }
            onto.set(name, list);
        } else if matches!(name.as_str(), "condition" | "alias" | "code") {
            let mut list: Vec<Tree> = items(onto.get(name)).cloned().collect();
            list.extend(items(Some(rule)).filter(|item| !list.contains(item)).cloned().collect::<Vec<_>>());
            onto.set(name, list);
        } else if let Some(more) = going_on(name, rule) {
            let before = text(onto, name).unwrap_or_default();
            onto.set(name, format!("{before}\n{}", more.trim_start()));
        } else if name == "binding" {
            // The value set stays when only the strength is said.
            let mut binding = onto.get(name).filter(|_| rule.get("valueSet").is_none()).cloned();
            let binding = binding.get_or_insert_with(Tree::object);
            if let Tree::Object(members) = rule {
                members.iter().for_each(|(name, member)| binding.set(name, member.clone()));
            }
            onto.set(name, binding.clone());
        } else {
            let sort = ["fixed", "pattern", "minValue", "maxValue"].into_iter().find(|s| is_choice(name, s));
            if let (Some(sort), Tree::Object(members)) = (sort, &mut *onto) {
                members.retain(|(other, _)| !is_choice(other, sort) || other == name);
            }
            onto.set(name, rule.clone());
        }
    }
}

fn going_on<'r>(name: &str, rule: &'r Tree) -> Option<&'r str> {
    match rule {
        Tree::String(text) if GOING_ON.contains(&name) => text.strip_prefix("..."),
        _ => None,
    }
}

/// True for a name of the choice: `fixedUri` is one of `fixed[x]`.
pub fn is_choice(name: &str, choice: &str) -> bool {
    name.strip_prefix(choice).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
}
