//! Functions: which there are, and what they do.

mod boundaries;
mod collections;
mod conversions;
mod encodings;
mod maths;
mod resources;
mod strings;
mod table;
mod terminology;

use super::ast::Node;
use super::eval::{Evaluation, Items, Outcome, Scope, fault};
use super::{Item, Scalar};
use crate::date::PartialDate;
pub(super) use resources::target_type;
pub(super) use strings::pattern;
pub(super) use table::{Function, Gives, On, signature, signature_of};

impl<'a> Evaluation<'_, 'a> {
    pub(super) fn call(
        &mut self,
        on: &Node,
        function: Function,
        arguments: &[Node],
        scope: &Scope<'_, 'a>,
    ) -> Outcome<Items<'a>> {
        use Function::*;
        match function {
            Iif => return self.iif(on, arguments, scope),
            DefineVariable => return self.define(on, arguments, scope),
            Coalesce => {
                for argument in arguments {
                    let items = self.argument(argument, scope)?;
                    if !items.is_empty() {
                        return Ok(items);
                    }
                }
                return Ok(Vec::new());
            }
            Now | Today | TimeOfDay => return self.moment(function),
            _ => {}
        }
        let items = self.focus(on, scope)?;
        self.spend(items.len())?;
        match function {
            Children | Descendants | Extension | GetValue | HasValue | Resolve | CheckModifiers | Slice
            | GetResourceKey | GetReferenceKey | Type => {
                self.of_resources(function, &items, arguments, scope)
            }
            MemberOf | Subsumes | SubsumedBy | ConformsTo | HtmlChecks => {
                self.of_terminology(function, &items, arguments, scope)
            }
            Contains | EndsWith | IndexOf | LastIndexOf | Length | Lower | Matches | MatchesFull
            | Replace | ReplaceMatches | Split | StartsWith | Substring | ToChars | Trim | Upper | Encode
            | Decode | Escape | Unescape => self.of_strings(function, &items, arguments, scope),
            Join => self.join(&items, arguments, scope),
            To(_) | ConvertsTo(_) => self.of_conversions(function, &items, arguments, scope),
            Abs | Ceiling | Exp | Floor | Ln | Log | Power | Round | Sqrt | Truncate => {
                self.of_maths(function, &items, arguments, scope)
            }
            LowBoundary | HighBoundary | Precision | Comparable => {
                self.of_boundaries(function, &items, arguments, scope)
            }
            _ => self.of_collections(function, items.into_owned(), arguments, scope),
        }
    }

    /// `now()`, `today()`, `timeOfDay()`: the caller's instant in UTC, the same wherever it is asked.
    fn moment(&self, function: Function) -> Outcome<Items<'a>> {
        let Some(now) = self.context.now else {
            return fault("now(), today() and timeOfDay() need an instant, and none is given here.");
        };
        let text = now.to_string();
        let scalar = match function {
            Function::Now => PartialDate::parse(&text).map(Scalar::DateTime),
            Function::Today => text.get(..10).and_then(PartialDate::parse).map(Scalar::Date),
            _ => text.get(11..23).and_then(PartialDate::parse_time).map(Scalar::Time),
        };
        Ok(scalar.map(Item::Computed).into_iter().collect())
    }

    /// `defineVariable(name, value)`: the items go on, and what follows them may say `%name`.
    fn define(&mut self, on: &Node, arguments: &[Node], scope: &Scope<'_, 'a>) -> Outcome<Items<'a>> {
        let items = self.focus(on, scope)?.into_owned();
        let Some(name) = self.string(&arguments[0], scope)? else {
            return fault("defineVariable() needs a name.");
        };
        let taken = self.variables.iter().any(|(n, _)| *n == name)
            || self.context.constants.iter().any(|(n, _)| *n == name)
            || ["context", "resource", "rootResource", "sct", "loinc", "ucum"].contains(&name.as_str());
        if taken {
            return fault(format!("The variable %{name} is defined already."));
        }
        let value = match arguments.get(1) {
            Some(value) => {
                let inner = Scope { this: &items, index: scope.index, total: scope.total };
                self.argument(value, &inner)?
            }
            None => items.clone(),
        };
        self.spend(value.len())?;
        self.variables.push((name, value));
        Ok(items)
    }
}

/// One computed value as a result.
fn one<'a>(scalar: Scalar) -> Items<'a> {
    vec![Item::Computed(scalar)]
}
