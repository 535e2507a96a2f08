//! Conditions on the concepts of a listed system (ValueSet.compose.include.filter).

use super::Listed;
use crate::system::{Concept, Filter, Meaning, System};
use fhir::Refusal;
use fhir::outcome::Kind;
use regex::Regex;

/// A filter that was read.
pub(super) enum Condition {
    /// Below a concept, or it.
    Under(Option<Concept>),
    /// Below a concept.
    Below(Option<Concept>),
    /// Below a concept, with nothing below itself.
    Leaf(Option<Concept>),
    NotUnder(Option<Concept>),
    /// Above a concept, or it.
    Over(Option<Concept>),
    ChildOf(Option<Concept>),
    Of(Field, Test),
}

pub(super) enum Field {
    Code,
    Display,
    Definition,
    Parent,
    Child,
    Property(String),
}

pub(super) enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Matches(Regex),
    Exists(bool),
}

/// Patterns longer than this when they are compiled are refused.
const PATTERN_BYTES_MAX: usize = 1 << 20;
/// Properties that any code system may have without declaring them (CodeSystem, section 4.8.10).
const USUAL: &[&str] = &["inactive", "status", "notSelectable", "deprecated", "effectiveDate", "abstract"];

impl Listed {
    pub(super) fn condition(&self, filter: Filter<'_>) -> Result<Condition, Refusal> {
        let Filter { property, op, value } = filter;
        let concept = || self.find(value);
        if matches!(property, "concept" | "code") {
            match op {
                "is-a" => return Ok(Condition::Under(concept())),
                "descendent-of" => return Ok(Condition::Below(concept())),
                "descendent-leaf" => return Ok(Condition::Leaf(concept())),
                "is-not-a" => return Ok(Condition::NotUnder(concept())),
                "generalizes" => return Ok(Condition::Over(concept())),
                "child-of" => return Ok(Condition::ChildOf(concept())),
                _ => {}
            }
        }
        let field = self.field(property)?;
        let list = || value.split(',').map(|one| self.key(one.trim()).into_owned()).collect::<Vec<_>>();
        let test = match op {
            "=" => Test::In(vec![self.key(value).into_owned()]),
            "in" => Test::In(list()),
            "not-in" => Test::NotIn(list()),
            "exists" => Test::Exists(value != "false"),
            "regex" => Test::Matches(pattern(value)?),
            _ => {
                let text = format!("The code system {} knows no filter {op:?} on {property:?}.", self.url);
                return Err(Refusal::new(Kind::Unsupported, text));
            }
        };
        Ok(Condition::Of(field, test))
    }

    fn field(&self, property: &str) -> Result<Field, Refusal> {
        let declared = || USUAL.contains(&property) || self.declared.iter().any(|(code, _)| code == property);
        match property {
            "concept" | "code" => Ok(Field::Code),
            "display" => Ok(Field::Display),
            "definition" => Ok(Field::Definition),
            "parent" => Ok(Field::Parent),
            "child" => Ok(Field::Child),
            _ if declared() => Ok(Field::Property(property.to_owned())),
            _ => {
                let text = format!("The code system {} has no property {property:?} to filter by.", self.url);
                Err(Refusal::new(Kind::Invalid, text))
            }
        }
    }
}

/// A pattern of a filter stands for the whole value.
fn pattern(value: &str) -> Result<Regex, Refusal> {
    let built = regex::RegexBuilder::new(&format!("^(?:{value})$")).size_limit(PATTERN_BYTES_MAX).build();
    built.map_err(|e| Refusal::new(Kind::Invalid, format!("{value:?} is no regular expression: {e}.")))
}

impl Condition {
    /// The concept that all that meet it are below, or that it is.
    pub(super) fn top(&self) -> Option<Concept> {
        match self {
            Condition::Under(top)
            | Condition::Below(top)
            | Condition::Leaf(top)
            | Condition::ChildOf(top) => *top,
            _ => None,
        }
    }

    pub(super) fn holds(&self, system: &Listed, concept: Concept) -> bool {
        let under = |top: &Option<Concept>| top.is_some_and(|top| system.subsumes(top, concept));
        let below = |top: &Option<Concept>| *top != Some(concept) && under(top);
        match self {
            Condition::Under(top) => under(top),
            Condition::Below(top) => below(top),
            Condition::Leaf(top) => below(top) && system.children[concept.0 as usize].is_empty(),
            Condition::NotUnder(top) => !under(top),
            Condition::Over(under) => under.is_some_and(|under| system.subsumes(concept, under)),
            Condition::ChildOf(top) => {
                top.is_some_and(|top| system.parents[concept.0 as usize].contains(&top))
            }
            Condition::Of(field, test) => test.holds(system, &values(system, concept, field)),
        }
    }
}

impl Test {
    fn holds(&self, system: &Listed, values: &[String]) -> bool {
        let among =
            |list: &[String]| values.iter().any(|value| list.contains(&system.key(value).into_owned()));
        match self {
            Test::In(list) => among(list),
            Test::NotIn(list) => !among(list),
            Test::Matches(pattern) => values.iter().any(|value| pattern.is_match(value)),
            Test::Exists(wanted) => values.is_empty() != *wanted,
        }
    }
}

fn values(system: &Listed, concept: Concept, field: &Field) -> Vec<String> {
    let row = system.row(concept);
    let codes = |list: &[Concept]| list.iter().map(|concept| system.row(*concept).code.clone()).collect();
    match field {
        Field::Code => vec![row.code.clone()],
        Field::Display => row.display.clone().into_iter().collect(),
        Field::Definition => row.definition.clone().into_iter().collect(),
        Field::Parent => codes(&system.parents[concept.0 as usize]),
        Field::Child => codes(&system.children[concept.0 as usize]),
        Field::Property(name) => {
            let own: Vec<String> = row
                .properties
                .iter()
                .filter(|(code, _)| code == name)
                .map(|(_, meaning)| plain(meaning))
                .collect();
            match (own.is_empty(), name.as_str()) {
                // Every concept is one or the other.
                (true, "inactive") => vec![(!row.active).to_string()],
                (true, "notSelectable" | "abstract") => vec![row.groups.to_string()],
                _ => own,
            }
        }
    }
}

fn plain(meaning: &Meaning<'_>) -> String {
    match meaning {
        Meaning::Code(text) | Meaning::Text(text) | Meaning::DateTime(text) | Meaning::Decimal(text) => {
            text.to_string()
        }
        Meaning::Coding { code, .. } => code.to_string(),
        Meaning::Integer(number) => number.to_string(),
        Meaning::Boolean(is) => is.to_string(),
    }
}
