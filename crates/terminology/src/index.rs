//! One release of one code system in a file: what is searched is in memory, names are read when they are asked for.

mod condition;
mod draft;
mod read;
mod record;
mod rows;
mod texts;
mod words;
mod write;

pub use draft::{Draft, Head, Name};

use crate::import::Progress;
use crate::system::{Concept, Content, Designation, Filter, Meaning, System};
use crate::text;
use fhir::outcome::Kind;
use fhir::{Refusal, Tree};
use record::Record;
use rows::Rows;
use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use texts::Texts;

/// How a file begins; the last byte is the version of the format.
const MAGIC: &[u8; 8] = b"CARETRM\x02";
const SNOMED: &str = "http://snomed.info/sct";

/// An imported release.
#[derive(Debug)]
pub struct Index {
    head: Head,
    /// Sorted.
    codes: Texts,
    languages: Texts,
    usages: Texts,
    keys: Texts,
    parents: Rows,
    children: Rows,
    /// Of each concept that is a reference set.
    members: Rows,
    /// Of each concept, in threes: group, kind, value.
    attributes: Rows,
    /// Sorted.
    words: Texts,
    /// Places in the order of concepts with each word, the best first.
    postings: Rows,
    /// What words begin with, one or two letters. Sorted.
    starts: Texts,
    /// Places of concepts with a word that begins so: a list, or a bit for each place where that is shorter.
    started: Rows,
    flags: Vec<u8>,
    /// Concepts, that which comes first while typing first.
    order: Vec<u32>,
    /// Where the records begin in the file.
    records: u64,
    record_ends: Vec<u64>,
    file: File,
}

impl Index {
    /// Opens a file. One that is damaged in what is kept in memory is refused; names are checked when they are read.
    pub fn open(path: &Path) -> Result<Index, Refusal> {
        read::open(path)
    }

    /// What a file has, and how many concepts, without opening all of it.
    pub fn peek(path: &Path) -> Result<(Head, usize), Refusal> {
        read::peek(path)
    }

    /// Reads all of a file. One that is damaged anywhere is refused.
    pub fn check(path: &Path, progress: &mut Progress<'_>) -> Result<(), Refusal> {
        read::check(path, progress)
    }

    /// Writes a release to a file, which is there when it is whole, and not before.
    pub fn write(draft: Draft, to: &Path, progress: &mut Progress<'_>) -> Result<(), Refusal> {
        write::write(draft, to, progress)
    }

    /// What the release is.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Names and properties; none when the file can no longer be read, or is damaged there.
    fn record(&self, concept: Concept) -> Record {
        let place = concept.0 as usize;
        let start = if place == 0 { 0 } else { self.record_ends[place - 1] };
        let mut bytes = vec![0; (self.record_ends[place] - start) as usize];
        let read = self.file.read_exact_at(&mut bytes, self.records + start);
        read.ok().and_then(|()| record::decode(&bytes)).unwrap_or_default()
    }

    fn flag(&self, concept: Concept, bit: u8) -> bool {
        self.flags[concept.0 as usize] & bit != 0
    }

    pub(crate) fn members(&self, refset: Concept) -> &[u32] {
        self.members.get(refset.0 as usize)
    }

    /// Group, kind and value of each relationship.
    pub(crate) fn attributes(&self, concept: Concept) -> impl Iterator<Item = (u32, Concept, Concept)> {
        let threes = self.attributes.get(concept.0 as usize).chunks_exact(3);
        threes.map(|three| (three[0], Concept(three[1]), Concept(three[2])))
    }

    /// A concept and all above or below it, in order.
    pub(crate) fn reach(&self, from: &[Concept], way: Way) -> Vec<Concept> {
        let rows = match way {
            Way::Up => &self.parents,
            Way::Down => &self.children,
        };
        let mut seen: HashSet<Concept> = HashSet::new();
        let mut stack = from.to_vec();
        while let Some(concept) = stack.pop() {
            if seen.insert(concept) {
                stack.extend(rows.get(concept.0 as usize).iter().map(|next| Concept(*next)));
            }
        }
        let mut found: Vec<Concept> = seen.into_iter().collect();
        found.sort_unstable();
        found
    }

    fn usage(&self, label: u8) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
        let (system, code) = self.usages.get(usize::from(label))?.split_once('\t')?;
        Some((Cow::Borrowed(system), Cow::Borrowed(code)))
    }
}

/// Where to go from a concept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Up,
    Down,
}

