//! Words and languages.

/// Whether a designation in a language (or in none that is said) is one for who wants a language: the same, or a
/// regional one of it (RFC 4647, basic filtering).
pub(crate) fn speaks(language: Option<&str>, wanted: &str) -> bool {
    let Some(language) = language else { return false };
    let (language, wanted) = (language.to_ascii_lowercase(), wanted.to_ascii_lowercase());
    language == wanted || language.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with('-'))
}

/// The words of a text, in small letters.
pub(crate) fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Whether a name has for each of the words one that begins with it.
pub(crate) fn has(name: &str, wanted: &[String]) -> bool {
    let own = words(name);
    wanted.iter().all(|wanted| own.iter().any(|own| own.starts_with(wanted)))
}

/// White space as one blank each, without that at the ends.
pub(crate) fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
