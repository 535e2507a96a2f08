//! JSON, kept as it came: the text and a flat tape of spans over it.
//!
//! A number is never turned into a float, a string is unescaped only when asked for, and members keep their
//! order, so whatever a sender wrote can be given back. Grammar: RFC 8259, with these refusals on top, for
//! they are never meant and always dangerous: duplicate members, lone surrogates, nesting deeper than
//! [`Limits::depth`], numbers longer than [`Limits::number`].

// The path is said because the build script uses this file too.
#[path = "json/parse.rs"]
mod parse;

use std::borrow::Cow;
use std::fmt;

/// What a document may be at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the whole text.
    pub bytes: usize,
    /// Arrays and objects inside one another.
    pub depth: usize,
    /// Characters of one number.
    pub number: usize,
}

impl Limits {
    /// Bodies that come over a door: 16 MiB.
    pub const DOOR: Limits = Limits { bytes: 16 << 20, depth: 64, number: 128 };
    /// Files that an operator loads: 1 GiB.
    pub const FILE: Limits = Limits { bytes: 1 << 30, depth: 64, number: 128 };
}

/// Why a text is not JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Byte offset in the text.
    pub at: usize,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong, as a sentence without a full stop.
    pub reason: String,
}

impl ParseError {
    /// An error at a byte offset of `text`, with its line and column.
    pub(crate) fn located(text: &str, at: usize, reason: impl Into<String>) -> ParseError {
        parse::located(text.as_bytes(), at, reason.into())
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.reason)
    }
}

