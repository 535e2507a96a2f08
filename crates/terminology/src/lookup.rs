//! `CodeSystem/$lookup` (R4 codesystem-operation-lookup.html): what is known of a code.

use crate::Terminology;
use crate::expand::write::said;
use crate::inputs::Inputs;
use crate::issue::{Issue, Refused};
use crate::language::{Languages, Name, coding, names};
use crate::listed::Listed;
use crate::operation::Request;
use crate::scope::Scope;
use crate::set::Place;
use crate::supplemented::{Supplemented, said as said_by};
use crate::system::{Concept, System};
use fhir::Tree;
use fhir::outcome::Kind;
use std::borrow::Cow;
use std::sync::Arc;

/// What an expansion shows beside the code: given here only when it is asked for.
const OF_EXPANSIONS: &[&str] = &["order", "label", "weight"];

/// Looks a code up.
pub(crate) fn run(terminology: &Terminology, request: &Request<'_>) -> Result<Tree, Refused> {
    let inputs = Inputs::new(request.parameters);
    let scope = Scope::new(terminology, inputs);
    let asked = Asked::new(inputs, request)?;
    let supplements = scope.supplements(&scope.supplements)?;
    let place = match request.instance {
        Some(own) => Place::System(Arc::new(Listed::new(own))),
        None => scope.system(&asked.system, asked.version.as_deref(), &[]),
    };
    match place {
        Place::Missing => Err(unknown_system(&asked.system, asked.version.as_deref())),
        Place::Grammar(grammar) => match grammar.fault(&asked.code) {
            Some(text) => Err(Refused::not_found("code", text)),
            None => {
                let display = (grammar.display)(&asked.code).unwrap_or_else(|| asked.code.clone());
                let mut answer = Answer::default();
                answer.add("name", "valueString", Tree::from(grammar.name));
                if let Some(version) = grammar.version {
                    answer.add("version", "valueString", Tree::from(version));
                }
                answer.add("display", "valueString", Tree::from(display));
                answer.add("code", "valueCode", Tree::from(asked.code));
                answer.add("system", "valueUri", Tree::from(asked.system));
                Ok(answer.tree())
            }
        },
        Place::System(system) => {
            let Some(concept) = system.find(&asked.code) else {
                return Err(unknown_code(&*system, &asked.code));
            };
            let fits = |one: &Arc<Listed>| {
                one.supplements().is_some_and(|to| package::canonical(to).0 == system.url())
            };
            let supplements: Vec<Arc<Listed>> = supplements.into_iter().filter(fits).collect();
            let whole = Supplemented { base: system, supplements };
            Ok(describe(&whole, concept, &asked))
        }
    }
}

/// What is asked.
struct Asked {
    system: String,
    version: Option<String>,
    code: String,
    properties: Vec<String>,
    languages: Languages,
}

impl Asked {
    fn new(inputs: Inputs<'_>, request: &Request<'_>) -> Result<Asked, Refused> {
        let coding = inputs.value("coding");
        let part = |name: &str| coding.and_then(|coding| coding.str(name)).map(Cow::into_owned);
        let own = request.instance.and_then(|own| own.str("url")).map(Cow::into_owned);
        let system = part("system").or_else(|| inputs.text("system")).or(own);
        let code = part("code").or_else(|| inputs.text("code"));
        let (Some(system), Some(code)) = (system, code) else {
            return Err(Refused::invalid("code", "Say which code: as code and system, or as coding."));
        };
        let said = inputs.text("displayLanguage").or_else(|| request.languages.map(str::to_owned));
        Ok(Asked {
            system,
            version: part("version").or_else(|| inputs.text("version")),
            code,
            properties: inputs.texts("property"),
            languages: Languages::parse(&said.unwrap_or_default()),
        })
    }

    /// Whether a property is asked for; `usual` when none is named.
    fn wants(&self, property: &str, usual: bool) -> bool {
        match self.properties.is_empty() {
            true => usual,
            false => self.properties.iter().any(|one| one == property || one == "*"),
        }
    }
}

#[derive(Default)]
struct Answer(Vec<Tree>);

impl Answer {
    fn add(&mut self, name: &str, kind: &str, value: Tree) {
        self.0.push(Tree::object().with("name", name).with(kind, value));
    }

