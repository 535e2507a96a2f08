//! What a resource can be found by, as bytes whose order is the order of the values; and a query's tests as
//! ranges of such bytes.
//!
//! One row of the index is a parameter and a value. The forms of a value, each within parameters of its kind:
//!
//! | value | bytes |
//! |---|---|
//! | token | code, `00`, number of the system (0 for none) |
//! | string | folded text |
//! | date | see [`date`] |
//! | number | see [`number`] |
//! | quantity | number, system, code, `00`, unit where it is not the code |
//! | uri | text |
//! | reference to a resource here | how many bytes follow (1 to 8), the resource's number |
//! | reference to elsewhere | `10`, URL |
//! | logical reference | `20`, token |
//! | something that is not indexed, so that `:missing` is right | `FF` |
//!
//! Text longer than [`TEXT_MAX`] is cut. `FF`, which is in no UTF-8, marks the cut; except in strings, a hash
//! of the whole follows, so that equal still means equal.

mod date;
mod number;
mod test;
mod text;

pub(crate) use test::{KeyRange, KeyTest, Verdict, any_verdict, bounds_of, ordered_ranges};

use crate::Refusal;
use fhir::definitions::ParamKind;
use fhir::search::{Entry, SearchValue, Target, fold};
use text::{TEXT_MAX, cut_at, push_short};

/// Stands for a value that the index does not hold.
const PRESENT: u8 = 0xFF;
/// Marks a text that was cut.
const CUT: u8 = 0xFF;
/// Leads a reference to elsewhere.
const URL: u8 = 0x10;
/// Leads a logical reference.
const LOGICAL: u8 = 0x20;

/// Gives the store's numbers while writing, making those that are new.
pub(crate) trait Names {
    /// Number of a code system.
    fn system(&mut self, uri: &str) -> Result<i64, Refusal>;
    /// Number of a resource, which need not exist yet.
    fn resource(&mut self, kind: &str, id: &str) -> Result<i64, Refusal>;
}

/// Looks the store's numbers up. What is not known is in no row.
pub(crate) trait Known {
    /// Number of a code system.
    fn system(&self, uri: &str) -> Result<Option<i64>, Refusal>;
    /// Number of a resource that exists or is pointed at.
    fn resource(&self, kind: &str, id: &str) -> Result<Option<i64>, Refusal>;
}

/// One row of the index, but for whose it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    /// The store's number of the parameter.
    pub param: i64,
    /// The value.
    pub value: Vec<u8>,
}

/// The rows of a resource: sorted, each once. `params` gives the store's number of each of fhir's.
pub(crate) fn encode(entries: &[Entry], params: &[i64], names: &mut dyn Names) -> Result<Vec<Row>, Refusal> {
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let param = params[usize::from(entry.param)];
        let value = encode_value(&entry.value, names)?;
        rows.push(Row { param, value: value.unwrap_or_else(|| vec![PRESENT]) });
    }
    rows.sort_unstable();
    // The mark of what is not indexed, the last in order, is needed only where it is a parameter's only row.
    rows.dedup_by(|row, before| row == before || row.param == before.param && row.value == [PRESENT]);
    Ok(rows)
}

fn encode_value(value: &SearchValue, names: &mut dyn Names) -> Result<Option<Vec<u8>>, Refusal> {
    let mut out = Vec::new();
    match value {
        SearchValue::Token { system, code, .. } => push_token(system.as_deref(), code, names, &mut out)?,
        SearchValue::String(text) => push_string(&fold(text), &mut out),
        SearchValue::Date { start, end } => date::push(*start, *end, &mut out),
        SearchValue::Number { low, high } => number::push(low.as_ref(), high.as_ref(), &mut out),
        SearchValue::Quantity { low, high, system, code, unit } => {
            number::push(low.as_ref(), high.as_ref(), &mut out);
            push_varint(system_number(system.as_deref(), names)?, &mut out);
            let code = code.as_deref().unwrap_or_default();
            push_short(code, &mut out);
            out.push(0);
            if let Some(unit) = unit.as_deref().filter(|unit| *unit != code) {
                push_short(unit, &mut out);
            }
        }
        SearchValue::Uri(text) => push_short(text, &mut out),
        SearchValue::Reference(Target::Local(kind, id)) => out = local(names.resource(kind, id)?),
        SearchValue::Reference(Target::Url(url)) => {
            out.push(URL);
            push_short(url, &mut out);
        }
        SearchValue::ReferenceIdentifier { system, value } => {
            out.push(LOGICAL);
            push_token(system.as_deref(), value, names, &mut out)?;
        }
        SearchValue::TokenText(_) | SearchValue::Composite(_) | SearchValue::Present => return Ok(None),
    }
    Ok(Some(out))
}

