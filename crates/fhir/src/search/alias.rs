//! Parameters that are others under a narrower name.

use crate::definitions::{ParamKind, SearchParam, search_params};

/// The parameter of the same base that holds all values of `param`, if there is one: `Observation.patient` is
/// `Observation.subject` where it points at a Patient, so it is `subject` restricted to `param.targets`.
/// What is aliased is not indexed by [`extract`](super::extract).
pub fn alias(param: &SearchParam) -> Option<&'static SearchParam> {
    let (whole, _) = narrowed(param)?;
    search_params(param.base).iter().find(|other| {
        other.kind == ParamKind::Reference && other.code != param.code && other.expression == whole
    })
}

/// `X.elem` and `T` of `X.elem.where(resolve() is T)`, when `T` is also the only target.
fn narrowed(param: &SearchParam) -> Option<(&'static str, &'static str)> {
    if param.kind != ParamKind::Reference {
        return None;
    }
    let (whole, rest) = param.expression.split_once(".where(resolve() is ")?;
    let kind = rest.strip_suffix(')')?;
    (param.targets == [kind]).then_some((whole, kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::search_param;

    #[test]
    fn a_patient_parameter_is_its_subject_narrowed() {
        let alias_of = |base, code| alias(search_param(base, code).unwrap()).map(|p| p.code);
        assert_eq!(alias_of("Observation", "patient"), Some("subject"));
        assert_eq!(alias_of("Encounter", "patient"), Some("subject"));
        assert_eq!(alias_of("Encounter", "practitioner"), Some("participant"));
        assert_eq!(alias_of("Observation", "subject"), None);
        assert_eq!(alias_of("Immunization", "patient"), None);
        assert_eq!(alias_of("AuditEvent", "patient"), None);
    }
}