    fn property(&mut self, code: &str, kind: &str, value: Tree, description: Option<&str>) {
        let part = |name: &str, kind: &str, value: Tree| Tree::object().with("name", name).with(kind, value);
        let mut parts = vec![part("code", "valueCode", Tree::from(code)), part("value", kind, value)];
        parts.extend(description.map(|text| part("description", "valueString", Tree::from(text))));
        self.0.push(Tree::object().with("name", "property").with("part", parts));
    }

    fn tree(self) -> Tree {
        Tree::resource("Parameters").with("parameter", self.0)
    }
}

fn describe(whole: &Supplemented, concept: Concept, asked: &Asked) -> Tree {
    let system = &*whole.base;
    let mut answer = Answer::default();
    let text = |text: Cow<'_, str>| Tree::String(text.into_owned());
    answer.add("name", "valueString", Tree::from(system.name().unwrap_or(system.url())));
    if let Some(version) = system.version() {
        answer.add("version", "valueString", Tree::from(version));
    }
    let all = names(whole, concept);
    let shown = asked.languages.pick(&all).map(|place| all[place].value.clone());
    answer.add("display", "valueString", shown.map_or_else(|| text(system.code(concept)), text));
    answer.add("code", "valueCode", text(system.code(concept)));
    answer.add("system", "valueUri", Tree::from(system.url()));
    answer.add("abstract", "valueBoolean", Tree::from(system.is_abstract(concept)));
    if let (Some(definition), true) = (system.definition(concept), asked.wants("definition", true)) {
        answer.add("definition", "valueString", text(definition));
    }
    if asked.wants("designation", true) {
        for name in names(system, concept).iter().filter(|name| !name.main || name.language.is_some()) {
            answer.0.push(designation(name, None));
        }
        for (supplement, there) in whole.others(concept) {
            let source = crate::compile::label(supplement);
            let own = said_by(supplement, there).into_iter();
            let named = own.map(|one| designation(&Name::of(one, Vec::new()), Some(&source)));
            answer.0.extend(named);
        }
    }
    properties(whole, concept, asked, &mut answer);
    for supplement in &whole.supplements {
        answer.add("used-supplement", "valueCanonical", Tree::from(crate::compile::label(&**supplement)));
    }
    answer.tree()
}

fn properties(whole: &Supplemented, concept: Concept, asked: &Asked, answer: &mut Answer) {
    for (code, meaning) in whole.properties(concept) {
        if code != "inactive" && asked.wants(&code, !OF_EXPANSIONS.contains(&&*code)) {
            let (kind, value) = said(&meaning);
            answer.property(&code, kind, value, None);
        }
    }
    if asked.wants("inactive", true) {
        answer.property("inactive", "valueBoolean", Tree::from(!whole.is_active(concept)), None);
    }
    for (name, others) in [("parent", whole.parents(concept)), ("child", whole.children(concept))] {
        for other in others.into_iter().filter(|_| asked.wants(name, true)) {
            let code = Tree::from(&*whole.code(other));
            answer.property(name, "valueCode", code, whole.display(other, None).as_deref());
        }
    }
}

fn designation(name: &Name<'_>, source: Option<&str>) -> Tree {
    let part = |name: &str, kind: &str, value: Tree| Tree::object().with("name", name).with(kind, value);
    let mut parts = Vec::new();
    parts
        .extend(name.language.as_deref().map(|language| part("language", "valueCode", Tree::from(language))));
    let usage = name.usage.as_ref().map(|(system, code)| coding(system, code, None));
    parts.extend(usage.map(|usage| part("use", "valueCoding", usage)));
    parts.push(part("value", "valueString", Tree::from(&*name.value)));
    parts.extend(source.map(|source| part("source", "valueCanonical", Tree::from(source))));
    Tree::object().with("name", "designation").with("part", parts)
}

/// The refusal for a code system that is not here.
pub(crate) fn unknown_system(system: &str, version: Option<&str>) -> Refused {
    let version = version.map(|version| format!(" version '{version}'")).unwrap_or_default();
    let text = format!("A definition for CodeSystem '{system}'{version} could not be found");
    Refused::new(Kind::NotFound, Issue::error("not-found", "not-found", "UNKNOWN_CODESYSTEM", text))
}

/// The refusal for a code that its system does not have.
pub(crate) fn unknown_code(system: &dyn System, code: &str) -> Refused {
    let version = system.version().map(|version| format!(" version '{version}'")).unwrap_or_default();
    let text = format!("Unknown code '{code}' in the CodeSystem '{}'{version}", system.url());
    Refused::new(Kind::NotFound, Issue::error("not-found", "invalid-code", "Unknown_Code_in_Version", text))
}
