//! Operators between two operands.

use super::arithmetic;
use super::ast::{Node, Operator};
use super::eval::{Evaluation, Items, Outcome, Scope, boolean, fault, truth_of};
use super::specifier::is_quantity;
use super::{Item, Scalar, TEXT_MAX};
use crate::definitions::Primitive;
use crate::json::{Kind, Value};
use std::borrow::Cow;
use std::cmp::Ordering;

impl<'a> Evaluation<'_, 'a> {
    pub(super) fn binary(
        &mut self,
        operator: Operator,
        left: &Node,
        right: &Node,
        scope: &Scope<'_, 'a>,
    ) -> Outcome<Items<'a>> {
        use Operator::*;
        let a = self.argument(left, scope)?;
        // The right is not looked at where the left decides.
        match operator {
            And if truth_of(&a)? == Some(false) => return Ok(boolean(false)),
            Or if truth_of(&a)? == Some(true) => return Ok(boolean(true)),
            Implies if truth_of(&a)? == Some(false) => return Ok(boolean(true)),
            _ => {}
        }
        let b = self.argument(right, scope)?;
        if matches!(operator, And | Or | Xor | Implies) {
            return Ok(logic(operator, truth_of(&a)?, truth_of(&b)?).map_or_else(Vec::new, boolean));
        }
        Ok(match operator {
            Union => {
                let mut all = a;
                all.extend(b);
                self.distinct(all)?
            }
            Equal => self.equal(&a, &b)?.map_or_else(Vec::new, boolean),
            NotEqual => self.equal(&a, &b)?.map_or_else(Vec::new, |same| boolean(!same)),
            Equivalent => boolean(self.equivalent(&a, &b)?),
            NotEquivalent => boolean(!self.equivalent(&a, &b)?),
            Less | LessOrEqual | Greater | GreaterOrEqual => compare(operator, &a, &b)?,
            In => self.member_of(&a, &b)?,
            Contains => self.member_of(&b, &a)?,
            Concatenate => {
                let text = format!("{}{}", text_or_empty(&a)?, text_or_empty(&b)?);
                self.text(text)?
            }
            _ => match (one(&a)?, one(&b)?) {
                (Some(a), Some(b)) => match arithmetic::compute(operator, a, b)? {
                    Some(Scalar::String(text)) => self.text(text)?,
                    Some(scalar) => vec![Item::Computed(scalar)],
                    None => Vec::new(),
                },
                _ => Vec::new(),
            },
        })
    }

    pub(super) fn minus(&mut self, on: &Node, scope: &Scope<'_, 'a>) -> Outcome<Items<'a>> {
        let items = self.eval(on, scope)?;
        let Some(scalar) = one(&items)? else {
            return Ok(Vec::new());
        };
        let scalar = match scalar {
            Scalar::Integer(n) => match n.checked_neg() {
                Some(n) => Scalar::Integer(n),
                None => return Ok(Vec::new()),
            },
            Scalar::Decimal(number) => Scalar::Decimal(number.negated()),
            Scalar::Quantity { value, unit } => Scalar::Quantity { value: value.negated(), unit },
            other => return fault(format!("A {} cannot be negated.", other.type_name())),
        };
        Ok(vec![Item::Computed(scalar)])
    }

    /// A text as a result, if it is not too long.
    pub(super) fn text(&mut self, text: String) -> Outcome<Items<'a>> {
        if text.len() > TEXT_MAX {
            return fault(format!("The expression makes a text of more than {TEXT_MAX} bytes."));
        }
        self.spend(text.len() / 64)?;
        Ok(vec![Item::Computed(Scalar::String(text))])
    }

    /// True when one of the items equals `item`.
    pub(super) fn holds(&mut self, items: &[Item<'a>], item: &Item<'a>) -> Outcome<bool> {
        for other in items {
            if self.same(other, item)? == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// `=` of collections: in order, open when one is empty.
    fn equal(&mut self, a: &[Item<'a>], b: &[Item<'a>]) -> Outcome<Option<bool>> {
        if a.is_empty() || b.is_empty() {
            return Ok(None);
        }
        if a.len() != b.len() {
            return Ok(Some(false));
        }
        let mut all = Some(true);
        for (a, b) in a.iter().zip(b) {
            match self.same(a, b)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => all = None,
            }
        }
        Ok(all)
    }

    /// `=` of items.
    fn same(&mut self, a: &Item<'a>, b: &Item<'a>) -> Outcome<Option<bool>> {
        self.spend(1)?;
        if let (Item::Node(x), Item::Node(y)) = (a, b)
            && let (Some(a), Some(b)) = (x.value, y.value)
            && a.kind() == Kind::Object
            && b.kind() == Kind::Object
        {
            self.spend(a.raw().len() / 64)?;
            let quantities = is_quantity(x.kind) && is_quantity(y.kind);
            if !quantities || same_value(a, b) {
                return Ok(Some(same_value(a, b)));
            }
        }
        if let (Some(a), Some(b)) = (plain_text(a), plain_text(b)) {
            return Ok(Some(a == b));
        }
        Ok(match (a.scalar(), b.scalar()) {
            (Some(a), Some(b)) => a.equals(&b),
            _ => Some(false),
        })
    }

    /// `~` of collections: in any order, true when both are empty.
    fn equivalent(&mut self, a: &[Item<'a>], b: &[Item<'a>]) -> Outcome<bool> {
        let mut left: Vec<&Item<'a>> = b.iter().collect();
        for a in a {
            self.spend(left.len() + 1)?;
            let like = left.iter().position(|b| match (a.scalar(), b.scalar()) {
                (Some(a), Some(b)) => a.is_like(&b),
                _ => matches!((a, b), (Item::Node(a), Item::Node(b))
                    if a.value.zip(b.value).is_some_and(|(a, b)| same_value(a, b))),
            });
            match like {
                Some(at) => left.remove(at),
                None => return Ok(false),
            };
        }
        Ok(left.is_empty())
    }

    fn member_of(&mut self, item: &[Item<'a>], items: &[Item<'a>]) -> Outcome<Items<'a>> {
        match item {
            [] => Ok(Vec::new()),
            [item] => self.holds(items, item).map(boolean),
            _ => fault("`in` and `contains` look for one item."),
        }
    }
}

