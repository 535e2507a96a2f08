//! A query's URL as typed tests.

mod condition;
mod control;
mod language;
mod nearest;
mod values;

use super::value::Match;
use super::words::Words;
use crate::definitions::{SearchParam, is_resource};
use crate::{Instant, Issue, Kind, Refusal};
use control::Control;
pub(crate) use values::{has_scheme, local_target};

/// What is searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// One resource type.
    Type(&'static str),
    /// Those of `_type`; all types when there are none.
    Types(Vec<&'static str>),
}

/// One condition. All of a query's conditions must hold.
#[derive(Clone, Debug)]
pub enum Filter {
    /// A parameter of the resource itself. It never holds for a resource of another type than the parameter's
    /// base, whatever the test.
    Param {
        /// Which.
        param: &'static SearchParam,
        /// The test on its values.
        test: Test,
    },
    /// `_id`: one of these.
    Id(Vec<String>),
    /// `_lastUpdated`: all of these ranges ([`Match::Date`]); several in one are alternatives.
    LastUpdated(Vec<Match>),
    /// `subject:Patient.name=...`: a resource that `param` points at and that meets `filter`.
    Chain {
        /// A reference parameter of the base.
        param: &'static SearchParam,
        /// The types it is followed to, each with the filter parsed for it.
        targets: Vec<(&'static str, Filter)>,
    },
    /// `_has:Observation:patient:code=...`: some `source` points here by `param` and meets `filter`.
    Has {
        /// The type that points.
        source: &'static str,
        /// A reference parameter of it.
        param: &'static SearchParam,
        /// What it must meet.
        filter: Box<Filter>,
    },
    /// In a compartment: one of the compartment's parameters of the type points at its owner, or it is the
    /// owner.
    Compartment {
        /// The owner's type, one of [`compartments`](crate::definitions::COMPARTMENTS).
        kind: &'static str,
        /// The owner's id.
        id: String,
    },
    /// `_text` and `_content`: these words stand in its text.
    Text(Words),
    /// Alternatives.
    Or(Vec<Filter>),
    /// All of these.
    And(Vec<Filter>),
    /// What does not meet this.
    Not(Box<Filter>),
}

/// A test on the values of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Some value meets one of these.
    Any(Vec<Match>),
    /// No value meets any of these (`:not`). True also when there is no value.
    Not(Vec<Match>),
    /// Some value meets none of these (`ne` of `_filter`). False when there is no value.
    Other(Vec<Match>),
    /// `:missing=true` (no value at all) or `false`.
    Missing(bool),
}

/// One key of `_sort`.
#[derive(Clone, Debug)]
pub struct Sort {
    /// By what.
    pub key: SortKey,
    /// True for a leading minus.
    pub descending: bool,
}

/// What can be sorted by.
#[derive(Clone, Debug)]
pub enum SortKey {
    /// A parameter: ascending by its least value, descending by its greatest; none comes last.
    Param(&'static SearchParam),
    /// `_id`.
    Id,
    /// `_lastUpdated`.
    LastUpdated,
}

/// `_include` or `_revinclude`.
#[derive(Clone, Debug)]
pub struct Include {
    /// The type that holds the reference.
    pub source: &'static str,
    /// The reference parameter; none for `*`.
    pub param: Option<&'static SearchParam>,
    /// Only targets of this type.
    pub target: Option<&'static str>,
    /// Follow also from resources that were included.
    pub iterate: bool,
}

/// `_summary`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Summary {
    /// The whole resource.
    #[default]
    No,
    /// Summary elements.
    Yes,
    /// Only text, id, meta and required elements.
    Text,
    /// Without text.
    Data,
    /// Only the number of matches.
    Count,
}

/// `_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Total {
    /// As cheap as it is.
    #[default]
    Unset,
    /// None.
    None,
    /// Estimates are exact here.
    Accurate,
}

/// A parsed query.
#[derive(Clone, Debug)]
pub struct Query {
    /// What is searched.
    pub base: Base,
    /// All must hold.
    pub filters: Vec<Filter>,
    /// Order; empty is the record's own.
    pub sort: Vec<Sort>,
    /// `_count`.
    pub count: Option<usize>,
    /// `_include`.
    pub include: Vec<Include>,
    /// `_revinclude`.
    pub revinclude: Vec<Include>,
    /// `_summary`.
    pub summary: Summary,
    /// `_elements`; empty for all.
    pub elements: Vec<String>,
    /// `_total`.
    pub total: Total,
    /// The page token (`_page`), for the record to open.
    pub page: Option<String>,
    /// The query again in a normal form, for the self link: (name, value) pairs that were honoured.
    pub honoured: Vec<(String, String)>,
    /// What was not understood and left out, under lenient handling.
    pub ignored: Vec<Issue>,
}

