//! A JSON value that can be built and changed. For what we make ourselves; what others send stays a
//! [`Json`](crate::json::Json).

use crate::json::{self, Kind, Value};

/// A JSON value. Numbers are text, so that decimals keep their digits.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// Members in their order.
    Object(Vec<(String, Tree)>),
    /// Items.
    Array(Vec<Tree>),
    /// A string, unescaped.
    String(String),
    /// A number as it is to be written.
    Number(String),
    /// True or false.
    Bool(bool),
    /// Null.
    Null,
}

impl Tree {
    /// An object without members.
    pub fn object() -> Tree {
        Tree::Object(Vec::new())
    }

    /// A resource of this type, without anything else.
    pub fn resource(kind: &str) -> Tree {
        Tree::object().with("resourceType", kind)
    }

    /// This object with `name` set to `value`, at the end if it is new.
    pub fn with(mut self, name: &str, value: impl Into<Tree>) -> Tree {
        self.set(name, value);
        self
    }

    /// This object with `name` set if there is a value, else as it is.
    pub fn maybe(self, name: &str, value: Option<impl Into<Tree>>) -> Tree {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Sets a member of an object. Anything that is no object becomes one.
    pub fn set(&mut self, name: &str, value: impl Into<Tree>) {
        if !matches!(self, Tree::Object(_)) {
            *self = Tree::object();
        }
        if let Tree::Object(members) = self {
            match members.iter_mut().find(|(n, _)| n == name) {
                Some((_, old)) => *old = value.into(),
                None => members.push((name.to_owned(), value.into())),
            }
        }
    }

    /// The member called `name`.
    pub fn get(&self, name: &str) -> Option<&Tree> {
        match self {
            Tree::Object(members) => members.iter().find(|(n, _)| n == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The characters of a string; nothing for any other kind.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Tree::String(text) => Some(text),
            _ => None,
        }
    }

    /// Appends the text, in the canonical form of [`Value::write_canonical`].
    pub fn write(&self, out: &mut String) {
        match self {
            Tree::Object(members) => {
                out.push('{');
                for (i, (name, value)) in members.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    json::write_string(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
            Tree::Array(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Tree::String(text) => json::write_string(text, out),
            Tree::Number(text) => out.push_str(text),
            Tree::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Tree::Null => out.push_str("null"),
        }
    }

    /// The text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }
}

impl From<Value<'_>> for Tree {
    fn from(value: Value<'_>) -> Tree {
        match value.kind() {
            Kind::Object => Tree::Object(value.members().map(|(n, v)| (n.into_owned(), v.into())).collect()),
            Kind::Array => Tree::Array(value.items().map(Tree::from).collect()),
            Kind::String => Tree::String(value.as_str().unwrap_or_default().into_owned()),
            Kind::Number => Tree::Number(value.raw().to_owned()),
            Kind::Bool => Tree::Bool(value.as_bool() == Some(true)),
            Kind::Null => Tree::Null,
        }
    }
}

impl From<&str> for Tree {
    fn from(text: &str) -> Tree {
        Tree::String(text.to_owned())
    }
}

impl From<String> for Tree {
    fn from(text: String) -> Tree {
        Tree::String(text)
    }
}

impl From<bool> for Tree {
    fn from(b: bool) -> Tree {
        Tree::Bool(b)
    }
}

impl From<i64> for Tree {
    fn from(n: i64) -> Tree {
        Tree::Number(n.to_string())
    }
}

impl From<Vec<Tree>> for Tree {
    fn from(items: Vec<Tree>) -> Tree {
        Tree::Array(items)
    }
}
