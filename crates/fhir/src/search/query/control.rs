//! Parameters that shape the answer rather than choose resources: `_sort`, `_count`, `_include`, ...

use super::{Base, Include, Parsing, Sort, SortKey, Summary, Total, nearest, resource};
use crate::Issue;
use crate::definitions::{ParamKind, SearchParam, search_param, search_params};

/// Whether a parameter was one of these.
pub(super) enum Control {
    /// It was; this came of it.
    Done(Result<(), Issue>),
    /// It was not.
    NotMine,
}

/// Known to the standard, not done here.
const UNSUPPORTED: &[&str] = &["_contained", "_containedType", "_score", "_query"];

impl Parsing<'_> {
    pub(super) fn control(&mut self, name: &str, value: &str) -> Control {
        let (plain, modifier) = name.split_once(':').map_or((name, None), |(n, m)| (n, Some(m)));
        if (name, value) == ("_contained", "false") {
            // What is done anyway: "By default, search results only include resources that are not contained".
            return Control::Done(Ok(()));
        }
        if UNSUPPORTED.contains(&plain) {
            let text = format!("{plain} is not supported here. Leave it out.");
            return Control::Done(Err(Issue::new("not-supported", name, text)));
        }
        let outcome = match (plain, modifier) {
            ("_include", None | Some("iterate" | "recurse")) => self.include(name, value, modifier.is_some()),
            ("_revinclude", None | Some("iterate" | "recurse")) => {
                self.revinclude(name, value, modifier.is_some())
            }
            (
                "_sort" | "_count" | "_total" | "_summary" | "_elements" | "_page" | "_format" | "_pretty"
                | "_include" | "_revinclude",
                Some(modifier),
            ) => Err(Issue::new(
                "invalid",
                name,
                format!("{plain} does not take the modifier :{modifier}. Leave the modifier out."),
            )),
            ("_sort", None) => self.sort(value),
            ("_count", None) => self.count(value),
            ("_total", None) => self.total(value),
            ("_summary", None) => self.summary(value),
            ("_elements", None) => self.elements(value),
            ("_page", None) => {
                self.query.page = Some(value.to_owned());
                Ok(())
            }
            // The door has read these already.
            ("_format" | "_pretty", None) => Ok(()),
            _ => return Control::NotMine,
        };
        Control::Done(outcome)
    }

    fn sort(&mut self, value: &str) -> Result<(), Issue> {
        let wrong = |text: String| Issue::new("invalid", "_sort", text);
        let mut keys = Vec::new();
        for key in value.split(',') {
            let (code, descending) = key.strip_prefix('-').map_or((key, false), |code| (code, true));
            let key = match code {
                "_id" => SortKey::Id,
                "_lastUpdated" => SortKey::LastUpdated,
                _ => {
                    let Base::Type(base) = self.query.base else {
                        return Err(wrong(
                            "A search over all types is sorted by _id or _lastUpdated only.".into(),
                        ));
                    };
                    let param =
                        search_param(base, code).ok_or_else(|| unknown("_sort", base, code, |_| true))?;
                    if matches!(param.kind, ParamKind::Composite | ParamKind::Special) {
                        return Err(wrong(format!("{code} has no order. Sort by another parameter.")));
                    }
                    SortKey::Param(param)
                }
            };
            keys.push(Sort { key, descending });
        }
        self.query.sort.extend(keys);
        Ok(())
    }

    fn count(&mut self, value: &str) -> Result<(), Issue> {
        let count = value.parse::<usize>().ok().filter(|_| value.bytes().all(|d| d.is_ascii_digit()));
        let count =
            count.ok_or_else(|| Issue::new("invalid", "_count", "Give a whole number, for example 50."))?;
        self.query.count = Some(count);
        if count == 0 {
            // "If _count has the value 0, this shall be treated the same as _summary=count" (R4 search).
            self.query.summary = Summary::Count;
        }
        Ok(())
    }

    fn total(&mut self, value: &str) -> Result<(), Issue> {
        self.query.total = match value {
            "none" => Total::None,
            "estimate" | "accurate" => Total::Accurate,
            _ => {
                return Err(Issue::new("invalid", "_total", "Give none, estimate or accurate."));
            }
        };
        Ok(())
    }

    fn summary(&mut self, value: &str) -> Result<(), Issue> {
        let summary = match value {
            "true" => Summary::Yes,
            "false" => Summary::No,
            "text" => Summary::Text,
            "data" => Summary::Data,
            "count" => Summary::Count,
            _ => {
                return Err(Issue::new("invalid", "_summary", "Give true, false, text, data or count."));
            }
        };
        if self.query.count != Some(0) {
            self.query.summary = summary;
        }
        Ok(())
    }

    fn elements(&mut self, value: &str) -> Result<(), Issue> {
        let names: Vec<&str> = value.split(',').map(str::trim).collect();
        if names.iter().any(|n| n.is_empty() || !n.bytes().all(|c| c.is_ascii_alphanumeric())) {
            let text = "Give names of top-level elements, for example status,code,subject.";
            return Err(Issue::new("invalid", "_elements", text));
        }
        self.query.elements.extend(names.into_iter().map(str::to_owned));
        Ok(())
    }

    fn include(&mut self, name: &str, value: &str, iterate: bool) -> Result<(), Issue> {
        let include = match (value, &self.query.base) {
            ("*", Base::Type(base)) => Include { source: base, param: None, target: None, iterate },
            ("*", Base::Types(_)) => {
                let text = "In a search over all types, name the type: Observation:*.";
                return Err(Issue::new("invalid", name, text));
            }
            _ => include(name, value, iterate)?,
        };
        self.query.include.push(include);
        Ok(())
    }

    fn revinclude(&mut self, name: &str, value: &str, iterate: bool) -> Result<(), Issue> {
        let include = include(name, value, iterate)?;
        self.query.revinclude.push(include);
        Ok(())
    }
}

