//! Search in running text: `_text` in the narrative, `_content` in all text of a resource (FHIR R4 search, 3.1.1.6.1;
//! how words are joined is left to the server).

use super::fold;
use crate::json::{Kind, Value};

/// Words and phrases of one alternative, at most.
pub const WORDS_MAX: usize = 20;

/// Where text is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Where {
    /// In the narrative (`_text`).
    Narrative,
    /// In the narrative and in every string (`_content`).
    Everywhere,
}

/// What is looked for in the text of a resource: any of the alternatives, each of them all of its terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Where.
    pub place: Where,
    /// Alternatives, each with its terms.
    pub any: Vec<Vec<Term>>,
}

/// One term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// These words, folded, one after the other in one text; a single word is the usual case.
    Words(Vec<String>),
    /// A word that begins so.
    Prefix(String),
}

impl Words {
    /// Reads alternatives, which are separate already: words that must all be there, `"a phrase"` in quotation marks,
    /// and the beginning of a word before `*`.
    pub fn parse(place: Where, alternatives: &[String]) -> Result<Words, String> {
        let any = alternatives.iter().map(|text| terms(text)).collect::<Result<Vec<_>, _>>()?;
        Ok(Words { place, any })
    }

    /// True when the text of a resource has them.
    pub fn met_by(&self, resource: Value<'_>) -> bool {
        let texts = texts_of(resource, self.place);
        self.any.iter().any(|terms| terms.iter().all(|term| texts.iter().any(|words| term.is_in(words))))
    }
}

impl Term {
    fn is_in(&self, words: &[String]) -> bool {
        match self {
            Term::Words(phrase) => words.windows(phrase.len()).any(|window| window == phrase),
            Term::Prefix(start) => words.iter().any(|word| word.starts_with(start.as_str())),
        }
    }
}

fn terms(text: &str) -> Result<Vec<Term>, String> {
    let mut terms = Vec::new();
    for (i, part) in text.split('"').enumerate() {
        if i % 2 == 1 {
            terms.extend(Some(split(part)).filter(|words| !words.is_empty()).map(Term::Words));
            continue;
        }
        for word in part.split_whitespace() {
            let (word, begins) = word.strip_suffix('*').map_or((word, false), |word| (word, true));
            match (split(word).as_slice(), begins) {
                ([], _) => {}
                ([start], true) => terms.push(Term::Prefix(start.clone())),
                (words, _) => terms.push(Term::Words(words.to_vec())),
            }
        }
    }
    if text.split('"').count().is_multiple_of(2) {
        return Err("A phrase has no closing quotation mark. Add it.".into());
    }
    match terms.len() {
        0 => Err(format!("{text:?} has no word to look for. Give one.")),
        1..=WORDS_MAX => Ok(terms),
        many => Err(format!("There are {many} words; at most {WORDS_MAX} are taken.")),
    }
}

/// The words of each text of a resource, folded, in their order.
pub fn texts_of(resource: Value<'_>, place: Where) -> Vec<Vec<String>> {
    let mut texts = Vec::new();
    if let Some(div) = resource.at(&["text", "div"]).and_then(Value::as_str) {
        texts.push(split(&without_tags(&div)));
    }
    if place == Where::Everywhere {
        gather(resource, &mut texts);
    }
    texts
}

/// Members whose strings are no text.
const NO_TEXT: [&str; 3] = ["resourceType", "div", "data"];

fn gather(value: Value<'_>, texts: &mut Vec<Vec<String>>) {
    match value.kind() {
        Kind::String => texts.extend(value.as_str().map(|text| split(&text))),
        Kind::Array => value.items().for_each(|item| gather(item, texts)),
        Kind::Object => {
            let members = value.members().filter(|(name, _)| !NO_TEXT.contains(&name.as_ref()));
            members.for_each(|(_, member)| gather(member, texts));
        }
        _ => {}
    }
}

/// Words are letters and digits, with the accents and apostrophes within them.
fn split(text: &str) -> Vec<String> {
    let within = |c: char| {
        c.is_alphanumeric() || matches!(c, '\u{300}'..='\u{36F}' | '\u{900}'..='\u{DFF}' | '\'' | '’')
    };
    text.split(|c| !within(c)).map(fold).filter(|word| !word.is_empty()).collect()
}

/// The text of XHTML.
fn without_tags(div: &str) -> String {
    let mut out = String::with_capacity(div.len());
    let mut rest = div;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        let (end, read) = match rest.as_bytes()[at] {
            b'<' => (rest[at..].find('>'), Some(' ')),
            _ => {
                let end = rest[at..].find(';').filter(|end| *end <= 10);
                (end, end.and_then(|end| entity(&rest[at + 1..at + end])))
            }
        };
        out.extend(read);
        match end {
            Some(end) => rest = &rest[at + end + 1..],
            None => rest = &rest[at + 1..],
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    let number = name.strip_prefix('#');
    match (name, number.map(|number| number.strip_prefix(['x', 'X']).ok_or(number))) {
        (_, Some(Ok(hex))) => u32::from_str_radix(hex, 16).ok().and_then(char::from_u32),
        (_, Some(Err(number))) => number.parse().ok().and_then(char::from_u32),
        ("amp", _) => Some('&'),
        _ => Some(' '),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Json, Limits};

    const REPORT: &str = r#"{"resourceType":"DiagnosticReport","conclusion":"No sign of pneumonia. O'Brien's view: Müller-Test",
        "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Chest<b>X</b> ray &amp; caf&#233; clear</p></div>"},
        "presentedForm":[{"title":"Letter of 5.4","data":"c2VjcmV0"}]}"#;

    fn met(place: Where, text: &str) -> bool {
        let json = Json::parse(REPORT, Limits::DOOR).unwrap();
        let alternatives: Vec<String> = text.split(',').map(str::to_owned).collect();
        Words::parse(place, &alternatives).unwrap().met_by(json.root())
    }

    #[test]
    fn words_phrases_and_beginnings_are_found() {
        for (text, narrative, everywhere) in [
            ("chest", true, true),
            ("CHEST ray", true, true),
            ("chest x", true, true),
            ("cafe", true, true),
            ("pneumonia", false, true),
            ("pneumo*", false, true),
            ("pneumo", false, false),
            ("\"sign of pneumonia\"", false, true),
            ("\"of sign\"", false, false),
            ("\"clear no\"", false, false),
            ("pneumonia letter", false, true),
            ("nothing,letter", false, true),
            ("obriens", false, true),
            ("muller", false, true),
            ("mueller", false, false),
            ("DiagnosticReport", false, false),
            ("c2VjcmV0", false, false),
            ("xmlns", false, false),
        ] {
            assert_eq!(met(Where::Narrative, text), narrative, "{text} in the narrative");
            assert_eq!(met(Where::Everywhere, text), everywhere, "{text} everywhere");
        }
    }

    #[test]
    fn what_names_no_word_is_refused() {
        for text in ["", " . ", "\"", "\"a b", &"x ".repeat(WORDS_MAX + 1)] {
            assert!(Words::parse(Where::Everywhere, &[text.to_owned()]).is_err(), "{text:?}");
        }
    }

    #[test]
    fn broken_markup_is_read_to_its_end() {
        for text in ["<", "&", "a<b", "a&b", "&#x110000;", "&#xD800;x", "<<>>é&é;"] {
            without_tags(text);
        }
        assert_eq!(without_tags("a &lt;b&gt; <i>c</i>"), "a  b   c ");
    }
}
