//! XML of lists of elements that hold fields and nothing else.

use crate::import::Progress;
use crate::index::refused;
use fhir::Refusal;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use std::path::Path;

/// Elements in elements, at most.
const DEPTH_MAX: usize = 8;

/// Fields of one element, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Element(Vec<(String, String)>);

impl Element {
    pub fn get(&self, field: &str) -> Option<&str> {
        self.iter().find(|(own, _)| *own == field).map(|(_, text)| text)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(field, text)| (field.as_str(), text.as_str()))
    }
}

/// An element that is open.
struct Open {
    name: String,
    text: String,
    fields: Element,
}

/// Gives each element with fields to `take`: the name of what it stands in, its own name, its fields.
pub(super) fn each(
    path: &Path,
    progress: &mut Progress<'_>,
    mut take: impl FnMut(&str, &str, Element),
) -> Result<(), Refusal> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|e| refused(format!("{}: it cannot be read: {e}.", path.display())))?;
    let shown = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut reader = Reader::from_str(&text);
    let mut open: Vec<Open> = Vec::new();
    loop {
        let event = reader.read_event();
        let at = usize::try_from(reader.buffer_position()).unwrap_or(text.len()).min(text.len());
        let wrong = |reason: &str| {
            let line = text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            refused(format!("{}, line {line}: {reason}. Nothing is imported.", path.display()))
        };
        match event.map_err(|e| wrong(&e.to_string()))? {
            Event::Start(start) => {
                let name = start.name().as_ref().to_owned();
                open.push(Open { name, text: String::new(), fields: Element::default() });
                if open.len() > DEPTH_MAX {
                    return Err(wrong("elements are nested too deep"));
                }
            }
            Event::Text(said) => add(&mut open, &said),
            Event::CData(said) => add(&mut open, &said),
            Event::GeneralRef(name) => {
                let character = name.resolve_char_ref().map_err(|e| wrong(&e.to_string()))?;
                let character = character.map(String::from);
                let named = || resolve_predefined_entity(&name).map(str::to_owned);
                let known = character.or_else(named).ok_or_else(|| wrong("an entity is not known"))?;
                add(&mut open, &known);
            }
            Event::End(_) => {
                let Some(ended) = open.pop() else { return Err(wrong("an element ends that did not begin")) };
                close(&mut open, ended, &mut take);
                if open.len() == 1 {
                    progress(&shown, at as u64, text.len() as u64);
                }
            }
            Event::Eof if open.is_empty() => break,
            Event::Eof => return Err(wrong("the file ends too early")),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::DocType(_) => return Err(wrong("a document type is not taken")),
        }
    }
    Ok(())
}

fn add(open: &mut [Open], text: &str) {
    if let Some(last) = open.last_mut() {
        last.text.push_str(text);
    }
}

/// An element without fields is a field of what it stands in, if it says something.
fn close(open: &mut [Open], ended: Open, take: &mut impl FnMut(&str, &str, Element)) {
    let Some(around) = open.last_mut() else { return };
    if !ended.fields.0.is_empty() {
        take(&around.name, &ended.name, ended.fields);
    } else if !ended.text.trim().is_empty() {
        around.fields.0.push((ended.name, ended.text.trim().to_owned()));
    }
}
