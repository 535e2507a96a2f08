//! Whether a value meets a test.

use super::fold;
use super::query::Test;
use super::value::{Match, Prefix, SearchValue, System, TextMatch, UriMatch};
use crate::decimal::Decimal;

/// True when `value` meets `test`, by the rules of FHIR R4 search (<https://hl7.org/fhir/R4/search.html>).
/// Values and tests of different kinds never meet.
pub fn matches(test: &Match, value: &SearchValue) -> bool {
    match (test, value) {
        (Match::Token { system, code }, SearchValue::Token { system: of, code: is, .. }) => {
            is_of(system, of.as_deref()) && code.as_ref().is_none_or(|code| code == is)
        }
        (Match::OfType { system, code, value }, SearchValue::Token { code: is, types, .. }) => {
            value == is && types.iter().any(|(s, c)| s == system && c == code)
        }
        (Match::TokenText(text), SearchValue::TokenText(is)) => fold(is).starts_with(text.as_str()),
        (Match::String { text, how }, SearchValue::String(is)) => match how {
            TextMatch::Starts => fold(is).starts_with(text.as_str()),
            TextMatch::Contains => fold(is).contains(text.as_str()),
            TextMatch::Ends => fold(is).ends_with(text.as_str()),
            TextMatch::Same => fold(is) == *text,
            TextMatch::Exact => text == is,
        },
        (Match::Date { prefix, start, end }, SearchValue::Date { start: from, end: to }) => {
            date(*prefix, (*start, *end), (*from, *to))
        }
        (Match::Number { prefix, value, low, high }, SearchValue::Number { low: from, high: to }) => {
            number(*prefix, Written { value, low, high }, from.as_ref(), to.as_ref())
        }
        (
            Match::Quantity { prefix, value, low, high, system, code },
            SearchValue::Quantity { low: from, high: to, system: of, code: is, unit },
        ) => {
            is_unit(system, code.as_deref(), of.as_deref(), is.as_deref(), unit.as_deref())
                && number(*prefix, Written { value, low, high }, from.as_ref(), to.as_ref())
        }
        (Match::Uri { text, how }, SearchValue::Uri(is)) => match how {
            UriMatch::Exact => text == is,
            UriMatch::Below => lies_below(is, text),
            UriMatch::Above => lies_below(text, is),
        },
        (Match::Reference { targets }, SearchValue::Reference(target)) => targets.contains(target),
        (
            Match::ReferenceIdentifier { system, value },
            SearchValue::ReferenceIdentifier { system: of, value: is },
        ) => is_of(system, of.as_deref()) && value == is,
        (Match::Composite(tests), SearchValue::Composite(parts)) => {
            tests.len() == parts.len()
                && tests
                    .iter()
                    .zip(parts)
                    .all(|(test, values)| values.iter().any(|value| matches(test, value)))
        }
        _ => false,
    }
}

impl Test {
    /// True when the values of a parameter on one resource meet the test.
    pub fn met_by(&self, values: &[SearchValue]) -> bool {
        let meets = |tests: &[Match], value: &SearchValue| tests.iter().any(|test| matches(test, value));
        match self {
            Test::Any(tests) => values.iter().any(|value| meets(tests, value)),
            Test::Not(tests) => !values.iter().any(|value| meets(tests, value)),
            Test::Other(tests) => values.iter().any(|value| is_compared(value) && !meets(tests, value)),
            Test::Missing(missing) => values.is_empty() == *missing,
        }
    }
}

/// False for what is not itself a value of its parameter: texts beside codes, names beside references.
fn is_compared(value: &SearchValue) -> bool {
    !matches!(
        value,
        SearchValue::TokenText(_) | SearchValue::Present | SearchValue::ReferenceIdentifier { .. }
    )
}

fn is_of(system: &System, of: Option<&str>) -> bool {
    match system {
        System::Any => true,
        System::Absent => of.is_none(),
        System::Is(system) => of == Some(system),
    }
}

/// A unit by its system and code; without a system, by its code or as people write it.
fn is_unit(
    system: &System,
    code: Option<&str>,
    of: Option<&str>,
    is: Option<&str>,
    unit: Option<&str>,
) -> bool {
    let written = *system == System::Any && unit.is_some() && code == unit;
    is_of(system, of) && (code.is_none() || code == is || written)
}

