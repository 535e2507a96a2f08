//! The value side of a condition as [`Match`]es.

use super::{ALTERNATIVES_MAX, resource};
use crate::date::{PartialDate, Precision};
use crate::decimal::Decimal;
use crate::definitions::{ParamKind, SearchParam, search_param, type_def};
use crate::fhirpath::Expression;
use crate::search::fold;
use crate::search::value::{Match, Prefix, System, Target, TextMatch, UriMatch};
use crate::{Instant, Issue};
use std::borrow::Cow;

/// What stands behind the colon of a parameter's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Modifier {
    None,
    Missing,
    Exact,
    Contains,
    Not,
    Text,
    OfType,
    Identifier,
    Below,
    Above,
    Type(&'static str),
}

/// A value and all that decides how it is read.
#[derive(Clone, Copy)]
pub(super) struct Values<'v> {
    /// The parameter's whole name, for issues.
    pub at: &'v str,
    pub value: &'v str,
    pub base: &'static str,
    pub kind: ParamKind,
    pub modifier: Modifier,
    pub now: Instant,
    pub base_url: &'v str,
}

type Read<T> = Result<T, Issue>;

impl<'v> Values<'v> {
    fn wrong(&self, text: impl Into<String>) -> Issue {
        Issue::new("invalid", self.at, text)
    }

