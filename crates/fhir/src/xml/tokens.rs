//! XML 1.0 with namespaces, taken apart. `quick-xml` finds the ends of tags and comments; what it leaves to
//! its caller is checked here: names, attributes, references, characters, one root. There is no document type
//! declaration, so no entity besides the five of the standard, and nothing is ever fetched.

use crate::json::ParseError;
use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::events::Event;
use std::borrow::Cow;
use std::sync::Arc;

/// Elements inside one another, narrative included.
pub(super) const DEPTH_MAX: usize = 256;
/// Attributes of one element, declarations of namespaces included.
pub(super) const ATTRIBUTES_MAX: usize = 64;
/// Declarations of namespaces that hold at one place.
const NAMESPACES_MAX: usize = 64;

/// What a document is made of. Text comes with its references resolved, in pieces.
#[derive(Debug)]
pub(super) enum Token<'t> {
    Start(Tag<'t>),
    End,
    Text(Cow<'t, str>),
    CData(Cow<'t, str>),
    Comment(Cow<'t, str>),
    Instruction,
}

/// The beginning of an element.
#[derive(Debug)]
pub(super) struct Tag<'t> {
    pub name: Name<'t>,
    /// Without declarations of namespaces.
    pub attributes: Vec<Attribute<'t>>,
    /// Prefixes and the namespaces that they stand for from here on.
    pub declared: Vec<(&'t str, Arc<str>)>,
    /// Whether it says itself what its own namespace is.
    pub declares_own: bool,
}

/// A name with its namespace; the empty one when it has none.
#[derive(Clone, Debug)]
pub(super) struct Name<'t> {
    pub prefix: &'t str,
    pub local: &'t str,
    pub namespace: Arc<str>,
}

#[derive(Debug)]
pub(super) struct Attribute<'t> {
    pub name: Name<'t>,
    pub value: Cow<'t, str>,
}

/// An attribute as it was written: prefix, local name and value.
type Written<'t> = (&'t str, &'t str, Cow<'t, str>);

/// A namespace that holds from an element of this depth on.
struct Declared<'t> {
    depth: usize,
    prefix: &'t str,
    namespace: Arc<str>,
}

pub(super) struct Tokens<'t> {
    text: &'t str,
    reader: Reader<&'t [u8]>,
    /// Where the token that was given last begins and ends.
    start: usize,
    end: usize,
    depth: usize,
    had_root: bool,
    declared: Vec<Declared<'t>>,
    /// The namespace of what has none.
    none: Arc<str>,
}

impl<'t> Tokens<'t> {
    pub fn of(text: &'t str) -> Result<Tokens<'t>, ParseError> {
        // A byte order mark is the encoding's, not the text's.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // The reader takes away one more, and its places would then be those of another text.
        if text.starts_with('\u{feff}') {
            return Err(ParseError::located(text, 0, "a second byte order mark may not stand in XML"));
        }
        if let Some((at, _)) = text.char_indices().find(|(_, c)| !is_char(*c)) {
            return Err(ParseError::located(text, at, "this character may not stand in XML"));
        }
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = true;
        let (declared, had_root, none) = (Vec::new(), false, "".into());
        Ok(Tokens { text, reader, start: 0, end: 0, depth: 0, had_root, declared, none })
    }

    /// With this as the namespace of names without a prefix, until the document says otherwise.
    pub fn within(mut self, namespace: &str) -> Tokens<'t> {
        self.declared.push(Declared { depth: 0, prefix: "", namespace: namespace.into() });
        self
    }

    /// Where the last token begins.
    pub fn start(&self) -> usize {
        self.start
    }

    /// Where the last token ends.
    pub fn end(&self) -> usize {
        self.end
    }

