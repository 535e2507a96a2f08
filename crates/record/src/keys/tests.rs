use super::*;
use fhir::search::{Decimal, Match, Prefix, System, TextMatch, UriMatch, matches};
use proptest::prelude::*;
use std::collections::HashMap;

/// Numbers for names, as a store would give them.
#[derive(Default)]
struct Book {
    systems: HashMap<String, i64>,
    resources: HashMap<(String, String), i64>,
}

impl Names for Book {
    fn system(&mut self, uri: &str) -> Result<i64, Refusal> {
        let next = self.systems.len() as i64 + 1;
        Ok(*self.systems.entry(uri.to_owned()).or_insert(next))
    }

    fn resource(&mut self, kind: &str, id: &str) -> Result<i64, Refusal> {
        let next = (self.resources.len() as i64 + 1) * 100;
        Ok(*self.resources.entry((kind.to_owned(), id.to_owned())).or_insert(next))
    }
}

impl Known for Book {
    fn system(&self, uri: &str) -> Result<Option<i64>, Refusal> {
        Ok(self.systems.get(uri).copied())
    }

    fn resource(&self, kind: &str, id: &str) -> Result<Option<i64>, Refusal> {
        Ok(self.resources.get(&(kind.to_owned(), id.to_owned())).copied())
    }
}

fn bytes(value: &SearchValue) -> Vec<u8> {
    encode_value(value, &mut Book::default()).unwrap().unwrap()
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn number(text: &str) -> SearchValue {
    SearchValue::Number { low: Some(decimal(text)), high: Some(decimal(text)) }
}

#[test]
fn packed_rows_come_back() {
    let row = |param, value: &[u8]| Row { param, value: value.to_vec() };
    let rows = [row(1, b""), row(1, b"a"), row(700, &[b'x'; 300]), row(100_000, b"\xFF")];
    let packed = pack(&rows);
    let back: Vec<Row> = unpack(&packed).map(|(param, value)| row(param, value)).collect();
    assert_eq!(back, rows);
    assert_eq!(values_of(&packed, 1).collect::<Vec<_>>(), [&b""[..], b"a"]);
    assert_eq!(values_of(&packed, 2).count(), 0);
}

#[test]
fn damaged_rows_end_early() {
    let packed = pack(&[Row { param: 1, value: b"abc".to_vec() }]);
    assert_eq!(unpack(&packed[..packed.len() - 1]).count(), 0);
    assert_eq!(unpack(&[0xFF; 20]).count(), 0);
}

#[test]
fn what_is_not_indexed_leaves_a_mark_only_where_nothing_else_tells() {
    let entry = |param, value| Entry { param, value };
    let token = SearchValue::Token { system: None, code: "a".into(), types: Vec::new() };
    let text = || SearchValue::TokenText("words".into());
    let entries = [entry(0, text()), entry(1, token), entry(1, text()), entry(1, text())];
    let rows = encode(&entries, &[20, 10], &mut Book::default()).unwrap();
    let expected = [Row { param: 10, value: b"a\0\0".to_vec() }, Row { param: 20, value: vec![PRESENT] }];
    assert_eq!(rows, expected);
}

#[test]
fn a_reference_tells_its_resource() {
    for res in [1, 255, 256, 70_000, i64::MAX] {
        assert_eq!(local_of(&local(res)), Some(res));
    }
    assert_eq!(local_of(&bytes(&SearchValue::Reference(Target::Url("urn:x".into())))), None);
    assert!(local(255) < local(256));
}

#[test]
fn common_values_are_short() {
    let date = |text: &str| {
        let (start, end) = fhir::date::PartialDate::parse(text).unwrap().range();
        bytes(&SearchValue::Date { start, end }).len()
    };
    assert_eq!((date("2024"), date("2024-05-01"), date("2024-05-01T10:00:00+01:00")), (6, 6, 6));
    assert_eq!(date("2024-05-01T10:00:00.123Z"), 7);
    assert_eq!(bytes(&number("72.5")).len(), 4);
    assert_eq!(local(300_000).len(), 4);
}

#[test]
fn a_text_of_any_length_has_a_short_value_of_its_own() {
    let uri = |text: String| bytes(&SearchValue::Uri(text));
    let long = "é".repeat(50_000);
    assert!(uri(long.clone()).len() < 300);
    assert_ne!(uri(format!("{long}a")), uri(format!("{long}b")));
    let token =
        |code: &str| bytes(&SearchValue::Token { system: None, code: code.into(), types: Vec::new() });
    assert_ne!(token("a\0b"), token("a\u{1}b"));
    assert_eq!(token("a\0b").iter().filter(|b| **b == 0).count(), 2, "the end and no system");
}

// What values and tests are drawn from: few, so that they meet often.

fn any_date() -> impl Strategy<Value = (i64, i64)> {
    let written = prop::sample::select(vec![
        "1480",
        "1969",
        "2023",
        "2024",
        "2024-01",
        "2024-02",
        "2024-02-29",
        "2024-03-01",
        "2024-02-29T10:30Z",
        "2024-02-29T10:30:05Z",
        "2024-02-29T10:30:05.5Z",
        "2024-02-29T10:30:05.123Z",
        "2024-02-29T23:59:59-05:00",
        "9999-12-31",
    ])
    .prop_map(|text| fhir::date::PartialDate::parse(text).unwrap().range());
    let period =
        (written.clone(), written.clone(), any::<bool>(), any::<bool>()).prop_map(|(a, b, low, high)| {
            let start = if low { i64::MIN } else { a.0.min(b.0) };
            (start, if high { i64::MAX } else { a.1.max(b.1) })
        });
    let odd = (0..2_000_i64, 0..3_000_i64).prop_map(|(start, lasts)| (start, start + lasts));
    prop_oneof![written, period, odd]
}

fn any_decimal() -> impl Strategy<Value = String> {
    prop_oneof![
        (-120..120_i64, 0..4_u32).prop_map(|(n, places)| format!("{n}e-{places}")),
        (-9..9_i64, -200..200_i32).prop_map(|(n, exponent)| format!("{n}e{exponent}")),
        any::<i128>().prop_map(|n| n.to_string()),
        prop::sample::select(vec!["0", "5", "5.4", "5.40", "-5.4", "100", "1e2", "5.35", "5.45"])
            .prop_map(str::to_owned),
    ]
}

fn any_bounds() -> impl Strategy<Value = (Option<Decimal>, Option<Decimal>)> {
    (any_decimal(), any_decimal(), 0..6).prop_map(|(a, b, sort)| {
        let (a, b) = (decimal(&a), decimal(&b));
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        match sort {
            0 => (Some(low), Some(high)),
            1 => (None, Some(high)),
            2 => (Some(low), None),
            _ => (Some(low.clone()), Some(low)),
        }
    })
}

fn any_prefix() -> impl Strategy<Value = Prefix> {
    use Prefix::*;
    prop::sample::select(vec![Eq, Ne, Gt, Lt, Ge, Le, Sa, Eb, Ap])
}

fn any_word() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "",
        "a",
        "A",
        "ab",
        "abc",
        "b",
        "O'Brien",
        "obrien",
        "Ångström",
        "\0",
        "a\u{1}",
    ]);
    prop_oneof![
        word.prop_map(str::to_owned),
        (0..3_usize, 90..110_usize).prop_map(|(a, n)| "éa ".repeat(n) + &"x".repeat(a))
    ]
}

