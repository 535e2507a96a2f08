//! Tokens into a tree, by operator precedence (a Pratt parser).

use super::ast::{Node, Operator, TypeName, Variable};
use super::functions::{self, Function};
use super::lex::{Token, tokens};
use super::number::Number;
use super::quantity::calendar_unit;
use super::scalar::Scalar;
use super::specifier::type_name;
use super::{DEPTH_MAX, ParseError, Setting};
use crate::date::PartialDate;
use crate::definitions::{TypeKind, type_def};

/// Parses a whole text, which may name what the setting allows.
pub(super) fn parse(text: &str, setting: Setting<'_>) -> Result<Node, ParseError> {
    let Setting { constants, values, .. } = setting;
    let mut parser = Parser { tokens: tokens(text)?, at: 0, named: Vec::new(), defined: Vec::new(), values };
    let node = parser.expression(0, 0)?;
    if *parser.peek() != Token::End {
        return Err(parser.wrong("the expression should end here"));
    }
    let known = |name: &str| constants.contains(&name) || parser.defined.iter().any(|d| d == name);
    match parser.named.iter().find(|(name, _)| !known(name)) {
        Some((name, at)) => Err(ParseError { at: *at, reason: format!("the variable %{name} is not known") }),
        None => Ok(node),
    }
}

/// How tightly an operator binds; more is tighter.
const TYPE: u8 = 8;
const UNARY: u8 = 11;

fn operator(token: &Token) -> Option<(Operator, u8)> {
    use Operator::*;
    let sign = match token {
        Token::Word(word) => word.as_str(),
        Token::Sign(sign) => sign,
        _ => return None,
    };
    Some(match sign {
        "implies" => (Implies, 1),
        "or" => (Or, 2),
        "xor" => (Xor, 2),
        "and" => (And, 3),
        "in" => (In, 4),
        "contains" => (Contains, 4),
        "=" => (Equal, 5),
        "!=" => (NotEqual, 5),
        "~" => (Equivalent, 5),
        "!~" => (NotEquivalent, 5),
        "<" => (Less, 6),
        "<=" => (LessOrEqual, 6),
        ">" => (Greater, 6),
        ">=" => (GreaterOrEqual, 6),
        "|" => (Union, 7),
        "+" => (Plus, 9),
        "-" => (Subtract, 9),
        "&" => (Concatenate, 9),
        "*" => (Times, 10),
        "/" => (Over, 10),
        "div" => (Div, 10),
        "mod" => (Mod, 10),
        _ => return None,
    })
}

struct Parser<'t> {
    tokens: Vec<(Token, usize)>,
    at: usize,
    /// Names after % that the standard does not give a meaning, and where each stands.
    named: Vec<(String, usize)>,
    /// Names that `defineVariable` gives a meaning.
    defined: Vec<String>,
    /// Names after % that stand for a value.
    values: &'t [(&'t str, Scalar)],
}

type Parsed<T> = Result<T, ParseError>;

impl Parser<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn next(&mut self) -> Token {
        let token = self.tokens[self.at].0.clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn takes(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Token::Sign(s) if *s == sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.takes(sign) { Ok(()) } else { Err(self.wrong(&format!("{sign} is expected here"))) }
    }

    fn wrong(&self, reason: &str) -> ParseError {
        ParseError { at: self.tokens[self.at].1, reason: reason.to_owned() }
    }

    /// An expression whose operators all bind at least as tightly as `least`, `depth` deep in others.
    fn expression(&mut self, least: u8, depth: usize) -> Parsed<Node> {
        let mut links = self.deeper(depth)?;
        let mut left = self.term(links)?;
        loop {
            links = self.deeper(links)?;
            if self.takes(".") {
                left = self.invocation(left, links)?;
            } else if self.takes("[") {
                let at = Box::new(self.expression(0, links)?);
                self.expect("]")?;
                left = Node::At { on: Box::new(left), at };
            } else if let (Token::Word(word), true) = (self.peek(), least <= TYPE)
                && (word == "is" || word == "as")
            {
                let is = word == "is";
                self.next();
                let (on, of) = (Box::new(left), self.type_specifier()?);
                left = if is { Node::Is { on, of } } else { Node::As { on, of } };
            } else if let Some((operator, binding)) = operator(self.peek()).filter(|(_, b)| *b >= least) {
                self.next();
                let right = Box::new(self.expression(binding + 1, links)?);
                left = Node::Binary { operator, left: Box::new(left), right };
            } else {
                return Ok(left);
            }
        }
    }

