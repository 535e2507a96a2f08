//! Functions that ask what lies outside: value sets, code systems, profiles; and the rules of narratives.

use super::Function;
use crate::definitions::{TypeKind, type_def};
use crate::fhirpath::ast::Node;
use crate::fhirpath::eval::{Evaluation, Items, Outcome, Scope, boolean, fault};
use crate::fhirpath::specifier::is_a;
use crate::fhirpath::{self, Code, Item, Outside, Scalar, narrative};
use crate::json::Value;
use crate::validate;

/// Where R4's own definitions stand.
const BASE: &str = "http://hl7.org/fhir/StructureDefinition/";

impl<'a> Evaluation<'_, 'a> {
    pub(super) fn of_terminology(
        &mut self,
        function: Function,
        items: &[Item<'a>],
        arguments: &[Node],
        scope: &Scope<'_, 'a>,
    ) -> Outcome<Items<'a>> {
        let [item] = items else { return Ok(Vec::new()) };
        let truth = match function {
            Function::HtmlChecks => {
                let Some(Scalar::String(text)) = item.scalar() else { return Ok(Vec::new()) };
                self.spend(text.len() / 16)?;
                Some(narrative::fault_in(&text).is_none())
            }
            Function::MemberOf => {
                let set = self.string(&arguments[0], scope)?;
                let outside = self.context.outside;
                set.zip(outside).and_then(|(set, (outside, _))| member_of(outside, &set, item))
            }
            Function::ConformsTo => {
                let Some(profile) = self.string(&arguments[0], scope)? else { return Ok(Vec::new()) };
                let Item::Node(node) = item else { return Ok(Vec::new()) };
                Some(self.conforms(&profile, *node)?)
            }
            _ => {
                let others = self.argument(&arguments[0], scope)?;
                let [other] = others.as_slice() else { return Ok(Vec::new()) };
                let (general, special) =
                    if function == Function::Subsumes { (item, other) } else { (other, item) };
                self.subsumes(general, special)
            }
        };
        Ok(truth.map_or_else(Vec::new, boolean))
    }

    /// True when one of the general codes is one of the special ones or their ancestor.
    fn subsumes(&self, general: &Item<'a>, special: &Item<'a>) -> Option<bool> {
        let (general, special) = (codes(general), codes(special));
        let same = |g: &Code<'_>, s: &Code<'_>| g.system == s.system && g.code == s.code;
        let pairs = || general.iter().flat_map(|g| special.iter().map(move |s| (g, s)));
        if pairs().any(|(g, s)| same(g, s)) {
            return Some(true);
        }
        let (outside, _) = self.context.outside?;
        any(pairs().map(|(g, s)| outside.subsumes(g, s)))
    }

    /// A profile that nobody knows is a fault, as the standard says.
    fn conforms(&mut self, profile: &str, node: fhirpath::Node<'a>) -> Outcome<bool> {
        let told = self.context.outside.and_then(|(outside, _)| outside.conforms_to(profile, node));
        if let Some(told) = told {
            return Ok(told);
        }
        let name = profile.split('|').next().and_then(|url| url.strip_prefix(BASE));
        let Some(def) = name.and_then(type_def) else {
            return fault(format!("The profile {profile} is not known here."));
        };
        if !is_a(node.kind, def) {
            return Ok(false);
        }
        let Some(value) = node.value.filter(|_| node.kind.kind == TypeKind::Resource) else {
            return Ok(true);
        };
        self.spend(value.raw().len() / 16)?;
        Ok(validate::structure(value).is_empty())
    }
}

fn member_of(outside: &dyn Outside, set: &str, item: &Item<'_>) -> Option<bool> {
    any(codes(item).iter().map(|code| outside.member_of(set, code)))
}

/// True when one is true; not known when none is, but one is not known.
fn any(mut truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    truths
        .try_fold(Some(false), |so_far, truth| match truth {
            Some(true) => Err(Some(true)),
            Some(false) => Ok(so_far),
            None => Ok(None),
        })
        .unwrap_or_else(|found| found)
}

/// The codes in a Coding, a CodeableConcept or a string.
fn codes<'i>(item: &'i Item<'_>) -> Vec<Code<'i>> {
    let alone = |code| vec![Code { system: None, version: None, code }];
    match item {
        Item::Computed(Scalar::String(text)) => alone(text.as_str().into()),
        Item::Computed(_) => Vec::new(),
        Item::Node(node) => match (node.kind.name, node.value) {
            (_, None) => Vec::new(),
            ("Coding", Some(value)) => Code::of_coding(value).into_iter().collect(),
            ("CodeableConcept", Some(value)) => {
                value.get("coding").into_iter().flat_map(Value::items).filter_map(Code::of_coding).collect()
            }
            (_, Some(value)) => value.as_str().map(alone).unwrap_or_default(),
        },
    }
}
