//! One name and its value as a [`Filter`]: modifiers, chains, `_has`.

use super::control::unknown;
use super::values::{Modifier, Values};
use super::{Base, CHAIN_MAX, Filter, Parsing, Test, nearest, resource};
use crate::Issue;
use crate::definitions::{ParamKind, RESOURCES, SearchParam, search_param, search_params};
use crate::search::words::{Where, Words};
use std::cell::Cell;

/// Parameters of every type that a search over all types may use.
const COMMON: &[&str] = &["_profile", "_security", "_source", "_tag"];

/// Filters that one parameter may become. A chain through references to anything forks for every type.
pub(super) const BRANCHES_MAX: usize = 1_000;

impl Parsing<'_> {
    pub(super) fn filter(&mut self, name: &str, value: &str) -> Result<(), Issue> {
        if name == "_filter" {
            return self.language(value);
        }
        let left = Cell::new(BRANCHES_MAX);
        let condition = Condition { whole: name, value, now: self.now, base_url: self.base_url, left };
        let filter = match &self.query.base {
            Base::Type(base) => condition.filter(base, name, 0)?,
            Base::Types(types) => condition.filter_of_all(types)?,
        };
        self.query.filters.push(filter);
        Ok(())
    }
}

/// One parameter of the query.
pub(super) struct Condition<'c> {
    /// Its name as written.
    pub whole: &'c str,
    pub value: &'c str,
    pub now: crate::Instant,
    pub base_url: &'c str,
    /// How many filters it may still become.
    pub left: Cell<usize>,
}

