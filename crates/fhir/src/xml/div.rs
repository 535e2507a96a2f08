//! A narrative: in XML an element among the others, in JSON the text of that element.

use super::tokens::{Name, Tag, Token, Tokens};
use super::{XHTML, escape, escape_content};
use crate::json::ParseError;

const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The text of the narrative that `tag` begins: as it came if it can stand on its own, else said anew.
pub(super) fn read(tokens: &mut Tokens<'_>, tag: &Tag<'_>) -> Result<String, ParseError> {
    let begin = tokens.start();
    let mut anew = Anew { out: String::new(), open: false, names: Vec::new() };
    let mut alone = tag.declares_own && is_plain(tokens, tag)?;
    anew.begin(tag);
    while !anew.names.is_empty() {
        match tokens.next()? {
            Some(Token::Start(tag)) => {
                alone &= is_plain(tokens, &tag)?;
                anew.begin(&tag);
            }
            Some(Token::End) => anew.end(),
            Some(Token::Text(text)) => anew.text(&text),
            Some(Token::CData(text)) => {
                alone = false;
                anew.text(&text);
            }
            Some(Token::Instruction) => alone = false,
            Some(Token::Comment(_)) => {}
            None => break,
        }
    }
    Ok(if alone { tokens.slice(begin, tokens.end()).to_owned() } else { anew.out })
}

/// Appends a narrative as an element of XML. One that is no XHTML (FHIR asks for it, and not everybody heeds) is
/// written as its own source, so that nothing is lost and the document is sound.
pub(super) fn write(text: &str, out: &mut String) {
    match sound(text) {
        Some(div) => out.push_str(&div),
        None => {
            out.push_str("<div xmlns=\"http://www.w3.org/1999/xhtml\">");
            escape_content(text, out);
            out.push_str("</div>");
        }
    }
}

fn sound(text: &str) -> Option<String> {
    let mut tokens = Tokens::of(text.trim_ascii()).ok()?.within(XHTML);
    let Some(Token::Start(tag)) = tokens.next().ok()? else { return None };
    if tag.name.local != "div" {
        return None;
    }
    let div = read(&mut tokens, &tag).ok()?;
    tokens.next().ok()?.is_none().then_some(div)
}

/// Whether an element needs nothing that is declared outside the narrative. Other namespaces have no place in it.
fn is_plain(tokens: &Tokens<'_>, tag: &Tag<'_>) -> Result<bool, ParseError> {
    if &*tag.name.namespace != XHTML {
        return Err(tokens.error(format!("a narrative has elements of {XHTML} only")));
    }
    let is_known = |name: &Name<'_>| name.namespace.is_empty() || &*name.namespace == XML;
    if !tag.attributes.iter().all(|attribute| is_known(&attribute.name)) {
        return Err(tokens.error("a narrative has no attributes of other namespaces"));
    }
    Ok(tag.name.prefix.is_empty())
}

/// The narrative in plain XHTML.
struct Anew {
    out: String,
    /// Whether the last tag is still to be closed, because it may be empty.
    open: bool,
    names: Vec<String>,
}

impl Anew {
    fn begin(&mut self, tag: &Tag<'_>) {
        self.settle();
        self.out.push('<');
        self.out.push_str(tag.name.local);
        if self.names.is_empty() {
            self.out.push_str(" xmlns=\"http://www.w3.org/1999/xhtml\"");
        }
        for attribute in &tag.attributes {
            self.out.push_str(if attribute.name.prefix.is_empty() { " " } else { " xml:" });
            self.out.push_str(attribute.name.local);
            self.out.push_str("=\"");
            escape(&attribute.value, &mut self.out);
            self.out.push('"');
        }
        self.open = true;
        self.names.push(tag.name.local.to_owned());
    }

    fn end(&mut self) {
        let name = self.names.pop().unwrap_or_default();
        if std::mem::take(&mut self.open) {
            self.out.push_str("/>");
        } else {
            self.out.push_str("</");
            self.out.push_str(&name);
            self.out.push('>');
        }
    }

    fn text(&mut self, text: &str) {
        self.settle();
        escape_content(text, &mut self.out);
    }

    fn settle(&mut self) {
        if std::mem::take(&mut self.open) {
            self.out.push('>');
        }
    }
}
