//! What is to be validated.

use crate::inputs::Inputs;
use crate::issue::Refused;
use fhir::json::Value;
use std::borrow::Cow;

/// How it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Code,
    Coding,
    Concept,
}

/// The codes of one validation.
pub(super) struct Asked<'v> {
    pub form: Form,
    pub codings: Vec<Coded>,
    /// The CodeableConcept.
    pub concept: Option<Value<'v>>,
}

/// One code.
pub(super) struct Coded {
    pub system: Option<String>,
    pub version: Option<String>,
    pub code: String,
    pub display: Option<String>,
}

/// How to name a place in what was asked.
pub(super) struct At(pub String);

impl At {
    pub fn of(&self, name: &str) -> String {
        match self.0.is_empty() {
            true => name.to_owned(),
            false => format!("{}.{name}", self.0),
        }
    }

    pub fn whole(&self) -> String {
        match self.0.is_empty() {
            true => "code".to_owned(),
            false => self.0.clone(),
        }
    }
}

impl<'v> Asked<'v> {
    pub fn new(inputs: Inputs<'v>) -> Result<Asked<'v>, Refused> {
        if let Some(concept) = inputs.value("codeableConcept") {
            let codings: Vec<Coded> =
                concept.get("coding").into_iter().flat_map(Value::items).map(coded).collect();
            if codings.is_empty() {
                return Err(Refused::invalid(
                    "codeableConcept",
                    "The CodeableConcept has no coding to validate.",
                ));
            }
            return Ok(Asked { form: Form::Concept, codings, concept: Some(concept) });
        }
        if let Some(coding) = inputs.value("coding") {
            return Ok(Asked { form: Form::Coding, codings: vec![coded(coding)], concept: None });
        }
        let Some(code) = inputs.text("code") else {
            let text = "Unable to find code to validate (looked for coding | codeableConcept | code+system | \
                        code+inferSystem in parameters";
            return Err(Refused::invalid("", text));
        };
        let version = inputs.text("systemVersion");
        let coded = Coded { system: inputs.text("system"), version, code, display: inputs.text("display") };
        Ok(Asked { form: Form::Code, codings: vec![coded], concept: None })
    }

    /// Where a code stands.
    pub fn place(&self, nth: usize) -> At {
        At(match self.form {
            Form::Code => String::new(),
            Form::Coding => "Coding".to_owned(),
            Form::Concept => format!("CodeableConcept.coding[{nth}]"),
        })
    }
}

fn coded(value: Value<'_>) -> Coded {
    let text = |name: &str| value.str(name).map(Cow::into_owned);
    Coded {
        system: text("system"),
        version: text("version"),
        code: text("code").unwrap_or_default(),
        display: text("display"),
    }
}

impl Coded {
    /// As messages name it.
    pub fn label(&self) -> String {
        let version = self.version.as_ref().map(|version| format!("|{version}")).unwrap_or_default();
        let display = self.display.as_ref().map(|display| format!(" ('{display}')")).unwrap_or_default();
        format!("{}{version}#{}{display}", self.system.as_deref().unwrap_or_default(), self.code)
    }
}
