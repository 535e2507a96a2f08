//! A code system that a CodeSystem resource lists.

mod condition;
pub(crate) mod read;

use crate::system::{Concept, Content, Designation, Filter, Meaning, System};
use crate::text;
use fhir::{Refusal, Tree};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// Concepts in the order of the resource, parents before what is nested in them.
#[derive(Debug)]
pub struct Listed {
    url: String,
    version: Option<String>,
    name: Option<String>,
    language: Option<String>,
    content: Content,
    case_sensitive: bool,
    /// What a supplement is to.
    supplements: Option<String>,
    /// Code and address of each property that is declared.
    declared: Vec<(String, Option<String>)>,
    rows: Vec<Row>,
    /// By code, in small letters where case says nothing.
    by_code: HashMap<String, Concept>,
    parents: Vec<Vec<Concept>>,
    children: Vec<Vec<Concept>>,
}

#[derive(Debug)]
struct Row {
    code: String,
    display: Option<String>,
    definition: Option<String>,
    designations: Vec<Said>,
    properties: Vec<(String, Meaning<'static>)>,
    extensions: Vec<Tree>,
    active: bool,
    groups: bool,
}

#[derive(Debug)]
struct Said {
    designation: Designation<'static>,
    extensions: Vec<Tree>,
}

impl Listed {
    /// The system that this one adds to, if it is a supplement.
    pub fn supplements(&self) -> Option<&str> {
        self.supplements.as_deref()
    }

    fn row(&self, concept: Concept) -> &Row {
        &self.rows[concept.0 as usize]
    }

    fn key<'k>(&self, code: &'k str) -> Cow<'k, str> {
        match self.case_sensitive {
            true => Cow::Borrowed(code),
            false => Cow::Owned(code.to_lowercase()),
        }
    }

    /// A concept and all below it, each once, in the order of the resource where that nests them.
    fn below(&self, top: Concept) -> Vec<Concept> {
        let (mut found, mut seen, mut stack) = (Vec::new(), HashSet::new(), vec![top]);
        while let Some(concept) = stack.pop() {
            if seen.insert(concept) {
                found.push(concept);
                stack.extend(self.children[concept.0 as usize].iter().rev());
            }
        }
        found
    }
}

impl System for Listed {
    fn url(&self) -> &str {
        &self.url
    }

    fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn content(&self) -> Content {
        self.content
    }

    fn case_sensitive(&self) -> bool {
        self.case_sensitive
    }

    fn language(&self) -> Option<&str> {
        self.language.as_deref()
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn find(&self, code: &str) -> Option<Concept> {
        self.by_code.get(&*self.key(code)).copied()
    }

    fn code(&self, concept: Concept) -> Cow<'_, str> {
        Cow::Borrowed(&self.row(concept).code)
    }

    fn display(&self, concept: Concept, language: Option<&str>) -> Option<Cow<'_, str>> {
        let row = self.row(concept);
        let own = row.display.as_deref();
        let wanted = language.filter(|wanted| !text::speaks(self.language.as_deref(), wanted));
        let said = wanted.and_then(|wanted| {
            let named = row.designations.iter().map(|said| &said.designation);
            named
                .filter(|named| text::speaks(named.language.as_deref(), wanted))
                .map(|named| &*named.value)
                .next()
        });
        said.or(own).map(Cow::Borrowed)
    }

    fn definition(&self, concept: Concept) -> Option<Cow<'_, str>> {
        self.row(concept).definition.as_deref().map(Cow::Borrowed)
    }

    fn designations(&self, concept: Concept) -> Vec<Designation<'_>> {
        self.row(concept).designations.iter().map(|said| said.designation.clone()).collect()
    }

    fn designation_extensions(&self, concept: Concept, nth: usize) -> Vec<Tree> {
        self.row(concept).designations.get(nth).map(|said| said.extensions.clone()).unwrap_or_default()
    }

    fn properties(&self, concept: Concept) -> Vec<(Cow<'_, str>, Meaning<'_>)> {
        let all = self.row(concept).properties.iter();
        all.map(|(code, meaning)| (Cow::Borrowed(code.as_str()), meaning.clone())).collect()
    }

    fn property_uri(&self, code: &str) -> Option<Cow<'_, str>> {
        let declared = self.declared.iter().find(|(declared, _)| declared == code);
        declared.and_then(|(_, uri)| uri.as_deref()).map(Cow::Borrowed)
    }

    fn extensions(&self, concept: Concept) -> Vec<Tree> {
        self.row(concept).extensions.clone()
    }

    fn is_active(&self, concept: Concept) -> bool {
        self.row(concept).active
    }

    fn is_abstract(&self, concept: Concept) -> bool {
        self.row(concept).groups
    }

    fn parents(&self, concept: Concept) -> Vec<Concept> {
        self.parents[concept.0 as usize].clone()
    }

    fn children(&self, concept: Concept) -> Vec<Concept> {
        self.children[concept.0 as usize].clone()
    }

    fn subsumes(&self, above: Concept, below: Concept) -> bool {
        let (mut seen, mut stack) = (HashSet::new(), vec![below]);
        while let Some(concept) = stack.pop() {
            if concept == above {
                return true;
            }
            if seen.insert(concept) {
                stack.extend(&self.parents[concept.0 as usize]);
            }
        }
        false
    }

    fn all(&self) -> Vec<Concept> {
        (0..self.rows.len() as u32).map(Concept).collect()
    }

    fn filter(&self, filter: Filter<'_>) -> Result<Vec<Concept>, Refusal> {
        let condition = self.condition(filter)?;
        Ok(match condition.top() {
            Some(top) => {
                self.below(top).into_iter().filter(|concept| condition.holds(self, *concept)).collect()
            }
            None => self.all().into_iter().filter(|concept| condition.holds(self, *concept)).collect(),
        })
    }

    fn meets(&self, concept: Concept, filter: Filter<'_>) -> Result<bool, Refusal> {
        Ok(self.condition(filter)?.holds(self, concept))
    }

    fn search(&self, wanted: &str, limit: usize) -> Vec<Concept> {
        let words = text::words(wanted);
        let mut found: Vec<(usize, Concept)> = Vec::new();
        for concept in self.all() {
            let row = self.row(concept);
            let named = row.designations.iter().map(|said| &*said.designation.value);
            let names = row.display.as_deref().into_iter().chain([row.code.as_str()]).chain(named);
            if let Some(best) = names.filter(|name| text::has(name, &words)).map(str::len).min() {
                found.push((best, concept));
            }
        }
        found.sort();
        found.into_iter().take(limit).map(|(_, concept)| concept).collect()
    }
}
