//! One code, and all that is to be said of it.

use super::asked::{At, Coded};
use super::display;
use crate::expand::Item;
use crate::inputs::Inputs;
use crate::issue::{Issue, Refused};
use crate::language::Languages;
use crate::listed::Listed;
use crate::scope::Scope;
use crate::set::{Membership, Named, Place, Set, Stated};
use crate::system::{Concept, Content, System};
use std::sync::Arc;

/// How strict to be.
pub(super) struct Rules {
    pub languages: Languages,
    /// Whether a wrong display is only a warning.
    pub lenient: bool,
    active_only: bool,
    /// Whether only the membership matters.
    membership_only: bool,
    /// Whether codes that only group others are fine.
    groups: bool,
    /// A code system that came with the request.
    pub own: Option<Named>,
}

impl Rules {
    pub fn new(inputs: Inputs<'_>, of_set: Option<&str>, languages: Option<&str>) -> Result<Rules, Refused> {
        let said = inputs.text("displayLanguage").or_else(|| languages.map(str::to_owned));
        let said = said.or_else(|| of_set.map(str::to_owned)).unwrap_or_default();
        Ok(Rules {
            languages: Languages::parse(&said),
            lenient: inputs.flag("lenient-display-validation")?.unwrap_or(false),
            active_only: inputs.flag("activeOnly")?.unwrap_or(false),
            membership_only: inputs.flag("valueset-membership-only")?.unwrap_or(false),
            groups: inputs.flag("abstract")?.unwrap_or(true),
            own: None,
        })
    }
}

/// Who judges.
pub(super) struct Judge<'j> {
    pub scope: &'j Scope<'j>,
    pub set: Option<&'j Arc<Set>>,
    pub rules: Rules,
    pub supplements: Vec<Arc<Listed>>,
}

/// What was found out.
#[derive(Default)]
pub(super) struct Verdict {
    pub issues: Vec<Issue>,
    /// Whether it is in what was asked.
    pub member: bool,
    pub system: Option<String>,
    pub version: Option<String>,
    pub display: Option<String>,
    pub inactive: bool,
    pub status: Option<String>,
    pub unknown_system: Option<String>,
}

