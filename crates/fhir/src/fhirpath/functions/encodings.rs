//! `encode`, `decode`, `escape` and `unescape` (of the next version of FHIRPath).

use super::Function;
use crate::fhirpath::eval::{Outcome, fault};
use crate::json::{Json, Limits, write_string};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use std::fmt::Write;

/// The text in another form; nothing when it is not in the form that it is said to be in.
pub(super) fn convert(function: Function, text: &str, form: &str) -> Outcome<Option<String>> {
    let plain = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
    Ok(match (function, form) {
        (Function::Encode, "base64") => Some(STANDARD.encode(text)),
        (Function::Encode, "urlbase64") => Some(URL_SAFE.encode(text)),
        (Function::Encode, "hex") => {
            Some(text.bytes().fold(String::with_capacity(text.len() * 2), |mut out, byte| {
                // Writing to a String does not fail.
                let _ = write!(out, "{byte:02x}");
                out
            }))
        }
        (Function::Decode, "base64") => STANDARD.decode(text).ok().and_then(plain),
        (Function::Decode, "urlbase64") => URL_SAFE.decode(text).ok().and_then(plain),
        (Function::Decode, "hex") => {
            let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
            let bytes = digits.map(|pair| u8::from_str_radix(pair.filter(|p| p.len() == 2)?, 16).ok());
            bytes.collect::<Option<Vec<u8>>>().and_then(plain)
        }
        (Function::Escape, "html") => Some(escape_html(text)),
        (Function::Escape, "json") => {
            let mut out = String::with_capacity(text.len() + 2);
            write_string(text, &mut out);
            Some(out[1..out.len() - 1].to_owned())
        }
        (Function::Unescape, "html") => Some(unescape_html(text)),
        (Function::Unescape, "json") => {
            let json = Json::parse(format!("\"{}\"", quotes_escaped(text)), Limits::DOOR).ok();
            json.and_then(|json| json.root().as_str().map(|text| text.into_owned()))
        }
        _ => return fault(format!("The form {form} is not known to this function.")),
    })
}

/// A text in JSON's escapes in which quotes may stand bare.
fn quotes_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut escaped = false;
    for c in text.chars() {
        if c == '"' && !escaped {
            out.push('\\');
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
    out
}

const ENTITIES: [(char, &str); 5] =
    [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&#39;")];

fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match ENTITIES.iter().find(|(plain, _)| *plain == c) {
            Some((_, entity)) => out.push_str(entity),
            None => out.push(c),
        }
    }
    out
}

fn unescape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let entity = rest.find(';').map(|end| &rest[..=end]);
        match entity.and_then(|entity| Some((entity, character(entity)?))) {
            Some((entity, c)) => {
                out.push(c);
                rest = &rest[entity.len()..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

/// What `&lt;`, `&#60;` or `&#x3c;` stands for.
fn character(entity: &str) -> Option<char> {
    let named = ENTITIES.iter().find(|(_, e)| *e == entity).map(|(c, _)| *c);
    named.or_else(|| {
        let number = entity.strip_prefix("&#")?.strip_suffix(';')?;
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        char::from_u32(code)
    })
}