impl std::error::Error for ParseError {}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{...}`
    Object,
    /// `[...]`
    Array,
    /// `"..."`
    String,
    /// A number, kept as text.
    Number,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tag {
    Object,
    Array,
    Plain,
    Escaped,
    Number,
    True,
    False,
    Null,
}

/// One value on the tape. Strings span the characters between their quotes, all others their whole text.
#[derive(Clone, Copy, Debug)]
struct Node {
    tag: Tag,
    start: u32,
    end: u32,
    /// Index of the first node after this value and all it holds.
    next: u32,
}

/// A parsed document. Cheap to navigate, never changed in place.
#[derive(Clone, Debug)]
pub struct Json {
    text: String,
    nodes: Vec<Node>,
}

impl Json {
    /// Parses `text`, which must hold one value and nothing else.
    pub fn parse(text: impl Into<Vec<u8>>, limits: Limits) -> Result<Json, ParseError> {
        let bytes = text.into();
        if bytes.len() > limits.bytes || bytes.len() >= u32::MAX as usize {
            return Err(ParseError {
                at: limits.bytes,
                line: 1,
                column: 1,
                reason: format!("the text is {} bytes long; at most {} are taken", bytes.len(), limits.bytes),
            });
        }
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(e) => {
                let at = e.utf8_error().valid_up_to();
                return Err(parse::located(e.as_bytes(), at, "the text is not UTF-8".into()));
            }
        };
        let nodes = parse::document(&text, limits)?;
        Ok(Json { text, nodes })
    }

    /// The outermost value.
    pub fn root(&self) -> Value<'_> {
        Value { json: self, at: 0 }
    }

    /// The text as it came.
    pub fn text(&self) -> &str {
        &self.text
    }
}

fn text_of(text: &str, node: Node) -> Cow<'_, str> {
    let span = &text[node.start as usize..node.end as usize];
    if node.tag == Tag::Escaped { Cow::Owned(unescape(span)) } else { Cow::Borrowed(span) }
}

/// `span` has passed [`Parser::escape`], so every escape in it is whole.
fn unescape(span: &str) -> String {
    let mut out = String::with_capacity(span.len());
    let mut rest = span;
    while let Some(i) = rest.find('\\') {
        out.push_str(&rest[..i]);
        let code = rest.as_bytes()[i + 1];
        rest = &rest[i + 2..];
        match code {
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'u' => {
                let unit = |s: &str| u32::from_str_radix(&s[..4], 16).unwrap_or(0xFFFD);
                let mut scalar = unit(rest);
                rest = &rest[4..];
                if (0xD800..0xDC00).contains(&scalar) {
                    scalar = 0x10000 + ((scalar - 0xD800) << 10) + (unit(&rest[2..]) - 0xDC00);
                    rest = &rest[6..];
                }
                out.push(char::from_u32(scalar).unwrap_or('\u{FFFD}'));
            }
            c => out.push(c as char),
        }
    }
    out.push_str(rest);
    out
}

/// A place on the tape: one value of a [`Json`].
#[derive(Clone, Copy)]
pub struct Value<'a> {
    json: &'a Json,
    at: u32,
}

impl<'a> Value<'a> {
    fn node(self) -> Node {
        self.json.nodes[self.at as usize]
    }

    /// What this is.
    pub fn kind(self) -> Kind {
        match self.node().tag {
            Tag::Object => Kind::Object,
            Tag::Array => Kind::Array,
            Tag::Plain | Tag::Escaped => Kind::String,
            Tag::Number => Kind::Number,
            Tag::True | Tag::False => Kind::Bool,
            Tag::Null => Kind::Null,
        }
    }

    /// The member called `name` of an object; nothing for any other kind.
    pub fn get(self, name: &str) -> Option<Value<'a>> {
        self.members().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// Follows members by name: `patient.at(&["name", "family"])`.
    pub fn at(self, path: &[&str]) -> Option<Value<'a>> {
        path.iter().try_fold(self, |v, name| v.get(name))
    }

    /// The members of an object in their order; none for any other kind.
    pub fn members(self) -> Members<'a> {
        let node = self.node();
        let end = if node.tag == Tag::Object { node.next } else { self.at + 1 };
        Members { json: self.json, at: self.at + 1, end }
    }

    /// The items of an array; none for any other kind.
    pub fn items(self) -> Items<'a> {
        let node = self.node();
        let end = if node.tag == Tag::Array { node.next } else { self.at + 1 };
        Items { json: self.json, at: self.at + 1, end }
    }

    /// The items of an array, or the value itself when it is no array.
    pub fn each(self) -> Items<'a> {
        let node = self.node();
        if node.tag == Tag::Array {
            self.items()
        } else {
            Items { json: self.json, at: self.at, end: node.next }
        }
    }

    /// The characters of a string, unescaped; nothing for any other kind.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        let node = self.node();
        matches!(node.tag, Tag::Plain | Tag::Escaped).then(|| text_of(&self.json.text, node))
    }

    /// The string member `name`, unescaped.
    pub fn str(self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name)?.as_str()
    }

    /// The digits of a number as they were written.
    pub fn as_number(self) -> Option<&'a str> {
        (self.node().tag == Tag::Number).then(|| self.raw())
    }

    /// A boolean.
    pub fn as_bool(self) -> Option<bool> {
        match self.node().tag {
            Tag::True => Some(true),
            Tag::False => Some(false),
            _ => None,
        }
    }

    /// The text of this value exactly as it came; a string with its quotes.
    pub fn raw(self) -> &'a str {
        let (start, end) = self.span();
        &self.json.text[start..end]
    }

    /// Byte offsets of [`Value::raw`] in the document.
    pub fn span(self) -> (usize, usize) {
        let node = self.node();
        let quote = usize::from(matches!(node.tag, Tag::Plain | Tag::Escaped));
        (node.start as usize - quote, node.end as usize + quote)
    }

    /// This value as a document of its own.
    pub fn to_json(self) -> Json {
        let node = self.node();
        let (start, end) = self.span();
        let mut nodes = self.json.nodes[self.at as usize..node.next as usize].to_vec();
        for n in &mut nodes {
            n.start -= start as u32;
            n.end -= start as u32;
            n.next -= self.at;
        }
        Json { text: self.json.text[start..end].to_owned(), nodes }
    }

    /// Appends the canonical text: no white space, fewest escapes, members in their order, numbers
    /// as written.
    pub fn write_canonical(self, out: &mut String) {
        let node = self.node();
        match node.tag {
            Tag::Object => {
                out.push('{');
                for (i, (name, value)) in self.members().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_string(&name, out);
                    out.push(':');
                    value.write_canonical(out);
                }
                out.push('}');
            }
            Tag::Array => {
                out.push('[');
                for (i, item) in self.items().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write_canonical(out);
                }
                out.push(']');
            }
            Tag::Escaped => write_string(&text_of(&self.json.text, node), out),
            _ => out.push_str(self.raw()),
        }
    }

    /// The canonical text of this value.
    pub fn canonical(self) -> String {
        let mut out = String::with_capacity(self.raw().len());
        self.write_canonical(&mut out);
        out
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.raw())
    }
}

/// Appends `text` as a JSON string with the fewest escapes.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(i) = rest.bytes().position(|c| c == b'"' || c == b'\\' || c < 0x20) {
        out.push_str(&rest[..i]);
        match rest.as_bytes()[i] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            8 => out.push_str("\\b"),
            12 => out.push_str("\\f"),
            c => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.push_str("\\u00");
                out.push(HEX[usize::from(c >> 4)] as char);
                out.push(HEX[usize::from(c & 15)] as char);
            }
        }
        rest = &rest[i + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

/// See [`Value::members`].
pub struct Members<'a> {
    json: &'a Json,
    at: u32,
    end: u32,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let name = self.json.nodes[self.at as usize];
        let value = Value { json: self.json, at: self.at + 1 };
        self.at = value.node().next;
        Some((text_of(&self.json.text, name), value))
    }
}

/// See [`Value::items`].
pub struct Items<'a> {
    json: &'a Json,
    at: u32,
    end: u32,
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let value = Value { json: self.json, at: self.at };
        self.at = value.node().next;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Json::parse(text, Limits::DOOR).unwrap_err().to_string()
    }

    fn canonical(text: &str) -> String {
        Json::parse(text, Limits::DOOR).unwrap().root().canonical()
    }

    #[test]
    fn numbers_order_and_text_survive() {
        let text = r#"{"b":72.50,"a":[1e-7,-0.0,123456789012345678901234567890.10],"c":{"d":null,"e":true}}"#;
        assert_eq!(canonical(text), text);
    }

    #[test]
    fn white_space_and_needless_escapes_go() {
        assert_eq!(canonical(" { \"a\\u0041\" : \"\\u00e9\\/\\n\\ud83d\\ude00\" } "), "{\"aA\":\"é/\\n😀\"}");
    }

    #[test]
    fn a_part_becomes_a_document_of_its_own() {
        let json = Json::parse(r#"{"x":1,"entry":[{"a":"b"},{"c":[true]}]}"#, Limits::DOOR).unwrap();
        let part = json.root().get("entry").unwrap().items().nth(1).unwrap().to_json();
        assert_eq!(part.root().get("c").unwrap().items().next().unwrap().as_bool(), Some(true));
        assert_eq!(part.text(), r#"{"c":[true]}"#);
    }

    #[test]
    fn bad_text_is_refused_with_its_place() {
        assert_eq!(
            refused("{\"a\":1,\n \"a\":2}"),
            "line 2, column 3: the member \"a\" stands twice in one object"
        );
        assert!(refused("{\"a\":").contains("the text ends where a value is expected"));
        assert!(refused("[01]").contains("must not begin with 0"));
        assert!(refused("\"\\ud800\"").contains("surrogate"));
        assert!(refused(&"[".repeat(1000)).contains("deeper than 64"));
        assert!(refused(&format!("[{}]", "9".repeat(10_000_000))).contains("longer than 128"));
        assert!(refused("{} x").contains("more text"));
        assert!(refused("\"a\tb\"").contains("control character"));
    }
}
