//! `$validate-code` of value sets and code systems (R4 valueset-operation-validate-code.html,
//! codesystem-operation-validate-code.html), alone and in batches.

mod answer;
mod asked;
mod display;
mod judge;

use crate::Terminology;
use crate::inputs::Inputs;
use crate::issue::{Refused, Severity};
use crate::listed::Listed;
use crate::operation::Request;
use crate::scope::{NO_SET, Scope};
use crate::set::{Named, Place, Set};
use answer::Answer;
use asked::{Asked, Form};
use fhir::Tree;
use fhir::json::Value;
use judge::{Judge, Verdict};
use std::borrow::Cow;
use std::sync::Arc;

/// Validations of one batch, at most.
const BATCH_MAX: usize = 1_000;

/// Whether a code, a Coding or one of a CodeableConcept is in a value set.
pub(crate) fn value_set(terminology: &Terminology, request: &Request<'_>) -> Result<Tree, Refused> {
    let inputs = Inputs::new(request.parameters);
    of_set(&Scope::new(terminology, inputs), request, inputs)
}

/// Whether a code or a Coding is in its code system.
pub(crate) fn code_system(terminology: &Terminology, request: &Request<'_>) -> Result<Tree, Refused> {
    let inputs = Inputs::new(request.parameters);
    of_system(&Scope::new(terminology, inputs), request, inputs)
}

/// Many validations, each with parameters of its own beside those of all.
pub(crate) fn batch(terminology: &Terminology, request: &Request<'_>) -> Result<Tree, Refused> {
    let inputs = Inputs::new(request.parameters);
    let all: Vec<Value<'_>> = inputs.parts("validation").filter_map(|part| part.get("resource")).collect();
    if all.len() > BATCH_MAX {
        let text = format!("Send at most {BATCH_MAX} validations at once, not {}.", all.len());
        return Err(Refused::invalid("validation", text));
    }
    let scope = Scope::new(terminology, inputs);
    let one = match request.kind {
        Some("CodeSystem") => of_system,
        _ => of_set,
    };
    let answers = all.into_iter().map(|parameters| {
        let own = inputs.within(parameters);
        let answer = match Scope::is_asked(parameters) {
            true => one(&Scope::new(terminology, own), request, own),
            false => one(&scope, request, own),
        };
        let answer = answer.unwrap_or_else(|refused| refused.outcome());
        Tree::object().with("name", "validation").with("resource", answer)
    });
    Ok(Tree::resource("Parameters").with("parameter", answers.collect::<Vec<_>>()))
}

fn of_set(scope: &Scope<'_>, request: &Request<'_>, inputs: Inputs<'_>) -> Result<Tree, Refused> {
    let asked = Asked::new(inputs)?;
    let set = match crate::expand::asked(scope, inputs, request) {
        Ok(set) => set,
        // The value set is here, but one that it imports is not: that is an answer about the code.
        Err(refused)
            if refused.issues.iter().any(|one| one.message == NO_SET) && imports(scope, inputs, request) =>
        {
            return Ok(Answer::unknown(&asked, refused.issues).tree());
        }
        Err(refused) => return Err(refused),
    };
    let rules = judge::Rules::new(inputs, set.language.as_deref(), request.languages)?;
    let judge = Judge { scope, set: Some(&set), rules, supplements: Vec::new() };
    Ok(decide(&judge, &asked).tree())
}

/// Whether the value set of a request is here, whatever it imports.
fn imports(scope: &Scope<'_>, inputs: Inputs<'_>, request: &Request<'_>) -> bool {
    let given = inputs.resource("valueSet").is_some() || request.instance.is_some();
    given
        || inputs.text("url").is_some_and(|url| {
            let (url, version) = package::canonical(&url);
            let said = inputs.text("valueSetVersion");
            scope.find("ValueSet", url, version.or(said.as_deref())).is_some()
        })
}

fn of_system(scope: &Scope<'_>, request: &Request<'_>, inputs: Inputs<'_>) -> Result<Tree, Refused> {
    let mut asked = Asked::new(inputs)?;
    let given = inputs.resource("codeSystem").or(request.instance);
    let said = given.and_then(|own| own.str("url")).map(Cow::into_owned).or_else(|| inputs.text("url"));
    let (url, version) = said.as_deref().map(package::canonical).unzip();
    let version = version.flatten().map(str::to_owned).or_else(|| inputs.text("version"));
    for coding in &mut asked.codings {
        coding.system = coding.system.take().or_else(|| url.map(str::to_owned));
        coding.version = coding.version.take().or_else(|| version.clone());
    }
    if asked.form == Form::Code && asked.codings.iter().all(|coding| coding.system.is_none()) {
        return Err(Refused::invalid("url", "Say which code system: by url, in the Coding, or by its id."));
    }
    let supplements = scope.supplements(&scope.supplements)?;
    let rules = judge::Rules::new(inputs, None, request.languages)?;
    let own = given.map(|own| {
        let url = own.str("url").unwrap_or_default().into_owned();
        Named { url, version: None, place: Place::System(Arc::new(Listed::new(own))) }
    });
    let mut judge = Judge { scope, set: None, rules, supplements };
    judge.rules.own = own;
    Ok(decide(&judge, &asked).tree())
}

fn decide<'a>(judge: &Judge<'_>, asked: &'a Asked<'a>) -> Answer<'a> {
    let mut verdicts: Vec<Verdict> = (0..asked.codings.len())
        .map(|place| judge.judge(&asked.codings[place], &asked.place(place)))
        .collect();
    let found = verdicts.iter().position(|verdict| verdict.member);
    if asked.form == Form::Concept && found.is_some() {
        // Another coding that nobody here knows does not make the concept wrong.
        let unknown = verdicts.iter_mut().filter(|verdict| verdict.unknown_system.is_some());
        for issue in unknown.flat_map(|verdict| &mut verdict.issues) {
            if issue.severity == Severity::Error {
                issue.severity = Severity::Warning;
            }
        }
    }
    Answer::new(asked, verdicts, found, judge.set.map(|set: &Arc<Set>| &**set))
}
