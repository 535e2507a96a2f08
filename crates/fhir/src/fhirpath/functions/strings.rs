//! Functions of strings. Places and lengths count characters.

use super::Function;
use crate::fhirpath::ast::Node;
use crate::fhirpath::eval::{Evaluation, Items, Outcome, Scope, boolean, fault};
use crate::fhirpath::{Item, Scalar};

impl<'a> Evaluation<'_, 'a> {
    pub(super) fn of_strings(
        &mut self,
        function: Function,
        items: &[Item<'a>],
        arguments: &[Node],
        scope: &Scope<'_, 'a>,
    ) -> Outcome<Items<'a>> {
        use Function::*;
        let scalar = match items {
            [] => return Ok(Vec::new()),
            [item] => item.scalar(),
            _ => {
                return fault(format!("One string is expected where {} items are.", items.len()));
            }
        };
        let text = match (function, scalar) {
            (ToString, Some(scalar)) => return self.text(scalar.to_string()),
            (ToString, None) => return Ok(Vec::new()),
            (_, Some(Scalar::String(text))) => text,
            _ => return fault("A string is expected."),
        };
        self.spend(text.len() / 64)?;
        let integer = |n: usize| Ok(vec![Item::Computed(Scalar::Integer(n as i64))]);
        match function {
            Length => return integer(text.chars().count()),
            Lower => return self.text(text.to_lowercase()),
            Upper => return self.text(text.to_uppercase()),
            Substring => return self.substring(&text, arguments, scope),
            ToChars => {
                let chars = text.chars().map(|c| Item::Computed(Scalar::String(c.into())));
                self.spend(text.len())?;
                return Ok(chars.collect());
            }
            _ => {}
        }
        let Some(other) = self.string(&arguments[0], scope)? else {
            return Ok(Vec::new());
        };
        match function {
            Contains => Ok(boolean(text.contains(&other))),
            StartsWith => Ok(boolean(text.starts_with(&other))),
            EndsWith => Ok(boolean(text.ends_with(&other))),
            IndexOf => match text.find(&other) {
                Some(at) => integer(text[..at].chars().count()),
                None => Ok(vec![Item::Computed(Scalar::Integer(-1))]),
            },
            _ => {
                let Some(by) = self.string(&arguments[1], scope)? else {
                    return Ok(Vec::new());
                };
                // The length is known before the text is made, so that none is made that is too long.
                let count = text.matches(&other).count();
                if text.len() + count.saturating_mul(by.len()) > crate::fhirpath::TEXT_MAX {
                    return fault("replace() makes too long a text.");
                }
                self.text(text.replace(&other, &by))
            }
        }
    }

    fn substring(&mut self, text: &str, arguments: &[Node], scope: &Scope<'_, 'a>) -> Outcome<Items<'a>> {
        let Some(start) = self.integer(&arguments[0], scope)? else {
            return Ok(Vec::new());
        };
        let length = match arguments.get(1) {
            Some(length) => self.integer(length, scope)?.unwrap_or(i64::MAX),
            None => i64::MAX,
        };
        let Ok(start) = usize::try_from(start) else {
            return Ok(Vec::new());
        };
        if start >= text.chars().count() {
            return Ok(Vec::new());
        }
        let length = usize::try_from(length).unwrap_or(0);
        self.text(text.chars().skip(start).take(length).collect())
    }
}
