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
    let shown: Vec<&Name<'_>> = names.iter().filter(|name| name.shown).collect();
    let wanted = |name: &Name<'_>| {
        let unsaid = name.main && name.language.is_none();
        !rules.languages.any() || unsaid || rules.languages.want(name.language.as_deref())
    };
    let fitting: Vec<&Name<'_>> =
        shown.iter().filter(|name| wanted(name) && !name.withdrawn()).copied().collect();
    if fitting.iter().any(|name| same(name, display)) {
        return None;
    }
    let said = Said { display, code: &coded.code, label: format!("{}#{}", named.url, coded.code), rules };
    let issue = if shown.iter().any(|name| name.withdrawn() && same(name, display)) {
        said.withdrawn(&fitting)
    } else if fitting.is_empty() {
        let usual = shown.iter().filter(|name| name.main || name.language.as_deref() == language).copied();
        said.no_language(&usual.collect::<Vec<_>>())
    } else {
        said.wrong(&fitting)
    };
    Some(issue.at(at.of("display")))
}

fn same(name: &Name<'_>, display: &str) -> bool {
    name.value.to_lowercase() == display.to_lowercase()
}

/// A display that is not the one.
struct Said<'s> {
    display: &'s str,
    code: &'s str,
    /// System and code.
    label: String,
    rules: &'s Rules,
}

impl Said<'_> {
    fn withdrawn(&self, right: &[&Name<'_>]) -> Issue {
        let right: Vec<String> = right.iter().map(|name| format!("\"{}\"", name.value)).collect();
        let text = format!(
            "'{}' is no longer considered a correct display for code '{}' (status = deprecated). The correct display \
             is one of {}.",
            self.display,
            self.code,
            right.join(", ")
        );
        Issue::error("invalid", "display-comment", "INACTIVE_DISPLAY_FOUND", text).warning().quiet()
    }

    /// When no name is in a language that is wanted; `usual` are those of the system's own.
    fn no_language(&self, usual: &[&Name<'_>]) -> Issue {
        let Said { display, label, .. } = self;
        let list = self.rules.languages.list();
        if usual.iter().any(|name| same(name, display)) {
            let text = format!(
                "There are no valid display names found for the code {label} for language(s) '{list}'. The display is \
                 '{display}' which is a valid display for the default language"
            );
            return invalid("NO_VALID_DISPLAY_FOUND_NONE_FOR_LANG_OK", text).information();
        }
        let first = usual.first().map(|name| &*name.value).unwrap_or_default();
        let text = format!(
            "Wrong Display Name '{display}' for {label}. There are no valid display names found for language(s) \
             '{list}'. Default display is '{first}'"
        );
        self.soften(invalid("NO_VALID_DISPLAY_FOUND_NONE_FOR_LANG_ERR", text))
    }

    fn wrong(&self, right: &[&Name<'_>]) -> Issue {
        let Said { display, label, .. } = self;
        let choices: Vec<String> = right.iter().map(|name| choice(name)).collect();
        let choices = match &choices[..] {
            [one] => format!("Valid display is {one}"),
            all => format!("Valid display is one of {} choices: {}", all.len(), all.join(" or ")),
        };
        let list = self.rules.languages.list();
        let plain = |text: &str| spaced(text).to_lowercase();
        if right.iter().any(|name| plain(&name.value) == plain(display)) {
            let text = format!(
                "Wrong whitespace in Display Name '{display}' for {label}. {choices} (for the language(s) '{list}')"
            );
            return self.soften(invalid("Display_Name_WS_for__should_be_one_of__instead_of", text));
        }
        let text =
            format!("Wrong Display Name '{display}' for {label}. {choices} (for the language(s) '{list}')");
        self.soften(invalid("Display_Name_for__should_be_one_of__instead_of", text))
    }

    fn soften(&self, issue: Issue) -> Issue {
        match self.rules.lenient {
            true => issue.warning(),
            false => issue,
        }
    }
}

fn invalid(message: &'static str, text: String) -> Issue {
    Issue::error("invalid", "invalid-display", message, text)
}

fn choice(name: &Name<'_>) -> String {
    match &name.language {
        Some(language) => format!("'{}' ({language})", name.value),
        None => format!("'{}'", name.value),
    }
}
