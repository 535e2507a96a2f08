//! `_filter`: conditions as an expression (FHIR R4 search_filter.html), mapped to the same typed filters as all
//! others.

mod lex;

use super::condition::{BRANCHES_MAX, Condition};
use super::values::Modifier;
use super::{Base, Filter, Parsing, Test, nearest};
use crate::Issue;
use crate::definitions::{ParamKind, SearchParam, search_param};
use crate::search::fold;
use crate::search::value::{Match, Prefix, TextMatch};
use lex::{Reading, Word};
use std::cell::Cell;

/// Bytes of an expression, at most.
pub(crate) const FILTER_BYTES_MAX: usize = 8 << 10;
/// Parentheses, brackets and `not` within each other, at most.
pub(crate) const FILTER_DEPTH_MAX: usize = 20;
/// Comparisons in one expression, at most.
pub(crate) const FILTER_TERMS_MAX: usize = 100;

/// An expression as it is written.
#[derive(Debug)]
enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Compare { path: Vec<Link>, how: Comparison, value: Word },
}

/// A part of a path: a parameter, perhaps the type that is meant, and what the resource there must meet, too.
#[derive(Debug)]
struct Link {
    name: String,
    within: Option<Box<Expression>>,
}

/// The operators, by the names that the standard gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    /// One of gt, lt, ge, le, ap, sa, eb: a prefix of ordered values.
    Order(&'static str),
    Pr,
    Po,
    Re,
    /// One of ss, sb, in: it needs the hierarchy of a code system.
    Terminology(&'static str),
}

const COMPARISONS: [(&str, Comparison); 17] = [
    ("eq", Comparison::Eq),
    ("ne", Comparison::Ne),
    ("co", Comparison::Co),
    ("sw", Comparison::Sw),
    ("ew", Comparison::Ew),
    ("gt", Comparison::Order("gt")),
    ("lt", Comparison::Order("lt")),
    ("ge", Comparison::Order("ge")),
    ("le", Comparison::Order("le")),
    ("ap", Comparison::Order("ap")),
    ("sa", Comparison::Order("sa")),
    ("eb", Comparison::Order("eb")),
    ("pr", Comparison::Pr),
    ("po", Comparison::Po),
    ("re", Comparison::Re),
    ("ss", Comparison::Terminology("ss")),
    ("sb", Comparison::Terminology("sb")),
];
const IN: &str = "in";

impl Parsing<'_> {
    /// Adds the filter that an expression asks for.
    pub(super) fn language(&mut self, text: &str) -> Result<(), Issue> {
        let Base::Type(base) = self.query.base else {
            let text = "A _filter is for one type. Search one type, or use _id, _lastUpdated and _tag.";
            return Err(wrong(text));
        };
        let expression = Reading::of(text)?.whole()?;
        let asked = Asked { now: self.now, base_url: self.base_url, left: Cell::new(BRANCHES_MAX) };
        self.query.filters.push(asked.filter(base, &expression, 0)?);
        Ok(())
    }
}

fn wrong(text: impl Into<String>) -> Issue {
    Issue::new("invalid", "_filter", text)
}

fn too_costly(text: impl Into<String>) -> Issue {
    Issue::new("too-costly", "_filter", text)
}

/// The operator called `word`.
fn comparison(word: &str) -> Result<Comparison, Issue> {
    if word == IN {
        return Ok(Comparison::Terminology(IN));
    }
    let found = COMPARISONS.iter().find(|(name, _)| *name == word);
    let known = || COMPARISONS.iter().map(|(name, _)| *name).chain([IN]);
    found.map(|(_, comparison)| *comparison).ok_or_else(|| {
        wrong(format!("{word:?} is no operator of a filter. {}", nearest::suggestion(word, known())))
    })
}

/// What all conditions of an expression are read with.
struct Asked<'a> {
    now: crate::Instant,
    base_url: &'a str,
    left: Cell<usize>,
}