/// The characters of what is a string, without a copy.
fn plain_text<'i>(item: &'i Item<'_>) -> Option<Cow<'i, str>> {
    use Primitive::{Date, DateTime, Instant, Time};
    match item {
        Item::Computed(Scalar::String(text)) => Some(Cow::Borrowed(text)),
        Item::Computed(_) => None,
        Item::Node(node) => match node.kind.primitive? {
            Date | DateTime | Instant | Time => None,
            _ => node.value?.as_str(),
        },
    }
}

/// One primitive value or none.
fn one(items: &[Item<'_>]) -> Outcome<Option<Scalar>> {
    match items {
        [] => Ok(None),
        [item] => Ok(item.scalar()),
        _ => fault(format!("One value is expected where {} are.", items.len())),
    }
}

fn text_or_empty(items: &[Item<'_>]) -> Outcome<String> {
    match one(items)? {
        None => Ok(String::new()),
        Some(Scalar::String(text)) => Ok(text),
        Some(other) => fault(format!("& joins strings, not a {}.", other.type_name())),
    }
}

/// Three-valued logic (FHIRPath 2.0, "Boolean logic"); nothing is "unknown".
fn logic(operator: Operator, a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (operator, a, b) {
        (Operator::And, Some(false), _) | (Operator::And, _, Some(false)) => Some(false),
        (Operator::And, Some(true), Some(true)) => Some(true),
        (Operator::Or, Some(true), _) | (Operator::Or, _, Some(true)) => Some(true),
        (Operator::Or, Some(false), Some(false)) => Some(false),
        (Operator::Xor, Some(a), Some(b)) => Some(a != b),
        (Operator::Implies, Some(false), _) | (Operator::Implies, _, Some(true)) => Some(true),
        (Operator::Implies, Some(true), Some(false)) => Some(false),
        _ => None,
    }
}

fn compare<'a>(operator: Operator, a: &[Item<'a>], b: &[Item<'a>]) -> Outcome<Items<'a>> {
    let (Some(a), Some(b)) = (one(a)?, one(b)?) else {
        return Ok(Vec::new());
    };
    let Ok(order) = a.order(&b) else {
        return fault(format!("A {} has no order with a {}.", a.type_name(), b.type_name()));
    };
    let Some(order) = order else {
        return Ok(Vec::new());
    };
    Ok(boolean(match operator {
        Operator::Less => order == Ordering::Less,
        Operator::LessOrEqual => order != Ordering::Greater,
        Operator::Greater => order == Ordering::Greater,
        _ => order != Ordering::Less,
    }))
}

/// Equal in all members, in whatever order they stand.
fn same_value(a: Value<'_>, b: Value<'_>) -> bool {
    match (a.kind(), b.kind()) {
        (Kind::Object, Kind::Object) => {
            a.members().count() == b.members().count()
                && a.members().all(|(name, value)| b.get(&name).is_some_and(|other| same_value(value, other)))
        }
        (Kind::Array, Kind::Array) => {
            a.items().count() == b.items().count() && a.items().zip(b.items()).all(|(a, b)| same_value(a, b))
        }
        (Kind::String, Kind::String) => a.as_str() == b.as_str(),
        (Kind::Number, Kind::Number) => {
            let decimal = |v: Value<'_>| v.as_number().and_then(crate::decimal::Decimal::parse);
            decimal(a) == decimal(b)
        }
        _ => a.kind() == b.kind() && a.raw() == b.raw(),
    }
}
