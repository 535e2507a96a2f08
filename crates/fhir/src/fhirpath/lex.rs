//! Text into tokens. Grammar: FHIRPath 2.0 (normative), appendix "Grammar".

use super::ParseError;

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A bare word: an identifier, an operator such as `and`, `true`.
    Word(String),
    /// An identifier in backquotes, which is never an operator.
    Quoted(String),
    /// A string in single quotes, unescaped.
    String(String),
    /// A number as written.
    Number(String),
    /// `@2024-01-01`, without the at sign.
    Date(String),
    /// `@2024-01-01T10:00`, `@2024T`.
    DateTime(String),
    /// `@T10:00`, without the at sign and the `T`.
    Time(String),
    /// `%resource`, without the percent sign.
    Variable(String),
    /// `$this`, without the dollar sign.
    Special(String),
    /// Operators and brackets.
    Sign(&'static str),
    /// The end of the text.
    End,
}

/// Longer ones first.
const SIGNS: &[&str] = &[
    "<=", ">=", "!=", "!~", "(", ")", "[", "]", "{", "}", ".", ",", "+", "-", "*", "/", "&", "|", "<", ">",
    "=", "~",
];

/// The tokens of a text, each with its byte offset; the last is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, usize)>, ParseError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.space()?;
        let start = lexer.at;
        let token = lexer.token()?;
        let end = token == Token::End;
        tokens.push((token, start));
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn wrong(&self, reason: &str) -> ParseError {
        ParseError { at: self.at, reason: reason.to_owned() }
    }

    fn space(&mut self) -> Result<(), ParseError> {
        loop {
            let rest = self.rest();
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                let end = rest.find("*/").ok_or_else(|| self.wrong("a comment is not closed with */"))?;
                self.at += end + 2;
            } else {
                let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
                if trimmed.len() == rest.len() {
                    return Ok(());
                }
                self.at += rest.len() - trimmed.len();
            }
        }
    }

    fn token(&mut self) -> Result<Token, ParseError> {
        let rest = self.rest();
        let Some(first) = rest.bytes().next() else {
            return Ok(Token::End);
        };
        match first {
            b'\'' => self.quoted('\'').map(Token::String),
            b'`' => self.quoted('`').map(Token::Quoted),
            b'@' => self.moment(),
            b'0'..=b'9' => Ok(Token::Number(self.number().to_owned())),
            b'%' => {
                self.at += 1;
                match self.rest().bytes().next() {
                    Some(b'`') => self.quoted('`').map(Token::Variable),
                    Some(b'\'') => self.quoted('\'').map(Token::Variable),
                    _ => Ok(Token::Variable(self.word("a name is expected after %")?.to_owned())),
                }
            }
            b'$' => {
                self.at += 1;
                Ok(Token::Special(self.word("this, index or total is expected after $")?.to_owned()))
            }
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => Ok(Token::Word(self.word("a word is expected")?.to_owned())),
            _ => {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                let sign = sign.ok_or_else(|| self.wrong("this character has no meaning here"))?;
                self.at += sign.len();
                Ok(Token::Sign(sign))
            }
        }
    }

    fn word(&mut self, expected: &str) -> Result<&'t str, ParseError> {
        let rest = self.rest();
        let length = rest.bytes().take_while(|c| c.is_ascii_alphanumeric() || *c == b'_').count();
        if length == 0 {
            return Err(self.wrong(expected));
        }
        self.at += length;
        Ok(&rest[..length])
    }

    fn number(&mut self) -> &'t str {
        let rest = self.rest();
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let mut length = digits(rest);
        if rest[length..].starts_with('.') && digits(&rest[length + 1..]) > 0 {
            length += 1 + digits(&rest[length + 1..]);
        }
        self.at += length;
        &rest[..length]
    }

    fn quoted(&mut self, quote: char) -> Result<String, ParseError> {
        let mut out = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((i, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.at += i + 1;
                    return Ok(out);
                }
                '\\' => match chars.next().map(|(_, c)| c) {
                    Some(c @ ('\'' | '"' | '`' | '\\' | '/')) => out.push(c),
                    Some('n') => out.push('\n'),
                    Some('r') => out.push('\r'),
                    Some('t') => out.push('\t'),
                    Some('f') => out.push('\u{c}'),
                    Some('u') => {
                        let hex: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                        let code = u32::from_str_radix(&hex, 16).ok().filter(|_| hex.len() == 4);
                        let c = code.and_then(char::from_u32);
                        out.push(
                            c.ok_or_else(|| self.wrong("\\u must be followed by four hexadecimal digits"))?,
                        );
                    }
                    _ => {
                        return Err(
                            self.wrong("a backslash must be followed by one of ' \" ` r n t f / \\ u")
                        );
                    }
                },
                c => out.push(c),
            }
        }
        Err(self.wrong(if quote == '`' {
            "a name is not closed with `"
        } else {
            "a string is not closed with '"
        }))
    }

    /// A date or time after its at sign. It ends where it can no longer go on: `@2024-01-01.x` is a date.
    fn moment(&mut self) -> Result<Token, ParseError> {
        self.at += 1;
        if self.takes("T") {
            let clock = self.clock();
            return if clock.is_empty() {
                Err(self.wrong("a time is expected after @T"))
            } else {
                Ok(Token::Time(clock))
            };
        }
        let start = self.at;
        if self.digits(4) {
            let _ = self.part('-') && self.part('-');
        } else {
            return Err(self.wrong("a date or a time is expected after @"));
        }
        let date = self.text[start..self.at].to_owned();
        if !self.takes("T") {
            return Ok(Token::Date(date));
        }
        let clock = self.clock();
        let zone_start = self.at;
        if !clock.is_empty() && !self.takes("Z") && (self.part('+') || self.part('-')) && !self.part(':') {
            return Err(self.wrong("a time zone is written Z or +01:00"));
        }
        Ok(Token::DateTime(format!("{date}T{clock}{}", &self.text[zone_start..self.at])))
    }

    fn clock(&mut self) -> String {
        let start = self.at;
        if self.digits(2) && self.part(':') && self.part(':') && self.rest().starts_with('.') {
            let fraction = self.rest()[1..].bytes().take_while(u8::is_ascii_digit).count();
            self.at += if fraction > 0 { fraction + 1 } else { 0 };
        }
        self.text[start..self.at].to_owned()
    }

    fn takes(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    /// A sign with two digits after it.
    fn part(&mut self, sign: char) -> bool {
        let rest = self.rest();
        let found =
            rest.starts_with(sign) && rest.bytes().skip(1).take_while(u8::is_ascii_digit).count() >= 2;
        self.at += if found { 3 } else { 0 };
        found
    }

    fn digits(&mut self, count: usize) -> bool {
        let found = self.rest().bytes().take(count).filter(u8::is_ascii_digit).count() == count;
        self.at += if found { count } else { 0 };
        found
    }
}