/// `Type:param` or `Type:param:Target`; `*` for every reference parameter.
fn include(name: &str, value: &str, iterate: bool) -> Result<Include, Issue> {
    let mut parts = value.split(':');
    let (Some(source), Some(code), target, None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        let text =
            format!("{value} is no Type:parameter or Type:parameter:Target. Example: Observation:subject.");
        return Err(Issue::new("invalid", name, text));
    };
    let known = |kind: &str| {
        resource(kind).ok_or_else(|| {
            Issue::new("invalid", name, format!("No resource type is called {kind}. Correct the name."))
        })
    };
    let source = known(source)?;
    let target = target.map(known).transpose()?;
    let is_reference = |p: &SearchParam| p.kind == ParamKind::Reference;
    let param = match code {
        "*" => None,
        _ => Some(
            search_param(source, code)
                .filter(|p| is_reference(p))
                .ok_or_else(|| unknown(name, source, code, is_reference))?,
        ),
    };
    if let (Some(param), Some(target)) = (param, target)
        && !param.targets.is_empty()
        && !param.targets.contains(&target)
    {
        let text = format!("{source}.{code} never points at {target}. Leave the include out.");
        return Err(Issue::new("invalid", name, text));
    }
    Ok(Include { source, param, target, iterate })
}

/// The issue for a parameter that a type does not have, with those that it has.
pub(super) fn unknown(at: &str, base: &str, code: &str, fit: impl Fn(&SearchParam) -> bool) -> Issue {
    let fitting =
        search_params(base).iter().filter(|p| fit(p) && p.kind != ParamKind::Special).map(|p| p.code);
    let (what, others): (_, &[&str]) = match search_param(base, code) {
        Some(_) => (format!("{base}.{code} is no reference."), &[]),
        None => (format!("{base} has no search parameter {code}."), &["_id", "_lastUpdated"]),
    };
    let known = fitting.chain(others.iter().copied());
    Issue::new("invalid", at, format!("{what} {}", nearest::suggestion(code, known)))
}