impl Condition<'_> {
    pub(super) fn wrong(&self, text: impl Into<String>) -> Issue {
        Issue::new("invalid", self.whole, text)
    }

    /// A search over several types: only what all types have.
    fn filter_of_all(&self, types: &[&'static str]) -> Result<Filter, Issue> {
        let code = self.whole.split(':').next().unwrap_or_default();
        if matches!(code, "_id" | "_lastUpdated" | "_list" | "_text" | "_content") {
            return self.filter("Resource", self.whole, 0);
        }
        if !COMMON.contains(&code) {
            let known = COMMON.iter().copied().chain(["_id", "_lastUpdated", "_type"]);
            let text = format!(
                "A search over all types cannot use {code}: search one type, or use what all have. {}",
                nearest::suggestion(code, known)
            );
            return Err(self.wrong(text));
        }
        let types = if types.is_empty() { RESOURCES } else { types };
        let filters = types.iter().map(|base| self.filter(base, self.whole, 0));
        Ok(Filter::Or(filters.collect::<Result<_, _>>()?))
    }

    /// The filter that `name` (the whole, or what is left of it after some links) asks of a `base`.
    pub(super) fn filter(&self, base: &'static str, name: &str, links: usize) -> Result<Filter, Issue> {
        self.within(links)?;
        if let Some(rest) = name.strip_prefix("_has:") {
            return self.has(base, rest, links);
        }
        if let Some((link, rest)) = name.split_once('.') {
            return self.chain(base, link, rest, links);
        }
        let (code, modifier) = name.split_once(':').map_or((name, None), |(c, m)| (c, Some(m)));
        let values = |kind, modifier| self.values(base, kind, modifier);
        match (code, modifier) {
            ("_id", None) => {
                return Ok(Filter::Id(values(ParamKind::Token, Modifier::None).ids()?));
            }
            ("_lastUpdated", None) => {
                return Ok(Filter::LastUpdated(values(ParamKind::Date, Modifier::None).dates()?));
            }
            ("_list", None) => return self.list(base),
            ("_text", None) => return self.text(base, Where::Narrative),
            ("_content", None) => return self.text(base, Where::Everywhere),
            ("_id" | "_lastUpdated" | "_list" | "_text" | "_content", Some(_)) => {
                return Err(self.wrong(format!("{code} takes no modifier. Leave the modifier out.")));
            }
            _ => {}
        }
        let param = search_param(base, code).ok_or_else(|| unknown(self.whole, base, code, |_| true))?;
        if param.kind == ParamKind::Special {
            let text = format!("{code} is not supported here: it needs a search by distance. Leave it out.");
            return Err(Issue::new("not-supported", self.whole, text));
        }
        let modifier = self.modifier(param, modifier)?;
        let test = match modifier {
            Modifier::Missing => Test::Missing(self.missing()?),
            Modifier::Not => Test::Not(values(param.kind, modifier).matches(param)?),
            _ => Test::Any(values(param.kind, modifier).matches(param)?),
        };
        Ok(Filter::Param { param, test })
    }

    /// Refuses what is too long or forks too often.
    pub(super) fn within(&self, links: usize) -> Result<(), Issue> {
        if links > CHAIN_MAX {
            let text = format!("The chain has more than {CHAIN_MAX} links. Shorten it.");
            return Err(Issue::new("too-costly", self.whole, text));
        }
        self.left.set(self.left.get().saturating_sub(1));
        if self.left.get() == 0 {
            let text = "The chain forks too often. Name the types it goes through: subject:Patient.name.";
            return Err(Issue::new("too-costly", self.whole, text));
        }
        Ok(())
    }

    /// The value, and what decides how it is read.
    pub(super) fn values(&self, base: &'static str, kind: ParamKind, modifier: Modifier) -> Values<'_> {
        Values {
            at: self.whole,
            value: self.value,
            base,
            kind,
            modifier,
            now: self.now,
            base_url: self.base_url,
        }
    }

    fn missing(&self) -> Result<bool, Issue> {
        match self.value {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(self.wrong(format!(":missing takes true or false, not {other}."))),
        }
    }

    fn modifier(&self, param: &'static SearchParam, modifier: Option<&str>) -> Result<Modifier, Issue> {
        use ParamKind::*;
        let Some(text) = modifier else {
            return Ok(Modifier::None);
        };
        let found = match (text, param.kind) {
            ("missing", kind) if kind != Composite => Some(Modifier::Missing),
            ("exact", String) => Some(Modifier::Exact),
            ("contains", String) => Some(Modifier::Contains),
            ("not", Token) => Some(Modifier::Not),
            ("text", Token) => Some(Modifier::Text),
            ("of-type", Token) => Some(Modifier::OfType),
            ("identifier", Reference) => Some(Modifier::Identifier),
            ("below", Uri) => Some(Modifier::Below),
            ("above", Uri) => Some(Modifier::Above),
            (kind, Reference) => match resource(kind) {
                Some(kind) => Some(Modifier::Type(self.target(param, kind)?)),
                None => None,
            },
            _ => None,
        };
        found.ok_or_else(|| self.bad_modifier(param, text))
    }

    fn bad_modifier(&self, param: &SearchParam, text: &str) -> Issue {
        if matches!(text, "in" | "not-in" | "above" | "below" | "text") {
            let text = format!(":{text} is not supported here for {}. Leave the modifier out.", param.code);
            return Issue::new("not-supported", self.whole, text);
        }
        let known = match param.kind {
            ParamKind::String => ":exact, :contains and :missing",
            ParamKind::Token => ":not, :text, :of-type and :missing",
            ParamKind::Reference => ":identifier, :missing and a resource type such as :Patient",
            ParamKind::Uri => ":below, :above and :missing",
            ParamKind::Composite => "no modifiers",
            _ => ":missing",
        };
        self.wrong(format!("{} does not take the modifier :{text}. It takes {known}.", param.code))
    }

    /// A reference parameter of `base`.
    pub(super) fn link(&self, base: &str, code: &str) -> Result<&'static SearchParam, Issue> {
        let fits = |p: &SearchParam| p.kind == ParamKind::Reference;
        search_param(base, code).filter(|p| fits(p)).ok_or_else(|| unknown(self.whole, base, code, fits))
    }

    /// `link` is `subject` or `subject:Patient`, `rest` what the target must meet.
    fn chain(&self, base: &'static str, link: &str, rest: &str, links: usize) -> Result<Filter, Issue> {
        let (code, kind) = link.split_once(':').map_or((link, None), |(c, k)| (c, Some(k)));
        let param = self.link(base, code)?;
        self.chained(param, kind, &|target| self.filter(target, rest, links + 1))
    }

    /// A chain by a reference parameter, to one type or all that it may point at; `inner` says what a resource of
    /// a type must meet.
    pub(super) fn chained(
        &self,
        param: &'static SearchParam,
        kind: Option<&str>,
        inner: &dyn Fn(&'static str) -> Result<Filter, Issue>,
    ) -> Result<Filter, Issue> {
        let types: Vec<&'static str> = match kind {
            Some(kind) => vec![self.target(param, self.resource(kind)?)?],
            None if param.targets.is_empty() => RESOURCES.to_vec(),
            None => param.targets.to_vec(),
        };
        let mut targets = Vec::new();
        let mut first = None;
        for target in &types {
            match inner(target) {
                Ok(filter) => targets.push((*target, filter)),
                Err(issue) if issue.code == "too-costly" => return Err(issue),
                Err(issue) => first = first.or(Some(issue)),
            }
        }
        match (targets.is_empty(), first) {
            (true, Some(issue)) if types.len() == 1 || issue.code != "invalid" => Err(issue),
            (true, Some(issue)) => {
                Err(self.wrong(format!("None of {} will do. {}", types.join(", "), issue.text)))
            }
            _ => Ok(Filter::Chain { param, targets }),
        }
    }

    /// The type, if the parameter can point at it.
    fn target(&self, param: &SearchParam, kind: &'static str) -> Result<&'static str, Issue> {
        if param.targets.is_empty() || param.targets.contains(&kind) {
            return Ok(kind);
        }
        let text = format!(
            "{}.{} never points at {kind}. It points at {}.",
            param.base,
            param.code,
            param.targets.join(", ")
        );
        Err(self.wrong(text))
    }

    pub(super) fn resource(&self, kind: &str) -> Result<&'static str, Issue> {
        resource(kind).ok_or_else(|| {
            let text = format!(
                "No resource type is called {kind}. {}",
                nearest::suggestion(kind, RESOURCES.iter().copied())
            );
            self.wrong(text)
        })
    }

    /// `_list=42`: what the List with this id points at (R4 search, 3.1.1.6.4).
    fn list(&self, base: &'static str) -> Result<Filter, Issue> {
        if self.value.starts_with('$') {
            let text = format!(
                "{} is a list that a server would make itself; none is made here. Search by criteria, or give \
                 the id of a List.",
                self.value
            );
            return Err(Issue::new("not-supported", self.whole, text));
        }
        let ids = self.values(base, ParamKind::Token, Modifier::None).ids()?;
        let param = self.link("List", "item")?;
        Ok(Filter::Has { source: param.base, param, filter: Box::new(Filter::Id(ids)) })
    }

    fn text(&self, base: &'static str, place: Where) -> Result<Filter, Issue> {
        let texts = self.values(base, ParamKind::String, Modifier::None).texts()?;
        Words::parse(place, &texts).map(Filter::Text).map_err(|text| self.wrong(text))
    }

    /// `rest` is `Observation:patient:code`, the type that points here, by what, and what it must meet.
    fn has(&self, base: &'static str, rest: &str, links: usize) -> Result<Filter, Issue> {
        let mut parts = rest.splitn(3, ':');
        let (Some(kind), Some(code), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(self.wrong(
                "_has is written _has:Type:reference:parameter, for example _has:Observation:patient:code.",
            ));
        };
        let source = self.resource(kind)?;
        let param = self.link(source, code)?;
        if !param.targets.is_empty() && !param.targets.contains(&base) {
            let pointing = search_params(source)
                .iter()
                .filter(|p| p.kind == ParamKind::Reference && p.targets.contains(&base))
                .map(|p| p.code);
            let text =
                format!("{kind}.{code} never points at {base}. {}", nearest::suggestion(code, pointing));
            return Err(self.wrong(text));
        }
        let filter = Box::new(self.filter(source, rest, links + 1)?);
        Ok(Filter::Has { source, param, filter })
    }
}
