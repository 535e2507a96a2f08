//! Codes (R4, terminologies.html#binding).

use crate::node::Binding;
use crate::spot::Spot;
use crate::walk::Walk;
use crate::{Displays, Options};
use fhir::Value;
use fhir::codes::{Coded, Known};
use fhir::definitions::TypeKind;
use fhir::validate::place::Place;
use std::borrow::Cow;

/// A code with the texts that it was read from.
struct Code<'v> {
    system: Option<Cow<'v, str>>,
    version: Option<Cow<'v, str>>,
    code: Cow<'v, str>,
    display: Option<Cow<'v, str>>,
}

impl Code<'_> {
    fn coded(&self) -> Coded<'_> {
        Coded {
            system: self.system.as_deref(),
            version: self.version.as_deref(),
            code: &self.code,
            // Whether the display is right is asked of the code system, once.
            display: self.display.as_deref(),
        }
    }

    fn of<'v>(coding: Value<'v>) -> Option<Code<'v>> {
        let text = |name: &str| coding.str(name);
        Some(Code {
            system: text("system"),
            version: text("version"),
            code: text("code")?,
            display: text("display"),
        })
    }
}

/// The codes of a value that may be bound.
fn codes<'v>(spot: &Spot<'v>) -> Vec<Code<'v>> {
    let Some(value) = spot.value else { return Vec::new() };
    match (spot.kind.kind, spot.kind.name) {
        (TypeKind::Primitive, _) => {
            let alone = |code| Code { system: None, version: None, code, display: None };
            value.as_str().map(alone).into_iter().collect()
        }
        (_, "CodeableConcept") => {
            value.get("coding").into_iter().flat_map(Value::items).filter_map(Code::of).collect()
        }
        (_, "Coding") => Code::of(value).into_iter().collect(),
        // Of a quantity the unit is bound.
        _ => Code::of(value).map(|code| Code { display: None, ..code }).into_iter().collect(),
    }
}

impl<'v> Walk<'_, 'v> {
    /// Whether a value has a code that its binding allows.
    pub fn bound(&mut self, binding: &Binding, label: &str, spot: &Spot<'v>, place: &Place<'_>) {
        let codes = codes(spot);
        let is_value = spot.value.is_some();
        if let Some(set) = binding.value_set.as_ref().filter(|_| is_value) {
            match (self.any(set, &codes), binding.is_required) {
                (Some(true), _) => {}
                (Some(false), true) if codes.is_empty() => {
                    self.fault(
                        "code-invalid",
                        place,
                        format!("{label} must have a code of the value set {set}. Add one."),
                    );
                }
                (Some(false), true) => {
                    self.fault(
                        "code-invalid",
                        place,
                        format!(
                            "This code is not in the value set {set}. {label} must have one of it: use that."
                        ),
                    );
                }
                (Some(false), false) if codes.is_empty() => {}
                (Some(false), false) => {
                    let text = format!(
                        "This code is not in the value set {set}. Use one of it for {label} if one fits."
                    );
                    self.warn("code-invalid", place, text);
                }
                (None, true) => {
                    let text = format!("Whether the code is one of {set} cannot be said here.");
                    self.warn("not-supported", place, text);
                }
                (None, false) => {}
            }
        }
        if let Some(set) = binding.most.as_ref().filter(|_| is_value && !codes.is_empty())
            && self.any(set, &codes) == Some(false)
        {
            self.fault(
                "code-invalid",
                place,
                format!("The code of {label} must be in the value set {set}, which is the widest allowed."),
            );
        }
    }

    /// Whether one of the codes is in a value set; nothing when that cannot be said.
    fn any(&self, set: &str, codes: &[Code<'_>]) -> Option<bool> {
        let mut all = Some(false);
        for code in codes {
            // The display is no question of the set.
            match self.profiles.codes.member(set, Coded { display: None, ..code.coded() }).is {
                Some(true) => return Some(true),
                Some(false) => {}
                None => all = None,
            }
        }
        all
    }

    /// Whether a value's code is in a value set, as a discriminator asks.
    pub fn is_bound(&self, set: &str, spot: &Spot<'v>) -> bool {
        self.any(set, &codes(spot)) == Some(true)
    }

    /// A Coding by itself: whether its code system has the code, and whether the display is the code's.
    pub fn coding(&mut self, coding: Value<'v>, place: &Place<'_>) {
        let Some(code) = Code::of(coding).filter(|code| code.system.is_some()) else { return };
        let Known { is, display, .. } = self.profiles.codes.known(code.coded());
        if is == Some(false) && display.is_none() {
            let text = "Its code system does not have this code. Correct the code, or the system.";
            self.fault("code-invalid", &place.element("code"), text);
        } else if let Some(display) = display {
            let Options { displays, .. } = self.options;
            let text = format!("This is not the display of the code. Its code system says: {display}");
            match displays {
                Displays::Refused => self.fault("invalid", &place.element("display"), text),
                Displays::Warned => self.warn("invalid", &place.element("display"), text),
            }
        }
    }
}
