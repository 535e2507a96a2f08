//! A query's test as ranges of values.

use super::text::{TEXT_MAX, cut_at, push_short, read_short};
use super::{CUT, Known, LOGICAL, PRESENT, URL, date, number, push_string, push_varint, varint};
use crate::Refusal;
use fhir::definitions::ParamKind;
use fhir::search::{Decimal, Match, Prefix, SearchValue, System, Target, TextMatch, UriMatch, fold, matches};

/// Values from `low` to below `high`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyRange {
    pub low: Vec<u8>,
    pub high: Vec<u8>,
    /// True when it holds few different values: one code in any system.
    pub few: bool,
}

impl KeyRange {
    pub fn one(value: Vec<u8>) -> KeyRange {
        let mut high = value.clone();
        high.push(0);
        KeyRange { low: value, high, few: true }
    }

    /// All values that begin so. A prefix never is all `FF`.
    fn starting(prefix: Vec<u8>) -> KeyRange {
        let mut high = prefix.clone();
        while high.pop_if(|last| *last == 0xFF).is_some() {}
        if let Some(last) = high.last_mut() {
            *last += 1;
        }
        KeyRange { low: prefix, high, few: false }
    }

    /// All values but the mark of what is not indexed.
    pub fn all() -> KeyRange {
        KeyRange { low: Vec::new(), high: vec![PRESENT], few: false }
    }

    /// Every row there is of a parameter.
    pub fn any() -> KeyRange {
        KeyRange { low: Vec::new(), high: vec![PRESENT, PRESENT], few: false }
    }

    /// The only value in the range, if it is one.
    pub fn exact(&self) -> Option<&[u8]> {
        let (last, value) = self.high.split_last()?;
        (*last == 0 && value == self.low).then_some(&self.low)
    }

    /// True when the value lies in the range.
    pub fn holds(&self, value: &[u8]) -> bool {
        value >= self.low.as_slice() && value < self.high.as_slice()
    }
}

/// All values of a kind of parameter, as ranges within which the bytes are in the order of
/// [`super::sort_key`].
pub(crate) fn ordered_ranges(kind: ParamKind) -> Vec<KeyRange> {
    match kind {
        ParamKind::Date => dates(Prefix::Ne, 0, 0),
        ParamKind::Number | ParamKind::Quantity => {
            let numbers = KeyRange { high: vec![number::RANGE], ..KeyRange::all() };
            vec![numbers, KeyRange::starting(vec![number::RANGE])]
        }
        _ => vec![KeyRange::all()],
    }
}

/// Where in one of [`ordered_ranges`] the values with a sort key lie: from the first to below the second.
pub(crate) fn bounds_of(kind: ParamKind, range: &KeyRange, key: &[u8]) -> (Vec<u8>, Vec<u8>) {
    match (kind, date::Group::of(&range.low), super::unordered(key)) {
        (ParamKind::Date, Some(group), Some(start)) => {
            (group.from(start), group.from(start.saturating_add(1)))
        }
        (ParamKind::Number | ParamKind::Quantity, ..) => {
            let mut low = Vec::with_capacity(key.len() + 1);
            if range.low.first() == Some(&number::RANGE) {
                low.push(number::RANGE);
            }
            low.extend_from_slice(if key.is_empty() { &[0] } else { key });
            (low.clone(), after(low))
        }
        _ => (key.to_vec(), after(key.to_vec())),
    }
}

/// What the index can say about a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// It is not met.
    No,
    /// Only the resource itself can tell.
    Maybe,
    /// It is met.
    Yes,
}

impl Verdict {
    /// What it is of the opposite.
    pub fn turned(self) -> Verdict {
        match self {
            Verdict::No => Verdict::Yes,
            Verdict::Maybe => Verdict::Maybe,
            Verdict::Yes => Verdict::No,
        }
    }
}