fn any_system() -> impl Strategy<Value = Option<String>> {
    prop::sample::select(vec![None, Some("http://loinc.org".to_owned()), Some("urn:x".to_owned())])
}

fn asked_system() -> impl Strategy<Value = System> {
    let is = |uri: &str| System::Is(uri.to_owned());
    prop::sample::select(vec![
        System::Any,
        System::Absent,
        is("http://loinc.org"),
        is("urn:x"),
        is("urn:unknown"),
    ])
}

fn any_url() -> impl Strategy<Value = String> {
    let parts = prop::collection::vec(prop::sample::select(vec!["a", "b", "ab", "é"]), 0..4);
    let end = prop::sample::select(vec![String::new(), "/".to_owned(), "/".to_owned() + &"z".repeat(250)]);
    (parts, end).prop_map(|(parts, end)| {
        format!("http://x{}{end}", parts.iter().map(|part| format!("/{part}")).collect::<String>())
    })
}

fn any_target() -> impl Strategy<Value = Target> {
    let local = (prop::sample::select(vec!["Patient", "Group"]), prop::sample::select(vec!["1", "2"]));
    prop_oneof![
        local.prop_map(|(kind, id)| Target::Local(kind.into(), id.into())),
        any_url().prop_map(Target::Url)
    ]
}

fn any_value() -> impl Strategy<Value = SearchValue> {
    prop_oneof![
        (any_system(), any_word()).prop_map(|(system, code)| SearchValue::Token {
            system,
            code,
            types: Vec::new()
        }),
        any_word().prop_map(SearchValue::String),
        any_date().prop_map(|(start, end)| SearchValue::Date { start, end }),
        any_bounds().prop_map(|(low, high)| SearchValue::Number { low, high }),
        (any_bounds(), any_system(), any_word(), any_word()).prop_map(|((low, high), system, code, unit)| {
            let some = |text: String| Some(text).filter(|text| !text.is_empty());
            SearchValue::Quantity { low, high, system, code: some(code), unit: some(unit) }
        }),
        any_url().prop_map(SearchValue::Uri),
        any_target().prop_map(SearchValue::Reference),
        (any_system(), any_word())
            .prop_map(|(system, value)| SearchValue::ReferenceIdentifier { system, value }),
    ]
}

