//! The parser: one pass over the text, one node for each value.

use super::{Limits, Node, ParseError, Tag, text_of};
use std::borrow::Cow;

/// Text that a node of a usual resource stands for, rather less than more, so that the tape seldom grows.
const BYTES_A_NODE: usize = 9;
/// Members that are compared each with each.
const FEW: usize = 12;

/// The nodes of the one value that `text` holds.
pub(super) fn document(text: &str, limits: Limits) -> Result<Vec<Node>, ParseError> {
    let mut parser = Parser { text, bytes: text.as_bytes(), at: 0, nodes: Vec::new(), limits };
    parser.nodes.reserve(text.len() / BYTES_A_NODE + 4);
    match parser.document() {
        Ok(()) => Ok(parser.nodes),
        Err(reason) => Err(located(text.as_bytes(), parser.at, reason)),
    }
}

/// An error at a byte offset, with its line and column.
pub(super) fn located(bytes: &[u8], at: usize, reason: String) -> ParseError {
    let before = &bytes[..at.min(bytes.len())];
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let start = memchr::memrchr(b'\n', before).map_or(0, |i| i + 1);
    let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
    ParseError { at, line, column, reason }
}

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    nodes: Vec<Node>,
    limits: Limits,
}

type Step = Result<(), String>;

impl Parser<'_> {
    fn document(&mut self) -> Step {
        self.space();
        self.value(0)?;
        self.space();
        if self.at < self.bytes.len() {
            Err("there is more text after the end of the value".into())
        } else {
            Ok(())
        }
    }

    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Step {
        match self.bytes.get(self.at) {
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Tag::True),
            Some(b'f') => self.word("false", Tag::False),
            Some(b'n') => self.word("null", Tag::Null),
            Some(_) => Err("a value is expected here".into()),
            None => Err("the text ends where a value is expected".into()),
        }
    }

    fn open(&mut self, tag: Tag, depth: usize) -> Result<usize, String> {
        if depth > self.limits.depth {
            return Err(format!("nesting is deeper than {}", self.limits.depth));
        }
        let index = self.nodes.len();
        self.nodes.push(Node { tag, start: self.at as u32, end: 0, next: 0 });
        self.at += 1;
        self.space();
        Ok(index)
    }

    fn close(&mut self, index: usize) {
        self.at += 1;
        self.nodes[index].end = self.at as u32;
        self.nodes[index].next = self.nodes.len() as u32;
    }

    /// After a member or item: true when the value goes on, false when `end` has come.
    fn goes_on(&mut self, end: u8) -> Result<bool, String> {
        self.space();
        match self.bytes.get(self.at) {
            Some(b',') => {
                self.at += 1;
                self.space();
                Ok(true)
            }
            Some(c) if *c == end => Ok(false),
            Some(_) => Err(format!("a comma or {} is expected here", end as char)),
            None => Err(format!("the text ends where a comma or {} is expected", end as char)),
        }
    }

    fn array(&mut self, depth: usize) -> Step {
        let index = self.open(Tag::Array, depth)?;
        if self.bytes.get(self.at) != Some(&b']') {
            loop {
                self.value(depth)?;
                if !self.goes_on(b']')? {
                    break;
                }
            }
        }
        self.close(index);
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Step {
        let index = self.open(Tag::Object, depth)?;
        if self.bytes.get(self.at) != Some(&b'}') {
            loop {
                if self.bytes.get(self.at) != Some(&b'"') {
                    return Err("a member name in quotes is expected here".into());
                }
                self.string()?;
                self.space();
                if self.bytes.get(self.at) != Some(&b':') {
                    return Err("a colon is expected here".into());
                }
                self.at += 1;
                self.space();
                self.value(depth)?;
                if !self.goes_on(b'}')? {
                    break;
                }
            }
        }
        self.distinct(index)?;
        self.close(index);
        Ok(())
    }

    /// Refuses a member that comes twice. Small objects compare each with each; large ones sort.
    fn distinct(&mut self, index: usize) -> Step {
        let (mut members, mut count, mut at) = ([0; FEW], 0, index + 1);
        while at < self.nodes.len() {
            if count == FEW {
                return self.many_distinct(index);
            }
            if members[..count].iter().any(|&before| self.same_name(before, at)) {
                return self.twice(self.nodes[at]);
            }
            members[count] = at;
            count += 1;
            at = self.nodes[at + 1].next as usize;
        }
        Ok(())
    }

    fn same_name(&self, one: usize, other: usize) -> bool {
        let (one, other) = (self.nodes[one], self.nodes[other]);
        let is_plain = one.tag == Tag::Plain && other.tag == Tag::Plain;
        if is_plain && one.end - one.start != other.end - other.start {
            return false;
        }
        text_of(self.text, one) == text_of(self.text, other)
    }

    fn many_distinct(&mut self, index: usize) -> Step {
        let mut names: Vec<(Cow<'_, str>, usize)> = Vec::new();
        let mut at = index + 1;
        while at < self.nodes.len() {
            names.push((text_of(self.text, self.nodes[at]), at));
            at = self.nodes[at + 1].next as usize;
        }
        names.sort();
        match names.windows(2).find(|w| w[0].0 == w[1].0).map(|w| w[1].1) {
            Some(at) => self.twice(self.nodes[at]),
            None => Ok(()),
        }
    }

    fn twice(&mut self, name: Node) -> Step {
        self.at = name.start as usize;
        Err(format!("the member \"{}\" stands twice in one object", text_of(self.text, name)))
    }

    fn string(&mut self) -> Step {
        let start = self.at + 1;
        let mut tag = Tag::Plain;
        self.at = start;
        loop {
            match self.bytes[self.at..].iter().position(|&c| c == b'"' || c == b'\\' || c < 0x20) {
                None => {
                    self.at = self.bytes.len();
                    return Err("the text ends inside a string".into());
                }
                Some(n) => self.at += n,
            }
            match self.bytes[self.at] {
                b'"' => break,
                b'\\' => {
                    tag = Tag::Escaped;
                    self.escape()?;
                }
                _ => return Err("a control character in a string must be escaped".into()),
            }
        }
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { tag, start: start as u32, end: self.at as u32, next });
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self) -> Step {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => {
                let first = self.hex(self.at + 2)?;
                if (0xDC00..0xE000).contains(&first) {
                    return Err("a low surrogate stands alone".into());
                }
                if (0xD800..0xDC00).contains(&first) {
                    let pair = self.bytes.get(self.at + 6..self.at + 8) == Some(b"\\u");
                    if !pair || !(0xDC00..0xE000).contains(&self.hex(self.at + 8)?) {
                        return Err("a high surrogate stands alone".into());
                    }
                    self.at += 6;
                }
                self.at += 6;
                Ok(())
            }
            _ => Err("a backslash must be followed by one of \" \\ / b f n r t u".into()),
        }
    }

    fn hex(&self, at: usize) -> Result<u32, String> {
        self.bytes
            .get(at..at + 4)
            .filter(|d| d.iter().all(u8::is_ascii_hexdigit))
            .and_then(|d| u32::from_str_radix(std::str::from_utf8(d).ok()?, 16).ok())
            .ok_or_else(|| "\\u must be followed by four hexadecimal digits".into())
    }

    fn digits(&mut self) -> Result<usize, String> {
        let start = self.at;
        while matches!(self.bytes.get(self.at), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err("a digit is expected here".into()) } else { Ok(self.at - start) }
    }

    fn number(&mut self) -> Step {
        let start = self.at;
        if self.bytes[self.at] == b'-' {
            self.at += 1;
        }
        let zero = self.bytes.get(self.at) == Some(&b'0');
        if self.digits()? > 1 && zero {
            return Err("a number must not begin with 0".into());
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        if self.at - start > self.limits.number {
            return Err(format!("a number is longer than {} characters", self.limits.number));
        }
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { tag: Tag::Number, start: start as u32, end: self.at as u32, next });
        Ok(())
    }

    fn word(&mut self, word: &str, tag: Tag) -> Step {
        if self.bytes.get(self.at..self.at + word.len()) != Some(word.as_bytes()) {
            return Err(format!("{word} is expected here"));
        }
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { tag, start: self.at as u32, end: (self.at + word.len()) as u32, next });
        self.at += word.len();
        Ok(())
    }
}
