//! A release as an importer gathers it.

use super::texts::Texts;
use crate::system::Meaning;
use fhir::Refusal;
use std::collections::HashMap;

/// What a release is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Address of the code system.
    pub url: String,
    pub version: String,
    pub name: String,
    /// The day of the release (YYYY-MM-DD).
    pub date: String,
    /// Language of the displays (BCP 47).
    pub language: String,
}

/// A designation that is added to a [`Draft`]. Of one concept the one of the lowest order is the display.
#[derive(Clone, Copy, Debug)]
pub struct Name<'n> {
    pub order: u8,
    pub language: &'n str,
    /// System and code of what it is for.
    pub usage: Option<(&'n str, &'n str)>,
    pub text: &'n str,
}

/// A relationship of a concept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Attribute {
    pub source: u32,
    /// 0 where it stands alone.
    pub group: u32,
    pub kind: u32,
    pub value: u32,
}

/// One row of a record: concept, order, what it is (table number), where its text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub concept: u32,
    pub order: u8,
    pub language: u8,
    pub label: u8,
    pub text: u32,
}

/// A release in memory, before it is written.
#[derive(Debug)]
pub struct Draft {
    pub(crate) head: Head,
    pub(crate) codes: Texts,
    pub(crate) active: Vec<bool>,
    pub(crate) groups: Vec<bool>,
    pub(crate) languages: Texts,
    pub(crate) usages: Texts,
    pub(crate) keys: Texts,
    pub(crate) texts: Texts,
    pub(crate) names: Vec<Row>,
    pub(crate) properties: Vec<Row>,
    /// Child and parent.
    pub(crate) parents: Vec<(u32, u32)>,
    pub(crate) attributes: Vec<Attribute>,
    /// Reference set and member.
    pub(crate) members: Vec<(u32, u32)>,
    known: HashMap<String, u8>,
}

impl Draft {
    /// A release of these codes, each with whether it is in use. A code that stands twice is refused.
    pub fn new(head: Head, mut codes: Vec<(String, bool)>) -> Result<Draft, Refusal> {
        codes.sort_unstable();
        if let Some(twice) = codes.windows(2).find(|two| two[0].0 == two[1].0) {
            let text =
                format!("The code {} stands twice in the release. Import one snapshot only.", twice[0].0);
            return Err(super::refused(text));
        }
        let mut all = Texts::default();
        for (code, _) in &codes {
            all.push(code)?;
        }
        Ok(Draft {
            head,
            codes: all,
            groups: vec![false; codes.len()],
            active: codes.into_iter().map(|(_, active)| active).collect(),
            languages: Texts::default(),
            usages: Texts::default(),
            keys: Texts::default(),
            texts: Texts::default(),
            names: Vec::new(),
            properties: Vec::new(),
            parents: Vec::new(),
            attributes: Vec::new(),
            members: Vec::new(),
            known: HashMap::new(),
        })
    }

    /// The number of a code.
    pub fn find(&self, code: &str) -> Option<u32> {
        let place = self.codes.first_from(code);
        (self.codes.get(place) == Some(code)).then_some(place as u32)
    }

    /// Adds a designation.
    pub fn name(&mut self, concept: u32, name: Name<'_>) -> Result<(), Refusal> {
        let language = number(&mut self.known, 'l', &mut self.languages, name.language)?;
        let usage = name.usage.map(|(system, code)| format!("{system}\t{code}")).unwrap_or_default();
        let label = number(&mut self.known, 'u', &mut self.usages, &usage)?;
        let text = self.texts.push(name.text)?;
        self.names.push(Row { concept, order: name.order, language, label, text });
        Ok(())
    }

    /// Adds a property.
    pub fn property(&mut self, concept: u32, code: &str, meaning: &Meaning<'_>) -> Result<(), Refusal> {
        let label = number(&mut self.known, 'k', &mut self.keys, code)?;
        let (kind, text) = super::record::written(meaning);
        let text = self.texts.push(&text)?;
        self.properties.push(Row { concept, order: 0, language: kind, label, text });
        Ok(())
    }

    /// Says that a concept is directly below another.
    pub fn parent(&mut self, child: u32, parent: u32) {
        self.parents.push((child, parent));
    }

    /// Says that a concept is a member of a reference set.
    pub fn member(&mut self, refset: u32, member: u32) {
        self.members.push((refset, member));
    }

    /// Says that a concept has a relationship. Those of one group (not 0) belong together.
    pub fn attribute(&mut self, source: u32, group: u32, kind: u32, value: u32) {
        self.attributes.push(Attribute { source, group, kind, value });
    }

    /// Says that a concept only groups others.
    pub fn grouping(&mut self, concept: u32) {
        self.groups[concept as usize] = true;
    }
}

/// The number of a text in a small table, that grows by it.
fn number(
    known: &mut HashMap<String, u8>,
    table: char,
    texts: &mut Texts,
    text: &str,
) -> Result<u8, Refusal> {
    let key = format!("{table}{text}");
    if let Some(number) = known.get(&key) {
        return Ok(*number);
    }
    let number =
        u8::try_from(texts.push(text)?).map_err(|_| super::too_large("256 languages, uses or properties"))?;
    known.insert(key, number);
    Ok(number)
}
