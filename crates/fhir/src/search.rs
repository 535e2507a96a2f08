//! Search as a language: what a resource can be found by, and what a query asks for.
//!
//! [`extract`] reads the values of every search parameter from a resource. [`Query::parse`] turns a URL's
//! query into typed tests. [`matches`] says whether a value meets a test, [`meets`] whether a resource does
//! on its own. [`alias`] tells which parameters are others under a narrower name. Where rows are kept, in which
//! order they are tried and who may see them is the record's business.

mod alias;
mod extract;
mod fold;
mod matching;
mod meets;
mod query;
mod value;
mod words;

pub use crate::decimal::Decimal;
pub use alias::alias;
pub use extract::{extract, extract_param};
pub use fold::fold;
pub use matching::{approximately, matches};
pub use meets::{meets, stands_alone};
pub use query::{ALTERNATIVES_MAX, CHAIN_MAX, PARAMETERS_MAX};
pub use query::{Base, Filter, Handling, Include, Query, Sort, SortKey, Summary, Test, Total};
pub use value::{Entry, Match, Prefix, SearchValue, System, Target, TextMatch, UriMatch};
pub use words::{Term, WORDS_MAX, Where, Words, texts_of};