/// One alternative of a test: every value that meets it lies in one of the ranges.
#[derive(Clone, Debug)]
pub(crate) struct KeyTest {
    pub ranges: Vec<KeyRange>,
    verify: Verify,
}

/// What else must be asked of a value in the ranges.
#[derive(Clone, Debug)]
enum Verify {
    /// Nothing.
    Nothing,
    /// The resource itself.
    Resource,
    /// The folded text holds this.
    Contains(String),
    /// The test as it was written, on the value read back. The number is that of the test's system, 0 if it
    /// names none.
    Value(Match, i64),
}

impl KeyTest {
    /// The test for values of the parameter's own kind. Composites have none: see [`any_verdict`].
    pub fn new(test: &Match, known: &dyn Known) -> Result<KeyTest, Refusal> {
        let always = |ranges| KeyTest { ranges, verify: Verify::Nothing };
        Ok(match test {
            Match::Token { system, code: Some(code) } => always(token(&[], system, code, known)?),
            Match::Token { system, code: None } => match number_of(system, known)? {
                Some(number) => value_test(vec![KeyRange::all()], test, number),
                None => always(Vec::new()),
            },
            Match::OfType { value, .. } => {
                KeyTest { ranges: token(&[], &System::Any, value, known)?, verify: Verify::Resource }
            }
            Match::TokenText(_) | Match::Composite(_) => {
                KeyTest { ranges: vec![KeyRange::any()], verify: Verify::Resource }
            }
            Match::String { text, how } => string(text, *how),
            Match::Date { prefix, start, end } => value_test(dates(*prefix, *start, *end), test, 0),
            Match::Number { prefix, value, low, high } => {
                value_test(numbers(*prefix, value, low, high), test, 0)
            }
            Match::Quantity { prefix, value, low, high, system, .. } => match number_of(system, known)? {
                Some(number) => value_test(numbers(*prefix, value, low, high), test, number),
                None => always(Vec::new()),
            },
            Match::Uri { text, how } => uri(text, *how, test),
            Match::Reference { targets } => always(references(targets, known)?),
            Match::ReferenceIdentifier { system, value } => always(token(&[LOGICAL], system, value, known)?),
        })
    }

    /// What the index says about one value.
    pub fn verdict(&self, value: &[u8]) -> Verdict {
        if !self.ranges.iter().any(|range| range.holds(value)) {
            return Verdict::No;
        }
        match &self.verify {
            Verify::Nothing => Verdict::Yes,
            Verify::Resource => Verdict::Maybe,
            Verify::Contains(text) => match memmem(value, text.as_bytes()) {
                true => Verdict::Yes,
                false if value.last() == Some(&CUT) => Verdict::Maybe,
                false => Verdict::No,
            },
            Verify::Value(test, system) => match read(test, *system, value) {
                Some(value) if matches(test, &value) => Verdict::Yes,
                Some(_) => Verdict::No,
                None => Verdict::Maybe,
            },
        }
    }

    /// The test where a value in the ranges is not enough.
    pub fn unsure(self) -> KeyTest {
        KeyTest { verify: Verify::Resource, ..self }
    }

    /// True when each value in the ranges meets the test for certain.
    pub fn certain(&self) -> bool {
        matches!(self.verify, Verify::Nothing)
    }
}

/// The best that any of the tests says about any of the values.
pub(crate) fn any_verdict<'v>(tests: &[KeyTest], values: impl Iterator<Item = &'v [u8]>) -> Verdict {
    let mut best = Verdict::No;
    for value in values {
        for test in tests {
            best = best.max(test.verdict(value));
            if best == Verdict::Yes {
                return best;
            }
        }
    }
    best
}

fn value_test(ranges: Vec<KeyRange>, test: &Match, system: i64) -> KeyTest {
    KeyTest { ranges, verify: Verify::Value(test.clone(), system) }
}

fn memmem(value: &[u8], text: &[u8]) -> bool {
    text.is_empty() || value.windows(text.len()).any(|window| window == text)
}