    /// The text between two places as it came.
    pub fn slice(&self, start: usize, end: usize) -> &'t str {
        &self.text[start..end]
    }

    /// Elements around the next token.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The namespace that `prefix` stands for here.
    pub fn namespace(&self, prefix: &str) -> Option<Arc<str>> {
        match prefix {
            "xml" => Some("http://www.w3.org/XML/1998/namespace".into()),
            _ => self.declared.iter().rev().find(|d| d.prefix == prefix).map(|d| d.namespace.clone()),
        }
    }

    /// An error at the last token.
    pub fn error(&self, reason: impl Into<String>) -> ParseError {
        ParseError::located(self.text, self.start, reason)
    }

    /// The next token; nothing at the end of a sound document.
    pub fn next(&mut self) -> Result<Option<Token<'t>>, ParseError> {
        loop {
            self.start = self.position();
            let event = self.reader.read_event();
            self.end = self.position();
            let token = match event.map_err(|e| self.unsound(&e))? {
                Event::Start(_) => Token::Start(self.tag()?),
                // Empty elements come as a start and an end.
                Event::Empty(_) | Event::End(_) => self.close(),
                Event::Text(text) => self.characters(text.into_inner())?,
                Event::CData(text) => Token::CData(self.inside(line_ends(text.into_inner()))?),
                Event::GeneralRef(name) => {
                    let character = reference(&name).map_err(|reason| self.error(reason))?;
                    Token::Text(self.inside(Cow::Owned(character.to_string()))?)
                }
                Event::Comment(text) => Token::Comment(text.into_inner()),
                Event::Decl(decl) => {
                    let version = decl.version().ok();
                    self.declaration(version.as_deref(), decl.encoding().and_then(Result::ok).as_deref())?;
                    continue;
                }
                Event::PI(instruction) if split(instruction.target()).is_some() => Token::Instruction,
                Event::PI(_) => return Err(self.error("an instruction must begin with its name")),
                Event::DocType(_) => {
                    let reason = "a document type declaration is not taken. Leave it out, with its entities";
                    return Err(self.error(reason));
                }
                Event::Eof if self.depth == 0 && self.had_root => return Ok(None),
                Event::Eof => return Err(self.error("the text ends before its elements do")),
            };
            if !matches!(&token, Token::Text(text) if text.is_empty()) {
                return Ok(Some(token));
            }
        }
    }

    fn position(&self) -> usize {
        // The text is in memory, so its length is a usize.
        self.reader.buffer_position() as usize
    }

    fn unsound(&self, error: &Error) -> ParseError {
        let reason = match error {
            Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
                format!("</{}> ends what <{}> begins", shown(found), shown(expected))
            }
            Error::IllFormed(IllFormedError::UnmatchedEndTag(name)) => {
                format!("</{}> ends what has not begun", shown(name))
            }
            Error::IllFormed(IllFormedError::UnclosedReference) => {
                "an & must begin a reference such as &amp;".to_owned()
            }
            Error::IllFormed(IllFormedError::DoubleHyphenInComment) => {
                "a comment must not have two hyphens together".to_owned()
            }
            Error::Syntax(SyntaxError::InvalidBangMarkup) => {
                "after <! a comment or CDATA is expected".to_owned()
            }
            Error::Syntax(_) => "the text ends inside a tag, a comment or an instruction".to_owned(),
            _ => "this is not sound XML".to_owned(),
        };
        ParseError::located(self.text, self.reader.error_position() as usize, reason)
    }

    /// The declaration stands first, and the text has been read as UTF-8 already.
    fn declaration(&self, version: Option<&str>, encoding: Option<&str>) -> Result<(), ParseError> {
        if self.start != 0 {
            return Err(self.error("the XML declaration must stand at the very beginning"));
        }
        if version != Some("1.0") {
            return Err(self.error("the version of XML must be 1.0"));
        }
        match encoding {
            Some(name) if !name.eq_ignore_ascii_case("utf-8") && !name.eq_ignore_ascii_case("us-ascii") => {
                Err(self.error("the encoding must be UTF-8"))
            }
            _ => Ok(()),
        }
    }

    fn characters(&self, text: Cow<'t, str>) -> Result<Token<'t>, ParseError> {
        if text.contains("]]>") {
            return Err(self.error("]]> must not stand in text. Write ]]&gt;"));
        }
        Ok(Token::Text(self.inside(line_ends(text))?))
    }

    /// Text that stands where it may: within the root, or nothing but space.
    fn inside(&self, text: Cow<'t, str>) -> Result<Cow<'t, str>, ParseError> {
        match self.depth {
            0 if text.trim_ascii().is_empty() => Ok(Cow::Borrowed("")),
            0 => Err(self.error("text stands outside the root element")),
            _ => Ok(text),
        }
    }

    fn close(&mut self) -> Token<'t> {
        self.declared.retain(|d| d.depth < self.depth);
        self.depth -= 1;
        Token::End
    }

    fn tag(&mut self) -> Result<Tag<'t>, ParseError> {
        if self.depth == 0 && std::mem::replace(&mut self.had_root, true) {
            return Err(self.error("a second root element begins here; there may be one"));
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error(format!("elements are nested deeper than {DEPTH_MAX}")));
        }
        let raw = &self.text[self.start + 1..self.end - 1];
        let raw = raw.strip_suffix('/').unwrap_or(raw);
        let (name, rest) = raw.split_at(raw.find(is_space).unwrap_or(raw.len()));
        let (prefix, local) = split(name).ok_or_else(|| self.error("this is no name of an element"))?;
        let written = self.written(rest)?;
        let (mut declares_own, before) = (false, self.declared.len());
        for (prefix_of, local_of, value) in &written {
            if let Some(declared) = declares(prefix_of, local_of) {
                declares_own |= declared == prefix;
                self.declare(declared, value)?;
            }
        }
        let declared = self.declared[before..].iter().map(|d| (d.prefix, d.namespace.clone())).collect();
        let namespace = match prefix {
            "" => self.namespace("").unwrap_or_else(|| self.none.clone()),
            prefix => self.named(prefix)?,
        };
        let plain = written.into_iter().filter(|(p, l, _)| declares(p, l).is_none());
        let attributes = plain.map(|(prefix, local, value)| {
            let namespace = if prefix.is_empty() { self.none.clone() } else { self.named(prefix)? };
            Ok(Attribute { name: Name { prefix, local, namespace }, value })
        });
        let attributes = attributes.collect::<Result<Vec<_>, _>>()?;
        for (i, one) in attributes.iter().enumerate() {
            let same = |other: &Attribute<'_>| {
                other.name.local == one.name.local && other.name.namespace == one.name.namespace
            };
            if attributes[..i].iter().any(same) {
                return Err(self.error(format!("the attribute {} stands twice", shown(one.name.local))));
            }
        }
        Ok(Tag { name: Name { prefix, local, namespace }, attributes, declared, declares_own })
    }

    fn named(&self, prefix: &str) -> Result<Arc<str>, ParseError> {
        let namespace = self.namespace(prefix);
        namespace.ok_or_else(|| self.error(format!("the prefix {} stands for no namespace", shown(prefix))))
    }

    fn declare(&mut self, prefix: &'t str, namespace: &str) -> Result<(), ParseError> {
        if prefix == "xmlns" || prefix == "xml" || (namespace.is_empty() && !prefix.is_empty()) {
            return Err(self.error(format!("the prefix {} cannot be declared so", shown(prefix))));
        }
        if self.declared.len() >= NAMESPACES_MAX {
            return Err(self.error(format!("more than {NAMESPACES_MAX} namespaces are declared")));
        }
        if self.declared.iter().any(|d| d.depth == self.depth && d.prefix == prefix) {
            return Err(self.error(format!("the prefix {} is declared twice", shown(prefix))));
        }
        self.declared.push(Declared { depth: self.depth, prefix, namespace: namespace.into() });
        Ok(())
    }

    /// The attributes of a tag, in their order.
    fn written(&self, mut rest: &'t str) -> Result<Vec<Written<'t>>, ParseError> {
        let mut list = Vec::new();
        let broken = || self.error("an attribute must be written like name=\"value\", after a space");
        loop {
            let trimmed = rest.trim_start_matches(is_space);
            if trimmed.is_empty() {
                return Ok(list);
            }
            if trimmed.len() == rest.len() {
                return Err(broken());
            }
            if list.len() == ATTRIBUTES_MAX {
                return Err(self.error(format!("an element has more than {ATTRIBUTES_MAX} attributes")));
            }
            let (name, after) = trimmed.split_once('=').ok_or_else(broken)?;
            let (prefix, local) = split(name.trim_end_matches(is_space)).ok_or_else(broken)?;
            let after = after.trim_start_matches(is_space);
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or_else(broken)?;
            let (value, after) = after[1..].split_once(quote).ok_or_else(broken)?;
            list.push((prefix, local, value_of(value).map_err(|reason| self.error(reason))?));
            rest = after;
        }
    }
}

