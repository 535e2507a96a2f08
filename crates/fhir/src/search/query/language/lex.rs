//! The expression's words, and their order.

use super::{
    Expression, FILTER_BYTES_MAX, FILTER_DEPTH_MAX, FILTER_TERMS_MAX, Link, comparison, too_costly, wrong,
};
use crate::Issue;
use crate::json::{Json, Limits};

/// A value: in quotes, or as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Quoted(String),
    Bare(String),
}

impl Word {
    pub fn text(&self) -> &str {
        match self {
            Word::Quoted(text) | Word::Bare(text) => text,
        }
    }

    /// As a value of a query. What is in quotes stands for itself; outside of them `|` divides a token.
    pub fn escaped(&self) -> String {
        let special: &[char] = match self {
            Word::Quoted(_) => &['\\', ',', '$', '|'],
            Word::Bare(_) => &['\\', ',', '$'],
        };
        let mut out = String::with_capacity(self.text().len());
        for c in self.text().chars() {
            if special.contains(&c) {
                out.push('\\');
            }
            out.push(c);
        }
        out
    }
}

/// An expression while it is read.
pub(super) struct Reading<'t> {
    rest: &'t str,
    depth: usize,
    terms: usize,
}

impl<'t> Reading<'t> {
    pub fn of(text: &'t str) -> Result<Reading<'t>, Issue> {
        if text.len() > FILTER_BYTES_MAX {
            return Err(too_costly(format!(
                "The filter is longer than {FILTER_BYTES_MAX} bytes. Shorten it."
            )));
        }
        Ok(Reading { rest: text, depth: 0, terms: 0 })
    }

    /// All of it.
    pub fn whole(mut self) -> Result<Expression, Issue> {
        let expression = self.expression()?;
        self.skip();
        match self.rest.is_empty() {
            true => Ok(expression),
            false => Err(wrong(format!("{:?} is left over. Join comparisons by and, or.", self.shown()))),
        }
    }

    /// "There is no precedence between and and or": from left to right.
    fn expression(&mut self) -> Result<Expression, Issue> {
        let mut left = self.term()?;
        loop {
            left = match self.peek() {
                "and" => {
                    self.take();
                    joined(left, self.term()?, true)
                }
                "or" => {
                    self.take();
                    joined(left, self.term()?, false)
                }
                _ => return Ok(left),
            };
        }
    }

    fn term(&mut self) -> Result<Expression, Issue> {
        self.skip();
        if self.rest.starts_with('(') {
            return self.within('(', ')');
        }
        if self.peek() == "not" && self.rest["not".len()..].trim_start().starts_with('(') {
            self.take();
            self.skip();
            return Ok(Expression::Not(Box::new(self.within('(', ')')?)));
        }
        self.terms += 1;
        if self.terms > FILTER_TERMS_MAX {
            return Err(too_costly(format!("The filter has more than {FILTER_TERMS_MAX} comparisons.")));
        }
        let path = self.path()?;
        let how = comparison(self.take())?;
        let value = self.value()?;
        Ok(Expression::Compare { path, how, value })
    }

    /// An expression between brackets.
    fn within(&mut self, open: char, close: char) -> Result<Expression, Issue> {
        self.depth += 1;
        if self.depth > FILTER_DEPTH_MAX {
            return Err(too_costly(format!(
                "The filter is deeper than {FILTER_DEPTH_MAX}. Make it flatter."
            )));
        }
        self.rest = self.rest.strip_prefix(open).unwrap_or(self.rest);
        let inner = self.expression()?;
        self.skip();
        self.rest = self
            .rest
            .strip_prefix(close)
            .ok_or_else(|| wrong(format!("A {close} is missing before {:?}.", self.shown())))?;
        self.depth -= 1;
        Ok(inner)
    }

    /// `name`, `subject.name`, `subject:Patient[name eq "x"].birthdate`.
    fn path(&mut self) -> Result<Vec<Link>, Issue> {
        let mut path = Vec::new();
        loop {
            let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':')));
            let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
            if name.is_empty() {
                return Err(wrong(format!("A parameter is missing before {:?}.", self.shown())));
            }
            self.rest = rest;
            let within = match self.rest.starts_with('[') {
                true => Some(Box::new(self.within('[', ']')?)),
                false => None,
            };
            let bracketed = within.is_some();
            path.push(Link { name: name.to_owned(), within });
            match self.rest.strip_prefix('.') {
                Some(rest) => self.rest = rest,
                None if bracketed => {
                    return Err(wrong(format!(
                        "After [...] a . and a parameter follow, as in {name}[...].code."
                    )));
                }
                None => return Ok(path),
            }
        }
    }

    /// A JSON string, or everything up to a space or a closing bracket.
    fn value(&mut self) -> Result<Word, Issue> {
        self.skip();
        if self.rest.starts_with('"') {
            let mut escaped = false;
            let end = self.rest[1..].find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            let end = end.ok_or_else(|| wrong("A text has no closing quotation mark. Add it."))? + 2;
            let (text, rest) = self.rest.split_at(end);
            self.rest = rest;
            let json = Json::parse(text, Limits::DOOR).ok();
            let text = json.as_ref().and_then(|json| json.root().as_str());
            let text = text.ok_or_else(|| wrong("A text in quotation marks is to be written as in JSON."))?;
            return Ok(Word::Quoted(text.into_owned()));
        }
        let word = self.take();
        if word.is_empty() {
            return Err(wrong(format!("A value is missing before {:?}.", self.shown())));
        }
        Ok(Word::Bare(word.to_owned()))
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// The next word, up to a space or a closing bracket.
    fn peek(&self) -> &'t str {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ')' | ']' | '('));
        &rest[..end.unwrap_or(rest.len())]
    }

    fn take(&mut self) -> &'t str {
        self.skip();
        let word = self.peek();
        self.rest = &self.rest[word.len()..];
        word
    }

    /// What comes next, for a message.
    fn shown(&self) -> String {
        self.rest.chars().take(30).collect()
    }
}

/// Two expressions as one; a row of the same kind stays flat.
fn joined(left: Expression, right: Expression, all: bool) -> Expression {
    match (left, all) {
        (Expression::All(mut list), true) => {
            list.push(right);
            Expression::All(list)
        }
        (Expression::Any(mut list), false) => {
            list.push(right);
            Expression::Any(list)
        }
        (left, true) => Expression::All(vec![left, right]),
        (left, false) => Expression::Any(vec![left, right]),
    }
}
