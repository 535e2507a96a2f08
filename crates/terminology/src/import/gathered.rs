//! Concepts as they are gathered from small releases, before it is known which codes there are.

use crate::index::{Draft, Head, Name};
use crate::system::Meaning;
use fhir::Refusal;
use std::collections::HashMap;

/// A concept as it stands in a file.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub code: String,
    pub is_active: bool,
    /// It only groups others.
    pub is_group: bool,
    /// Order (the display comes first), code of what it is for, text.
    pub names: Vec<(u8, &'static str, String)>,
    pub properties: Vec<(String, Meaning<'static>)>,
    pub parents: Vec<String>,
}

impl Entry {
    /// A concept in use with a display.
    pub fn new(code: &str, display: &str) -> Entry {
        let names = vec![(0, "", display.to_owned())];
        Entry { code: code.to_owned(), is_active: true, names, ..Entry::default() }
    }

    /// Adds a property, if there is something to say.
    pub fn text(&mut self, property: &str, said: Option<&str>) {
        if let Some(said) = said.filter(|said| !said.is_empty()) {
            self.properties.push((property.to_owned(), Meaning::Text(said.to_owned().into())));
        }
    }
}

/// All of a release.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub entries: Vec<Entry>,
    places: HashMap<String, usize>,
}

impl Gathered {
    /// Adds a concept. A code that is there already is told.
    pub fn add(&mut self, entry: Entry) -> Result<(), String> {
        if entry.code.is_empty() {
            return Err("it has no code.".to_owned());
        }
        if entry.names.iter().all(|(_, _, text)| text.is_empty()) {
            return Err(format!("the code {} has no title.", entry.code));
        }
        if self.places.insert(entry.code.clone(), self.entries.len()).is_some() {
            return Err(format!("the code {} stands twice. Import one release only.", entry.code));
        }
        self.entries.push(entry);
        Ok(())
    }

    /// The concept of a code.
    pub fn get(&self, code: &str) -> Option<&Entry> {
        self.places.get(code).map(|place| &self.entries[*place])
    }

    /// Places each concept without parents below the one whose code its own begins with, the longest of them.
    pub fn nest(&mut self) {
        for place in 0..self.entries.len() {
            if !self.entries[place].parents.is_empty() {
                continue;
            }
            let code = &self.entries[place].code;
            let starts = code.char_indices().skip(1).map(|(end, _)| code[..end].trim_end_matches('.'));
            // The longest comes last.
            let above = starts.filter(|start| self.places.contains_key(*start)).last().map(str::to_owned);
            self.entries[place].parents.extend(above);
        }
    }

    /// Makes the release. Parents that are no concepts of it are passed over.
    pub fn draft(self, head: Head) -> Result<Draft, Refusal> {
        let url = head.url.clone();
        let codes = self.entries.iter().map(|entry| (entry.code.clone(), entry.is_active)).collect();
        let mut draft = Draft::new(head, codes)?;
        for entry in &self.entries {
            let Some(concept) = draft.find(&entry.code) else { continue };
            for (order, usage, text) in &entry.names {
                let usage = (!usage.is_empty()).then_some((url.as_str(), *usage));
                draft.name(concept, Name { order: *order, language: "en", usage, text })?;
            }
            for (property, meaning) in &entry.properties {
                draft.property(concept, property, meaning)?;
            }
            for parent in entry.parents.iter().filter_map(|parent| draft.find(parent)).collect::<Vec<_>>() {
                draft.parent(concept, parent);
            }
            if entry.is_group {
                draft.grouping(concept);
            }
        }
        Ok(draft)
    }
}