/// The prefix that an attribute declares, if it declares one.
fn declares<'t>(prefix: &'t str, local: &'t str) -> Option<&'t str> {
    match (prefix, local) {
        ("", "xmlns") => Some(""),
        ("xmlns", local) => Some(local),
        _ => None,
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// XML 1.0, 2.2.
pub(super) fn is_char(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Prefix and local name, if they are names.
fn split(name: &str) -> Option<(&str, &str)> {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let is_name = |name: &str| {
        let begins = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
        name.starts_with(begins)
            && name.chars().all(|c| begins(c) || c.is_ascii_digit() || matches!(c, '-' | '.'))
    };
    let sound = is_name(local) && (is_name(prefix) || prefix.is_empty() && !name.starts_with(':'));
    sound.then_some((prefix, local))
}

/// Names of strangers are cut short in sentences.
fn shown(name: &str) -> String {
    crate::validate::place::shown(name)
}

/// XML 1.0, 2.11: every line ends in a line feed.
fn line_ends(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { text }
}

/// The value of an attribute: references resolved, white space as spaces (XML 1.0, 3.3.3).
fn value_of(raw: &str) -> Result<Cow<'_, str>, String> {
    if !raw.contains(['&', '<', '\t', '\r', '\n']) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '<', '\t', '\r', '\n']) {
        out.push_str(&rest[..at]);
        rest = match rest.as_bytes()[at] {
            b'<' => return Err("a < in a value must be written as &lt;".to_owned()),
            b'&' => {
                let (name, after) = rest[at + 1..].split_once(';').ok_or("a reference must end with ;")?;
                out.push(reference(name)?);
                after
            }
            _ => {
                out.push(' ');
                rest[at..].strip_prefix("\r\n").unwrap_or(&rest[at + 1..])
            }
        };
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// The character that `&name;` stands for.
fn reference(name: &str) -> Result<char, String> {
    let number = |digits: &str, radix| {
        let sound = digits.chars().all(|c| c.is_digit(radix));
        let number = u32::from_str_radix(digits, radix).ok().filter(|_| sound);
        number.and_then(char::from_u32).filter(|c| is_char(*c))
    };
    let character = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match name.strip_prefix('#') {
            Some(hex) if hex.starts_with('x') => number(&hex[1..], 16),
            Some(digits) => number(digits, 10),
            None => None,
        },
    };
    character.ok_or_else(|| {
        format!(
            "&{}; is not taken. Only &amp; &lt; &gt; &quot; &apos; and numbers of characters are",
            shown(name)
        )
    })
}
