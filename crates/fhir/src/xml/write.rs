//! From JSON to XML.

use super::{FHIR, div, escape, is_attribute};
use crate::definitions::{Element, Primitive, TypeDef, TypeKind, is_resource, type_def};
use crate::json::{Kind, Value};
use crate::validate::find;
use crate::validate::place::shown;
use crate::{Issue, Refusal};

/// How XML is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Without white space between elements.
    Compact,
    /// Each element on a line of its own, two spaces a level.
    Pretty,
}

/// A resource in XML, its elements in the order of the standard. The resource must be sound (see
/// [`crate::validate`]); what the tables do not know cannot be said in XML and is refused.
pub fn write(resource: Value<'_>, layout: Layout) -> Result<String, Refusal> {
    let mut out = String::with_capacity(resource.raw().len() * 3 / 2 + 80);
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    let mut writer = Writer { out, layout };
    writer.resource(resource, 0)?;
    Ok(writer.out)
}

struct Writer {
    out: String,
    layout: Layout,
}

/// A member of an object with the member that has its ids and extensions.
struct Member<'a> {
    at: usize,
    value: Option<Value<'a>>,
    extras: Option<Value<'a>>,
}

impl Writer {
    fn resource(&mut self, value: Value<'_>, level: usize) -> Result<(), Refusal> {
        let name = value.str("resourceType").unwrap_or_default();
        let def = type_def(&name).filter(|def| is_resource(def.name));
        let def = def.ok_or_else(|| refused(&name, "is not a resource type of FHIR R4"))?;
        self.begin(def.name, level);
        if level == 0 {
            self.attribute("xmlns", FHIR);
        }
        let members = members(value, def)?;
        self.content(def, &members, level)?;
        self.end(def.name, members.is_empty(), level);
        Ok(())
    }

    fn gap(&mut self, level: usize) {
        if self.layout == Layout::Pretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", level));
        }
    }

    fn begin(&mut self, name: &str, level: usize) {
        self.gap(level);
        self.out.push('<');
        self.out.push_str(name);
    }

    /// Ends an element whose content, if it has any, has been written.
    fn end(&mut self, name: &str, empty: bool, level: usize) {
        if empty {
            return self.out.push_str("/>");
        }
        self.gap(level);
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        escape(value, &mut self.out);
        self.out.push('"');
    }

    /// The elements in an element whose tag is still open.
    fn content(&mut self, def: &TypeDef, members: &[Member<'_>], level: usize) -> Result<(), Refusal> {
        if !members.is_empty() {
            self.out.push('>');
        }
        for member in members {
            let element = &def.elements[member.at];
            let mut values = member.value.into_iter().flat_map(Value::each);
            let mut extras = member.extras.into_iter().flat_map(Value::each);
            loop {
                match (values.next(), extras.next()) {
                    (None, None) => break,
                    (value, extra) => self.item(element, value, extra, level + 1)?,
                }
            }
        }
        Ok(())
    }

    fn item(
        &mut self,
        element: &'static Element,
        value: Option<Value<'_>>,
        extra: Option<Value<'_>>,
        level: usize,
    ) -> Result<(), Refusal> {
        let def = element.type_def();
        let value = value.filter(|value| value.kind() != Kind::Null);
        let extra = extra.filter(|extra| extra.kind() != Kind::Null);
        match (def.primitive, value) {
            (Some(Primitive::Xhtml), Some(value)) => {
                self.gap(level);
                div::write(&value.as_str().unwrap_or_default(), &mut self.out);
                Ok(())
            }
            (Some(_), value) if value.is_some() || extra.is_some() => {
                self.primitive(element.name, value, extra, level)
            }
            (None, Some(value)) if def.kind == TypeKind::Resource => {
                self.begin(element.name, level);
                self.out.push('>');
                self.resource(value, level + 1)?;
                self.end(element.name, false, level);
                Ok(())
            }
            (None, Some(value)) => self.complex(element.name, def, value, level),
            (_, _) => Ok(()),
        }
    }

    fn primitive(
        &mut self,
        name: &str,
        value: Option<Value<'_>>,
        extra: Option<Value<'_>>,
        level: usize,
    ) -> Result<(), Refusal> {
        let def = type_def("Element").expect("the standard defines Element");
        self.begin(name, level);
        if let Some(id) = extra.and_then(|extra| extra.str("id")) {
            self.attribute("id", &id);
        }
        if let Some(value) = value {
            match value.as_str() {
                Some(text) => self.attribute("value", &text),
                None if matches!(value.kind(), Kind::Number | Kind::Bool) => {
                    self.attribute("value", value.raw())
                }
                None => return Err(refused(name, "has no value of a primitive type")),
            }
        }
        let members = extra.map(|extra| members(extra, def)).transpose()?.unwrap_or_default();
        self.content(def, &members, level)?;
        self.end(name, members.is_empty(), level);
        Ok(())
    }

    fn complex(&mut self, name: &str, def: &TypeDef, value: Value<'_>, level: usize) -> Result<(), Refusal> {
        if value.kind() != Kind::Object {
            return Err(refused(name, "is no JSON object"));
        }
        self.begin(name, level);
        for element in def.elements.iter().filter(|element| is_attribute(def, element)) {
            if let Some(text) = value.str(element.name) {
                self.attribute(element.name, &text);
            }
        }
        let members = members(value, def)?;
        self.content(def, &members, level)?;
        self.end(name, members.is_empty(), level);
        Ok(())
    }
}

/// The members of an object that are elements in XML, in the order of the standard.
fn members<'a>(value: Value<'a>, def: &TypeDef) -> Result<Vec<Member<'a>>, Refusal> {
    let mut list: Vec<Member<'a>> = Vec::new();
    let mut next = 0;
    for (name, value) in value.members() {
        let plain = name.strip_prefix('_').unwrap_or(&name);
        let Some(at) = find(def, plain, next) else {
            if name == "resourceType" && def.kind == TypeKind::Resource {
                continue;
            }
            return Err(refused(&name, &format!("is no element of {}", def.name)));
        };
        next = at;
        if is_attribute(def, &def.elements[at]) {
            continue;
        }
        let known = list.iter().position(|member| member.at == at).unwrap_or_else(|| {
            list.push(Member { at, value: None, extras: None });
            list.len() - 1
        });
        if plain.len() == name.len() {
            list[known].value = Some(value);
        } else {
            list[known].extras = Some(value);
        }
    }
    list.sort_by_key(|member| member.at);
    Ok(list)
}

fn refused(name: &str, why: &str) -> Refusal {
    let text = format!("This cannot be said in XML: {} {why}.", shown(name));
    Refusal::many(crate::Kind::Invalid, vec![Issue::new("structure", "", text)])
}