/// The rules for ranges (R4 search, 3.1.1.4.5 "Prefixes"). Both ends are inside.
fn date(prefix: Prefix, (start, end): (i64, i64), (from, to): (i64, i64)) -> bool {
    // "The range of the search value fully contains the range of the target value."
    let equal = start <= from && to <= end;
    match prefix {
        Prefix::Eq => equal,
        Prefix::Ne => !equal,
        Prefix::Gt => to > end,
        Prefix::Lt => from < start,
        Prefix::Ge => to > end || equal,
        Prefix::Le => from < start || equal,
        Prefix::Sa => from > end,
        Prefix::Eb => to < start,
        Prefix::Ap => from <= end && start <= to,
    }
}

/// A number as it was asked for: its value, and the range that its precision stands for.
#[derive(Clone, Copy)]
struct Written<'t> {
    value: &'t Decimal,
    low: &'t Decimal,
    high: &'t Decimal,
}

/// `from` to `to` is the target; an end that is not there is open. Prefixes of order compare with the exact
/// value, "the implicit precision of the number is ignored" (R4 search, 3.1.1.4.5).
fn number(prefix: Prefix, written: Written<'_>, from: Option<&Decimal>, to: Option<&Decimal>) -> bool {
    let Written { value, low, high } = written;
    let equal = from.is_some_and(|from| low <= from) && to.is_some_and(|to| to < high);
    match prefix {
        Prefix::Eq => equal,
        Prefix::Ne => !equal,
        Prefix::Gt => to.is_none_or(|to| to > value),
        Prefix::Lt => from.is_none_or(|from| from < value),
        Prefix::Ge => to.is_none_or(|to| to >= value),
        Prefix::Le => from.is_none_or(|from| from <= value),
        Prefix::Sa => from.is_some_and(|from| from > value),
        Prefix::Eb => to.is_some_and(|to| to < value),
        Prefix::Ap => {
            let (less, more) = approximately(value);
            let (less, more) = ((&less).min(low), (&more).max(high));
            from.is_none_or(|from| from <= more) && to.is_none_or(|to| to >= less)
        }
    }
}

/// A tenth less and a tenth more: what `ap` stands for.
pub fn approximately(value: &Decimal) -> (Decimal, Decimal) {
    let (nearer, further) = (value.tenths(9), value.tenths(11));
    if value.negative { (further, nearer) } else { (nearer, further) }
}

