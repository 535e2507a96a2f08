//! Items without repetition, in one pass: strings and elements are known again by a text of theirs, so that a
//! thousand of them are not compared with each other.

use super::eval::{Evaluation, Items, Outcome};
use super::specifier::is_quantity;
use super::{Item, Node, Scalar};
use crate::decimal::Decimal;
use crate::json::{Kind, Value, write_string};
use std::collections::HashSet;

/// Items that have been met.
#[derive(Default)]
pub(super) struct Seen<'a> {
    texts: HashSet<String>,
    /// Those that equal others which do not look like them: numbers, dates, quantities.
    others: Items<'a>,
}

impl<'a> Evaluation<'_, 'a> {
    /// The items without those that equal one before them.
    pub(super) fn distinct(&mut self, items: Items<'a>) -> Outcome<Items<'a>> {
        if items.len() < 2 {
            return Ok(items);
        }
        let mut seen = Seen::default();
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            if self.is_new(&item, &mut seen)? {
                out.push(item);
            }
        }
        Ok(out)
    }

    /// True the first time that an item is met.
    pub(super) fn is_new(&mut self, item: &Item<'a>, seen: &mut Seen<'a>) -> Outcome<bool> {
        self.spend(1)?;
        let mut text = String::new();
        match item {
            Item::Node(Node { kind, value: Some(value), .. })
                if value.kind() == Kind::Object && !is_quantity(kind) =>
            {
                self.spend(value.raw().len() / 64)?;
                write(*value, &mut text);
            }
            item => match item.scalar() {
                Some(Scalar::String(string)) => {
                    self.spend(string.len() / 64)?;
                    write_string(&string, &mut text);
                }
                _ if self.holds(&seen.others, item)? => return Ok(false),
                _ => {
                    seen.others.push(item.clone());
                    return Ok(true);
                }
            },
        }
        Ok(seen.texts.insert(text))
    }
}

/// A text that is the same for values that are equal: members in the order of their names, numbers by value.
fn write(value: Value<'_>, out: &mut String) {
    match value.kind() {
        Kind::Object => {
            let mut members: Vec<_> = value.members().collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            out.push('{');
            for (name, value) in members {
                write_string(&name, out);
                write(value, out);
            }
            out.push('}');
        }
        Kind::Array => {
            out.push('[');
            for item in value.items() {
                write(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Kind::String => write_string(&value.as_str().unwrap_or_default(), out),
        Kind::Number => match value.as_number().and_then(Decimal::parse) {
            // Not written out, for an exponent may be large.
            Some(Decimal { negative, digits, exponent }) => {
                out.push_str(&format!("{}{digits}e{exponent}", if negative { "-" } else { "" }));
            }
            None => out.push_str(value.raw()),
        },
        Kind::Bool | Kind::Null => out.push_str(value.raw()),
    }
}
