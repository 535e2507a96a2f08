//! The primitive types, each by the rule that R4 gives on its data types page.

use crate::definitions::Primitive;
use crate::json::{Kind, Value};

/// 1 MiB, R4 on `string`. Counted in bytes; characters above ASCII get no more room.
const STRING_MAX: usize = 1 << 20;
const ID_MAX: usize = 64;

/// What is wrong with a primitive value, as a sentence; nothing when it is right.
pub fn fault(primitive: Primitive, value: Value<'_>) -> Option<&'static str> {
    match primitive {
        Primitive::Boolean => match value.kind() {
            Kind::Bool => None,
            _ => Some("This must be true or false, without quotes."),
        },
        Primitive::Decimal => match value.kind() {
            Kind::Number => None,
            _ => Some("This must be a number, without quotes."),
        },
        Primitive::Integer => {
            whole(value, i64::from(i32::MIN), "This must be a whole number, without quotes.")
        }
        Primitive::UnsignedInt => whole(value, 0, "This must be a whole number from 0 up, without quotes."),
        Primitive::PositiveInt => whole(value, 1, "This must be a whole number from 1 up, without quotes."),
        _ => match value.as_str() {
            Some(text) => text_fault(primitive, &text),
            None => Some("This must be text in quotes."),
        },
    }
}

/// Whole numbers of R4 have 32 bits.
fn whole(value: Value<'_>, least: i64, sentence: &'static str) -> Option<&'static str> {
    let digits = value.as_number().filter(|n| *n != "-0");
    match digits.and_then(|n| n.parse::<i64>().ok()) {
        Some(n) if n > i64::from(i32::MAX) || n < i64::from(i32::MIN) => Some("This number is too large."),
        Some(n) if n >= least => None,
        _ => Some(sentence),
    }
}

fn text_fault(primitive: Primitive, text: &str) -> Option<&'static str> {
    let b = text.as_bytes();
    let (right, sentence) = match primitive {
        Primitive::String | Primitive::Markdown => {
            if b.len() > STRING_MAX {
                return Some("This text is longer than 1 MiB. Put it in a document or a Binary.");
            }
            (!text.trim_ascii_start().is_empty(), "This text is empty. Leave it out.")
        }
        Primitive::Code => {
            (is_code(b), "A code must not be empty, nor begin or end with a space or have two together.")
        }
        Primitive::Id => (is_id(b), "An id must be 1 to 64 letters, digits, hyphens and full stops."),
        Primitive::Uri | Primitive::Url | Primitive::Canonical => {
            (!b.is_empty() && b.iter().all(|c| *c > b' '), "An address must not be empty or have spaces.")
        }
        Primitive::Oid => (is_oid(text), "Write an OID like urn:oid:1.2.840.10008."),
        Primitive::Uuid => {
            (is_uuid(text), "Write a UUID in lower case like urn:uuid:c757873d-ec9a-4326-a141-556f43239520.")
        }
        Primitive::Date => (is_date(b), "Write a date that exists like 2024, 2024-03 or 2024-03-12."),
        Primitive::DateTime => (
            is_date(b) || is_instant(b),
            "Write a date that exists like 2024-03-12, or with time and zone like 2024-03-12T09:05:00+01:00.",
        ),
        Primitive::Instant => (is_instant(b), "Write a moment with its zone like 2024-03-12T09:05:00.000Z."),
        Primitive::Time => (is_time(b), "Write a time of day with seconds like 09:05:00."),
        Primitive::Base64Binary => {
            (is_base64(b), "This must be Base64 of at least one byte, with its padding.")
        }
        Primitive::Xhtml => (is_div(text), "A narrative must be one <div> of XHTML."),
        // Not text: told apart in `fault`.
        Primitive::Boolean
        | Primitive::Decimal
        | Primitive::Integer
        | Primitive::UnsignedInt
        | Primitive::PositiveInt => (true, ""),
    };
    if right { None } else { Some(sentence) }
}

/// `[A-Za-z0-9\-\.]{1,64}`
fn is_id(b: &[u8]) -> bool {
    (1..=ID_MAX).contains(&b.len()) && b.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.'))
}

