//! Whether a display is one of a code.

use super::asked::{At, Coded};
use super::judge::Rules;
use crate::issue::Issue;
use crate::language::Name;
use crate::set::{Named, Place};
use crate::text::spaced;

/// What is wrong with a display; nothing when it is right. Small and capital letters are the same.
pub(super) fn check(
    named: &Named,
    coded: &Coded,
    display: &str,
    names: &[Name<'_>],
    rules: &Rules,
    at: &At,
) -> Option<Issue> {
    let language = match &named.place {
        Place::System(system) => system.language(),
        _ => None,
    };
    let same = |name: &&Name<'_>| name.value.to_lowercase() == display.to_lowercase();
    let shown: Vec<&Name<'_>> = names.iter().filter(|name| name.shown).collect();
    let wanted = |name: &Name<'_>| {
        let unsaid = name.main && name.language.is_none();
        !rules.languages.any() || unsaid || rules.languages.want(name.language.as_deref())
    };
    let fitting: Vec<&Name<'_>> =
        shown.iter().filter(|name| wanted(name) && !name.withdrawn()).copied().collect();
    if fitting.iter().any(same) {
        return None;
    }
    let code = format!("{}#{}", named.url, coded.code);
    let wrong =
        |message: &'static str, text: String| Issue::error("invalid", "invalid-display", message, text);
    let soften = |issue: Issue| if rules.lenient { issue.warning() } else { issue };
    let list = rules.languages.list();
    let issue = if shown.iter().any(|name| name.withdrawn() && same(name)) {
        let right: Vec<String> = fitting.iter().map(|name| format!("\"{}\"", name.value)).collect();
        let text = format!(
            "'{display}' is no longer considered a correct display for code '{}' (status = deprecated). The correct \
             display is one of {}.",
            coded.code,
            right.join(", ")
        );
        Issue::error("invalid", "display-comment", "INACTIVE_DISPLAY_FOUND", text).warning().quiet()
    } else if fitting.is_empty() {
        let mut usual = shown.iter().filter(|name| name.main || name.language.as_deref() == language);
        let first = usual.clone().next().map(|name| name.value.to_string()).unwrap_or_default();
        match usual.any(|name| same(&name)) {
            true => {
                let text = format!(
                    "There are no valid display names found for the code {code} for language(s) '{list}'. The display \
                     is '{display}' which is a valid display for the default language"
                );
                wrong("NO_VALID_DISPLAY_FOUND_NONE_FOR_LANG_OK", text).information()
            }
            false => {
                let text = format!(
                    "Wrong Display Name '{display}' for {code}. There are no valid display names found for language(s) \
                     '{list}'. Default display is '{first}'"
                );
                soften(wrong("NO_VALID_DISPLAY_FOUND_NONE_FOR_LANG_ERR", text))
            }
        }
    } else {
        let choices: Vec<String> = fitting.iter().map(|name| choice(name)).collect();
        let choices = match &choices[..] {
            [one] => format!("Valid display is {one}"),
            all => format!("Valid display is one of {} choices: {}", all.len(), all.join(" or ")),
        };
        let spaces =
            fitting.iter().any(|name| spaced(&name.value).to_lowercase() == spaced(display).to_lowercase());
        let (message, why) = match spaces {
            true => {
                ("Display_Name_WS_for__should_be_one_of__instead_of", "whitespace differences in the display")
            }
            false => ("Display_Name_for__should_be_one_of__instead_of", ""),
        };
        let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
        let text = format!(
            "Wrong Display Name '{display}' for {code}{why}. {choices} (for the language(s) '{list}')"
        );
        soften(wrong(message, text))
    };
    Some(issue.at(at.of("display")))
}

fn choice(name: &Name<'_>) -> String {
    match &name.language {
        Some(language) => format!("'{}' ({language})", name.value),
        None => format!("'{}'", name.value),
    }
}
