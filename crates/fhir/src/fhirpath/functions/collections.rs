//! Functions of any items: existence, filtering, subsets, set operations.

use super::Function;
use crate::fhirpath::ast::Node;
use crate::fhirpath::distinct::Seen;
use crate::fhirpath::eval::{Evaluation, Items, Outcome, Scope, boolean, fault, truth_of};
use crate::fhirpath::{Item, Scalar};
use std::cmp::Ordering;

impl<'a> Evaluation<'_, 'a> {
    pub(super) fn of_collections(
        &mut self,
        function: Function,
        mut items: Items<'a>,
        arguments: &[Node],
        scope: &Scope<'_, 'a>,
    ) -> Outcome<Items<'a>> {
        use Function::*;
        match function {
            Empty => Ok(boolean(items.is_empty())),
            Exists if arguments.is_empty() => Ok(boolean(!items.is_empty())),
            Exists => Ok(boolean(!self.filtered(items, &arguments[0], scope)?.is_empty())),
            All => {
                let count = items.len();
                Ok(boolean(self.filtered(items, &arguments[0], scope)?.len() == count))
            }
            Where => self.filtered(items, &arguments[0], scope),
            Select => self.selected(&items, &arguments[0], scope),
            Repeat => self.repeated(items, &arguments[0], scope),
            AllTrue | AllFalse | AnyTrue | AnyFalse => truths(function, &items),
            Not => Ok(truth_of(&items)?.map_or_else(Vec::new, |truth| boolean(!truth))),
            Count => Ok(vec![Item::Computed(Scalar::Integer(items.len() as i64))]),
            First => Ok(items.into_iter().take(1).collect()),
            Last => Ok(items.pop().into_iter().collect()),
            Tail => Ok(items.into_iter().skip(1).collect()),
            Skip | Take => {
                let count = self.integer(&arguments[0], scope)?.unwrap_or(0).max(0) as usize;
                let all = items.into_iter();
                Ok(if function == Skip { all.skip(count).collect() } else { all.take(count).collect() })
            }
            Single if items.len() > 1 => fault(format!("single() stands on {} items.", items.len())),
            Single => Ok(items),
            Trace => self.traced(items, arguments, scope),
            Aggregate => self.aggregated(&items, arguments, scope),
            Sort => self.sorted(items, arguments, scope),
            Distinct => self.distinct(items),
            IsDistinct => {
                let count = items.len();
                Ok(boolean(self.distinct(items)?.len() == count))
            }
            _ => {
                let others = self.argument(&arguments[0], scope)?;
                self.of_two(function, items, others)
            }
        }
    }

    fn of_two(&mut self, function: Function, mut items: Items<'a>, others: Items<'a>) -> Outcome<Items<'a>> {
        match function {
            Function::Combine => {
                self.spend(others.len())?;
                items.extend(others);
                Ok(items)
            }
            Function::Union => {
                items.extend(others);
                self.distinct(items)
            }
            Function::Intersect | Function::Exclude => {
                let wanted = function == Function::Intersect;
                let mut out = Vec::new();
                for item in items {
                    if self.holds(&others, &item)? == wanted {
                        out.push(item);
                    }
                }
                if wanted { self.distinct(out) } else { Ok(out) }
            }
            Function::SubsetOf => self.subset(&items, &others).map(boolean),
            _ => self.subset(&others, &items).map(boolean),
        }
    }

    fn subset(&mut self, items: &[Item<'a>], of: &[Item<'a>]) -> Outcome<bool> {
        for item in items {
            if !self.holds(of, item)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn filtered(&mut self, items: Items<'a>, condition: &Node, scope: &Scope<'_, 'a>) -> Outcome<Items<'a>> {
        let mut out = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let inner = Scope { this: std::slice::from_ref(&item), index, total: scope.total };
            if self.truth(condition, &inner)? == Some(true) {
                out.push(item);
            }
        }
        Ok(out)
    }

    fn selected(&mut self, items: &[Item<'a>], of: &Node, scope: &Scope<'_, 'a>) -> Outcome<Items<'a>> {
        let mut out = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let inner = Scope { this: std::slice::from_ref(item), index, total: scope.total };
            let given = self.argument(of, &inner)?;
            self.spend(given.len())?;
            out.extend(given);
        }
        Ok(out)
    }

    /// What the projection gives on the items, on what it gave, and so on, each item once.
    fn repeated(&mut self, items: Items<'a>, of: &Node, scope: &Scope<'_, 'a>) -> Outcome<Items<'a>> {
        let (mut out, mut fresh): (Items<'a>, Items<'a>) = (Vec::new(), items);
        let mut seen = Seen::default();
        while !fresh.is_empty() {
            let mut new = Vec::new();
            for item in self.selected(&fresh, of, scope)? {
                if self.is_new(&item, &mut seen)? {
                    out.push(item.clone());
                    new.push(item);
                }
            }
            fresh = new;
        }
        Ok(out)
    }

    /// `trace(name, projection)`: the items go on as they are; who listens is told.
    fn traced(&mut self, items: Items<'a>, arguments: &[Node], scope: &Scope<'_, 'a>) -> Outcome<Items<'a>> {
        let Some(listener) = self.context.trace else { return Ok(items) };
        let name = self.string(&arguments[0], scope)?.unwrap_or_default();
        match arguments.get(1) {
            Some(projection) => listener(&name, &self.selected(&items, projection, scope)?),
            None => listener(&name, &items),
        }
        Ok(items)
    }

    /// `aggregate(step, start)`: what the step gives on the last item, `$total` being what it gave before.
    fn aggregated(
        &mut self,
        items: &[Item<'a>],
        arguments: &[Node],
        scope: &Scope<'_, 'a>,
    ) -> Outcome<Items<'a>> {
        let mut total = match arguments.get(1) {
            Some(start) => self.argument(start, scope)?,
            None => Vec::new(),
        };
        for (index, item) in items.iter().enumerate() {
            let inner = Scope { this: std::slice::from_ref(item), index, total: &total };
            total = self.argument(&arguments[0], &inner)?;
            self.spend(total.len())?;
        }
        Ok(total)
    }

    /// `sort(key, ...)`: by each key in turn, downwards where it is written with a minus; items without a key
    /// come first either way.
    fn sorted(&mut self, items: Items<'a>, arguments: &[Node], scope: &Scope<'_, 'a>) -> Outcome<Items<'a>> {
        let mut rows = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let inner = Scope { this: std::slice::from_ref(&item), index, total: scope.total };
            let mut keys = Vec::with_capacity(arguments.len().max(1));
            for argument in arguments {
                let (key, down) = match argument {
                    Node::Minus(key) => (key.as_ref(), true),
                    key => (key, false),
                };
                keys.push((self.single(key, &inner)?.and_then(|item| item.scalar()), down));
            }
            if arguments.is_empty() {
                keys.push((item.scalar(), false));
            }
            rows.push((keys, item));
        }
        let size = rows.len();
        self.spend(size * (usize::BITS - size.leading_zeros()) as usize)?;
        let mut unordered = None;
        let rows = merge_sorted(rows, &mut |(a, _), (b, _)| {
            let orders = a.iter().zip(b).map(|((a, down), (b, _))| {
                let (Some(a), Some(b)) = (a, b) else { return a.is_some().cmp(&b.is_some()) };
                let order = a.order(b).unwrap_or_else(|()| {
                    unordered = Some((a.type_name(), b.type_name()));
                    None
                });
                let order = order.unwrap_or(Ordering::Equal);
                if *down { order.reverse() } else { order }
            });
            orders.fold(Ordering::Equal, Ordering::then)
        });
        match unordered {
            Some((a, b)) => fault(format!("A {a} has no order with a {b}.")),
            None => Ok(rows.into_iter().map(|(_, item)| item).collect()),
        }
    }

    /// `iif(condition, then, else)`: only the branch that is taken is evaluated.
    pub(super) fn iif(&mut self, on: &Node, arguments: &[Node], scope: &Scope<'_, 'a>) -> Outcome<Items<'a>> {
        let this = self.focus(on, scope)?;
        if this.len() > 1 {
            return fault(format!("iif() stands on {} items.", this.len()));
        }
        let inner = Scope { this: &this, index: scope.index, total: scope.total };
        match (self.truth(&arguments[0], &inner)?, arguments.get(2)) {
            (Some(true), _) => self.argument(&arguments[1], &inner),
            (_, Some(otherwise)) => self.argument(otherwise, &inner),
            (_, None) => Ok(Vec::new()),
        }
    }
}

/// Rows in order, those that are equal as they came. The sort of the standard library may panic where an order is
/// open between some pairs, as it is between dates of different precision; this one does not.
fn merge_sorted<T>(mut rows: Vec<T>, order: &mut dyn FnMut(&T, &T) -> Ordering) -> Vec<T> {
    if rows.len() < 2 {
        return rows;
    }
    let right = rows.split_off(rows.len() / 2);
    let mut out = Vec::with_capacity(rows.len() + right.len());
    let mut left = merge_sorted(rows, order).into_iter().peekable();
    let mut right = merge_sorted(right, order).into_iter().peekable();
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if order(b, a) == Ordering::Less { right.next() } else { left.next() };
        out.extend(next);
    }
    out.extend(left);
    out.extend(right);
    out
}

fn truths<'a>(function: Function, items: &[Item<'a>]) -> Outcome<Items<'a>> {
    let wanted = matches!(function, Function::AllTrue | Function::AnyTrue);
    let mut found = Vec::with_capacity(items.len());
    for item in items {
        match item.scalar() {
            Some(Scalar::Boolean(truth)) => found.push(truth == wanted),
            _ => return fault("allTrue and its like stand on booleans."),
        }
    }
    let all = matches!(function, Function::AllTrue | Function::AllFalse);
    Ok(boolean(if all { found.iter().all(|f| *f) } else { found.iter().any(|f| *f) }))
}
