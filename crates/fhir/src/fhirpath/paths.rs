//! Expressions that are only paths, which is what nearly all search parameters are.

use super::Expression;
use super::ast::{Node, Operator, TypeName};
use super::functions::{Function, target_type};
use super::scalar::Scalar;
use super::specifier::is_a;
use crate::definitions::TypeDef;
use crate::json::Value;

/// A step down: into the member `name`, to those of its items that meet `condition`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub name: &'static str,
    /// The type of the items.
    pub kind: &'static TypeDef,
    pub condition: Option<Condition>,
}

impl PartialEq for TypeDef {
    fn eq(&self, other: &TypeDef) -> bool {
        std::ptr::eq(self, other)
    }
}

/// What search parameters ask in `where(...)`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    /// `resolve() is Patient`
    PointsAt(&'static TypeDef),
    /// `system = 'phone'`
    Is { member: String, text: String },
}

impl Condition {
    /// True when an item of a resource meets it.
    pub fn holds(&self, item: Value<'_>, resource: Value<'_>) -> bool {
        match self {
            Condition::PointsAt(kind) => {
                let text = item.str("reference");
                if let Some(id) = text.as_deref().and_then(|text| text.strip_prefix('#')) {
                    let mut contained = resource.get("contained").into_iter().flat_map(Value::items);
                    let target = contained.find(|one| one.str("id").as_deref() == Some(id));
                    return target.is_some_and(|one| one.str("resourceType").as_deref() == Some(kind.name));
                }
                let target = text.as_deref().and_then(target_type).map(|def| def.name);
                match target {
                    Some(target) => target == kind.name,
                    None => item.str("type").is_some_and(|told| told == kind.name),
                }
            }
            Condition::Is { member, text } => item.str(member).is_some_and(|is| is == *text),
        }
    }
}

impl Expression {
    /// The paths that it is the union of, from the resource down; nothing when it is more than that.
    pub(crate) fn paths(&self) -> Option<Vec<Vec<Step>>> {
        paths(&self.root)
    }
}

fn paths(node: &Node) -> Option<Vec<Vec<Step>>> {
    match node {
        Node::Root(_) => Some(vec![Vec::new()]),
        Node::Member { on, found: Some(found), .. } => {
            let on = paths(on)?;
            let longer = on.iter().flat_map(|path| {
                found.iter().map(|f| {
                    let mut path = path.clone();
                    path.push(Step { name: f.name, kind: f.kind, condition: None });
                    path
                })
            });
            Some(longer.collect())
        }
        Node::As { on, of: TypeName::Fhir(of) } => {
            let mut paths = paths(on)?;
            paths.retain(|path| path.last().is_some_and(|step| is_a(step.kind, of)));
            Some(paths)
        }
        Node::Binary { operator: Operator::Union, left, right } => {
            let mut all = paths(left)?;
            all.extend(paths(right)?);
            Some(all)
        }
        Node::Call { on, function: Function::Where, arguments } => {
            let condition = condition(arguments.first()?)?;
            let mut paths = paths(on)?;
            for path in &mut paths {
                let last = path.last_mut().filter(|step| step.condition.is_none())?;
                last.condition = Some(condition.clone());
            }
            Some(paths)
        }
        _ => None,
    }
}

fn condition(node: &Node) -> Option<Condition> {
    match node {
        Node::Is { on, of: TypeName::Fhir(of) } => match on.as_ref() {
            Node::Call { on, function: Function::Resolve, .. } if matches!(**on, Node::This) => {
                Some(Condition::PointsAt(of))
            }
            _ => None,
        },
        Node::Binary { operator: Operator::Equal, left, right } => match (left.as_ref(), right.as_ref()) {
            (Node::Member { on, name, .. }, Node::Literal(Scalar::String(text)))
                if matches!(**on, Node::This) =>
            {
                Some(Condition::Is { member: name.clone(), text: text.clone() })
            }
            _ => None,
        },
        _ => None,
    }
}