/// What to do with what is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    /// Refuse.
    Strict,
    /// Leave out and say so.
    Lenient,
}

/// Parameters in one query.
pub const PARAMETERS_MAX: usize = 100;
/// Alternatives (`a,b,c`) in one parameter.
pub const ALTERNATIVES_MAX: usize = 1_000;
/// Links of a chain, `_has` counted too.
pub const CHAIN_MAX: usize = 5;

impl Query {
    /// Parses name and value pairs (already percent-decoded) for a type, or for all types (`None`).
    /// `now` is for `ap` on dates. `base_url` lets absolute references to this server count as local
    /// (e.g. `http://127.0.0.1:8080/fhir/`).
    ///
    /// A parameter without a value is left out and noted in `ignored`, whatever the handling, as the standard
    /// asks. At most [`PARAMETERS_MAX`], [`ALTERNATIVES_MAX`] and [`CHAIN_MAX`] are taken.
    pub fn parse(
        kind: Option<&str>,
        pairs: &[(String, String)],
        handling: Handling,
        now: Instant,
        base_url: &str,
    ) -> Result<Query, Refusal> {
        if pairs.len() > PARAMETERS_MAX {
            let text = format!("There are {} parameters; at most {PARAMETERS_MAX} are taken.", pairs.len());
            return Err(Refusal::many(Kind::Invalid, vec![Issue::new("too-costly", "", text)]));
        }
        let base = match kind {
            Some(kind) => {
                Base::Type(resource(kind).ok_or_else(|| Refusal::not_found(&format!("The type {kind}")))?)
            }
            None => Base::Types(Vec::new()),
        };
        let mut parsing = Parsing { query: Query::of(base), wrong: Vec::new(), now, base_url };
        parsing.types(pairs);
        for (name, value) in pairs.iter().filter(|(name, _)| name != "_type") {
            parsing.pair(name, value);
        }
        let Parsing { mut query, wrong, .. } = parsing;
        match handling {
            Handling::Strict if !wrong.is_empty() => Err(refusal(wrong)),
            _ => {
                query.ignored.extend(wrong);
                Ok(query)
            }
        }
    }

    fn of(base: Base) -> Query {
        Query {
            base,
            filters: Vec::new(),
            sort: Vec::new(),
            count: None,
            include: Vec::new(),
            revinclude: Vec::new(),
            summary: Summary::default(),
            elements: Vec::new(),
            total: Total::default(),
            page: None,
            honoured: Vec::new(),
            ignored: Vec::new(),
        }
    }
}

/// The name of a resource type as the tables keep it.
fn resource(name: &str) -> Option<&'static str> {
    is_resource(name).then(|| crate::definitions::type_def(name)).flatten().map(|def| def.name)
}

/// What is refused only because we do not do it is `Unsupported`; any other fault makes all of it `Invalid`.
fn refusal(wrong: Vec<Issue>) -> Refusal {
    let kind =
        if wrong.iter().all(|i| i.code == "not-supported") { Kind::Unsupported } else { Kind::Invalid };
    Refusal::many(kind, wrong)
}

/// A query while it is being parsed.
struct Parsing<'p> {
    query: Query,
    wrong: Vec<Issue>,
    now: Instant,
    base_url: &'p str,
}

impl Parsing<'_> {
    /// `_type` comes first, since it decides what the others may be.
    fn types(&mut self, pairs: &[(String, String)]) {
        for (name, value) in pairs.iter().filter(|(name, _)| name == "_type") {
            let Base::Types(types) = &mut self.query.base else {
                self.wrong.push(Issue::new("invalid", name, "Use _type only in a search over all types."));
                continue;
            };
            let (known, unknown): (Vec<&str>, Vec<&str>) = value.split(',').partition(|t| is_resource(t));
            types.extend(known.into_iter().filter_map(resource));
            types.sort_unstable();
            types.dedup();
            if unknown.is_empty() {
                self.query.honoured.push((name.clone(), value.clone()));
            } else {
                let text = format!("No resource type is called {}. Correct the name.", unknown.join(", "));
                self.wrong.push(Issue::new("invalid", name, text));
            }
        }
    }

    fn pair(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            // "Empty parameters are not an error - they are just ignored" (R4 search, 3.1.1.3).
            let mut issue = Issue::new("invalid", name, "It has no value and was left out.");
            issue.warning = true;
            return self.query.ignored.push(issue);
        }
        let outcome = match self.control(name, value) {
            Control::Done(outcome) => outcome,
            Control::NotMine => self.filter(name, value),
        };
        match outcome {
            Ok(()) => self.query.honoured.push((name.to_owned(), value.to_owned())),
            Err(issue) => self.wrong.push(issue),
        }
    }
}

#[cfg(test)]
mod tests;