/// The number of the system of a test: 0 when it names none, nothing when no row can have it.
fn number_of(system: &System, known: &dyn Known) -> Result<Option<i64>, Refusal> {
    match system {
        System::Is(uri) => known.system(uri),
        System::Any | System::Absent => Ok(Some(0)),
    }
}

fn token(lead: &[u8], system: &System, code: &str, known: &dyn Known) -> Result<Vec<KeyRange>, Refusal> {
    let mut value = lead.to_vec();
    push_short(code, &mut value);
    value.push(0);
    if *system == System::Any {
        return Ok(vec![KeyRange { few: true, ..KeyRange::starting(value) }]);
    }
    let Some(number) = number_of(system, known)? else { return Ok(Vec::new()) };
    push_varint(number, &mut value);
    Ok(vec![KeyRange::one(value)])
}

fn string(text: &str, how: TextMatch) -> KeyTest {
    let mut value = Vec::new();
    match how {
        TextMatch::Contains => {
            KeyTest { ranges: vec![KeyRange::all()], verify: Verify::Contains(text.to_owned()) }
        }
        TextMatch::Starts if text.len() <= TEXT_MAX => {
            value.extend_from_slice(text.as_bytes());
            let ranges =
                if text.is_empty() { vec![KeyRange::all()] } else { vec![KeyRange::starting(value)] };
            KeyTest { ranges, verify: Verify::Nothing }
        }
        TextMatch::Starts => {
            value.extend_from_slice(cut_at(text, TEXT_MAX).as_bytes());
            value.push(CUT);
            KeyTest { ranges: vec![KeyRange::one(value)], verify: Verify::Resource }
        }
        TextMatch::Exact => {
            push_string(&fold(text), &mut value);
            KeyTest { ranges: vec![KeyRange::one(value)], verify: Verify::Resource }
        }
        TextMatch::Same => {
            push_string(text, &mut value);
            let verify = if text.len() <= TEXT_MAX { Verify::Nothing } else { Verify::Resource };
            KeyTest { ranges: vec![KeyRange::one(value)], verify }
        }
        TextMatch::Ends => KeyTest { ranges: vec![KeyRange::all()], verify: Verify::Resource },
    }
}

/// Where a value that meets the test can start, for each group of dates.
fn dates(prefix: Prefix, start: i64, end: i64) -> Vec<KeyRange> {
    let ranges = date::Group::ALL.into_iter().map(|group| {
        let overlapping = start.saturating_sub(group.longest());
        let (first, last) = match prefix {
            Prefix::Eq => (start, end),
            Prefix::Ne => (i64::MIN, i64::MAX),
            Prefix::Gt | Prefix::Ge => (overlapping, i64::MAX),
            Prefix::Lt | Prefix::Le | Prefix::Eb => (i64::MIN, end),
            Prefix::Sa => (end, i64::MAX),
            Prefix::Ap => (overlapping, end),
        };
        let high = if last == i64::MAX { group.end() } else { group.from(last.saturating_add(1)) };
        KeyRange { low: group.from(first), high, few: false }
    });
    ranges.filter(|range| range.high > range.low).collect()
}

/// Where a number that meets the test can lie, and all ranges.
fn numbers(prefix: Prefix, value: &Decimal, low: &Decimal, high: &Decimal) -> Vec<KeyRange> {
    let key = |decimal: &Decimal| {
        let mut out = Vec::new();
        number::push_decimal(decimal, &mut out);
        out
    };
    let last = vec![number::RANGE];
    let (first, end) = match prefix {
        Prefix::Eq => (key(low), after(key(high))),
        Prefix::Ne => (Vec::new(), last.clone()),
        Prefix::Gt | Prefix::Ge | Prefix::Sa => (key(low), last.clone()),
        Prefix::Lt | Prefix::Le | Prefix::Eb => (Vec::new(), after(key(high))),
        Prefix::Ap => {
            // A tenth more or less is well within ten times more or less.
            let times =
                |tens: i32| Decimal { exponent: value.exponent.saturating_add(tens), ..value.clone() };
            let (near, far) = if value.negative { (times(1), times(-1)) } else { (times(-1), times(1)) };
            (key(&near.min(low.clone())), after(key(&far.max(high.clone()))))
        }
    };
    vec![KeyRange { low: first, high: end, few: false }, KeyRange::starting(vec![number::RANGE])]
}

