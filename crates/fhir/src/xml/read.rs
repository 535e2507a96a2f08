//! From XML to JSON.

use super::tokens::{Name, Tag, Token, Tokens};
use super::{FHIR, SCHEMA_INSTANCE, XHTML, div, is_attribute};
use crate::definitions::{Element, Primitive, TypeDef, TypeKind, is_resource, type_def};
use crate::json::{ParseError, write_string};
use crate::validate::find;
use crate::validate::place::{Place, shown};
use crate::{Issue, Json, Kind, Limits, Refusal};

/// At most so many faults are listed, as by [`crate::validate`].
const FAULTS_MAX: usize = 100;

/// Reads a resource in XML. What is no sound XML stops the reading; what is sound and no FHIR is told all at once.
/// Whether values and cardinalities are right is for [`crate::validate`], as it is for JSON.
pub fn read(text: impl Into<Vec<u8>>, limits: Limits) -> Result<Json, Refusal> {
    let bytes = text.into();
    if bytes.len() > limits.bytes {
        let text = format!("The XML is {} bytes long; at most {} are taken.", bytes.len(), limits.bytes);
        return Err(Refusal::new(Kind::TooLarge, text));
    }
    let text = utf8(bytes)?;
    let tokens = Tokens::of(&text).map_err(|error| unsound("", &error))?;
    let mut reader = Reader { tokens, faults: Vec::new(), limits };
    let text = reader.document().map_err(|stop| unsound(&stop.at, &stop.error))?;
    if reader.faults.is_empty() {
        let limits = Limits { bytes: usize::MAX, ..limits };
        return Json::parse(text, limits).map_err(|e| Refusal::new(Kind::TooLarge, format!("The XML: {e}.")));
    }
    if reader.faults.len() > FAULTS_MAX {
        reader.faults.truncate(FAULTS_MAX);
        let text = format!("There are more faults. The first {FAULTS_MAX} are listed.");
        reader.faults.push(Issue::new("too-costly", "", text));
    }
    Err(Refusal::many(Kind::Invalid, reader.faults))
}

pub(super) fn utf8(bytes: Vec<u8>) -> Result<String, Refusal> {
    String::from_utf8(bytes).map_err(|e| {
        let sound = String::from_utf8_lossy(&e.as_bytes()[..e.utf8_error().valid_up_to()]).into_owned();
        unsound("", &ParseError::located(&sound, sound.len(), "the text is not UTF-8"))
    })
}

/// A refusal of what is no XML.
pub(super) fn unsound(at: &str, error: &ParseError) -> Refusal {
    let text = format!("The XML is not sound: {error}.");
    Refusal::many(Kind::Invalid, vec![Issue::new("structure", at, text)])
}

/// Where reading stopped and why.
struct Stop {
    at: String,
    error: ParseError,
}

struct Reader<'t> {
    tokens: Tokens<'t>,
    faults: Vec<Issue>,
    limits: Limits,
}

/// What was read of one element of a type: its values, and beside each the id and extensions of a primitive.
struct Slot {
    at: usize,
    values: Vec<Option<String>>,
    extras: Vec<Option<String>>,
}

impl<'t> Reader<'t> {
    fn document(&mut self) -> Result<String, Stop> {
        let root = Place::root("");
        loop {
            if let Some(Token::Start(tag)) = self.next(&root)? {
                let text = self.resource(&tag, None, 1)?;
                // What may still come is comments.
                while self.next(&root)?.is_some() {}
                return Ok(text);
            }
        }
    }

