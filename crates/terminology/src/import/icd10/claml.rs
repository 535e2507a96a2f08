//! ClaML (EN 14463, version 2), the XML of classifications, as WHO publishes ICD-10 in it.

use super::super::gathered::{Entry, Gathered};
use super::super::{Progress, Told};
use super::ICD;
use crate::index::{Draft, refused};
use crate::text::spaced;
use fhir::Refusal;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use std::collections::HashMap;
use std::path::Path;

/// Elements in elements, at most.
const DEPTH_MAX: usize = 32;
const LABEL: &str = "Label";

/// A Class or a ModifierClass that is being read.
#[derive(Default)]
struct Open {
    entry: Entry,
    /// Of a ModifierClass, which modifier it is of.
    of: Option<String>,
    modified_by: Vec<String>,
    has_classes: bool,
    /// Kind of the rubric that is being read, and the text of its label so far.
    rubric: String,
    label: String,
}

/// What was read of a file.
#[derive(Default)]
struct Found {
    gathered: Gathered,
    version: Option<String>,
    date: Option<String>,
    title: String,
    /// Code and label of each choice of a modifier.
    choices: HashMap<String, Vec<(String, String)>>,
    /// Code of a class, whether it has classes below it, and its modifiers.
    modified: Vec<(String, bool, Vec<String>)>,
}

