//! One answer to a question.

use super::enabled::is_same;
use super::{chosen_as, extension, extensions, list};
use crate::outside::target_kind;
use crate::same::order;
use crate::walk::Walk;
use fhir::Value;
use fhir::codes::Coded;
use fhir::decimal::Decimal;
use fhir::definitions::type_def;
use fhir::fhirpath::{Expression, Item, Node, Scalar};
use fhir::validate::place::Place;
use std::cmp::Ordering;

const BASE: &str = "http://hl7.org/fhir/StructureDefinition/";
const SDC: &str = "http://hl7.org/fhir/uv/sdc/StructureDefinition/";

impl<'v> Walk<'_, 'v> {
    /// Whether an answer is one that the question takes.
    pub(super) fn answer(&mut self, asked: Value<'_>, kind: &str, answer: Value<'v>, place: &Place<'_>) {
        let Some((told, value)) = chosen_as(answer) else { return };
        let here = place.element("value");
        let options: Vec<(String, Value<'_>)> = list(asked, "answerOption").filter_map(chosen_as).collect();
        if !is_of_kind(kind, &told, &options) {
            let text =
                format!("The question is of the type {kind}; an answer of the type {told} does not fit.");
            return self.fault("invariant", &here, text);
        }
        let is_free = kind == "open-choice" && told == "String";
        if !options.is_empty() && !is_free && !options.iter().any(|(_, option)| is_same(value, *option)) {
            self.fault("code-invalid", &here, "This is not one of the answers that the question lists.");
        }
        if let Some(set) = asked.str("answerValueSet").filter(|set| told == "Coding" && !set.starts_with('#'))
        {
            self.in_set(&set, value, &here);
        }
        self.limits(asked, value, &here);
        match told.as_str() {
            "Quantity" => self.units(asked, value, &here),
            "Attachment" => self.medium(asked, value, &here),
            "Reference" => self.leads_to(asked, value, &here),
            _ => {}
        }
    }

    fn in_set(&mut self, set: &str, value: Value<'v>, place: &Place<'_>) {
        let (system, version) = (value.str("system"), value.str("version"));
        let Some(code) = value.str("code") else {
            return self.fault("code-invalid", place, format!("This must have a code of {set}."));
        };
        let coded =
            Coded { system: system.as_deref(), version: version.as_deref(), code: &code, display: None };
        if self.profiles.codes.member(set, coded).is == Some(false) {
            self.fault(
                "code-invalid",
                place,
                format!("The code is not one of {set}, which the question asks for."),
            );
        }
    }

    fn limits(&mut self, asked: Value<'_>, value: Value<'v>, place: &Place<'_>) {
        let least = [format!("{BASE}minValue"), format!("{SDC}sdc-questionnaire-minQuantity")];
        let most = [format!("{BASE}maxValue"), format!("{SDC}sdc-questionnaire-maxQuantity")];
        for (urls, wrong, words) in
            [(least, Ordering::Less, "at least"), (most, Ordering::Greater, "at most")]
        {
            let Some(limit) = urls.iter().find_map(|url| extension(asked, url)) else { continue };
            match order(value, limit) {
                None => {
                    self.fault("invariant", place, "This cannot be compared with the limit of the question.")
                }
                Some(found) if found == wrong => {
                    self.fault("invariant", place, format!("This must be {words} {}.", limit.raw()));
                }
                Some(_) => {}
            }
        }
        let text = value.as_str();
        let max = asked.get("maxLength").and_then(Value::as_number).and_then(|max| max.parse::<usize>().ok());
        if let (Some(text), Some(max)) = (&text, max)
            && text.chars().count() > max
        {
            self.fault("invariant", place, format!("This may have {max} characters at most."));
        }
        let regex = extension(asked, &format!("{BASE}regex")).and_then(Value::as_str);
        if let (Some(text), Some(regex)) = (text, regex)
            && matches(&text, &regex) == Some(false)
        {
            self.fault("invariant", place, "This is not written as the question asks (regex).");
        }
    }

    fn units(&mut self, asked: Value<'_>, value: Value<'v>, place: &Place<'_>) {
        let url = format!("{BASE}questionnaire-unitOption");
        let mut options = extensions(asked, &url).peekable();
        if options.peek().is_some() && !options.any(|option| is_same(value, option)) {
            self.fault("invariant", place, "This is not one of the units that the question lists.");
        }
        let set = extension(asked, &format!("{BASE}questionnaire-unitValueSet")).and_then(Value::as_str);
        if let Some(set) = set {
            self.in_set(&set, value, place);
        }
    }

    fn medium(&mut self, asked: Value<'_>, value: Value<'v>, place: &Place<'_>) {
        let url = format!("{BASE}mimeType");
        let told = value.str("contentType");
        let mut allowed = extensions(asked, &url).filter_map(Value::as_str).peekable();
        if allowed.peek().is_some() && !allowed.any(|medium| Some(medium) == told) {
            self.fault("invariant", place, "The question does not take files of this type (contentType).");
        }
        // In megabytes (extension maxSize).
        let max = extension(asked, &format!("{BASE}maxSize")).and_then(Value::as_number);
        let max = max.and_then(|max| Decimal::parse(&format!("{max}e6")));
        let size = value.get("size").and_then(Value::as_number).and_then(Decimal::parse);
        if max.zip(size).is_some_and(|(max, size)| size > max) {
            self.fault("invariant", place, "The file is larger than the question takes.");
        }
    }

    fn leads_to(&mut self, asked: Value<'_>, value: Value<'v>, place: &Place<'_>) {
        let url = format!("{BASE}questionnaire-referenceResource");
        let allowed: Vec<_> = extensions(asked, &url).filter_map(Value::as_str).collect();
        let reference = value.str("reference");
        let Some(kind) = reference.as_deref().and_then(target_kind) else { return };
        if !allowed.is_empty() && !allowed.iter().any(|allowed| allowed == kind) {
            let text = format!("The question takes a reference to {} only.", allowed.join(" or "));
            self.fault("invariant", place, text);
        }
    }
}

fn is_of_kind(kind: &str, told: &str, options: &[(String, Value<'_>)]) -> bool {
    match kind {
        "string" | "text" => told == "String",
        "url" => told == "Uri",
        // The answers that are listed may be of other types than Coding.
        "choice" => told == "Coding" || options.iter().any(|(of, _)| of == told),
        "open-choice" => matches!(told, "Coding" | "String") || options.iter().any(|(of, _)| of == told),
        "boolean" => told == "Boolean",
        "decimal" => told == "Decimal",
        "integer" => told == "Integer",
        "date" => told == "Date",
        "dateTime" => told == "DateTime",
        "time" => told == "Time",
        "attachment" => told == "Attachment",
        "reference" => told == "Reference",
        "quantity" => told == "Quantity",
        _ => true,
    }
}

/// Whether a text is written as a regular expression says, as FHIRPath reads it; nothing when that cannot be read.
fn matches(text: &str, regex: &str) -> Option<bool> {
    let regex = regex.replace('\\', "\\\\").replace('\'', "\\'");
    let expression = Expression::parse(&format!("matches('^(?:{regex})$')")).ok()?;
    let nowhere = Node { kind: type_def("Element")?, value: None, extras: None };
    let text = Item::Computed(Scalar::String(text.to_owned()));
    match expression.evaluate_on(text, nowhere).ok()?.first()? {
        Item::Computed(Scalar::Boolean(truth)) => Some(*truth),
        _ => None,
    }
}
