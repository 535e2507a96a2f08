//! As much of XML as the public suite is written in, and its resources as JSON. For tests only.

use crate::definitions::{Element as Def, Primitive, TypeDef, TypeKind, type_def};
use crate::tree::Tree;

/// An element with all that stands in it.
pub struct Element<'t> {
    pub name: &'t str,
    pub attributes: Vec<(&'t str, String)>,
    pub children: Vec<Element<'t>>,
    /// The text in it, without that of its children.
    pub text: String,
    /// All of it as it is written.
    pub raw: &'t str,
}

impl<'t> Element<'t> {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
    }

    pub fn named(&self, name: &str) -> impl Iterator<Item = &Element<'t>> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

/// The root element of a document.
pub fn parse(text: &str) -> Element<'_> {
    let mut at = 0;
    loop {
        at += text[at..].find('<').unwrap();
        match text[at + 1..].chars().next().unwrap() {
            '?' => at += text[at..].find("?>").unwrap(),
            '!' => at += text[at..].find("-->").unwrap(),
            _ => return element(text, &mut at),
        }
    }
}

fn element<'t>(text: &'t str, at: &mut usize) -> Element<'t> {
    let start = *at;
    let mut end = start + 1;
    let mut quote = None;
    while let Some(c) = text[end..].chars().next().filter(|c| *c != '>' || quote.is_some()) {
        quote = match quote {
            None => Some(c).filter(|c| "\"'".contains(*c)),
            quote => quote.filter(|q| *q != c),
        };
        end += c.len_utf8();
    }
    let inside = &text[start + 1..end];
    let (tag, alone) = inside.strip_suffix('/').map_or((inside, false), |tag| (tag, true));
    let name = tag.split_whitespace().next().unwrap();
    let mut element = Element {
        name,
        attributes: attributes(&tag[name.len()..]),
        children: Vec::new(),
        text: String::new(),
        raw: "",
    };
    *at = end + 1;
    element.raw = &text[start..*at];
    if alone {
        return element;
    }
    loop {
        let rest = &text[*at..];
        let next = rest.find('<').unwrap();
        element.text.push_str(&plain(&rest[..next]));
        *at += next;
        if text[*at..].starts_with("<!--") {
            *at += text[*at..].find("-->").unwrap() + 3;
        } else if text[*at..].starts_with("</") {
            *at += text[*at..].find('>').unwrap() + 1;
            break;
        } else {
            element.children.push(self::element(text, at));
        }
    }
    element.raw = &text[start..*at];
    element
}

fn attributes(text: &str) -> Vec<(&str, String)> {
    let (mut rest, mut out) = (text.trim(), Vec::new());
    while let Some((name, value)) = rest.split_once('=') {
        let value = value.trim_start();
        let end = value[1..].find(&value[..1]).unwrap() + 1;
        out.push((name.trim(), plain(&value[1..end])));
        rest = &value[end + 1..];
    }
    out
}

fn plain(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    text.replace("&#39;", "'").replace("&amp;", "&")
}

/// A resource as JSON.
pub fn resource(element: &Element<'_>) -> Tree {
    let Tree::Object(members) = object(element, type_def(element.name).unwrap()) else { unreachable!() };
    let kind = ("resourceType".to_owned(), Tree::from(element.name));
    Tree::Object(std::iter::once(kind).chain(members).collect())
}

fn object(element: &Element<'_>, def: &'static TypeDef) -> Tree {
    let mut out = Tree::object();
    for (name, value) in element.attributes.iter().filter(|(name, _)| matches!(*name, "id" | "url")) {
        out.set(name, value.as_str());
    }
    for def in def.elements {
        let found: Vec<_> = element.named(def.name).collect();
        if found.is_empty() {
            continue;
        }
        let kind = def.type_def();
        let values = found.iter().map(|child| value(child, kind)).collect();
        set(&mut out, def, def.name, values);
        if kind.kind == TypeKind::Primitive && found.iter().any(|child| has_extras(child)) {
            let extras = |child: &&Element<'_>| {
                if has_extras(child) { object(child, type_def("Element").unwrap()) } else { Tree::Null }
            };
            set(&mut out, def, &format!("_{}", def.name), found.iter().map(extras).collect());
        }
    }
    out
}

fn set(out: &mut Tree, def: &Def, name: &str, mut values: Vec<Tree>) {
    if def.repeats() {
        out.set(name, values);
    } else if let Some(value) = values.pop().filter(|value| *value != Tree::Null) {
        out.set(name, value);
    }
}

fn has_extras(element: &Element<'_>) -> bool {
    element.attribute("id").is_some() || element.named("extension").next().is_some()
}

fn value(element: &Element<'_>, kind: &'static TypeDef) -> Tree {
    if kind.kind == TypeKind::Resource {
        return resource(&element.children[0]);
    }
    let Some(primitive) = kind.primitive else { return object(element, kind) };
    let text = element.attribute("value");
    match (primitive, text) {
        (Primitive::Xhtml, _) => Tree::from(element.raw),
        (_, None) => Tree::Null,
        (Primitive::Boolean, Some(text)) => Tree::Bool(text == "true"),
        (
            Primitive::Integer | Primitive::PositiveInt | Primitive::UnsignedInt | Primitive::Decimal,
            Some(text),
        ) => Tree::Number(text.to_owned()),
        (_, Some(text)) => Tree::from(text),
    }
}