/// Reads a file. What is not well-formed is refused, with its line. Of entities only those of XML are known: the
/// document type is not read.
pub(super) fn read(path: &Path, told: &Told, progress: &mut Progress<'_>) -> Result<Draft, Refusal> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|e| refused(format!("{}: it cannot be read: {e}.", path.display())))?;
    let shown = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut reader = Reader::from_str(&text);
    let mut names: Vec<String> = Vec::new();
    let (mut found, mut open) = (Found::default(), None);
    loop {
        let event = reader.read_event();
        let at = usize::try_from(reader.buffer_position()).unwrap_or(text.len()).min(text.len());
        let wrong = |reason: &str| {
            let line = text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            refused(format!("{}, line {line}: {reason} Nothing is imported.", path.display()))
        };
        match event.map_err(|e| wrong(&format!("{e}.")))? {
            Event::Start(start) => {
                let name = start.name().as_ref().to_owned();
                if names.is_empty() && name != "ClaML" {
                    return Err(wrong("it is no ClaML."));
                }
                begin(&start, &names, &mut found, &mut open).map_err(|e| wrong(&e))?;
                names.push(name);
                if names.len() > DEPTH_MAX {
                    return Err(wrong("elements are nested too deep."));
                }
            }
            Event::Empty(start) => begin(&start, &names, &mut found, &mut open).map_err(|e| wrong(&e))?,
            Event::Text(said) => add(&names, &mut open, &said),
            Event::CData(said) => add(&names, &mut open, &said),
            Event::GeneralRef(name) => {
                let character = name.resolve_char_ref().map_err(|e| wrong(&format!("{e}.")))?;
                let named = || resolve_predefined_entity(&name).map(str::to_owned);
                let known = character.map(String::from).or_else(named);
                add(&names, &mut open, &known.ok_or_else(|| wrong("an entity is not known."))?);
            }
            Event::End(_) => {
                let Some(name) = names.pop() else {
                    return Err(wrong("an element ends that did not begin."));
                };
                end(&name, &mut found, &mut open).map_err(|e| wrong(&e))?;
                if name == "Class" {
                    progress(&shown, at as u64, text.len() as u64);
                }
            }
            Event::Eof if names.is_empty() && !found.gathered.entries.is_empty() => break,
            Event::Eof => return Err(wrong("the file ends too early.")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    let name = if found.title.is_empty() { "ICD-10" } else { found.title.as_str() };
    let head = told.head(ICD, name, found.version.clone(), found.date.clone())?;
    modify(&mut found)?;
    found.gathered.draft(head)
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Result<Option<String>, String> {
    let found = start.try_get_attribute(name).map_err(|e| format!("{e}."))?;
    let value = found.map(|one| one.normalized_value(quick_xml::XmlVersion::Implicit1_0));
    value.transpose().map(|value| value.map(|value| value.into_owned())).map_err(|e| format!("{e}."))
}

fn begin(
    start: &BytesStart<'_>,
    names: &[String],
    found: &mut Found,
    open: &mut Option<Open>,
) -> Result<(), String> {
    let name = start.name();
    let code = attribute(start, "code")?;
    match (name.as_ref(), open) {
        ("Title", _) if names.len() == 1 => {
            found.version = attribute(start, "version")?;
            found.date = attribute(start, "date")?;
            found.title = attribute(start, "name")?.unwrap_or_default();
        }
        ("Class" | "ModifierClass", open) => {
            let mut entry = Entry { code: code.unwrap_or_default(), is_active: true, ..Entry::default() };
            let kind = attribute(start, "kind")?;
            // Chapters and blocks only group: they are not for coding.
            entry.is_group = matches!(kind.as_deref(), Some("chapter" | "block"));
            entry.text("kind", kind.as_deref());
            entry.text("usage", attribute(start, "usage")?.as_deref());
            *open = Some(Open { entry, of: attribute(start, "modifier")?, ..Open::default() });
        }
        ("SuperClass", Some(open)) => open.entry.parents.extend(code),
        ("SubClass", Some(open)) => open.has_classes = true,
        ("ModifiedBy", Some(open)) => open.modified_by.extend(code),
        ("Rubric", Some(open)) => {
            open.rubric = attribute(start, "kind")?.unwrap_or_default();
            open.label.clear();
        }
        _ => {}
    }
    Ok(())
}

/// Adds to the label that is being read. References to other codes are no part of a title.
fn add(names: &[String], open: &mut Option<Open>, text: &str) {
    let inside =
        names.iter().any(|name| name == LABEL) && names.last().is_some_and(|name| name != "Reference");
    if let Some(open) = open.as_mut().filter(|_| inside) {
        open.label.push_str(text);
    }
}

fn end(name: &str, found: &mut Found, open: &mut Option<Open>) -> Result<(), String> {
    match name {
        "Rubric" => {
            let Some(open) = open else { return Ok(()) };
            let text = spaced(&open.label);
            match open.rubric.as_str() {
                _ if text.is_empty() => {}
                "preferred" => open.entry.names.push((0, "", text)),
                "preferredLong" => open.entry.names.push((1, "preferredLong", text)),
                "inclusion" => open.entry.names.push((2, "inclusion", text)),
                kind => open.entry.text(kind, Some(&text)),
            }
        }
        "Class" => {
            let Some(open) = open.take() else { return Ok(()) };
            if !open.modified_by.is_empty() && !open.entry.is_group {
                found.modified.push((open.entry.code.clone(), open.has_classes, open.modified_by));
            }
            found.gathered.add(open.entry)?;
        }
        "ModifierClass" => {
            let Some(Open { entry, of: Some(of), .. }) = open.take() else {
                return Err("a ModifierClass says no modifier.".to_owned());
            };
            let label = entry.names.first().map(|(_, _, text)| text.clone()).unwrap_or_default();
            found.choices.entry(of).or_default().push((entry.code, label));
        }
        _ => {}
    }
    Ok(())
}

/// Adds the codes that a category has by modifiers: E10 with choice .0 is E10.0. A bare digit becomes the fifth sign,
/// of each category below, or of the category itself with X or nothing between. Codes that stand in the file stay.
/// Modifiers of blocks and chapters (where an accident happened, what the patient did) are for coding rules.
fn modify(found: &mut Found) -> Result<(), Refusal> {
    let mut added = Vec::new();
    for (code, has_classes, modifiers) in &found.modified {
        for (choice, label) in modifiers.iter().filter_map(|own| found.choices.get(own)).flatten() {
            let below = |entry: &&Entry| *has_classes && entry.parents.contains(code);
            let bases: Vec<&Entry> = if *has_classes {
                found.gathered.entries.iter().filter(below).collect()
            } else {
                found.gathered.get(code).into_iter().collect()
            };
            for base in bases {
                let between = match (choice.starts_with('.'), base.code.contains('.')) {
                    (true, _) | (false, true) => "",
                    (false, false) => ".X",
                };
                let display = base.names.iter().find(|(order, _, _)| *order == 0);
                let display = display.map(|(_, _, text)| text.as_str()).unwrap_or_default();
                let mut entry =
                    Entry::new(&format!("{}{between}{choice}", base.code), &format!("{display} : {label}"));
                entry.parents.push(base.code.clone());
                entry.text("kind", Some("category"));
                added.push(entry);
            }
        }
    }
    for entry in added {
        if found.gathered.get(&entry.code).is_none() {
            found.gathered.add(entry).map_err(refused)?;
        }
    }
    Ok(())
}
