//! Reads an expression.

use super::{Attribute, Count, DEPTH_MAX, Expression, LENGTH_MAX, ONCE, Refinement, Step};
use crate::index::refused;
use fhir::Refusal;

/// Signs of steps, the longer before what they begin with.
const STEPS: &[(&str, Step)] = &[
    ("<<!", Step::ChildOrSelf),
    (">>!", Step::ParentOrSelf),
    ("<<", Step::BelowOrSelf),
    (">>", Step::AboveOrSelf),
    ("<!", Step::Child),
    (">!", Step::Parent),
    ("<", Step::Below),
    (">", Step::Above),
    ("^", Step::Members),
];

pub(super) fn parse(text: &str) -> Result<Expression, Refusal> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    if text.len() > LENGTH_MAX {
        return Err(refused(format!("The expression is longer than {LENGTH_MAX} bytes.")));
    }
    let expression = parser.expression()?;
    match parser.rest().is_empty() {
        true => Ok(expression),
        false => Err(parser.wrong("an operator or the end")),
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    /// What is left, after white space and comments.
    fn rest(&mut self) -> &'t str {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            match trimmed.strip_prefix("/*").and_then(|comment| comment.find("*/")) {
                Some(end) => self.at += end + 4,
                None => return trimmed,
            }
        }
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        self.at += if found { sign.len() } else { 0 };
        found
    }

    /// A word, in letters of any case, that ends there.
    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let found = rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && !rest[word.len()..].starts_with(|c: char| c.is_ascii_alphanumeric());
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), Refusal> {
        if self.take(sign) { Ok(()) } else { Err(self.wrong(&format!("{sign:?}"))) }
    }

    fn wrong(&self, wanted: &str) -> Refusal {
        let place = self.text[..self.at].chars().count() + 1;
        refused(format!("The expression cannot be read at character {place}: {wanted} is expected there."))
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Refusal>) -> Result<T, Refusal> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(refused(format!("The expression is nested deeper than {DEPTH_MAX}.")));
        }
        let found = read(self);
        self.depth -= 1;
        found
    }

    fn expression(&mut self) -> Result<Expression, Refusal> {
        let first = self.refined()?;
        if self.word("MINUS") {
            return Ok(Expression::Minus(Box::new(first), Box::new(self.refined()?)));
        }
        let mut all = vec![first];
        let and = self.and();
        if and || self.word("OR") {
            all.push(self.refined()?);
            while if and { self.and() } else { self.word("OR") } {
                all.push(self.refined()?);
            }
            return Ok(if and { Expression::And(all) } else { Expression::Or(all) });
        }
        Ok(all.swap_remove(0))
    }

    fn and(&mut self) -> bool {
        self.word("AND") || self.take(",")
    }

    fn refined(&mut self) -> Result<Expression, Refusal> {
        let mut expression = self.deeper(Self::simple)?;
        if self.take(":") {
            let refinement = Box::new(self.deeper(Self::refinement)?);
            return Ok(Expression::Refined(Box::new(expression), refinement));
        }
        while self.take(".") {
            let kind = self.deeper(Self::simple)?;
            expression = Expression::Dotted(Box::new(expression), Box::new(kind));
        }
        Ok(expression)
    }

    /// A concept, `*` or an expression in brackets, with the steps before it.
    fn simple(&mut self) -> Result<Expression, Refusal> {
        for (sign, step) in STEPS {
            if self.take(sign) {
                return Ok(Expression::Step(*step, Box::new(self.deeper(Self::simple)?)));
            }
        }
        if self.take("(") {
            let inner = self.deeper(Self::expression)?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.take("*") {
            return Ok(Expression::Any);
        }
        let rest = self.rest();
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        if !(6..=18).contains(&length) {
            return Err(self.wrong("a concept, \"*\" or \"(\""));
        }
        self.at += length;
        if self.take("|") {
            let end =
                self.text[self.at..].find('|').ok_or_else(|| self.wrong("the \"|\" that ends the term"))?;
            self.at += end + 1;
        }
        Ok(Expression::Code(rest[..length].to_owned()))
    }

    fn refinement(&mut self) -> Result<Refinement, Refusal> {
        let first = self.part()?;
        let and = self.and();
        if !and && !self.word("OR") {
            return Ok(first);
        }
        let mut all = vec![first, self.part()?];
        while if and { self.and() } else { self.word("OR") } {
            all.push(self.part()?);
        }
        Ok(if and { Refinement::All(all) } else { Refinement::Some(all) })
    }

    fn part(&mut self) -> Result<Refinement, Refusal> {
        let count = self.count()?;
        if self.take("{") {
            let inner = self.deeper(Self::refinement)?;
            self.expect("}")?;
            return Ok(Refinement::Group(count.unwrap_or(ONCE), Box::new(inner)));
        }
        // Brackets hold a refinement, or the name of an attribute: what is not the one may be the other.
        let start = self.at;
        if count.is_none() && self.take("(") {
            let inner = self.deeper(Self::refinement);
            if let (Ok(inner), true) = (inner, self.take(")")) {
                return Ok(inner);
            }
            self.at = start;
        }
        let depth = self.depth;
        let attribute = self.attribute(count.unwrap_or(ONCE));
        self.depth = depth;
        attribute.map(|attribute| Refinement::Attribute(Box::new(attribute)))
    }

    fn attribute(&mut self, count: Count) -> Result<Attribute, Refusal> {
        let reverse = self.word("R") || self.word("reverseOf");
        let kind = self.deeper(Self::simple)?;
        let not = self.take("!=");
        if !not {
            self.expect("=")?;
        }
        if self.rest().starts_with(['#', '"', '\'']) {
            let text = "Concrete values are not looked for in expressions here. Leave the comparison away.";
            return Err(refused(text));
        }
        Ok(Attribute { count, reverse, kind, not, value: self.deeper(Self::simple)? })
    }

    fn count(&mut self) -> Result<Option<Count>, Refusal> {
        if !self.take("[") {
            return Ok(None);
        }
        let least = self.number()?;
        self.expect("..")?;
        let most = if self.take("*") { usize::MAX } else { self.number()? };
        self.expect("]")?;
        Ok(Some(Count(least, most)))
    }

    fn number(&mut self) -> Result<usize, Refusal> {
        let rest = self.rest();
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = rest[..length].parse().map_err(|_| self.wrong("a number"))?;
        self.at += length;
        Ok(number)
    }
}
