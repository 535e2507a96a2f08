//! Conditions on the concepts of a release (ValueSet.compose.include.filter).

use super::{Index, Way, refused};
use crate::system::{Concept, Filter, Meaning, System};
use fhir::Refusal;
use fhir::outcome::Kind;
use regex::RegexBuilder;
use std::collections::HashSet;

/// Patterns longer than this when they are compiled are refused.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Whether a concept meets a condition.
type Test<'i> = Box<dyn Fn(Concept) -> bool + 'i>;

impl Index {
    pub(super) fn fitting(&self, filter: Filter<'_>) -> Result<Vec<Concept>, Refusal> {
        if let Some(found) = self.set(filter)? {
            return Ok(found);
        }
        let test = self.test(filter)?;
        Ok(self.all().into_iter().filter(|concept| test(*concept)).collect())
    }

    pub(super) fn fits(&self, concept: Concept, filter: Filter<'_>) -> Result<bool, Refusal> {
        let Filter { property, op, value } = filter;
        match (property, op) {
            ("concept" | "code", "is-a") => {
                return Ok(self.find(value).is_some_and(|top| self.subsumes(top, concept)));
            }
            ("concept" | "code", "descendent-of") => {
                return Ok(self.find(value).is_some_and(|top| top != concept && self.subsumes(top, concept)));
            }
            _ => {}
        }
        match self.set(filter)? {
            Some(set) => Ok(set.binary_search(&concept).is_ok()),
            None => self.test(filter).map(|test| test(concept)),
        }
    }

    /// The concepts in order, where the hierarchy, the reference sets or an expression give them.
    fn set(&self, filter: Filter<'_>) -> Result<Option<Vec<Concept>>, Refusal> {
        let Filter { property, op, value } = filter;
        if matches!((property, op), ("constraint" | "expression", "=")) {
            return crate::ecl::evaluate(self, value).map(Some);
        }
        if !matches!(property, "concept" | "code") {
            return Ok(None);
        }
        let top: Vec<Concept> = self.find(value).into_iter().collect();
        let below = || self.reach(&top, Way::Down).into_iter();
        let is_leaf = |concept: &Concept| self.children.get(concept.0 as usize).is_empty();
        Ok(Some(match op {
            "is-a" => below().collect(),
            "descendent-of" => below().filter(|one| !top.contains(one)).collect(),
            "descendent-leaf" => below().filter(|one| !top.contains(one) && is_leaf(one)).collect(),
            "is-not-a" => {
                let under: HashSet<Concept> = below().collect();
                self.all().into_iter().filter(|one| !under.contains(one)).collect()
            }
            "generalizes" => self.reach(&top, Way::Up),
            "child-of" => top.iter().flat_map(|top| self.children(*top)).collect(),
            "in" => self.listed(value),
            "=" => top,
            _ => return Ok(None),
        }))
    }

    /// The codes of a list; with SNOMED CT the members of the reference set of that number, if it is one.
    fn listed(&self, value: &str) -> Vec<Concept> {
        if let Some(refset) = self.find(value.trim()).filter(|refset| !self.members(*refset).is_empty()) {
            return self.members(refset).iter().map(|one| Concept(*one)).collect();
        }
        if self.head.url == super::SNOMED && !value.contains(',') {
            return Vec::new();
        }
        let mut found: Vec<Concept> = value.split(',').filter_map(|code| self.find(code.trim())).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn test<'i>(&'i self, filter: Filter<'_>) -> Result<Test<'i>, Refusal> {
        let Filter { property, op, value } = filter;
        let known = self.keys.iter().any(|key| key == property)
            || matches!(property, "concept" | "code" | "display" | "parent" | "child" | "inactive")
            || self.find(property).is_some();
        if !known {
            let text =
                format!("The code system {} has no property {property:?} to filter by.", self.head.url);
            return Err(refused(text));
        }
        let property = property.to_owned();
        let values = move |concept: Concept| self.values(concept, &property);
        let list: HashSet<String> = value.split(',').map(|one| one.trim().to_owned()).collect();
        let value = value.to_owned();
        Ok(match op {
            "=" => Box::new(move |concept| values(concept).contains(&value)),
            "in" => Box::new(move |concept| values(concept).iter().any(|one| list.contains(one))),
            "not-in" => Box::new(move |concept| !values(concept).iter().any(|one| list.contains(one))),
            "exists" => Box::new(move |concept| values(concept).is_empty() == (value == "false")),
            "regex" => {
                let pattern =
                    RegexBuilder::new(&format!("^(?:{value})$")).size_limit(PATTERN_BYTES_MAX).build();
                let pattern =
                    pattern.map_err(|e| refused(format!("The pattern {value:?} cannot be read: {e}.")))?;
                Box::new(move |concept| values(concept).iter().any(|one| pattern.is_match(one)))
            }
            _ => {
                let text = format!("The code system {} knows no filter by {op:?}.", self.head.url);
                return Err(Refusal::new(Kind::Unsupported, text));
            }
        })
    }

    /// What a concept says of a property.
    fn values(&self, concept: Concept, property: &str) -> Vec<String> {
        let codes =
            |concepts: Vec<Concept>| concepts.into_iter().map(|one| self.code(one).into_owned()).collect();
        match property {
            "concept" | "code" => codes(vec![concept]),
            "display" => self.display(concept, None).into_iter().map(|text| text.into_owned()).collect(),
            "parent" => codes(self.parents(concept)),
            "child" => codes(self.children(concept)),
            "inactive" => vec![(!self.is_active(concept)).to_string()],
            _ => {
                let all = self.properties(concept).into_iter().filter(|(key, _)| key == property);
                all.map(|(_, meaning)| said(&meaning)).collect()
            }
        }
    }
}

fn said(meaning: &Meaning<'_>) -> String {
    match meaning {
        Meaning::Coding { code, .. } => code.clone().into_owned(),
        other => super::record::written(other).1.into_owned(),
    }
}
