//! JSON pointers, RFC 6901, into a [`Tree`].

use crate::Tree;
use std::fmt;

/// Names and indices from the outermost value inwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer(Vec<String>);

impl Pointer {
    /// Reads `/name/0/given`; the empty text points at the whole.
    pub fn read(text: &str) -> Result<Pointer, String> {
        if text.is_empty() {
            return Ok(Pointer(Vec::new()));
        }
        let Some(rest) = text.strip_prefix('/') else {
            return Err("a JSON pointer must be empty or begin with /".to_owned());
        };
        rest.split('/').map(unescape).collect::<Result<Vec<_>, _>>().map(Pointer)
    }

    /// True when this points at something within what `other` points at.
    pub fn is_inside(&self, other: &Pointer) -> bool {
        self.0.len() > other.0.len() && self.0.starts_with(&other.0)
    }

    /// How many values are around what it points at.
    pub fn depth(&self) -> usize {
        self.0.len()
    }

    /// What it points at.
    pub fn find<'t>(&self, document: &'t Tree) -> Result<&'t Tree, String> {
        self.0
            .iter()
            .try_fold(document, |tree, token| match tree {
                Tree::Object(_) => tree.get(token),
                Tree::Array(items) => index(token).and_then(|i| items.get(i)),
                _ => None,
            })
            .ok_or_else(|| self.nothing())
    }

    /// What it points at, to be changed.
    pub fn find_mut<'t>(&self, document: &'t mut Tree) -> Result<&'t mut Tree, String> {
        let found = self.0.iter().try_fold(document, |tree, token| match tree {
            Tree::Object(members) => members.iter_mut().find(|(name, _)| name == token).map(|(_, v)| v),
            Tree::Array(items) => index(token).and_then(|i| items.get_mut(i)),
            _ => None,
        });
        found.ok_or_else(|| self.nothing())
    }

    /// Adds a value: sets a member, inserts an item before the one that is there, or after the last.
    pub fn add(&self, document: &mut Tree, value: Tree) -> Result<(), String> {
        let Some((last, parent)) = self.split() else {
            *document = value;
            return Ok(());
        };
        match parent.find_mut(document)? {
            object @ Tree::Object(_) => object.set(last, value),
            Tree::Array(items) if last == "-" => items.push(value),
            Tree::Array(items) => {
                let length = items.len();
                let at = index(last).ok_or(format!("\"{last}\" in \"{self}\" is no index of an array"))?;
                if at > length {
                    return Err(format!("\"{parent}\" has {length} items, so none can be put at {at}"));
                }
                items.insert(at, value);
            }
            _ => return Err(format!("\"{parent}\" is neither an object nor an array")),
        }
        Ok(())
    }

    /// Takes out what it points at.
    pub fn remove(&self, document: &mut Tree) -> Result<Tree, String> {
        let Some((last, parent)) = self.split() else {
            return Err("the whole resource cannot be removed".to_owned());
        };
        let removed = match parent.find_mut(document)? {
            Tree::Object(members) => {
                members.iter().position(|(name, _)| name == last).map(|at| members.remove(at).1)
            }
            Tree::Array(items) => index(last).filter(|at| *at < items.len()).map(|at| items.remove(at)),
            _ => None,
        };
        removed.ok_or_else(|| self.nothing())
    }

    /// The last name or index, and the pointer to what holds it.
    fn split(&self) -> Option<(&str, Pointer)> {
        let (last, parent) = self.0.split_last()?;
        Some((last, Pointer(parent.to_vec())))
    }

    fn nothing(&self) -> String {
        format!("there is nothing at \"{self}\"")
    }
}

/// `~1` is a slash, `~0` a tilde; nothing else may follow a tilde.
fn unescape(token: &str) -> Result<String, String> {
    let mut parts = token.split('~');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (escaped, rest) = match part.as_bytes().first() {
            Some(b'0') => ('~', &part[1..]),
            Some(b'1') => ('/', &part[1..]),
            _ => return Err("in a JSON pointer ~ must be followed by 0 or 1".to_owned()),
        };
        out.push(escaped);
        out.push_str(rest);
    }
    Ok(out)
}

/// An index is 0 or digits that do not begin with 0.
fn index(token: &str) -> Option<usize> {
    let is_plain = token == "0" || (!token.starts_with('0') && token.bytes().all(|c| c.is_ascii_digit()));
    if is_plain { token.parse().ok() } else { None }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|token| write!(f, "/{}", token.replace('~', "~0").replace('/', "~1")))
    }
}
