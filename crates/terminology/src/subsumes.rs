//! `CodeSystem/$subsumes` (R4 codesystem-operation-subsumes.html): how one code stands to another.

use crate::Terminology;
use crate::inputs::Inputs;
use crate::issue::Refused;
use crate::listed::Listed;
use crate::lookup::{unknown_code, unknown_system};
use crate::operation::Request;
use crate::scope::Scope;
use crate::set::Place;
use crate::system::System;
use fhir::Tree;
use fhir::codes::Subsumption;
use std::borrow::Cow;
use std::sync::Arc;

/// Answers with the parameter `outcome`.
pub(crate) fn run(terminology: &Terminology, request: &Request<'_>) -> Result<Tree, Refused> {
    let inputs = Inputs::new(request.parameters);
    let scope = Scope::new(terminology, inputs);
    let coded = |name: &str, coding: &str| {
        let coding = inputs.value(coding);
        let part = |name: &str| coding.and_then(|coding| coding.str(name)).map(Cow::into_owned);
        let code = inputs.text(name).or_else(|| part("code"));
        code.map(|code| (part("system"), code))
    };
    let (Some((of_a, a)), Some((of_b, b))) = (coded("codeA", "codingA"), coded("codeB", "codingB")) else {
        return Err(Refused::invalid(
            "codeA",
            "Say both codes: codeA and codeB with system, or codingA and codingB.",
        ));
    };
    let url = request.instance.and_then(|own| own.str("url")).map(Cow::into_owned);
    let said = inputs.text("system").or(url).or_else(|| of_a.clone()).or_else(|| of_b.clone());
    let system =
        said.ok_or_else(|| Refused::invalid("system", "Say the code system of both codes as system."))?;
    if [of_a, of_b].iter().flatten().any(|own| *own != system) {
        return Err(Refused::invalid("codingA", "Both codes must be of one code system."));
    }
    let version = inputs.text("version");
    let place = match request.instance {
        Some(own) => Place::System(Arc::new(Listed::new(own))),
        None => scope.system(&system, version.as_deref(), &[]),
    };
    let outcome = match place {
        Place::System(system) => of(&*system, &a, &b)?,
        // Rules know no hierarchy.
        Place::Grammar(_) if a == b => Subsumption::Equivalent,
        Place::Grammar(_) => Subsumption::NotSubsumed,
        Place::Missing => return Err(unknown_system(&system, version.as_deref())),
    };
    let code = match outcome {
        Subsumption::Equivalent => "equivalent",
        Subsumption::Subsumes => "subsumes",
        Subsumption::SubsumedBy => "subsumed-by",
        Subsumption::NotSubsumed => "not-subsumed",
    };
    let outcome = Tree::object().with("name", "outcome").with("valueCode", code);
    Ok(Tree::resource("Parameters").with("parameter", vec![outcome]))
}

/// How `a` stands to `b`.
pub(crate) fn of(system: &dyn System, a: &str, b: &str) -> Result<Subsumption, Refused> {
    let find = |code: &str| system.find(code).ok_or_else(|| unknown_code(system, code));
    let (a, b) = (find(a)?, find(b)?);
    Ok(match () {
        () if a == b => Subsumption::Equivalent,
        () if system.subsumes(a, b) => Subsumption::Subsumes,
        () if system.subsumes(b, a) => Subsumption::SubsumedBy,
        () => Subsumption::NotSubsumed,
    })
}