    /// The alternatives, still escaped.
    fn alternatives(&self) -> Read<Vec<&'v str>> {
        let alternatives = split(self.value, b',');
        if alternatives.len() > ALTERNATIVES_MAX {
            let text =
                format!("It has {} alternatives; at most {ALTERNATIVES_MAX} are taken.", alternatives.len());
            return Err(Issue::new("too-costly", self.at, text));
        }
        if alternatives.contains(&"") {
            return Err(self
                .wrong("A value is missing before or after a comma. Write a comma within a value as \\,."));
        }
        Ok(alternatives)
    }

    pub(super) fn ids(&self) -> Read<Vec<String>> {
        let id = |text: &&str| {
            let text = text.rsplit('/').next().unwrap_or_default();
            if is_id(text) {
                Ok(text.to_owned())
            } else {
                Err(self.wrong(format!("{text} is no resource id.")))
            }
        };
        self.alternatives()?.iter().map(id).collect()
    }

    /// The alternatives as they are meant.
    pub(super) fn texts(&self) -> Read<Vec<String>> {
        Ok(self.alternatives()?.into_iter().map(|text| unescape(text).into_owned()).collect())
    }

    pub(super) fn dates(&self) -> Read<Vec<Match>> {
        self.alternatives()?.into_iter().map(|text| self.date(text)).collect()
    }

    /// One match for each alternative.
    pub(super) fn matches(&self, param: &'static SearchParam) -> Read<Vec<Match>> {
        self.alternatives()?.into_iter().map(|text| self.one(param, text)).collect()
    }

    fn one(&self, param: &'static SearchParam, text: &str) -> Read<Match> {
        match (self.kind, self.modifier) {
            (ParamKind::String, _) => Ok(self.string(text)),
            (ParamKind::Token, Modifier::Text) => Ok(Match::TokenText(fold(&unescape(text)))),
            (ParamKind::Token, Modifier::OfType) => self.of_type(text),
            (ParamKind::Token, _) => {
                let (system, code) = self.token(text)?;
                // "For token parameters on elements of type code, the system is implicit" (R4 search, 3.1.1.4.12).
                let implied = matches!(&system, System::Is(system) if is_implied(param, system));
                Ok(Match::Token { system: if implied { System::Absent } else { system }, code })
            }
            (ParamKind::Reference, Modifier::Identifier) => self.identifier(text),
            (ParamKind::Reference, _) => self.reference(param, text),
            (ParamKind::Uri, _) => Ok(self.uri(text)),
            (ParamKind::Date, _) => self.date(text),
            (ParamKind::Number, _) => {
                let (prefix, value, low, high) = self.number(text)?;
                Ok(Match::Number { prefix, value, low, high })
            }
            (ParamKind::Quantity, _) => self.quantity(text),
            (ParamKind::Composite, _) => self.composite(param, text),
            (ParamKind::Special, _) => Err(self.wrong("It cannot be searched here.")),
        }
    }

    fn string(&self, text: &str) -> Match {
        let text = unescape(text);
        match self.modifier {
            Modifier::Exact => Match::String { text: text.into_owned(), how: TextMatch::Exact },
            Modifier::Contains => Match::String { text: fold(&text), how: TextMatch::Contains },
            _ => Match::String { text: fold(&text), how: TextMatch::Starts },
        }
    }

    fn uri(&self, text: &str) -> Match {
        let how = match self.modifier {
            Modifier::Below => UriMatch::Below,
            Modifier::Above => UriMatch::Above,
            _ => UriMatch::Exact,
        };
        Match::Uri { text: unescape(text).into_owned(), how }
    }

    fn token(&self, text: &str) -> Read<(System, Option<String>)> {
        let parts = split(text, b'|');
        match parts.as_slice() {
            [code] => Ok((System::Any, Some(unescape(code).into_owned()))),
            ["", ""] => Err(self.wrong("Write system|code, |code, code or system|.")),
            ["", code] => Ok((System::Absent, Some(unescape(code).into_owned()))),
            [system, code] => {
                let code = (!code.is_empty()).then(|| unescape(code).into_owned());
                Ok((System::Is(unescape(system).into_owned()), code))
            }
            _ => Err(self.wrong("There is more than one |. Write a | within a code as \\|.")),
        }
    }

    fn of_type(&self, text: &str) -> Read<Match> {
        match split(text, b'|').as_slice() {
            [system, code, value] if ![system, code, value].contains(&&"") => Ok(Match::OfType {
                system: unescape(system).into_owned(),
                code: unescape(code).into_owned(),
                value: unescape(value).into_owned(),
            }),
            _ => Err(self
                .wrong("Write :of-type=system|code|value, where system and code are the identifier's type.")),
        }
    }

    fn identifier(&self, text: &str) -> Read<Match> {
        match self.token(text)? {
            (system, Some(value)) => Ok(Match::ReferenceIdentifier { system, value }),
            (_, None) => Err(self.wrong("Write :identifier=system|value.")),
        }
    }

    fn reference(&self, param: &'static SearchParam, text: &str) -> Read<Match> {
        let text = unescape(text);
        let one = |target| Ok(Match::Reference { targets: vec![target] });
        let local =
            text.strip_prefix(self.base_url.trim_end_matches('/')).filter(|_| !self.base_url.is_empty());
        let path = local.and_then(|path| path.strip_prefix('/')).unwrap_or(&text);
        let wanted = match self.modifier {
            Modifier::Type(kind) => Some(kind),
            _ => None,
        };
        if let Some(Target::Local(kind, id)) = local_target(path) {
            return match wanted {
                Some(wanted) if wanted != kind => {
                    Err(self.wrong(format!("It asks for a {wanted} and names a {kind}. Make both the same.")))
                }
                _ => one(Target::Local(kind, id)),
            };
        }
        if is_id(&text) {
            let kinds = wanted.map_or(param.targets.to_vec(), |kind| vec![kind]);
            let targets = kinds.into_iter().map(|kind| Target::Local(kind.to_owned(), text.to_string()));
            return Ok(Match::Reference { targets: targets.collect() });
        }
        if has_scheme(&text) {
            return one(Target::Url(text.into_owned()));
        }
        Err(self.wrong(format!("{text} is no reference. Write Type/id, an id, or an absolute URL.")))
    }

    fn date(&self, text: &str) -> Read<Match> {
        let (prefix, rest) = self.prefix(text)?;
        // "The minutes SHALL be present if an hour is present" (R4 search, 3.1.1.4.10).
        let date = PartialDate::parse(&unescape(rest)).filter(|date| date.precision != Precision::Hour);
        let date = date.ok_or_else(|| {
            let text =
                "is no date that exists. Write it like 2024, 2024-02, 2024-02-29 or 2024-02-29T10:30:00Z.";
            self.wrong(format!("{rest} {text}"))
        })?;
        let (start, end) = date.range();
        // "10% of the gap between now and the date" (R4 search, 3.1.1.4.8).
        let gap = if prefix == Prefix::Ap { (self.now.0 - start).abs() / 10 } else { 0 };
        Ok(Match::Date { prefix, start: start - gap, end: end + gap })
    }

    /// Prefix, value, and the range that its written precision stands for.
    fn number(&self, text: &str) -> Read<(Prefix, Decimal, Decimal, Decimal)> {
        let (prefix, rest) = self.prefix(text)?;
        match (Decimal::parse(rest), Decimal::precision_range(rest)) {
            (Some(value), Some((low, high))) => Ok((prefix, value, low, high)),
            _ => Err(self.wrong(format!("{rest} is no number. Write it like 5.4, 100 or 1e-3."))),
        }
    }

    fn quantity(&self, text: &str) -> Read<Match> {
        let parts = split(text, b'|');
        let (number, system, code) = match parts.as_slice() {
            [number] => (number, System::Any, ""),
            [number, "", code] => (number, System::Any, *code),
            [number, system, code] => (number, System::Is(unescape(system).into_owned()), *code),
            _ => {
                return Err(
                    self.wrong("Write number, number|system|code or number||unit, for example 5.4||mg.")
                );
            }
        };
        let (prefix, value, low, high) = self.number(number)?;
        let code = (!code.is_empty()).then(|| unescape(code).into_owned());
        Ok(Match::Quantity { prefix, value, low, high, system, code })
    }

    fn composite(&self, param: &'static SearchParam, text: &str) -> Read<Match> {
        let parts = split(text, b'$');
        if parts.len() != param.components.len() {
            let names: Vec<&str> = param.components.iter().map(|(code, _)| *code).collect();
            return Err(self.wrong(format!("Write its parts with $ between them: {}.", names.join("$"))));
        }
        let part = |((code, _), text): (&(&'static str, &str), &str)| {
            let of = search_param(self.base, code)
                .ok_or_else(|| self.wrong(format!("Its part {code} is not known here.")))?;
            Values { kind: of.kind, modifier: Modifier::None, ..*self }.one(of, text)
        };
        param.components.iter().zip(parts).map(part).collect::<Read<_>>().map(Match::Composite)
    }

    /// The two letters that may stand before a number or date.
    fn prefix<'t>(&self, text: &'t str) -> Read<(Prefix, &'t str)> {
        let Some((letters, rest)) = text.split_at_checked(2) else {
            return Ok((Prefix::Eq, text));
        };
        if !letters.bytes().all(|c| c.is_ascii_alphabetic()) {
            return Ok((Prefix::Eq, text));
        }
        let prefix = match letters {
            "eq" => Prefix::Eq,
            "ne" => Prefix::Ne,
            "gt" => Prefix::Gt,
            "lt" => Prefix::Lt,
            "ge" => Prefix::Ge,
            "le" => Prefix::Le,
            "sa" => Prefix::Sa,
            "eb" => Prefix::Eb,
            "ap" => Prefix::Ap,
            _ => {
                let text = "is no prefix. Use one of eq, ne, gt, lt, ge, le, sa, eb, ap, or none.";
                return Err(self.wrong(format!("{letters} {text}")));
            }
        };
        Ok((prefix, rest))
    }
}

