//! Functions of strings. Places and lengths count characters.

use super::{Function, encodings, one};
use crate::fhirpath::ast::Node;
use crate::fhirpath::eval::{Evaluation, Items, Outcome, Scope, boolean, fault};
use crate::fhirpath::{Item, Scalar, TEXT_MAX};
use regex::{Regex, RegexBuilder};
use std::borrow::Cow;

/// Bytes that a compiled regular expression may take.
const PATTERN_BYTES_MAX: usize = 1 << 20;
/// Steps that it costs to compile one while an expression is evaluated.
const PATTERN_STEPS: usize = 1000;

/// The regular expression of `matches()` and its like as FHIRPath means it: `.` is also a line's end, and
/// `matchesFull()` asks for the whole text.
pub(in crate::fhirpath) fn pattern(function: Function, text: &str, flags: &str) -> Result<Regex, String> {
    let whole = format!("\\A(?:{text})\\z");
    let mut builder = RegexBuilder::new(if function == Function::MatchesFull { &whole } else { text });
    builder.dot_matches_new_line(true).size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX);
    for flag in flags.chars() {
        match flag {
            'i' => builder.case_insensitive(true),
            'm' => builder.multi_line(true),
            _ => return Err(format!("the flag {flag} is not known; i and m are")),
        };
    }
    builder.build().map_err(|_| "this is no regular expression that can be used here".to_owned())
}