/// True when `uri` is `root` or lies below it, by whole segments of the path.
fn lies_below(uri: &str, root: &str) -> bool {
    let root = root.trim_end_matches('/');
    uri.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::PartialDate;
    use crate::search::Target;

    const PREFIXES: [(&str, Prefix); 9] = [
        ("eq", Prefix::Eq),
        ("ne", Prefix::Ne),
        ("gt", Prefix::Gt),
        ("lt", Prefix::Lt),
        ("ge", Prefix::Ge),
        ("le", Prefix::Le),
        ("sa", Prefix::Sa),
        ("eb", Prefix::Eb),
        ("ap", Prefix::Ap),
    ];

    /// The prefixes under which a test meets a value.
    fn met(test: impl Fn(Prefix) -> Match, value: &SearchValue) -> String {
        let met = PREFIXES.iter().filter(|(_, prefix)| matches(&test(*prefix), value)).map(|(name, _)| *name);
        met.collect::<Vec<_>>().join(" ")
    }

    fn range(text: &str) -> (i64, i64) {
        match text.split_once("..") {
            None => PartialDate::parse(text).unwrap().range(),
            Some((from, to)) => (
                PartialDate::parse(from).map_or(i64::MIN, |d| d.range().0),
                PartialDate::parse(to).map_or(i64::MAX, |d| d.range().1),
            ),
        }
    }

    #[test]
    fn dates_compare_as_ranges() {
        for (asked, is, prefixes) in [
            ("2013-01-14", "2013-01-14", "eq ge le ap"),
            ("2013-01-14", "2013-01-14T10:00:00Z", "eq ge le ap"),
            ("2013-01-14", "2013-01-15T00:00:00Z", "ne gt ge sa"),
            ("2013-01-14", "2013-01-13", "ne lt le eb"),
            // A whole month is not within a day, but reaches out of it on both sides.
            ("2013-01-14", "2013-01", "ne gt lt ge le ap"),
            ("2013-01-14", "2013-01-21..", "ne gt ge sa"),
            ("2013-01-14", "..2013-01-01", "ne lt le eb"),
            ("2013-01-14", "2013-01-01..", "ne gt lt ge le ap"),
            ("2013-01-14", "2013-01-14T10:00:00Z..2013-01-20", "ne gt ge ap"),
            ("2013", "2013-05-05", "eq ge le ap"),
            ("2013-01-14T10:00:00Z", "2013-01-14T10:00:00.5Z", "eq ge le ap"),
        ] {
            let ((start, end), (from, to)) = (range(asked), range(is));
            let value = SearchValue::Date { start: from, end: to };
            let test = |prefix| Match::Date { prefix, start, end };
            assert_eq!(met(test, &value), prefixes, "{asked} on {is}");
        }
    }

    fn decimal(text: &str) -> Option<Decimal> {
        (!text.is_empty()).then(|| Decimal::parse(text).unwrap())
    }

    #[test]
    fn numbers_compare_by_the_precision_they_are_asked_with() {
        for (asked, low, high, prefixes) in [
            ("100", "100", "100", "eq ge le ap"),
            ("100", "99.5", "99.5", "eq lt le eb ap"),
            ("100", "100.5", "100.5", "ne gt ge sa ap"),
            ("100.00", "100.01", "100.01", "ne gt ge sa ap"),
            ("100", "110", "110", "ne gt ge sa ap"),
            ("100", "110.1", "110.1", "ne gt ge sa"),
            ("100", "90", "90", "ne lt le eb ap"),
            ("100", "89", "89", "ne lt le eb"),
            ("-100", "-105", "-105", "ne lt le eb ap"),
            ("0", "0.4", "0.4", "eq gt ge sa ap"),
            ("100", "50", "150", "ne gt lt ge le ap"),
            ("100", "", "150", "ne gt lt ge le ap"),
            ("100", "120", "", "ne gt ge sa"),
        ] {
            let (from_low, to_high) = Decimal::precision_range(asked).unwrap();
            let value = SearchValue::Number { low: decimal(low), high: decimal(high) };
            let test = |prefix| Match::Number {
                prefix,
                value: Decimal::parse(asked).unwrap(),
                low: from_low.clone(),
                high: to_high.clone(),
            };
            assert_eq!(met(test, &value), prefixes, "{asked} on {low} to {high}");
        }
    }

    fn some(text: &str) -> Option<String> {
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn system(text: &str) -> System {
        match text {
            "*" => System::Any,
            "" => System::Absent,
            _ => System::Is(text.to_owned()),
        }
    }

    #[test]
    fn units_compare_by_code_or_as_written() {
        let value = SearchValue::Quantity {
            low: decimal("5.4"),
            high: decimal("5.4"),
            system: some("http://u"),
            code: some("mg"),
            unit: some("milligram"),
        };
        for (of, code, meets) in [
            ("*", "", true),
            ("*", "mg", true),
            ("*", "milligram", true),
            ("http://u", "mg", true),
            ("http://u", "", true),
            ("http://u", "milligram", false),
            ("http://v", "mg", false),
            ("*", "kg", false),
        ] {
            let (low, high) = Decimal::precision_range("5.4").unwrap();
            let test = Match::Quantity {
                prefix: Prefix::Eq,
                value: Decimal::parse("5.4").unwrap(),
                low,
                high,
                system: system(of),
                code: some(code),
            };
            assert_eq!(matches(&test, &value), meets, "{of}|{code}");
        }
    }

    #[test]
    fn tokens_compare_by_system_and_code() {
        let token = |of: &str| SearchValue::Token {
            system: some(of),
            code: "A".into(),
            types: vec![("http://t".into(), "MR".into())],
        };
        for (asked, code, of, meets) in [
            ("*", "A", "http://x", true),
            ("*", "A", "", true),
            ("*", "a", "", false),
            ("http://x", "A", "http://x", true),
            ("http://x", "A", "http://y", false),
            ("http://x", "A", "", false),
            ("http://x", "", "http://x", true),
            ("", "A", "", true),
            ("", "A", "http://x", false),
        ] {
            let test = Match::Token { system: system(asked), code: some(code) };
            assert_eq!(matches(&test, &token(of)), meets, "{asked}|{code} on {of}|A");
        }
        let of_type = |system: &str, code: &str, value: &str| Match::OfType {
            system: system.into(),
            code: code.into(),
            value: value.into(),
        };
        assert!(matches(&of_type("http://t", "MR", "A"), &token("")));
        assert!(!matches(&of_type("http://t", "SS", "A"), &token("")));
        assert!(!matches(&of_type("http://t", "MR", "B"), &token("")));
        let text = SearchValue::TokenText("Heart Attack".into());
        assert!(matches(&Match::TokenText("heart".into()), &text));
        assert!(!matches(&Match::TokenText("attack".into()), &text));
    }

    #[test]
    fn strings_compare_folded_unless_exact() {
        let value = SearchValue::String("Müller-Lüdenscheidt".into());
        for (text, how, meets) in [
            ("muller", TextMatch::Starts, true),
            ("ludens", TextMatch::Starts, false),
            ("ludens", TextMatch::Contains, true),
            ("Müller-Lüdenscheidt", TextMatch::Exact, true),
            ("Müller", TextMatch::Exact, false),
            ("müller-lüdenscheidt", TextMatch::Exact, false),
        ] {
            assert_eq!(matches(&Match::String { text: text.into(), how }, &value), meets, "{text} {how:?}");
        }
    }

    #[test]
    fn uris_lie_below_by_whole_segments() {
        for (asked, how, is, meets) in [
            ("http://x/a", UriMatch::Exact, "http://x/a", true),
            ("http://x/a", UriMatch::Exact, "http://x/A", false),
            ("http://x/a", UriMatch::Below, "http://x/a", true),
            ("http://x/a", UriMatch::Below, "http://x/a/b", true),
            ("http://x/a/", UriMatch::Below, "http://x/a/b", true),
            ("http://x/a", UriMatch::Below, "http://x/ab", false),
            ("http://x/a/b/c", UriMatch::Above, "http://x/a", true),
            ("http://x/a/b/c", UriMatch::Above, "http://x/a/d", false),
        ] {
            let test = Match::Uri { text: asked.into(), how };
            assert_eq!(matches(&test, &SearchValue::Uri(is.into())), meets, "{asked} {how:?} {is}");
        }
    }

    #[test]
    fn references_compare_by_target() {
        let local = |id: &str| Target::Local("Patient".into(), id.into());
        let test = Match::Reference { targets: vec![local("1"), Target::Url("http://x".into())] };
        assert!(matches(&test, &SearchValue::Reference(local("1"))));
        assert!(matches(&test, &SearchValue::Reference(Target::Url("http://x".into()))));
        assert!(!matches(&test, &SearchValue::Reference(local("2"))));
        let logical = SearchValue::ReferenceIdentifier { system: some("http://x"), value: "1".into() };
        let test = |of: &str| Match::ReferenceIdentifier { system: system(of), value: "1".into() };
        assert!(matches(&test("http://x"), &logical) && matches(&test("*"), &logical));
        assert!(!matches(&test(""), &logical));
    }

    #[test]
    fn a_composite_wants_all_parts_in_one_tuple() {
        let token = |code: &str| SearchValue::Token { system: None, code: code.into(), types: Vec::new() };
        let test = |code: &str| Match::Token { system: System::Any, code: Some(code.into()) };
        let tuple = SearchValue::Composite(vec![vec![token("a"), token("b")], vec![token("c")]]);
        assert!(matches(&Match::Composite(vec![test("b"), test("c")]), &tuple));
        assert!(!matches(&Match::Composite(vec![test("c"), test("b")]), &tuple));
        assert!(!matches(&Match::Composite(vec![test("a")]), &tuple));
        assert!(!matches(&test("a"), &tuple));
    }
}
