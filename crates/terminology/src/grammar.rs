//! Code systems that are no list but a rule: which texts are codes.

use crate::system::Filter;
use octofhir_ucum as ucum;

/// A rule for codes.
pub(crate) struct Grammar {
    pub url: &'static str,
    pub name: &'static str,
    pub version: Option<&'static str>,
    /// A value set of codes that are much used, which stands for all in expansions.
    pub common: Option<&'static str>,
    /// Why a text is no code of it; nothing when it is one.
    pub fault: fn(&str) -> Option<String>,
    /// How to say a code, if that can be told from it.
    pub display: fn(&str) -> Option<String>,
    /// Whether a code meets a filter; nothing when there is no such filter.
    pub meets: fn(&str, Filter<'_>) -> Option<bool>,
}

/// All of them.
static ALL: &[Grammar] = &[
    Grammar {
        url: "http://unitsofmeasure.org",
        name: "UCUM",
        version: Some("2.2"),
        common: Some("http://hl7.org/fhir/ValueSet/ucum-common"),
        fault: of_units,
        display: |code| Some(code.to_owned()),
        meets: unit_meets,
    },
    Grammar {
        url: "urn:ietf:bcp:47",
        name: "BCP 47",
        version: None,
        common: Some("http://hl7.org/fhir/ValueSet/languages"),
        fault: of_languages,
        display: |_| None,
        meets: |_, _| None,
    },
    Grammar {
        url: "urn:ietf:bcp:13",
        name: "BCP 13",
        version: None,
        common: None,
        fault: of_media,
        display: |_| None,
        meets: |_, _| None,
    },
    Grammar {
        url: "urn:ietf:rfc:3986",
        name: "URI",
        version: None,
        common: None,
        fault: of_addresses,
        display: |_| None,
        meets: |_, _| None,
    },
];

/// Address and version of all of them.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    ALL.iter().map(|grammar| (grammar.url, grammar.version))
}

/// The rule of a system.
pub(crate) fn find(url: &str) -> Option<&'static Grammar> {
    ALL.iter().find(|grammar| grammar.url == url)
}

/// Longer codes are not looked at.
const CODE_BYTES_MAX: usize = 1000;

impl Grammar {
    /// Why a text is no code of it; nothing when it is one.
    pub fn fault(&self, code: &str) -> Option<String> {
        match code.len() > CODE_BYTES_MAX {
            true => Some(format!("A code of {CODE_BYTES_MAX} characters or more is not looked at.")),
            false => (self.fault)(code),
        }
    }
}

/// The Unified Code for Units of Measure, case sensitive.
fn of_units(code: &str) -> Option<String> {
    let first = |text: String| text.lines().next().unwrap_or_default().to_owned();
    ucum::validate(code).err().map(|e| format!("{code:?} is no unit of UCUM: {}.", first(e.to_string())))
}

/// The filter of UCUM: `canonical = g` has the units of the dimension of the gram (R4 ucum.html, section 4.3.1.6.3).
fn unit_meets(code: &str, filter: Filter<'_>) -> Option<bool> {
    match (filter.property, filter.op) {
        ("canonical", "=") => Some(ucum::is_comparable(code, filter.value).unwrap_or(false)),
        _ => None,
    }
}

/// Whether a text is a language tag (RFC 5646, section 2.1). The registry of subtags is not here, but two letters
/// for a language are those of ISO 639-1.
fn of_languages(code: &str) -> Option<String> {
    let mut parts = code.split('-');
    let language = parts.next().unwrap_or_default();
    let letters = |text: &str| text.bytes().all(|c| c.is_ascii_alphabetic());
    let known = match language.len() {
        1 => return private(code),
        2 => LANGUAGES.split(' ').any(|known| known.eq_ignore_ascii_case(language)),
        // Longer ones are allowed, but none is registered.
        3 => letters(language),
        _ => false,
    };
    if !known {
        return Some(format!("{language:?} is no language. Use a code of ISO 639, such as en or cy."));
    }
    // After `x` come private parts of any length; before it, one letter begins an extension, which needs more.
    let (mut single, mut private) = (false, false);
    for part in parts {
        let plain = !part.is_empty() && part.len() <= 8 && part.bytes().all(|c| c.is_ascii_alphanumeric());
        if !plain {
            return Some(format!("{part:?} in {code:?} is no part of a language tag."));
        }
        single = part.len() == 1 && !private;
        private |= part.eq_ignore_ascii_case("x");
    }
    single.then(|| format!("{code:?} ends within an extension."))
}