impl<'a> Evaluation<'_, 'a> {
    pub(super) fn of_strings(
        &mut self,
        function: Function,
        items: &[Item<'a>],
        arguments: &[Node],
        scope: &Scope<'_, 'a>,
    ) -> Outcome<Items<'a>> {
        use Function::*;
        let text = match items {
            [] => return Ok(Vec::new()),
            [item] => match item.scalar() {
                Some(Scalar::String(text)) => text,
                _ => return fault("A string is expected."),
            },
            _ => {
                return fault(format!("One string is expected where {} items are.", items.len()));
            }
        };
        self.spend(text.len() / 64)?;
        match function {
            Length => return Ok(one(Scalar::Integer(text.chars().count() as i64))),
            Lower => return self.text(text.to_lowercase()),
            Upper => return self.text(text.to_uppercase()),
            Trim => return self.text(text.trim().to_owned()),
            Substring => return self.substring(&text, arguments, scope),
            ToChars => {
                let chars = text.chars().map(|c| Item::Computed(Scalar::String(c.into())));
                self.spend(text.len())?;
                return Ok(chars.collect());
            }
            Matches | MatchesFull | ReplaceMatches => {
                return self.of_patterns(function, &text, arguments, scope);
            }
            _ => {}
        }
        let Some(other) = self.string(&arguments[0], scope)? else {
            return Ok(Vec::new());
        };
        let place = |at: Option<usize>| at.map_or(-1, |at| text[..at].chars().count() as i64);
        match function {
            Contains => Ok(boolean(text.contains(&other))),
            StartsWith => Ok(boolean(text.starts_with(&other))),
            EndsWith => Ok(boolean(text.ends_with(&other))),
            IndexOf => Ok(one(Scalar::Integer(place(text.find(&other))))),
            LastIndexOf => Ok(one(Scalar::Integer(place(text.rfind(&other))))),
            Split => {
                self.spend(text.len())?;
                // Nothing between the letters splits them, and nothing stands before the first.
                let parts = text.split(&other).filter(|part| !other.is_empty() || !part.is_empty());
                Ok(parts.map(|part| Item::Computed(Scalar::String(part.to_owned()))).collect())
            }
            Replace => {
                let Some(by) = self.string(&arguments[1], scope)? else {
                    return Ok(Vec::new());
                };
                // The length is known before the text is made, so that none is made that is too long.
                let count = text.matches(&other).count();
                if text.len() + count.saturating_mul(by.len()) > TEXT_MAX {
                    return fault("replace() makes too long a text.");
                }
                self.text(text.replace(&other, &by))
            }
            _ => match encodings::convert(function, &text, &other)? {
                Some(text) => self.text(text),
                None => Ok(Vec::new()),
            },
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

    fn of_patterns(
        &mut self,
        function: Function,
        text: &str,
        arguments: &[Node],
        scope: &Scope<'_, 'a>,
    ) -> Outcome<Items<'a>> {
        let flags_at = if function == Function::ReplaceMatches { 2 } else { 1 };
        let flags = match arguments.get(flags_at) {
            Some(flags) => self.string(flags, scope)?.unwrap_or_default(),
            None => String::new(),
        };
        let regex = match &arguments[0] {
            Node::Pattern(regex) => Cow::Borrowed(regex),
            argument => {
                let Some(written) = self.string(argument, scope)? else { return Ok(Vec::new()) };
                self.spend(PATTERN_STEPS + written.len())?;
                match pattern(function, &written, &flags) {
                    Ok(regex) => Cow::Owned(regex),
                    Err(reason) => return fault(format!("In matches() or replaceMatches(), {reason}.")),
                }
            }
        };
        self.spend(text.len() / 16)?;
        if function != Function::ReplaceMatches {
            return Ok(boolean(regex.is_match(text)));
        }
        let Some(by) = self.string(&arguments[1], scope)? else {
            return Ok(Vec::new());
        };
        if regex.as_str().is_empty() {
            return self.text(text.to_owned());
        }
        self.replaced(text, &regex, &by)
    }

    /// Each match replaced, `$1` and `${name}` standing for what their groups have found.
    fn replaced(&mut self, text: &str, regex: &Regex, by: &str) -> Outcome<Items<'a>> {
        let parts = replacement(by);
        let mut out = String::new();
        let mut end = 0;
        for found in regex.captures_iter(text) {
            let Some(whole) = found.get(0) else { continue };
            out.push_str(&text[end..whole.start()]);
            for part in &parts {
                out.push_str(match part {
                    Part::Text(text) => text,
                    Part::Number(number) => found.get(*number).map_or("", |group| group.as_str()),
                    Part::Name(name) => found.name(name).map_or("", |group| group.as_str()),
                });
                if out.len() > TEXT_MAX {
                    return fault("replaceMatches() makes too long a text.");
                }
            }
            end = whole.end();
            self.spend(parts.len())?;
        }
        out.push_str(&text[end..]);
        self.text(out)
    }

    /// `join(separator)`: nothing of nothing.
    pub(super) fn join(
        &mut self,
        items: &[Item<'a>],
        arguments: &[Node],
        scope: &Scope<'_, 'a>,
    ) -> Outcome<Items<'a>> {
        let separator = match arguments.first() {
            Some(separator) => self.string(separator, scope)?.unwrap_or_default(),
            None => String::new(),
        };
        let mut out = String::new();
        for (index, item) in items.iter().enumerate() {
            let Some(Scalar::String(text)) = item.scalar() else {
                return fault("join() stands on strings.");
            };
            out.push_str(if index > 0 { &separator } else { "" });
            out.push_str(&text);
            if out.len() > TEXT_MAX {
                return fault("join() makes too long a text.");
            }
        }
        if items.is_empty() { Ok(Vec::new()) } else { self.text(out) }
    }
}

/// A part of what a match is replaced by.
enum Part<'t> {
    Text(&'t str),
    /// What a group of this number has found.
    Number(usize),
    /// What a group of this name has found.
    Name(&'t str),
}

fn replacement(text: &str) -> Vec<Part<'_>> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find('$') {
        parts.push(Part::Text(&rest[..at]));
        let after = &rest[at + 1..];
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let name = after.strip_prefix('{').and_then(|name| name.split_once('}'));
        (rest, _) = match (after[..digits].parse(), name) {
            (Ok(number), _) => (&after[digits..], parts.push(Part::Number(number))),
            (_, Some((name, after))) => {
                (after, parts.push(name.parse().map_or(Part::Name(name), Part::Number)))
            }
            _ => (after, parts.push(Part::Text("$"))),
        };
    }
    parts.push(Part::Text(rest));
    parts
}
