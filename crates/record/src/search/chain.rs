//! Conditions on the resources that a resource points at, and on those that point at it. Both are answered
//! one resource at a time and remembered; where few meet the inner conditions, their set is made and drives.

use super::SearchContext;
use super::check::{Refers, number_of};
use super::part::Part;
use super::state::State;
use crate::Refusal;
use fhir::definitions::SearchParam;
use fhir::search::Filter;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// A set of resources, or nothing when it would be too large.
type Few = Option<Rc<BTreeSet<i64>>>;

/// What was asked before.
#[derive(Default)]
struct Answers {
    each: RefCell<HashMap<i64, bool>>,
    all: OnceCell<Few>,
}

impl Answers {
    fn get(&self, res: i64, ask: impl FnOnce() -> Result<bool, Refusal>) -> Result<bool, Refusal> {
        if let Some(Some(all)) = self.all.get() {
            return Ok(all.contains(&res));
        }
        if let Some(known) = self.each.borrow().get(&res) {
            return Ok(*known);
        }
        let answer = ask()?;
        self.each.borrow_mut().insert(res, answer);
        Ok(answer)
    }

    fn all(&self, find: impl FnOnce() -> Result<Few, Refusal>) -> Result<Few, Refusal> {
        if let Some(known) = self.all.get() {
            return Ok(known.clone());
        }
        let found = find()?;
        Ok(self.all.get_or_init(|| found).clone())
    }
}

/// Points by a parameter at something that meets conditions.
pub(super) struct Points {
    /// The store's number of the parameter.
    pub number: i64,
    targets: Vec<Part>,
    answers: Answers,
}

impl Points {
    pub fn of(
        context: &SearchContext<'_>,
        param: &'static SearchParam,
        targets: &[(&'static str, Filter)],
    ) -> Result<Points, Refusal> {
        let parts =
            targets.iter().map(|(kind, filter)| Part::of(context, kind, std::slice::from_ref(filter)));
        let targets = parts.collect::<Result<_, _>>()?;
        Ok(Points { number: number_of(context, param).0, targets, answers: Answers::default() })
    }

    pub fn met(&self, context: &SearchContext<'_>, state: &State) -> Result<bool, Refusal> {
        for res in state.targets(self.number) {
            if self.answers.get(res, || self.is_target(context, res))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_target(&self, context: &SearchContext<'_>, res: i64) -> Result<bool, Refusal> {
        let Some(state) = context.state(res)? else { return Ok(false) };
        for part in &self.targets {
            if part.holds(context, &state)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Everything that meets the inner conditions, if it is little.
    pub fn targets(&self, context: &SearchContext<'_>) -> Result<Few, Refusal> {
        self.answers.all(|| {
            let mut all = BTreeSet::new();
            for part in &self.targets {
                let Some(found) = part.few(context)? else { return Ok(None) };
                all.extend(found);
            }
            Ok(Some(Rc::new(all)))
        })
    }
}

/// Something that meets conditions points here by a parameter.
pub(super) struct PointedAt {
    source: Part,
    number: i64,
    /// True when what is pointed at is a patient.
    patient: bool,
    answers: Answers,
}

impl PointedAt {
    pub fn of(
        context: &SearchContext<'_>,
        kind: &'static str,
        source: &'static str,
        param: &'static SearchParam,
        filter: &Filter,
    ) -> Result<PointedAt, Refusal> {
        Ok(PointedAt {
            source: Part::of(context, source, std::slice::from_ref(filter))?,
            number: number_of(context, param).0,
            patient: kind == "Patient",
            answers: Answers::default(),
        })
    }

    pub fn met(&self, context: &SearchContext<'_>, state: &State) -> Result<bool, Refusal> {
        let refers =
            Refers { params: vec![self.number], to: state.res, patient: self.patient, itself: false };
        self.answers.get(state.res, || self.source.any_refers(context, refers))
    }

    /// Everything that is pointed at, if what points is little.
    pub fn targets(&self, context: &SearchContext<'_>) -> Result<Few, Refusal> {
        self.answers.all(|| {
            let Some(sources) = self.source.few(context)? else { return Ok(None) };
            let mut all = BTreeSet::new();
            for source in sources {
                all.extend(context.state(source)?.iter().flat_map(|state| state.targets(self.number)));
            }
            Ok(Some(Rc::new(all)))
        })
    }
}