impl Judge<'_> {
    pub fn judge(&self, coded: &Coded, at: &At) -> Verdict {
        let mut verdict = Verdict { system: coded.system.clone(), ..Verdict::default() };
        match (&coded.system, self.set) {
            (Some(system), _) => self.with_system(coded, system, at, &mut verdict),
            // A bare code: the value set says whose it is.
            (None, Some(set)) if at.0.is_empty() => match infer(set, &coded.code) {
                Some(system) => {
                    let system = system.to_owned();
                    verdict.system = Some(system.clone());
                    let coded = Coded {
                        system: Some(system.clone()),
                        version: coded.version.clone(),
                        code: coded.code.clone(),
                        display: coded.display.clone(),
                    };
                    self.with_system(&coded, &system, at, &mut verdict);
                }
                None => self.not_inferred(set, coded, at, &mut verdict),
            },
            (None, _) => {
                self.not_in(coded, at, &mut verdict);
                let text = "Coding has no system. A code with no system has no defined meaning, and it cannot be \
                            validated. A system should be provided";
                let message = "Coding_has_no_system__cannot_validate";
                let issue = Issue::error("invalid", "invalid-data", message, text.to_owned()).warning();
                verdict.issues.push(issue.at(at.whole()));
            }
        }
        verdict
    }

    fn not_inferred(&self, set: &Set, coded: &Coded, at: &At, verdict: &mut Verdict) {
        self.not_in(coded, at, verdict);
        let systems: Vec<String> = set.systems().iter().map(|named| named.url.clone()).collect();
        let text = format!(
            "The System URI could not be determined for the code '{}' in the ValueSet '{}': it has codes of {}",
            coded.code,
            set.label(),
            systems.join(", ")
        );
        let issue = Issue::error("not-found", "cannot-infer", "UNABLE_TO_INFER_CODESYSTEM", text);
        verdict.issues.push(issue.at("code"));
    }

    fn with_system(&self, coded: &Coded, system: &str, at: &At, verdict: &mut Verdict) {
        let place = self.place(coded, system);
        let membership = match self.set {
            Some(set) if self.other_version(set, coded, system, at, verdict) => Membership::Out,
            Some(set) => set.has(system, &coded.code),
            None => Membership::In(None),
        };
        let stated = match &membership {
            Membership::In(stated) => *stated,
            _ => None,
        };
        let named = Named { url: system.to_owned(), version: coded.version.clone(), place };
        let known = match &named.place {
            Place::System(system) => self.in_system(&**system, coded, at, verdict),
            Place::Grammar(grammar) => {
                verdict.version = grammar.version.map(str::to_owned);
                match grammar.fault(&coded.code) {
                    None => Known::Rule,
                    Some(_) if self.rules.membership_only => Known::Not,
                    Some(why) => {
                        verdict.issues.push(unknown(&coded.code, system, grammar.version).at(at.of("code")));
                        let why = Issue::error("code-invalid", "invalid-code", "", why);
                        verdict.issues.push(why.information().quiet().at(at.of("code")));
                        Known::Not
                    }
                }
            }
            Place::Missing => {
                self.unknown_system(coded, system, at, stated.is_some(), verdict);
                Known::Missing
            }
        };
        self.member(coded, at, &membership, &known, verdict);
        let known_rule = matches!(known, Known::Rule);
        let concept = match known {
            Known::Concept(concept) => Some(concept),
            _ => None,
        };
        let item = Item { named: &named, concept, stated };
        let names = item.names();
        let by_rule = match (known_rule, &named.place) {
            (true, Place::Grammar(grammar)) => (grammar.display)(&coded.code),
            _ => None,
        };
        verdict.display =
            self.rules.languages.pick(&names).map(|place| names[place].value.clone().into_owned());
        verdict.display = verdict.display.take().or(by_rule);
        if let Some((system, concept)) = item.known() {
            self.activity(system, concept, coded, at, verdict);
        }
        if let (Some(stated), true) = (stated, verdict.member) {
            self.comments(stated, coded, at, verdict);
        }
        if let (Some(display), false) = (&coded.display, self.rules.membership_only) {
            let listed = stated.is_some_and(|stated| stated.display.is_some());
            if concept.is_some() || listed {
                let wrong = display::check(&named, coded, display, &names, &self.rules, at);
                verdict.issues.extend(wrong);
            }
        }
    }

    /// Whether the value set is of another version of the system than the code.
    fn other_version(&self, set: &Set, coded: &Coded, system: &str, at: &At, verdict: &mut Verdict) -> bool {
        let Some(asked) = coded.version.as_deref() else { return false };
        let own: Vec<&str> =
            set.systems().iter().filter(|one| one.url == system).filter_map(|one| one.version()).collect();
        let Some(first) = own.first().filter(|_| !own.contains(&asked)) else { return false };
        let text = format!(
            "The code system '{system}' version '{first}' in the ValueSet include is different to the one in \
             the value ('{asked}')"
        );
        let issue = Issue::error("invalid", "vs-invalid", "VALUESET_VALUE_MISMATCH", text);
        verdict.issues.push(issue.at(at.of("version")));
        true
    }

    fn place(&self, coded: &Coded, system: &str) -> Place {
        if let Some(own) = self.rules.own.as_ref().filter(|own| own.url == system) {
            return own.place.clone();
        }
        match (self.set.and_then(|set| set.named(system)), &coded.version) {
            (Some(named), None) => named.place.clone(),
            _ => self.scope.system(system, coded.version.as_deref(), &self.supplements),
        }
    }

    fn in_system(&self, system: &dyn System, coded: &Coded, at: &At, verdict: &mut Verdict) -> Known {
        verdict.version = system.version().map(str::to_owned);
        if let Some(concept) = system.find(&coded.code) {
            if system.is_abstract(concept) && !self.rules.groups {
                let text = format!("Code '{}' is abstract, and not allowed in this context", coded.label());
                let issue = Issue::error("business-rule", "code-rule", "ABSTRACT_CODE_NOT_ALLOWED", text);
                verdict.issues.push(issue.at(at.of("code")));
            }
            return Known::Concept(concept);
        }
        if self.rules.membership_only {
            return Known::Not;
        }
        let issue = unknown(&coded.code, system.url(), system.version());
        let (issue, known) = match system.content() {
            Content::Complete => (issue, Known::Not),
            Content::Part => {
                let text =
                    format!("{} - only a part of it is here, so the code may be one of it", issue.text);
                (Issue { message: "UNKNOWN_CODE_IN_FRAGMENT", text, ..issue.warning() }, Known::Perhaps)
            }
        };
        verdict.issues.push(issue.at(at.of("code")));
        known
    }

    fn unknown_system(&self, coded: &Coded, system: &str, at: &At, listed: bool, verdict: &mut Verdict) {
        if self.rules.membership_only {
            return;
        }
        let place = at.of("system");
        let mut add = |issue: Issue| verdict.issues.push(issue.at(place.clone()));
        let invalid = |message, text| Issue::error("invalid", "invalid-data", message, text);
        let other = self.scope.find("CodeSystem", system, None);
        if let Some(listed) =
            other.map(|json| Listed::new(json.root())).filter(|one| one.supplements().is_some())
        {
            let label = crate::compile::label(&listed);
            let text =
                format!("CodeSystem {label} is a supplement, so can't be used as a value in Coding.system");
            return add(invalid("CODESYSTEM_CS_NO_SUPPLEMENT", text));
        }
        if self.scope.find("ValueSet", system, None).is_some() {
            let text = format!("The Coding references a value set, not a code system ('{system}')");
            return add(invalid("Terminology_TX_System_ValueSet2", text));
        }
        let absolute = system.contains(':');
        if !absolute {
            let text = "Coding.system must be an absolute reference, not a local reference".to_owned();
            add(invalid("Terminology_TX_System_Relative", text));
        }
        let here = !matches!(self.scope.system(system, None, &[]), Place::Missing);
        let (message, text) = match &coded.version {
            Some(version) if here => {
                let text =
                    format!("A definition for CodeSystem '{system}' version '{version}' could not be found");
                ("UNKNOWN_CODESYSTEM_VERSION", text)
            }
            _ if absolute => {
                ("UNKNOWN_CODESYSTEM", format!("A definition for CodeSystem {system} could not be found"))
            }
            _ => ("UNKNOWN_CODESYSTEM", format!("A definition for CodeSystem '{system}' could not be found")),
        };
        let issue = Issue::error(
            "not-found",
            "not-found",
            message,
            format!("{text}, so the code cannot be validated"),
        );
        add(if listed { issue.warning() } else { issue });
        verdict.unknown_system = Some(match &coded.version {
            Some(version) => format!("{system}|{version}"),
            None => system.to_owned(),
        });
    }

    fn member(
        &self,
        coded: &Coded,
        at: &At,
        membership: &Membership<'_>,
        known: &Known,
        verdict: &mut Verdict,
    ) {
        match (membership, known) {
            // A value set may list what its system does not have.
            (Membership::In(_), Known::Not) if self.set.is_some() => self.not_in(coded, at, verdict),
            (Membership::In(_), Known::Not) => {}
            (Membership::In(None), Known::Missing) => {}
            (Membership::In(_), _) => verdict.member = true,
            // Said already: the part of the system that is here does not have it.
            (Membership::Unsure(_), Known::Perhaps) => verdict.member = true,
            (Membership::Unsure(_), Known::Missing) | (Membership::Out, _) => self.not_in(coded, at, verdict),
            (Membership::Unsure(why), _) => {
                let issue = Issue::error("not-found", "not-found", "", why.clone());
                verdict.issues.push(issue.at(at.of("code")));
            }
        }
    }

    fn not_in(&self, coded: &Coded, at: &At, verdict: &mut Verdict) {
        let Some(set) = self.set else { return };
        let text =
            format!("The provided code '{}' was not found in the value set '{}'", coded.label(), set.label());
        let message = "None_of_the_provided_codes_are_in_the_value_set_one";
        let issue = match at.0.starts_with("CodeableConcept") {
            // One of several: that it is not in says nothing of the others.
            true => Issue::error("code-invalid", "this-code-not-in-vs", message, text).information().quiet(),
            false => Issue::error("code-invalid", "not-in-vs", message, text),
        };
        verdict.issues.push(issue.at(at.of("code")));
    }

    fn activity(&self, system: &dyn System, concept: Concept, coded: &Coded, at: &At, verdict: &mut Verdict) {
        let status =
            system.status(concept).map(|status| status.into_owned()).filter(|status| status != "active");
        let code = &coded.code;
        if system.is_active(concept) {
            if status.as_deref() == Some("deprecated") {
                let text = format!("The concept '{code}' is deprecated and its use should be reviewed");
                let issue = Issue::error("business-rule", "code-comment", "DEPRECATED_CONCEPT_FOUND", text);
                verdict.issues.push(issue.warning().at(at.of("code")));
                verdict.status = status;
            }
            return;
        }
        verdict.inactive = true;
        let said = match status.as_deref() {
            Some("inactive") | None => "inactive".to_owned(),
            Some(status) => format!("{status} and inactive"),
        };
        verdict.status = status;
        let text = format!("The concept '{code}' has a status of {said} and its use should be reviewed");
        let issue = Issue::error("business-rule", "code-comment", "INACTIVE_CONCEPT_FOUND", text);
        verdict.issues.push(issue.warning().at(at.whole()));
        if verdict.member && self.set.is_some_and(|set| set.active_only || self.rules.active_only) {
            verdict.member = false;
            let text = format!("The concept '{code}' is valid but is not active");
            let issue = Issue::error("business-rule", "code-rule", "STATUS_CODE_WARNING_CODE", text);
            verdict.issues.push(issue.at(at.of("code")));
            self.not_in(coded, at, verdict);
        }
    }

    fn comments(&self, stated: &Stated, coded: &Coded, at: &At, verdict: &mut Verdict) {
        let Some(set) = self.set.filter(|_| stated.deprecated()) else { return };
        let text = format!(
            "The presence of the concept '{}' in the system '{}' in the value set {} is marked with a status of \
             deprecated and its use should be reviewed",
            coded.code,
            coded.system.as_deref().unwrap_or_default(),
            set.label()
        );
        let issue = Issue::error("business-rule", "code-comment", "CONCEPT_DEPRECATED_IN_VALUESET", text);
        verdict.issues.push(issue.warning().quiet().at(at.of("code")));
    }
}

fn unknown(code: &str, system: &str, version: Option<&str>) -> Issue {
    let (message, version) = match version {
        Some(version) => ("Unknown_Code_in_Version", format!(" version '{version}'")),
        None => ("Unknown_Code_in", String::new()),
    };
    let text = format!("Unknown code '{code}' in the CodeSystem '{system}'{version}");
    Issue::error("code-invalid", "invalid-code", message, text)
}

/// What a code system knows of a code.
enum Known {
    Concept(Concept),
    /// A code by rule.
    Rule,
    /// Only a part of the system is here.
    Perhaps,
    Not,
    /// The system is not here.
    Missing,
}

/// The only system of a value set that has a code there.
fn infer<'s>(set: &'s Set, code: &str) -> Option<&'s str> {
    let named = set.systems();
    let mut fitting: Vec<&str> = named.iter().map(|named| named.url.as_str()).collect();
    fitting.dedup();
    fitting.retain(|system| matches!(set.has(system, code), Membership::In(_)));
    match fitting[..] {
        [one] => Some(one),
        _ => None,
    }
}