fn push_token(
    system: Option<&str>,
    code: &str,
    names: &mut dyn Names,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    push_short(code, out);
    out.push(0);
    push_varint(system_number(system, names)?, out);
    Ok(())
}

fn system_number(system: Option<&str>, names: &mut dyn Names) -> Result<i64, Refusal> {
    system.map_or(Ok(0), |uri| names.system(uri))
}

fn push_string(folded: &str, out: &mut Vec<u8>) {
    let kept = cut_at(folded, TEXT_MAX);
    out.extend_from_slice(kept.as_bytes());
    if kept.len() < folded.len() {
        out.push(CUT);
    }
}

/// The value of a reference to the resource with this number.
pub(crate) fn local(res: i64) -> Vec<u8> {
    let bytes = res.to_be_bytes();
    let lead = bytes.iter().take_while(|b| **b == 0).count().min(7);
    let mut out = Vec::with_capacity(9 - lead);
    out.push(8 - lead as u8);
    out.extend_from_slice(&bytes[lead..]);
    out
}

/// The number of the resource that a reference's value points at, if it is one of this record.
pub(crate) fn local_of(value: &[u8]) -> Option<i64> {
    let (length, number) = value.split_first()?;
    let matches = (1..=8).contains(length) && number.len() == usize::from(*length);
    matches.then(|| number.iter().fold(0, |n, byte| n << 8 | i64::from(*byte)))
}

/// What a value is sorted by: bytes in the order of the values of a parameter of this kind. Periods and
/// ranges count by their start. Nothing for the mark of what is not indexed.
pub(crate) fn sort_key(kind: ParamKind, value: &[u8]) -> Option<Vec<u8>> {
    if value == [PRESENT] {
        return None;
    }
    Some(match kind {
        ParamKind::Date => date::decode(value).map_or(Vec::new(), |(start, _)| ordered(start).to_vec()),
        ParamKind::Number | ParamKind::Quantity => number::low_key(value).to_vec(),
        // The numbers of systems are in no order that means anything.
        ParamKind::Token => value.split(|byte| *byte == 0).next().unwrap_or_default().to_vec(),
        _ => value.to_vec(),
    })
}

/// A whole number as bytes in its order.
pub(crate) fn ordered(n: i64) -> [u8; 8] {
    (n as u64 ^ 1 << 63).to_be_bytes()
}

/// The whole number again.
fn unordered(bytes: &[u8]) -> Option<i64> {
    bytes.try_into().ok().map(|bytes| (u64::from_be_bytes(bytes) ^ 1 << 63) as i64)
}

/// Packs rows, which must be sorted, for `head.rec`: how far the parameter is from the one before, how long
/// the value is, the value.
pub(crate) fn pack(rows: &[Row]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.iter().map(|row| row.value.len() + 3).sum());
    let mut before = 0;
    for row in rows {
        push_varint(row.param - before, &mut out);
        push_varint(row.value.len() as i64, &mut out);
        out.extend_from_slice(&row.value);
        before = row.param;
    }
    out
}

/// The rows of a `head.rec`, in order. Ends early where the bytes are damaged.
pub(crate) fn unpack(rec: &[u8]) -> Unpack<'_> {
    Unpack { rest: rec, param: 0 }
}

/// See [`unpack`].
#[derive(Clone)]
pub(crate) struct Unpack<'r> {
    rest: &'r [u8],
    param: i64,
}

impl<'r> Iterator for Unpack<'r> {
    type Item = (i64, &'r [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (step, rest) = varint(self.rest)?;
        let (length, rest) = varint(rest)?;
        let (value, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        self.param += step;
        Some((self.param, value))
    }
}

/// The values of one parameter in a `head.rec`.
pub(crate) fn values_of(rec: &[u8], param: i64) -> impl Iterator<Item = &[u8]> {
    let rows = unpack(rec).skip_while(move |(p, _)| *p < param).take_while(move |(p, _)| *p == param);
    rows.map(|(_, value)| value)
}

/// Seven bits a byte, least first; the high bit says that more follow.
fn push_varint(n: i64, out: &mut Vec<u8>) {
    let mut n = n as u64;
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn varint(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let mut n = 0;
    for (i, byte) in bytes.iter().take(10).enumerate() {
        n |= u64::from(byte & 0x7F) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((n as i64, &bytes[i + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests;
