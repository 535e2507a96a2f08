//! A profile only narrows what it builds on (R4, profiling.html#constraint-types).

use crate::discriminate::astray;
use crate::element::Element;
use crate::merge::is_choice;
use crate::snapshot::Snapshots;
use fhir::Tree;

/// What in the elements of a definition is at odds with those of its base, as sentences.
pub fn faults(base: &Element, made: &Element, snapshots: &Snapshots) -> Vec<String> {
    let mut faults = Vec::new();
    elements(Some(base), made, &made.name, snapshots, &mut faults);
    faults
}

fn elements(
    base: Option<&Element>,
    made: &Element,
    path: &str,
    snapshots: &Snapshots,
    faults: &mut Vec<String>,
) {
    faults.extend(base.and_then(|base| widened(base, made, path)));
    if made.said.get("slicing").is_some() {
        faults.extend(astray(made, path, snapshots));
    }
    for child in &made.children {
        let base = base.and_then(|base| base.child(&child.name));
        elements(base, child, &format!("{path}.{}", child.name), snapshots, faults);
    }
    for slice in &made.slices {
        let name = slice.slice.as_deref().unwrap_or_default();
        let base = base.and_then(|base| base.slices.iter().find(|known| known.slice == slice.slice));
        elements(base, slice, &format!("{path}:{name}"), snapshots, faults);
    }
}

/// How an element allows what its base does not.
fn widened(base: &Element, made: &Element, path: &str) -> Option<String> {
    let count = |element: &Element, name: &str| element.text(name).and_then(|text| text.parse::<u32>().ok());
    if let (Some(least), Some(told)) = (count(base, "min"), count(made, "min"))
        && told < least
    {
        return Some(format!(
            "{path} may not have the min {told}: its base has {least}, which may only rise."
        ));
    }
    // `*` is no number, and is more than any.
    if let Some(most) = count(base, "max")
        && made.text("max").is_some()
        && count(made, "max").is_none_or(|told| told > most)
    {
        return Some(format!("{path} may not have another max than up to {most}, as its base has it."));
    }
    match (fixed(base), fixed(made)) {
        (Some(wanted), Some(told)) if wanted != told => {
            Some(format!("{path} may not be fixed to another value than its base fixes it to."))
        }
        _ => None,
    }
}

fn fixed(element: &Element) -> Option<&Tree> {
    let Tree::Object(rules) = &element.rules else { return None };
    rules.iter().find(|(name, _)| is_choice(name, "fixed")).map(|(_, value)| value)
}