fn private(code: &str) -> Option<String> {
    let rest = code.strip_prefix("x-").or_else(|| code.strip_prefix("i-"));
    let fine = rest.is_some_and(|rest| {
        rest.split('-')
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_alphanumeric()))
    });
    (!fine).then(|| format!("{code:?} is no language tag."))
}

/// The codes of ISO 639-1.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy \
    da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii \
    ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr \
    ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl \
    sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh \
    zu";

/// The top-level types that IANA knows (RFC 6838, RFC 8081, RFC 9695).
const MEDIA: &[&str] = &[
    "application",
    "audio",
    "example",
    "font",
    "haptics",
    "image",
    "message",
    "model",
    "multipart",
    "text",
    "video",
];

/// Whether a text is a media type, with or without parameters (RFC 6838, section 4.2).
fn of_media(code: &str) -> Option<String> {
    let named = |text: &str| {
        let allowed = |c: u8| c.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&c);
        !text.is_empty() && text.len() <= 127 && text.bytes().all(allowed)
    };
    let main = code.split(';').next().unwrap_or_default().trim();
    let fine = main.split_once('/').is_some_and(|(kind, sub)| {
        MEDIA.iter().any(|known| known.eq_ignore_ascii_case(kind)) && (named(sub))
    });
    let parameters =
        code.split(';').skip(1).all(|one| one.split_once('=').is_some_and(|(name, _)| named(name.trim())));
    (!fine || !parameters).then(|| format!("{code:?} is no media type. Write it as in application/pdf."))
}

/// Whether a text is an absolute URI (RFC 3986, section 4.3).
fn of_addresses(code: &str) -> Option<String> {
    let scheme = code.split_once(':').filter(|(scheme, rest)| {
        let first = scheme.bytes().next().is_some_and(|c| c.is_ascii_alphabetic());
        first && !rest.is_empty() && scheme.bytes().all(|c| c.is_ascii_alphanumeric() || b"+-.".contains(&c))
    });
    let fine = scheme.is_some() && code.bytes().all(|c| c > b' ' && !b"<>\"{}|\\^`".contains(&c));
    (!fine).then(|| format!("{code:?} is no absolute URI."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_know_their_codes() {
        let check = |url: &str, good: &[&str], bad: &[&str]| {
            let grammar = find(url).unwrap();
            for code in good {
                assert_eq!(grammar.fault(code), None, "{url} {code}");
            }
            for code in bad {
                assert!(grammar.fault(code).is_some(), "{url} {code}");
            }
        };
        let units = ["mg", "mmol/L", "10*9/L", "mm[Hg]", "{score}", "/min", "Cel"];
        check("http://unitsofmeasure.org", &units, &["", "mgs", "KG", "mmol per L", "[mmHg"]);
        let languages =
            ["en", "en-GB", "cy", "zh-Hant-TW", "es-419", "x-ward", "haw", "EN-gb", "en-a-bbb-x-a"];
        check(
            "urn:ietf:bcp:47",
            &languages,
            &["", "e", "xy", "en_GB", "en-", "english-language", "en-a", "x-"],
        );
        let media = ["text/plain", "application/fhir+json", "text/html; charset=UTF-8", "IMAGE/png"];
        check("urn:ietf:bcp:13", &media, &["", "text", "text/", "words/plain", "text/plain; charset"]);
        let addresses = ["http://example.org/a", "urn:oid:1.2.3", "mailto:a@example.org"];
        check("urn:ietf:rfc:3986", &addresses, &["", "a", "a/b", ":x", "http://a b", "1a:b"]);
        check("urn:ietf:bcp:47", &[], &[&"x-".repeat(CODE_BYTES_MAX)]);
    }
}