impl Asked<'_> {
    fn filter(&self, base: &'static str, of: &Expression, links: usize) -> Result<Filter, Issue> {
        let each = |list: &[Expression]| {
            list.iter().map(|one| self.filter(base, one, links)).collect::<Result<Vec<_>, _>>()
        };
        Ok(match of {
            Expression::All(list) => Filter::And(each(list)?),
            Expression::Any(list) => Filter::Or(each(list)?),
            Expression::Not(one) => Filter::Not(Box::new(self.filter(base, one, links)?)),
            Expression::Compare { path, how, value } => self.compared(base, path, *how, value, links)?,
        })
    }

    /// A comparison at the end of a path.
    fn compared(
        &self,
        base: &'static str,
        path: &[Link],
        how: Comparison,
        value: &Word,
        links: usize,
    ) -> Result<Filter, Issue> {
        let [link, rest @ ..] = path else { return Err(wrong("A comparison begins with a parameter.")) };
        if rest.is_empty() && link.within.is_none() {
            return self.here(base, &link.name, how, value, links);
        }
        let condition = self.condition(value.text(), links)?;
        let (code, kind) = link.name.split_once(':').map_or((&*link.name, None), |(c, k)| (c, Some(k)));
        let param = condition.link(base, code)?;
        let filter = condition.chained(param, kind, &|target| {
            let inner = self.compared(target, rest, how, value, links + 1)?;
            let Some(within) = &link.within else { return Ok(inner) };
            Ok(Filter::And(vec![self.filter(target, within, links + 1)?, inner]))
        });
        self.left.set(condition.left.get().min(self.left.get()));
        filter
    }

    /// What reads one condition; all of an expression share what they may become.
    fn condition<'c>(&'c self, value: &'c str, links: usize) -> Result<Condition<'c>, Issue> {
        let left = Cell::new(self.left.get());
        let condition = Condition { whole: "_filter", value, now: self.now, base_url: self.base_url, left };
        condition.within(links)?;
        self.left.set(condition.left.get());
        Ok(condition)
    }

    /// A comparison with a parameter of the type itself.
    fn here(
        &self,
        base: &'static str,
        name: &str,
        how: Comparison,
        value: &Word,
        links: usize,
    ) -> Result<Filter, Issue> {
        let text = match how {
            Comparison::Order(prefix) => format!("{prefix}{}", value.escaped()),
            _ => value.escaped(),
        };
        let condition = self.condition(&text, links)?;
        let Some(param) = search_param(base, name) else {
            let plain = matches!(how, Comparison::Eq | Comparison::Order(_) | Comparison::Re);
            let filter = condition.filter(base, name, links)?;
            return match (name, how) {
                ("_id" | "_lastUpdated" | "_list", Comparison::Ne) => Ok(Filter::Not(Box::new(filter))),
                _ if plain => Ok(filter),
                _ => Err(wrong(format!("{name} is compared by eq, ne and, if it is a date, by order."))),
            };
        };
        let test = test(&condition, base, param, how, value)?;
        Ok(Filter::Param { param, test })
    }
}

/// The test that an operator makes of a parameter's values.
fn test(
    condition: &Condition<'_>,
    base: &'static str,
    param: &'static SearchParam,
    how: Comparison,
    value: &Word,
) -> Result<Test, Issue> {
    use ParamKind::{Composite, Date, Number, Quantity, Reference, Special, String, Token, Uri};
    let plain = || condition.values(base, param.kind, Modifier::None).matches(param);
    let text = |how| vec![Match::String { text: fold(value.text()), how }];
    let unfit = || {
        let kinds = "co, sw and ew compare text; gt, lt, ge, le, ap, sa and eb numbers, dates and quantities; \
                     po dates; re references";
        wrong(format!("{} cannot be compared so. {kinds}; eq, ne and pr fit all.", param.code))
    };
    Ok(match (how, param.kind) {
        (_, Special | Composite) => {
            let text =
                format!("{} cannot stand in a _filter. Use its parts, or another parameter.", param.code);
            return Err(Issue::new("not-supported", "_filter", text));
        }
        (Comparison::Terminology(name), _) => {
            let text = format!(
                "{name} needs the hierarchy or the value sets of a terminology server. Name the codes with eq and or."
            );
            return Err(Issue::new("not-supported", "_filter", text));
        }
        (Comparison::Pr, _) => match value.text() {
            "true" => Test::Missing(false),
            "false" => Test::Missing(true),
            other => return Err(wrong(format!("pr takes true or false, not {other}."))),
        },
        (Comparison::Eq, String) => Test::Any(text(TextMatch::Same)),
        (Comparison::Ne, String) => Test::Other(text(TextMatch::Same)),
        (Comparison::Co, String) => Test::Any(text(TextMatch::Contains)),
        (Comparison::Sw, String) => Test::Any(text(TextMatch::Starts)),
        (Comparison::Ew, String) => Test::Any(text(TextMatch::Ends)),
        (Comparison::Eq, Token | Uri | Reference | Number | Date | Quantity) => Test::Any(plain()?),
        (Comparison::Ne, Token | Uri | Reference | Number | Date | Quantity) => Test::Other(plain()?),
        (Comparison::Order(_), Number | Date | Quantity) => Test::Any(plain()?),
        (Comparison::Re, Reference) => Test::Any(plain()?),
        (Comparison::Po, Date) => Test::Any(plain()?.into_iter().map(overlaps).collect()),
        _ => return Err(unfit()),
    })
}

/// The test for periods that have an instant in common.
fn overlaps(test: Match) -> Match {
    match test {
        Match::Date { start, end, .. } => Match::Date { prefix: Prefix::Ap, start, end },
        other => other,
    }
}

#[cfg(test)]
mod tests;