/// True when a parameter's values are plain codes, which have no system of their own, bound to codes of this one.
fn is_implied(param: &SearchParam, system: &str) -> bool {
    let paths = Expression::parse(param.expression).ok().and_then(|expression| expression.paths());
    paths.into_iter().flatten().any(|path| {
        let Some((last, before)) = path.split_last() else { return false };
        let owner = before.last().map_or_else(|| type_def(param.base), |step| Some(step.kind));
        let elements = owner.map_or(&[][..], |owner| owner.elements);
        last.kind.name == "code"
            && elements.iter().any(|element| element.name == last.name && element.system == system)
    })
}

/// Splits at each separator that no backslash stands before.
fn split(text: &str, separator: u8) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            c if c == separator => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(&text[start..]);
    parts
}

/// Takes the backslash from `\,` `\$` `\|` `\\`. Any other backslash stands for itself.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(&escaped @ (',' | '$' | '|' | '\\'))) => {
                out.push(escaped);
                chars.next();
            }
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// A FHIR id: 1 to 64 letters, digits, `-` and `.`.
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'.')
}

/// `Type/id` or `Type/id/_history/n`.
pub(crate) fn local_target(text: &str) -> Option<Target> {
    let (kind, rest) = text.split_once('/')?;
    let id = rest.split_once("/_history/").map_or(rest, |(id, _)| id);
    (is_id(id) && resource(kind).is_some()).then(|| Target::Local(kind.to_owned(), id.to_owned()))
}

/// True for `http://...`, `urn:uuid:...` and the like.
pub(crate) fn has_scheme(text: &str) -> bool {
    let scheme = text.split(':').next().unwrap_or_default();
    scheme.len() < text.len()
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-' | b'.'))
}