/// Above this decimal's bytes and whatever follows them in a quantity: a system's number is no longer.
fn after(mut decimal: Vec<u8>) -> Vec<u8> {
    decimal.extend_from_slice(&[0xFF; 11]);
    decimal
}

fn uri(text: &str, how: UriMatch, test: &Match) -> KeyTest {
    let whole = |text: &str| {
        let mut value = Vec::new();
        push_short(text, &mut value);
        value
    };
    match how {
        UriMatch::Exact => KeyTest { ranges: vec![KeyRange::one(whole(text))], verify: Verify::Nothing },
        UriMatch::Below => {
            let mut start = Vec::new();
            push_short(cut_at(text.trim_end_matches('/'), TEXT_MAX), &mut start);
            value_test(vec![KeyRange::starting(start)], test, 0)
        }
        // What lies above may end with a slash of its own.
        UriMatch::Above => {
            let ended = format!("{}/", text.trim_end_matches('/'));
            let above = ended.match_indices('/').flat_map(|(i, _)| [&ended[..i], &ended[..=i]]);
            value_test(above.map(|text| KeyRange::one(whole(text))).collect(), test, 0)
        }
    }
}

fn references(targets: &[Target], known: &dyn Known) -> Result<Vec<KeyRange>, Refusal> {
    let mut ranges = Vec::with_capacity(targets.len());
    for target in targets {
        match target {
            Target::Local(kind, id) => {
                ranges.extend(known.resource(kind, id)?.map(|res| KeyRange::one(super::local(res))));
            }
            Target::Url(url) => {
                let mut value = vec![URL];
                push_short(url, &mut value);
                ranges.push(KeyRange::one(value));
            }
        }
    }
    Ok(ranges)
}

/// Reads back a value of the test's kind as far as the test can tell; nothing where it was cut.
fn read(test: &Match, system: i64, value: &[u8]) -> Option<SearchValue> {
    match test {
        Match::Date { .. } => date::decode(value).map(|(start, end)| SearchValue::Date { start, end }),
        Match::Number { .. } => number::decode(value).map(|(low, high, _)| SearchValue::Number { low, high }),
        Match::Quantity { system: asked, .. } => {
            let (low, high, rest) = number::decode(value)?;
            let (number, rest) = varint(rest)?;
            let split = rest.iter().position(|byte| *byte == 0)?;
            let code = read_short(&rest[..split])?;
            let unit = read_short(&rest[split + 1..])?;
            let unit = if unit.is_empty() { code.clone() } else { unit };
            let some = |text: String| Some(text).filter(|text| !text.is_empty());
            let system = read_system(asked, system, number);
            Some(SearchValue::Quantity { low, high, system, code: some(code), unit: some(unit) })
        }
        Match::Token { system: asked, .. } => {
            let split = value.iter().position(|byte| *byte == 0)?;
            let (number, _) = varint(&value[split + 1..])?;
            let code = read_short(&value[..split]).unwrap_or_default();
            Some(SearchValue::Token { system: read_system(asked, system, number), code, types: Vec::new() })
        }
        Match::Uri { .. } => read_short(value).map(SearchValue::Uri),
        _ => None,
    }
}

/// The system of a value, or a stand-in that is not the one asked for.
fn read_system(asked: &System, asked_number: i64, number: i64) -> Option<String> {
    match asked {
        _ if number == 0 => None,
        System::Is(uri) if number == asked_number => Some(uri.clone()),
        _ => Some("\0another".to_owned()),
    }
}
