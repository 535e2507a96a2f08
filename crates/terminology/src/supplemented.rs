//! A code system with supplements: what others say of its concepts (CodeSystem.content = supplement).

use crate::listed::Listed;
use crate::system::{Concept, Content, Designation, Filter, Meaning, System};
use fhir::{Refusal, Tree};
use std::borrow::Cow;
use std::sync::Arc;

/// The system and what is added to it. Concepts are those of the system.
pub(crate) struct Supplemented {
    pub base: Arc<dyn System>,
    pub supplements: Vec<Arc<Listed>>,
}

impl Supplemented {
    /// What each supplement knows of a concept.
    pub fn others(&self, concept: Concept) -> impl Iterator<Item = (&Listed, Concept)> {
        let code = self.base.code(concept);
        self.supplements.iter().filter_map(move |one| Some((&**one, one.find(&code)?)))
    }
}

/// The designations of a supplement, and its display as one more.
pub(crate) fn said(one: &Listed, there: Concept) -> Vec<Designation<'_>> {
    let mut all = one.designations(there);
    let language = one.language().map(Cow::Borrowed);
    all.extend(one.display(there, None).map(|value| Designation { language, usage: None, value }));
    all
}

impl System for Supplemented {
    fn url(&self) -> &str {
        self.base.url()
    }

    fn version(&self) -> Option<&str> {
        self.base.version()
    }

    fn name(&self) -> Option<&str> {
        self.base.name()
    }

    fn content(&self) -> Content {
        self.base.content()
    }

    fn case_sensitive(&self) -> bool {
        self.base.case_sensitive()
    }

    fn language(&self) -> Option<&str> {
        self.base.language()
    }

    fn len(&self) -> usize {
        self.base.len()
    }

    fn find(&self, code: &str) -> Option<Concept> {
        self.base.find(code)
    }

    fn code(&self, concept: Concept) -> Cow<'_, str> {
        self.base.code(concept)
    }

    fn display(&self, concept: Concept, language: Option<&str>) -> Option<Cow<'_, str>> {
        self.base.display(concept, language)
    }

    fn definition(&self, concept: Concept) -> Option<Cow<'_, str>> {
        self.base.definition(concept)
    }

    fn designations(&self, concept: Concept) -> Vec<Designation<'_>> {
        let mut all = self.base.designations(concept);
        all.extend(self.others(concept).flat_map(|(one, there)| said(one, there)));
        all
    }

    fn designation_extensions(&self, concept: Concept, nth: usize) -> Vec<Tree> {
        let mut before = self.base.designations(concept).len();
        if nth < before {
            return self.base.designation_extensions(concept, nth);
        }
        for (one, there) in self.others(concept) {
            let own = said(one, there).len();
            if nth < before + own {
                return one.designation_extensions(there, nth - before);
            }
            before += own;
        }
        Vec::new()
    }

    fn properties(&self, concept: Concept) -> Vec<(Cow<'_, str>, Meaning<'_>)> {
        let mut all = self.base.properties(concept);
        all.extend(self.others(concept).flat_map(|(one, there)| one.properties(there)));
        all
    }

    fn property_uri(&self, code: &str) -> Option<Cow<'_, str>> {
        let added = || self.supplements.iter().find_map(|one| one.property_uri(code));
        self.base.property_uri(code).or_else(added)
    }

    fn extensions(&self, concept: Concept) -> Vec<Tree> {
        let added: Vec<Tree> = self.others(concept).flat_map(|(one, there)| one.extensions(there)).collect();
        let mut all = self.base.extensions(concept);
        // What the supplement says of how to show it replaces what the system says.
        all.retain(|own| !added.iter().any(|other| other.get("url") == own.get("url")));
        all.extend(added);
        all
    }

    fn is_active(&self, concept: Concept) -> bool {
        self.base.is_active(concept)
    }

    fn is_abstract(&self, concept: Concept) -> bool {
        self.base.is_abstract(concept)
    }

    fn parents(&self, concept: Concept) -> Vec<Concept> {
        self.base.parents(concept)
    }

    fn children(&self, concept: Concept) -> Vec<Concept> {
        self.base.children(concept)
    }

    fn subsumes(&self, above: Concept, below: Concept) -> bool {
        self.base.subsumes(above, below)
    }

    fn all(&self) -> Vec<Concept> {
        self.base.all()
    }

    fn filter(&self, filter: Filter<'_>) -> Result<Vec<Concept>, Refusal> {
        self.base.filter(filter)
    }

    fn meets(&self, concept: Concept, filter: Filter<'_>) -> Result<bool, Refusal> {
        self.base.meets(concept, filter)
    }

    fn search(&self, text: &str, limit: usize) -> Vec<Concept> {
        self.base.search(text, limit)
    }
}