/// A test that may be put to values of this kind.
fn any_test(kind: usize) -> BoxedStrategy<Match> {
    let some_word = || any_word().prop_map(|word| Some(word).filter(|word| !word.is_empty()));
    let spread = |text: &str| (decimal(text), Decimal::precision_range(text).unwrap());
    match kind {
        0 => (asked_system(), some_word())
            .prop_filter("a test names a code or a system", |(system, code)| {
                code.is_some() || matches!(system, System::Is(_))
            })
            .prop_map(|(system, code)| Match::Token { system, code })
            .boxed(),
        1 => {
            let how = prop::sample::select(vec![TextMatch::Starts, TextMatch::Contains, TextMatch::Exact]);
            (any_word(), how)
                .prop_map(|(text, how)| {
                    let text = if how == TextMatch::Exact { text } else { fold(&text) };
                    Match::String { text, how }
                })
                .boxed()
        }
        2 => (any_prefix(), any_date())
            .prop_map(|(prefix, (start, end))| Match::Date { prefix, start, end })
            .boxed(),
        3 => (any_prefix(), any_decimal())
            .prop_map(move |(prefix, text)| {
                let (value, (low, high)) = spread(&text);
                Match::Number { prefix, value, low, high }
            })
            .boxed(),
        4 => (any_prefix(), any_decimal(), asked_system(), some_word())
            .prop_map(move |(prefix, text, system, code)| {
                let (value, (low, high)) = spread(&text);
                Match::Quantity { prefix, value, low, high, system, code }
            })
            .boxed(),
        5 => {
            let how = prop::sample::select(vec![UriMatch::Exact, UriMatch::Below, UriMatch::Above]);
            (any_url(), how).prop_map(|(text, how)| Match::Uri { text, how }).boxed()
        }
        6 => {
            prop::collection::vec(any_target(), 0..3).prop_map(|targets| Match::Reference { targets }).boxed()
        }
        _ => (asked_system(), any_word())
            .prop_map(|(system, value)| Match::ReferenceIdentifier { system, value })
            .boxed(),
    }
}

fn kind_of(value: &SearchValue) -> usize {
    match value {
        SearchValue::Token { .. } => 0,
        SearchValue::String(_) => 1,
        SearchValue::Date { .. } => 2,
        SearchValue::Number { .. } => 3,
        SearchValue::Quantity { .. } => 4,
        SearchValue::Uri(_) => 5,
        SearchValue::Reference(_) => 6,
        _ => 7,
    }
}

fn value_and_test() -> impl Strategy<Value = (SearchValue, Match)> {
    any_value().prop_flat_map(|value| {
        let test = any_test(kind_of(&value));
        (Just(value), test)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn the_index_says_what_the_standard_says((value, test) in value_and_test()) {
        let mut book = Book::default();
        let key = encode_value(&value, &mut book).unwrap().unwrap();
        let verdict = KeyTest::new(&test, &book).unwrap().verdict(&key);
        let met = matches(&test, &value);
        prop_assert!(verdict == Verdict::Maybe || (verdict == Verdict::Yes) == met, "{verdict:?}, but {met}");
    }

    #[test]
    fn dates_keep_their_order_within_a_group_and_come_back(a in any_date(), b in any_date()) {
        let key = |(start, end)| bytes(&SearchValue::Date { start, end });
        prop_assert_eq!(date::decode(&key(a)), Some(a));
        if key(a)[0] >> 6 == key(b)[0] >> 6 && a.0 != b.0 {
            prop_assert_eq!(key(a).cmp(&key(b)), a.0.cmp(&b.0));
        }
        let sorted = |d| sort_key(ParamKind::Date, &key(d)).unwrap();
        prop_assert_eq!(sorted(a).cmp(&sorted(b)), a.0.cmp(&b.0));
    }

    #[test]
    fn numbers_keep_their_order_and_come_back(a in any_decimal(), b in any_decimal()) {
        let key = |text: &str| bytes(&number(text));
        prop_assert_eq!(key(&a).cmp(&key(&b)), decimal(&a).cmp(&decimal(&b)));
        let (low, high, rest) = number::decode(&key(&a)).map(|(l, h, r)| (l, h, r.len())).unwrap();
        prop_assert_eq!((low, high, rest), (Some(decimal(&a)), Some(decimal(&a)), 0));
    }

    #[test]
    fn ranges_of_numbers_come_back((low, high) in any_bounds()) {
        let key = bytes(&SearchValue::Number { low: low.clone(), high: high.clone() });
        let (back_low, back_high, _) = number::decode(&key).unwrap();
        prop_assert_eq!((back_low, back_high), (low, high));
    }

    #[test]
    fn strings_are_in_the_order_of_their_folded_text(a in any_word(), b in any_word()) {
        let key = |text: &str| bytes(&SearchValue::String(text.to_owned()));
        if key(&a) != key(&b) {
            prop_assert_eq!(key(&a).cmp(&key(&b)), fold(&a).cmp(&fold(&b)));
        }
    }
}
