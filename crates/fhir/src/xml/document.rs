//! XML as a tree that can be changed. It is what XML Patch works on; a resource is read and written without it.

use super::read::unsound;
use super::tokens::{Tag, Token, Tokens};
use super::{XHTML, div, escape, escape_content};
use crate::json::ParseError;
use crate::{Kind, Limits, Refusal};
use std::sync::Arc;

/// Elements, attributes, texts and comments of one document, at most.
const NODES_MAX: usize = 250_000;

const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// A document, by its root element. Instructions and what stands beside the root are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub(crate) root: Element,
}

/// What an element holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Element(Element),
    Text(String),
    Comment(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub local: String,
    /// Empty when it has none.
    pub namespace: Arc<str>,
    pub attributes: Vec<Attribute>,
    pub nodes: Vec<Node>,
    /// Prefixes that it declares.
    pub declared: Vec<(String, Arc<str>)>,
    /// A narrative that nothing has changed yet, as it came.
    pub source: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attribute {
    pub local: String,
    /// Empty when it has none.
    pub namespace: Arc<str>,
    pub value: String,
}

impl Document {
    /// Reads any XML document, under the rules of [`super::read()`] for what is sound.
    pub fn read(text: impl Into<Vec<u8>>, limits: Limits) -> Result<Document, Refusal> {
        let bytes = text.into();
        if bytes.len() > limits.bytes {
            let text = format!("The XML is {} bytes long; at most {} are taken.", bytes.len(), limits.bytes);
            return Err(Refusal::new(Kind::TooLarge, text));
        }
        let text = super::read::utf8(bytes)?;
        let read = || {
            let mut builder = Builder { tokens: Tokens::of(&text)?, room: NODES_MAX, in_narrative: false };
            builder.document()
        };
        read().map_err(|error| unsound("", &error))
    }

    /// The text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.root.write("", &mut out);
        out
    }
}

struct Builder<'t> {
    tokens: Tokens<'t>,
    /// How many more nodes it may have.
    room: usize,
    /// Whether the whole is a narrative, so that none is looked for in it.
    in_narrative: bool,
}

impl<'t> Builder<'t> {
    fn document(&mut self) -> Result<Document, ParseError> {
        let mut root = None;
        while let Some(token) = self.tokens.next()? {
            if let Token::Start(tag) = token {
                root = Some(self.element(&tag)?);
            }
        }
        root.map(|root| Document { root }).ok_or_else(|| self.tokens.error("there is no element"))
    }

    fn count(&mut self) -> Result<(), ParseError> {
        let left = self.room.checked_sub(1);
        self.room = left.ok_or_else(|| {
            self.tokens
                .error(format!("the document has more than {NODES_MAX} elements, attributes and texts"))
        })?;
        Ok(())
    }

    /// The rest of an element that has begun. As deep as [`super::tokens::DEPTH_MAX`] at most.
    fn element(&mut self, tag: &Tag<'t>) -> Result<Element, ParseError> {
        self.count()?;
        if !self.in_narrative && tag.name.local == "div" && &*tag.name.namespace == XHTML {
            return self.narrative(tag);
        }
        let mut element = Element {
            local: tag.name.local.to_owned(),
            namespace: tag.name.namespace.clone(),
            attributes: Vec::with_capacity(tag.attributes.len()),
            nodes: Vec::new(),
            declared: tag.declared.iter().map(|(p, n)| ((*p).to_owned(), n.clone())).collect(),
            source: None,
        };
        for attribute in &tag.attributes {
            self.count()?;
            element.attributes.push(Attribute {
                local: attribute.name.local.to_owned(),
                namespace: attribute.name.namespace.clone(),
                value: attribute.value.clone().into_owned(),
            });
        }
        loop {
            match self.tokens.next()? {
                Some(Token::Start(tag)) => {
                    let child = self.element(&tag)?;
                    element.nodes.push(Node::Element(child));
                }
                Some(Token::Text(text) | Token::CData(text)) => match element.nodes.last_mut() {
                    Some(Node::Text(before)) => before.push_str(&text),
                    _ => {
                        self.count()?;
                        element.nodes.push(Node::Text(text.into_owned()));
                    }
                },
                Some(Token::Comment(text)) => {
                    self.count()?;
                    element.nodes.push(Node::Comment(text.into_owned()));
                }
                Some(Token::Instruction) => {}
                Some(Token::End) | None => return Ok(element),
            }
        }
    }

    fn narrative(&mut self, tag: &Tag<'t>) -> Result<Element, ParseError> {
        let source = div::read(&mut self.tokens, tag)?;
        let mut inner = Builder { tokens: Tokens::of(&source)?, room: self.room, in_narrative: true };
        let mut root = inner.document()?.root;
        self.room = inner.room;
        root.source = Some(source);
        Ok(root)
    }
}

impl Element {
    fn write(&self, around: &str, out: &mut String) {
        if let Some(source) = &self.source {
            return out.push_str(source);
        }
        let attribute = |name: &str, value: &str, out: &mut String| {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            escape(value, out);
            out.push('"');
        };
        out.push('<');
        out.push_str(&self.local);
        if &*self.namespace != around {
            attribute("xmlns", &self.namespace, out);
        }
        for (i, one) in self.attributes.iter().enumerate() {
            match &*one.namespace {
                "" => attribute(&one.local, &one.value, out),
                XML => attribute(&format!("xml:{}", one.local), &one.value, out),
                namespace => {
                    attribute(&format!("xmlns:a{i}"), namespace, out);
                    attribute(&format!("a{i}:{}", one.local), &one.value, out);
                }
            }
        }
        if self.nodes.is_empty() {
            return out.push_str("/>");
        }
        out.push('>');
        for node in &self.nodes {
            match node {
                Node::Element(element) => element.write(&self.namespace, out),
                Node::Text(text) => escape_content(text, out),
                Node::Comment(text) => {
                    out.push_str("<!--");
                    out.push_str(text);
                    out.push_str("-->");
                }
            }
        }
        out.push_str("</");
        out.push_str(&self.local);
        out.push('>');
    }

    /// The texts in it and in what it holds, one after the other.
    pub fn words(&self) -> String {
        let words = self.nodes.iter().map(|node| match node {
            Node::Element(element) => element.words(),
            Node::Text(text) => text.clone(),
            Node::Comment(_) => String::new(),
        });
        words.collect()
    }
}
