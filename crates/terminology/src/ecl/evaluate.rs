//! Which concepts of a release an expression names.

use super::{Attribute, Count, Expression, Refinement, Step};
use crate::index::{Index, Way};
use crate::system::{Concept, System};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Concepts in order, each once.
pub(super) fn set(index: &Index, expression: &Expression) -> Vec<Concept> {
    match expression {
        Expression::Any => index.all().into_iter().filter(|concept| index.is_active(*concept)).collect(),
        Expression::Code(code) => index.find(code).into_iter().collect(),
        Expression::Step(step, of) => stepped(index, *step, &set(index, of)),
        Expression::And(all) => {
            let mut sets = all.iter().map(|one| set(index, one));
            let first = sets.next().unwrap_or_default();
            sets.fold(first, |found, one| {
                found.into_iter().filter(|concept| one.binary_search(concept).is_ok()).collect()
            })
        }
        Expression::Or(all) => sorted(all.iter().flat_map(|one| set(index, one))),
        Expression::Minus(of, less) => {
            let less = set(index, less);
            set(index, of).into_iter().filter(|concept| less.binary_search(concept).is_err()).collect()
        }
        Expression::Refined(of, refinement) => {
            let test = Test::of(index, refinement);
            set(index, of).into_iter().filter(|concept| test.holds(index, *concept)).collect()
        }
        Expression::Dotted(of, kind) => {
            let kinds = set(index, kind);
            let attributes = set(index, of).into_iter().flat_map(|concept| index.attributes(concept));
            sorted(
                attributes
                    .filter(|(_, kind, _)| kinds.binary_search(kind).is_ok())
                    .map(|(_, _, value)| value),
            )
        }
    }
}

fn sorted(concepts: impl Iterator<Item = Concept>) -> Vec<Concept> {
    concepts.collect::<BTreeSet<Concept>>().into_iter().collect()
}

fn stepped(index: &Index, step: Step, from: &[Concept]) -> Vec<Concept> {
    let near = |way: Way| {
        from.iter().flat_map(move |concept| match way {
            Way::Up => index.parents(*concept),
            Way::Down => index.children(*concept),
        })
    };
    let own = || from.iter().copied();
    match step {
        Step::BelowOrSelf => index.reach(from, Way::Down),
        Step::AboveOrSelf => index.reach(from, Way::Up),
        Step::Below => index.reach(&near(Way::Down).collect::<Vec<_>>(), Way::Down),
        Step::Above => index.reach(&near(Way::Up).collect::<Vec<_>>(), Way::Up),
        Step::Child => sorted(near(Way::Down)),
        Step::ChildOrSelf => sorted(near(Way::Down).chain(own())),
        Step::Parent => sorted(near(Way::Up)),
        Step::ParentOrSelf => sorted(near(Way::Up).chain(own())),
        Step::Members => {
            sorted(from.iter().flat_map(|refset| index.members(*refset)).map(|one| Concept(*one)))
        }
    }
}

/// A refinement with the concepts it names looked up.
enum Test {
    All(Vec<Test>),
    Some(Vec<Test>),
    Group(Count, Box<Test>),
    Attribute(Wanted),
}

struct Wanted {
    count: Count,
    kinds: HashSet<Concept>,
    not: bool,
    values: HashSet<Concept>,
    /// How often each concept is the value of such an attribute, where it is asked in reverse.
    reversed: Option<HashMap<Concept, usize>>,
}

/// Group, kind and value.
type Relation = (u32, Concept, Concept);

impl Test {
    fn of(index: &Index, refinement: &Refinement) -> Test {
        let each = |all: &[Refinement]| all.iter().map(|one| Test::of(index, one)).collect();
        match refinement {
            Refinement::All(all) => Test::All(each(all)),
            Refinement::Some(all) => Test::Some(each(all)),
            Refinement::Group(count, inner) => Test::Group(*count, Box::new(Test::of(index, inner))),
            Refinement::Attribute(attribute) => Test::Attribute(Wanted::of(index, attribute)),
        }
    }

    fn holds(&self, index: &Index, concept: Concept) -> bool {
        self.among(concept, &index.attributes(concept).collect::<Vec<_>>())
    }

    fn among(&self, concept: Concept, relations: &[Relation]) -> bool {
        match self {
            Test::All(all) => all.iter().all(|one| one.among(concept, relations)),
            Test::Some(all) => all.iter().any(|one| one.among(concept, relations)),
            Test::Group(count, inner) => {
                // What is in group 0 is in none: each stands alone, as a group of its own (section 6.4).
                let groups = relations.chunk_by(|one, next| one.0 != 0 && one.0 == next.0);
                within(*count, groups.filter(|group| inner.among(concept, group)).count())
            }
            Test::Attribute(wanted) => wanted.among(concept, relations),
        }
    }
}

impl Wanted {
    fn of(index: &Index, attribute: &Attribute) -> Wanted {
        let kinds: HashSet<Concept> = set(index, &attribute.kind).into_iter().collect();
        let values: HashSet<Concept> = set(index, &attribute.value).into_iter().collect();
        let mut wanted = Wanted { count: attribute.count, kinds, not: attribute.not, values, reversed: None };
        if attribute.reverse {
            let mut reversed: HashMap<Concept, usize> = HashMap::new();
            for source in index.all().into_iter().filter(|source| wanted.is_value(*source)) {
                for (_, _, value) in
                    index.attributes(source).filter(|(_, kind, _)| wanted.kinds.contains(kind))
                {
                    *reversed.entry(value).or_default() += 1;
                }
            }
            wanted.reversed = Some(reversed);
        }
        wanted
    }

    fn is_value(&self, concept: Concept) -> bool {
        self.values.contains(&concept) != self.not
    }

    fn among(&self, concept: Concept, relations: &[Relation]) -> bool {
        let found = match &self.reversed {
            Some(reversed) => reversed.get(&concept).copied().unwrap_or_default(),
            None => relations
                .iter()
                .filter(|(_, kind, value)| self.kinds.contains(kind) && self.is_value(*value))
                .count(),
        };
        within(self.count, found)
    }
}

fn within(count: Count, found: usize) -> bool {
    count.0 <= found && found <= count.1
}