    fn deeper(&self, depth: usize) -> Parsed<usize> {
        if depth > DEPTH_MAX {
            return Err(self.wrong(&format!("the expression is more than {DEPTH_MAX} deep")));
        }
        Ok(depth + 1)
    }

    fn term(&mut self, depth: usize) -> Parsed<Node> {
        let place = self.at;
        match self.next() {
            Token::Sign("(") => {
                let inner = self.expression(0, depth)?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Sign("{") => self.expect("}").map(|()| Node::Nothing),
            Token::Sign("-") => Ok(Node::Minus(Box::new(self.expression(UNARY, depth)?))),
            Token::Sign("+") => self.expression(UNARY, depth),
            Token::Word(word) if word == "true" => Ok(Node::Literal(Scalar::Boolean(true))),
            Token::Word(word) if word == "false" => Ok(Node::Literal(Scalar::Boolean(false))),
            Token::Word(_) | Token::Quoted(_) => {
                self.at = place;
                self.name_at_start(depth)
            }
            Token::String(text) => Ok(Node::Literal(Scalar::String(text))),
            Token::Number(text) => self.number(&text),
            Token::Date(text) => self.moment(Scalar::Date, PartialDate::parse(&text)),
            Token::DateTime(text) => {
                // `@2024-02-29T` is a dateTime of which only the date is known.
                self.moment(Scalar::DateTime, PartialDate::parse(text.trim_end_matches('T')))
            }
            Token::Time(text) => self.moment(Scalar::Time, PartialDate::parse_time(&text)),
            Token::Variable(name) => Ok(self.variable(name, place)),
            Token::Special(name) => match name.as_str() {
                "this" => Ok(Node::This),
                "index" => Ok(Node::Index),
                "total" => Ok(Node::Total),
                _ => Err(self.wrong("only $this, $index and $total are known")),
            },
            _ => {
                self.at = place;
                Err(self.wrong("a value, a name or ( is expected here"))
            }
        }
    }

    fn moment(&self, of: fn(PartialDate) -> Scalar, date: Option<PartialDate>) -> Parsed<Node> {
        date.map(|date| Node::Literal(of(date))).ok_or_else(|| self.wrong("there is no such date or time"))
    }

    /// A number, and the unit that makes it a quantity.
    fn number(&mut self, text: &str) -> Parsed<Node> {
        let unit = match self.peek() {
            Token::String(unit) => Some(unit.clone()),
            Token::Word(word) => calendar_unit(word).map(str::to_owned),
            _ => None,
        };
        let decimal = || Number::parse(text).ok_or_else(|| self.wrong("this is no number"));
        let scalar = match unit {
            Some(unit) => {
                let value = decimal()?;
                self.next();
                Scalar::Quantity { value, unit }
            }
            None if text.contains('.') => Scalar::Decimal(decimal()?),
            None => Scalar::Integer(text.parse().map_err(|_| self.wrong("this whole number is too large"))?),
        };
        Ok(Node::Literal(scalar))
    }

    fn variable(&mut self, name: String, place: usize) -> Node {
        let variable = match name.as_str() {
            "resource" => Variable::Resource,
            "rootResource" => Variable::Root,
            "context" => Variable::Context,
            "sct" => Variable::Constant("http://snomed.info/sct"),
            "loinc" => Variable::Constant("http://loinc.org"),
            "ucum" => Variable::Constant("http://unitsofmeasure.org"),
            _ => match (name.strip_prefix("vs-"), name.strip_prefix("ext-")) {
                (Some(set), _) => Variable::Url(format!("http://hl7.org/fhir/ValueSet/{set}")),
                (_, Some(extension)) => {
                    Variable::Url(format!("http://hl7.org/fhir/StructureDefinition/{extension}"))
                }
                _ => {
                    if let Some((_, value)) = self.values.iter().find(|(given, _)| *given == name) {
                        return Node::Literal(value.clone());
                    }
                    self.named.push((name.clone(), self.tokens[place].1));
                    Variable::Named(name)
                }
            },
        };
        Node::Variable(variable)
    }

    /// A name with nothing on its left: a type, a member or a function of the focus.
    fn name_at_start(&mut self, depth: usize) -> Parsed<Node> {
        let root = match self.peek() {
            Token::Word(word) | Token::Quoted(word) if word.starts_with(|c: char| c.is_ascii_uppercase()) => {
                type_def(word)
            }
            _ => None,
        };
        match root.filter(|def| def.kind != TypeKind::Primitive) {
            Some(def) => {
                self.next();
                Ok(Node::Root(def))
            }
            None => self.invocation(Node::This, depth),
        }
    }

    /// A member or a function after a dot.
    fn invocation(&mut self, on: Node, depth: usize) -> Parsed<Node> {
        let place = self.at;
        let name = match self.next() {
            Token::Word(word) | Token::Quoted(word) => word,
            Token::Special(word) if word == "this" => return Ok(on),
            _ => {
                self.at = place;
                return Err(self.wrong("a name is expected here"));
            }
        };
        if !self.takes("(") {
            return Ok(Node::Member { on: Box::new(on), name, found: None });
        }
        if matches!(name.as_str(), "is" | "as" | "ofType") {
            let of = self.type_specifier()?;
            self.expect(")")?;
            let on = Box::new(on);
            return Ok(if name == "is" { Node::Is { on, of } } else { Node::As { on, of } });
        }
        if name == "getReferenceKey" && !self.takes(")") {
            let kind = match self.type_specifier()? {
                TypeName::Fhir(def) => def.name,
                TypeName::System(name) => name,
            };
            self.expect(")")?;
            let arguments = vec![Node::Literal(Scalar::String(kind.to_owned()))];
            return Ok(Node::Call { on: Box::new(on), function: Function::GetReferenceKey, arguments });
        } else if name == "getReferenceKey" {
            self.at -= 1;
        }
        let mut arguments = Vec::new();
        if !self.takes(")") {
            loop {
                arguments.push(self.expression(0, depth)?);
                if !self.takes(",") {
                    break;
                }
            }
            self.expect(")")?;
        }
        let function = self.function(&name, arguments.len(), place)?;
        self.prepare(function, &mut arguments, place)?;
        Ok(Node::Call { on: Box::new(on), function, arguments })
    }

    /// Notes what a function's arguments define, and compiles its regular expression.
    fn prepare(&mut self, function: Function, arguments: &mut [Node], place: usize) -> Parsed<()> {
        let Some(Node::Literal(Scalar::String(text))) = arguments.first() else { return Ok(()) };
        let flags = match (function, arguments.get(1), arguments.get(2)) {
            (Function::DefineVariable, ..) => {
                self.defined.push(text.clone());
                return Ok(());
            }
            (Function::Matches | Function::MatchesFull, None, _) => "",
            (Function::Matches | Function::MatchesFull, Some(Node::Literal(Scalar::String(flags))), _) => {
                flags
            }
            (Function::ReplaceMatches, _, None) => "",
            (Function::ReplaceMatches, _, Some(Node::Literal(Scalar::String(flags)))) => flags,
            _ => return Ok(()),
        };
        let regex = functions::pattern(function, text, flags);
        arguments[0] =
            Node::Pattern(regex.map_err(|reason| ParseError { at: self.tokens[place].1, reason })?);
        Ok(())
    }

    fn function(&self, name: &str, arguments: usize, place: usize) -> Parsed<Function> {
        let wrong = |reason| ParseError { at: self.tokens[place].1, reason };
        let signature = functions::signature(name)
            .ok_or_else(|| wrong(format!("the function {name} is not supported")))?;
        let (least, most) = (signature.least, signature.most);
        if (least..=most).contains(&arguments) {
            return Ok(signature.function);
        }
        let count = if least == most { least.to_string() } else { format!("{least} to {most}") };
        Err(wrong(format!("{name} takes {count} arguments, not {arguments}")))
    }

    /// `Patient`, `FHIR.Patient`, `System.String`.
    fn type_specifier(&mut self) -> Parsed<TypeName> {
        let place = self.at;
        let mut parts = Vec::new();
        while let Token::Word(word) | Token::Quoted(word) = self.next() {
            parts.push(word);
            if !self.takes(".") {
                break;
            }
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        type_name(&parts).ok_or_else(|| {
            let reason = format!("no type is called {}", parts.join("."));
            ParseError { at: self.tokens[place].1, reason }
        })
    }
}