/// `[^\s]+(\s[^\s]+)*`
fn is_code(b: &[u8]) -> bool {
    let space = |c: &u8| c.is_ascii_whitespace();
    let (Some(first), Some(last)) = (b.first(), b.last()) else { return false };
    !space(first) && !space(last) && !b.windows(2).any(|pair| space(&pair[0]) && space(&pair[1]))
}

/// `urn:oid:[0-2](\.(0|[1-9][0-9]*))+`
fn is_oid(text: &str) -> bool {
    let Some((first, rest)) = text.strip_prefix("urn:oid:").and_then(|oid| oid.split_once('.')) else {
        return false;
    };
    let is_arc = |arc: &str| {
        !arc.is_empty() && arc.bytes().all(|c| c.is_ascii_digit()) && (arc == "0" || !arc.starts_with('0'))
    };
    matches!(first, "0" | "1" | "2") && rest.split('.').all(is_arc)
}

fn is_uuid(text: &str) -> bool {
    let Some(uuid) = text.strip_prefix("urn:uuid:") else { return false };
    uuid.len() == 36
        && uuid.bytes().enumerate().all(|(i, c)| match i {
            8 | 13 | 18 | 23 => c == b'-',
            _ => matches!(c, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// The number that two digits make.
fn two(b: &[u8], at: usize) -> Option<u8> {
    let digit = |c: u8| c.is_ascii_digit().then(|| c - b'0');
    Some(digit(*b.get(at)?)? * 10 + digit(*b.get(at + 1)?)?)
}

/// A year, a month of it or a day of it, in the Gregorian calendar.
fn is_date(b: &[u8]) -> bool {
    let date = || {
        let year = u16::from(two(b, 0)?) * 100 + u16::from(two(b, 2)?);
        if b.len() == 4 {
            return Some(year > 0);
        }
        let month = two(b, 5)?;
        let is_month = year > 0 && b[4] == b'-' && (1..=12).contains(&month);
        if b.len() == 7 {
            return Some(is_month);
        }
        let day = two(b, 8)?;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + u8::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        Some(b.len() == 10 && is_month && b[7] == b'-' && (1..=days).contains(&day))
    };
    date() == Some(true)
}

/// Hours, minutes and seconds with or without a fraction. A minute may have a leap second.
fn is_time(b: &[u8]) -> bool {
    let clock = (two(b, 0), two(b, 3), two(b, 6));
    let (Some(hour), Some(minute), Some(second)) = clock else { return false };
    let fraction = match b.get(8) {
        None => true,
        Some(b'.') => b.len() > 9 && b[9..].iter().all(u8::is_ascii_digit),
        Some(_) => false,
    };
    b[2] == b':' && b[5] == b':' && hour < 24 && minute < 60 && second <= 60 && fraction
}

/// A day, a time and a zone.
fn is_instant(b: &[u8]) -> bool {
    if b.len() < 20 || b[10] != b'T' || !is_date(&b[..10]) {
        return false;
    }
    if let Some(local) = b.strip_suffix(b"Z") {
        return is_time(&local[11..]);
    }
    let Some((local, zone)) = b.split_at_checked(b.len() - 6).filter(|(local, _)| local.len() >= 19) else {
        return false;
    };
    let (Some(hours), Some(minutes)) = (two(zone, 1), two(zone, 4)) else { return false };
    let is_zone = matches!(zone[0], b'+' | b'-') && zone[3] == b':';
    is_zone && (hours < 14 && minutes < 60 || hours == 14 && minutes == 0) && is_time(&local[11..])
}

/// Groups of four with their padding; white space may stand anywhere.
fn is_base64(b: &[u8]) -> bool {
    let (mut letters, mut padding) = (0usize, 0usize);
    for c in b {
        match c {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => letters += 1,
            b'=' => padding += 1,
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => return false,
        }
    }
    letters > 0 && padding <= 2 && (letters + padding).is_multiple_of(4)
}

/// One `div` element, by its two ends.
fn is_div(text: &str) -> bool {
    let text = text.trim_ascii();
    let rest = text.strip_prefix("<div");
    rest.is_some_and(|rest| rest.starts_with([' ', '>', '/', '\t', '\r', '\n']))
        && (text.ends_with("</div>") || text.ends_with("/>"))
}