impl System for Index {
    fn url(&self) -> &str {
        &self.head.url
    }

    fn version(&self) -> Option<&str> {
        Some(&self.head.version)
    }

    fn name(&self) -> Option<&str> {
        Some(&self.head.name)
    }

    fn content(&self) -> Content {
        Content::Complete
    }

    fn case_sensitive(&self) -> bool {
        true
    }

    fn len(&self) -> usize {
        self.codes.len()
    }

    fn find(&self, code: &str) -> Option<Concept> {
        let place = self.codes.first_from(code);
        (self.codes.get(place) == Some(code)).then_some(Concept(place as u32))
    }

    fn code(&self, concept: Concept) -> Cow<'_, str> {
        Cow::Borrowed(self.codes.get(concept.0 as usize).unwrap_or_default())
    }

    fn display(&self, concept: Concept, language: Option<&str>) -> Option<Cow<'_, str>> {
        let names = self.record(concept).names;
        let wanted = language.filter(|wanted| !text::speaks(self.language(), wanted));
        let said = wanted.and_then(|wanted| {
            names.iter().find(|name| text::speaks(self.languages.get(usize::from(name.language)), wanted))
        });
        said.or(names.first()).map(|name| Cow::Owned(name.text.clone()))
    }

    fn definition(&self, _: Concept) -> Option<Cow<'_, str>> {
        None
    }

    fn designations(&self, concept: Concept) -> Vec<Designation<'_>> {
        let names = self.record(concept).names.into_iter();
        let designation = |name: record::Entry| Designation {
            language: self.languages.get(usize::from(name.language)).map(Cow::Borrowed),
            usage: self.usage(name.label),
            value: Cow::Owned(name.text),
        };
        names.map(designation).collect()
    }

    fn properties(&self, concept: Concept) -> Vec<(Cow<'_, str>, Meaning<'_>)> {
        let properties = self.record(concept).properties.into_iter();
        let mut all: Vec<(Cow<'_, str>, Meaning<'_>)> = properties
            .filter_map(|one| {
                let key = Cow::Borrowed(self.keys.get(usize::from(one.label))?);
                Some((key, record::meaning(one.language, one.text)))
            })
            .collect();
        all.push((Cow::Borrowed("inactive"), Meaning::Boolean(!self.is_active(concept))));
        all.extend(
            self.attributes(concept)
                .map(|(_, kind, value)| (self.code(kind), Meaning::Code(self.code(value)))),
        );
        all
    }

    fn language(&self) -> Option<&str> {
        Some(self.head.language.as_str()).filter(|language| !language.is_empty())
    }

    fn property_uri(&self, code: &str) -> Option<Cow<'_, str>> {
        let is_attribute = self.head.url == SNOMED && self.find(code).is_some();
        is_attribute.then(|| Cow::Owned(format!("http://snomed.info/id/{code}")))
    }

    fn extensions(&self, _: Concept) -> Vec<Tree> {
        Vec::new()
    }

    fn is_active(&self, concept: Concept) -> bool {
        self.flag(concept, 1)
    }

    fn is_abstract(&self, concept: Concept) -> bool {
        self.flag(concept, 2)
    }

    fn parents(&self, concept: Concept) -> Vec<Concept> {
        self.parents.get(concept.0 as usize).iter().map(|one| Concept(*one)).collect()
    }

    fn children(&self, concept: Concept) -> Vec<Concept> {
        self.children.get(concept.0 as usize).iter().map(|one| Concept(*one)).collect()
    }

    fn subsumes(&self, above: Concept, below: Concept) -> bool {
        self.reach(&[below], Way::Up).binary_search(&above).is_ok()
    }

    fn all(&self) -> Vec<Concept> {
        (0..self.codes.len() as u32).map(Concept).collect()
    }

    fn filter(&self, filter: Filter<'_>) -> Result<Vec<Concept>, Refusal> {
        self.fitting(filter)
    }

    fn meets(&self, concept: Concept, filter: Filter<'_>) -> Result<bool, Refusal> {
        self.fits(concept, filter)
    }

    fn search(&self, text: &str, limit: usize) -> Vec<Concept> {
        self.named(text, limit)
    }
}

/// A refusal of a release.
pub(crate) fn refused(text: impl Into<String>) -> Refusal {
    Refusal::new(Kind::Invalid, text)
}

fn too_large(what: &str) -> Refusal {
    refused(format!("The release has more than {what}, which is more than an index holds."))
}