    fn next(&mut self, place: &Place<'_>) -> Result<Option<Token<'t>>, Stop> {
        self.tokens.next().map_err(|error| Stop { at: place.to_string(), error })
    }

    /// Notes a fault at the last token.
    fn fault(&mut self, code: &'static str, place: &Place<'_>, text: impl Into<String>) {
        if self.faults.len() <= FAULTS_MAX {
            let ParseError { line, column, reason, .. } = self.tokens.error(text);
            let text = format!("Line {line}, column {column}: {reason}");
            self.faults.push(Issue::new(code, place.to_string(), text));
        }
    }

    /// Passes over the rest of an element that has begun.
    fn skip(&mut self, place: &Place<'_>) -> Result<(), Stop> {
        let around = self.tokens.depth() - 1;
        while self.tokens.depth() > around {
            self.next(place)?;
        }
        Ok(())
    }

    /// A resource whose tag this is; it stands `depth` deep in JSON.
    fn resource(&mut self, tag: &Tag<'t>, place: Option<&Place<'_>>, depth: usize) -> Result<String, Stop> {
        let name = tag.name.local;
        let here = place.copied().unwrap_or(Place::root(name));
        let def = type_def(name).filter(|def| is_resource(def.name));
        match def {
            Some(def) if self.is_of(&tag.name, FHIR, &here) => self.object(tag, def, &here, depth),
            Some(_) => self.skip(&here).map(|()| "{}".to_owned()),
            None => {
                self.fault("structure", &here, format!("{} is not a resource type of FHIR R4.", shown(name)));
                self.skip(&here).map(|()| "{}".to_owned())
            }
        }
    }

    /// Whether a name is in its namespace; a fault if it is not.
    fn is_of(&mut self, name: &Name<'_>, namespace: &str, place: &Place<'_>) -> bool {
        let is_of = &*name.namespace == namespace;
        if !is_of {
            let text = format!("{} must be in the namespace {namespace}.", shown(name.local));
            self.fault("structure", place, text);
        }
        is_of
    }

    /// The element whose tag this is, as a JSON object.
    fn object(
        &mut self,
        tag: &Tag<'t>,
        def: &'static TypeDef,
        place: &Place<'_>,
        depth: usize,
    ) -> Result<String, Stop> {
        if depth > self.limits.depth {
            let error =
                self.tokens.error(format!("the resource is nested deeper than {}", self.limits.depth));
            return Err(Stop { at: place.to_string(), error });
        }
        let mut slots = self.attributes(tag, def, place);
        let mut next = 0;
        loop {
            match self.next(place)? {
                Some(Token::Start(child)) => {
                    let found = find(def, child.name.local, next);
                    match found.filter(|at| !is_attribute(def, &def.elements[*at])) {
                        Some(at) => {
                            next = at;
                            self.child(&child, def, at, place, depth, &mut slots)?;
                        }
                        None => {
                            let name = shown(child.name.local);
                            let here = place.element(child.name.local);
                            let of = if def.name == "Element" { "A primitive" } else { def.name };
                            self.fault("structure", &here, format!("{of} has no element {name}."));
                            self.skip(&here)?;
                        }
                    }
                }
                Some(Token::Text(text)) if !text.trim_ascii().is_empty() => self.text(place),
                Some(Token::CData(_)) => self.text(place),
                Some(Token::End) | None => break,
                Some(Token::Text(_) | Token::Comment(_) | Token::Instruction) => {}
            }
        }
        slots.sort_by_key(|slot| slot.at);
        Ok(written(def, slots))
    }

    fn text(&mut self, place: &Place<'_>) {
        let text = "Text has no meaning here. A value stands in the attribute value.";
        self.fault("structure", place, text);
    }

    fn attributes(&mut self, tag: &Tag<'t>, def: &'static TypeDef, place: &Place<'_>) -> Vec<Slot> {
        let mut slots = Vec::new();
        for attribute in &tag.attributes {
            let local = attribute.name.local;
            let is_ours = attribute.name.namespace.is_empty();
            let found = find(def, local, 0).filter(|at| is_ours && is_attribute(def, &def.elements[*at]));
            if let Some(at) = found {
                let value = string(&attribute.value);
                slots.push(Slot { at, values: vec![Some(value)], extras: vec![None] });
            } else if !is_schema_location(&attribute.name) {
                self.no_attribute(local, def.name, place);
            }
        }
        slots
    }

    fn no_attribute(&mut self, name: &str, of: &str, place: &Place<'_>) {
        self.fault("structure", place, format!("{of} has no attribute {}.", shown(name)));
    }

    /// An element of `def` at `at`, into its slot.
    fn child(
        &mut self,
        tag: &Tag<'t>,
        def: &'static TypeDef,
        at: usize,
        place: &Place<'_>,
        depth: usize,
        slots: &mut Vec<Slot>,
    ) -> Result<(), Stop> {
        let element = &def.elements[at];
        let slot = slots.iter().position(|slot| slot.at == at).unwrap_or_else(|| {
            slots.push(Slot { at, values: Vec::new(), extras: Vec::new() });
            slots.len() - 1
        });
        let count = slots[slot].values.len();
        let here = place.element(element.path);
        let here = if element.repeats() { here.at(count) } else { here };
        if count == 1 && !element.repeats() {
            self.fault("structure", &here, "This may come once only.");
        }
        let is_xhtml = element.type_def().primitive == Some(Primitive::Xhtml);
        if !self.is_of(&tag.name, if is_xhtml { XHTML } else { FHIR }, &here) {
            return self.skip(&here);
        }
        let depth = depth + if element.repeats() { 2 } else { 1 };
        let (value, extra) = self.item(tag, element, &here, depth)?;
        slots[slot].values.push(value);
        slots[slot].extras.push(extra);
        Ok(())
    }

    fn item(
        &mut self,
        tag: &Tag<'t>,
        element: &'static Element,
        here: &Place<'_>,
        depth: usize,
    ) -> Result<(Option<String>, Option<String>), Stop> {
        let def = element.type_def();
        match (def.primitive, def.kind) {
            (Some(Primitive::Xhtml), _) => {
                let div = div::read(&mut self.tokens, tag);
                let div = div.map_err(|error| Stop { at: here.to_string(), error })?;
                Ok((Some(string(&div)), None))
            }
            (Some(primitive), _) => self.primitive(tag, primitive, here, depth),
            (None, TypeKind::Resource) => Ok((Some(self.inner(tag, here, depth)?), None)),
            (None, _) => Ok((Some(self.object(tag, def, here, depth)?), None)),
        }
    }

    /// The one resource in an element such as `contained` or `resource`.
    fn inner(&mut self, tag: &Tag<'t>, here: &Place<'_>, depth: usize) -> Result<String, Stop> {
        if let Some(attribute) = tag.attributes.first() {
            self.no_attribute(attribute.name.local, tag.name.local, here);
        }
        let mut found = None;
        loop {
            match self.next(here)? {
                Some(Token::Start(child)) => {
                    if found.is_some() {
                        self.fault("structure", here, "Only one resource may stand here.");
                    }
                    found = Some(self.resource(&child, Some(here), depth)?);
                }
                Some(Token::Text(text)) if !text.trim_ascii().is_empty() => self.text(here),
                Some(Token::CData(_)) => self.text(here),
                Some(Token::End) | None => break,
                Some(Token::Text(_) | Token::Comment(_) | Token::Instruction) => {}
            }
        }
        if found.is_none() {
            self.fault("structure", here, "A resource must stand here.");
        }
        Ok(found.unwrap_or_default())
    }

    /// A value with its id and extensions.
    fn primitive(
        &mut self,
        tag: &Tag<'t>,
        primitive: Primitive,
        here: &Place<'_>,
        depth: usize,
    ) -> Result<(Option<String>, Option<String>), Stop> {
        let (mut value, mut others) = (None, Vec::new());
        for attribute in &tag.attributes {
            match (attribute.name.local, attribute.name.namespace.is_empty()) {
                ("value", true) => value = Some(self.value(&attribute.value, primitive, here)),
                ("id", true) => others.push(format!("\"id\":{}", string(&attribute.value))),
                _ if is_schema_location(&attribute.name) => {}
                (name, _) => self.no_attribute(name, tag.name.local, here),
            }
        }
        let (attributes, declared) = (Vec::new(), Vec::new());
        let bare = Tag { name: tag.name.clone(), attributes, declared, declares_own: tag.declares_own };
        let element = type_def("Element").expect("the standard defines Element");
        let inside = self.object(&bare, element, here, depth)?;
        if let Some(inside) = inside.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
            && !inside.is_empty()
        {
            others.push(inside.to_owned());
        }
        let extra = (!others.is_empty()).then(|| format!("{{{}}}", others.join(",")));
        if value.is_none() && extra.is_none() {
            self.fault("structure", here, "There is neither a value nor an extension here.");
        }
        Ok((value, extra))
    }

    /// The value of a primitive as JSON has it. Numbers keep their digits.
    fn value(&mut self, text: &str, primitive: Primitive, here: &Place<'_>) -> String {
        let plain = text.trim_ascii();
        let (sound, wanted) = match primitive {
            Primitive::Boolean => (matches!(plain, "true" | "false"), "This must be true or false."),
            Primitive::Decimal => (is_number(plain), "This must be a number like 1.50."),
            Primitive::Integer | Primitive::UnsignedInt | Primitive::PositiveInt => {
                // XML may say a sign that JSON may not.
                let plain = plain.strip_prefix('+').unwrap_or(plain);
                if is_number(plain) && !plain.contains(['.', 'e', 'E']) {
                    return plain.to_owned();
                }
                (false, "This must be a whole number.")
            }
            _ => return string(text),
        };
        if plain.len() > self.limits.number {
            let text = format!("A number is longer than {} characters.", self.limits.number);
            self.fault("value", here, text);
        } else if !sound {
            self.fault("value", here, wanted);
        }
        plain.to_owned()
    }
}

/// The object that these slots make.
fn written(def: &'static TypeDef, slots: Vec<Slot>) -> String {
    let size = slots.iter().flat_map(|slot| slot.values.iter().flatten()).map(|v| v.len() + 24).sum();
    let mut out = String::with_capacity(size);
    out.push('{');
    if def.kind == TypeKind::Resource {
        out.push_str("\"resourceType\":");
        write_string(def.name, &mut out);
    }
    for slot in slots {
        let element = &def.elements[slot.at];
        member("", element, &slot.values, &mut out);
        member("_", element, &slot.extras, &mut out);
    }
    out.push('}');
    out
}

/// Appends the member that an element is, unless there is nothing in it.
fn member(prefix: &str, element: &Element, items: &[Option<String>], out: &mut String) {
    if items.iter().all(Option::is_none) {
        return;
    }
    if !out.ends_with('{') {
        out.push(',');
    }
    out.push('"');
    out.push_str(prefix);
    out.push_str(element.name);
    out.push_str("\":");
    if element.repeats() {
        out.push('[');
    }
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push_str(item.as_deref().unwrap_or("null"));
    }
    if element.repeats() {
        out.push(']');
    }
}

fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_string(text, &mut out);
    out
}

fn is_schema_location(name: &Name<'_>) -> bool {
    &*name.namespace == SCHEMA_INSTANCE
        && matches!(name.local, "schemaLocation" | "noNamespaceSchemaLocation")
}

/// A number as both JSON and FHIR write it (R4, datatypes, decimal).
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}
