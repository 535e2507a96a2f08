//! Where an interaction is directed: `Patient`, `Patient/1`, `Patient/1/_history/2`, `Patient?name=x`.

use fhir::definitions::RESOURCES;
use record::{Kind, Refusal};

/// Name and value pairs of a URL's query, decoded, in their order.
pub type Pairs = Vec<(String, String)>;

/// A URL below a FHIR base, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The resource type.
    pub kind: &'static str,
    /// The logical id, if any.
    pub id: Option<String>,
    /// The version, if any.
    pub version: Option<u64>,
    /// The query.
    pub pairs: Pairs,
}

impl Address {
    /// Takes apart a URL that is relative to `base` or begins with it.
    pub fn parse(url: &str, base: &str) -> Result<Address, Refusal> {
        let local = url.strip_prefix(base).map_or(url, |rest| rest.trim_start_matches('/'));
        let (path, query) = local.split_once('?').unwrap_or((local, ""));
        let mut parts = path.trim_start_matches('/').trim_end_matches('/').split('/');
        let kind = kind_named(&decode(parts.next().unwrap_or_default(), false)?)?;
        let id = parts.next().map(|part| decode(part, false)).transpose()?;
        let version = match (parts.next(), parts.next()) {
            (None, _) => None,
            (Some("_history"), Some(version)) => Some(version.parse().map_err(|_| unclear(url))?),
            _ => return Err(unclear(url)),
        };
        if parts.next().is_some() || id.as_deref().is_some_and(|id| !is_id(id)) {
            return Err(unclear(url));
        }
        Ok(Address { kind, id, version, pairs: pairs(query)? })
    }
}

fn unclear(url: &str) -> Refusal {
    let text = format!(
        "{url:?} is no address of an interaction that is possible here. Give Type, Type/id or Type?criteria."
    );
    Refusal::new(Kind::Unsupported, text)
}

/// The resource type called `name`.
pub fn kind_named(name: &str) -> Result<&'static str, Refusal> {
    match RESOURCES.binary_search(&name) {
        Ok(i) => Ok(RESOURCES[i]),
        Err(_) => {
            let text =
                format!("{name:?} is no resource type of FHIR R4. Check its spelling; capitals count.");
            Err(Refusal::new(Kind::NotFound, text))
        }
    }
}

/// True for a FHIR id: 1 to 64 of letters, digits, `-` and `.`.
pub fn is_id(text: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'.';
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

/// The version in an entity tag: `W/"3"`, also without `W/`.
pub fn version_of(tag: &str) -> Result<u64, Refusal> {
    let bare = tag.trim();
    let bare = bare.strip_prefix("W/").unwrap_or(bare);
    let digits = bare.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(bare);
    digits.parse().map_err(|_| {
        Refusal::invalid(
            "",
            format!("{tag:?} is no version of a resource. Give the ETag that was read, e.g. W/\"1\"."),
        )
    })
}

/// Splits and decodes a query, or a body of type `application/x-www-form-urlencoded`.
pub fn pairs(query: &str) -> Result<Pairs, Refusal> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((decode(name, true)?, decode(value, true)?))
        })
        .collect()
}

/// Undoes percent-encoding; with `plus` a `+` is a space, as in queries. Refuses what no client means: a
/// broken escape, text that is not UTF-8, and the character NUL.
pub fn decode(text: &str, plus: bool) -> Result<String, Refusal> {
    let refuse = |reason: &str| {
        let text =
            format!("The URL {reason}. Encode it as UTF-8, with % only before two hexadecimal digits.");
        Err(Refusal::invalid("", text))
    };
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'%' => {
                let digits = bytes.get(at + 1..at + 3).filter(|d| d.iter().all(u8::is_ascii_hexdigit));
                let Some(digits) = digits.and_then(|d| std::str::from_utf8(d).ok()) else {
                    return refuse("has a broken percent-escape");
                };
                out.push(u8::from_str_radix(digits, 16).expect("two hexadecimal digits fit a byte"));
                at += 2;
            }
            b'+' if plus => out.push(b' '),
            byte => out.push(byte),
        }
        at += 1;
    }
    match String::from_utf8(out) {
        Ok(text) if text.contains('\0') => refuse("holds the character NUL"),
        Ok(text) => Ok(text),
        Err(_) => refuse("is not UTF-8"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let base = "https://care.example/fhir";
        let whole = |url| Address::parse(url, base).map(|a| (a.kind, a.id, a.version, a.pairs));
        assert_eq!(whole("Patient"), Ok(("Patient", None, None, vec![])));
        assert_eq!(whole("Patient/a.b-1"), Ok(("Patient", Some("a.b-1".into()), None, vec![])));
        assert_eq!(
            whole("https://care.example/fhir/Patient/1/_history/2"),
            Ok(("Patient", Some("1".into()), Some(2), vec![]))
        );
        let query = vec![("name".into(), "a b".into()), ("code".into(), "x|y".into())];
        assert_eq!(whole("/Patient?name=a+b&code=x%7Cy"), Ok(("Patient", None, None, query)));
        for url in ["", "patient", "Nonsense/1", "https://other.example/fhir/Patient/1", "../Patient"] {
            assert_eq!(whole(url).map_err(|r| r.kind), Err(Kind::NotFound), "{url}");
        }
        for url in [
            "Patient/1/2",
            "Patient/1/_history/x",
            "Patient/1/_history/1/2",
            "Patient/a_b",
            "ValueSet/$lookup",
        ] {
            assert_eq!(whole(url).map_err(|r| r.kind), Err(Kind::Unsupported), "{url}");
        }
    }

    #[test]
    fn what_no_client_means_is_refused() {
        for text in ["%", "%4", "%zz", "a%00b", "%ff", "%+1"] {
            assert_eq!(decode(text, true).map_err(|r| r.kind), Err(Kind::Invalid), "{text}");
        }
        assert_eq!(decode("a+b%2B%C3%A9", true).as_deref(), Ok("a b+é"));
        assert_eq!(decode("a+b", false).as_deref(), Ok("a+b"));
    }

    #[test]
    fn an_entity_tag_names_a_version() {
        assert_eq!(version_of("W/\"12\""), Ok(12));
        assert_eq!(version_of("\"1\""), Ok(1));
        for tag in ["", "*", "W/\"x\"", "W/\"1", "-1"] {
            assert!(version_of(tag).is_err(), "{tag}");
        }
    }
}
