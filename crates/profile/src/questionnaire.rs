//! A QuestionnaireResponse against its Questionnaire (R4, questionnaireresponse.html#rules).

mod answer;
mod enabled;

use crate::walk::Walk;
use fhir::Value;
use fhir::validate::place::Place;
use package::canonical;

const MIN_OCCURS: &str = "http://hl7.org/fhir/StructureDefinition/questionnaire-minOccurs";
const MAX_OCCURS: &str = "http://hl7.org/fhir/StructureDefinition/questionnaire-maxOccurs";

/// A response that is looked at.
#[derive(Clone, Copy)]
struct Response<'v> {
    root: Value<'v>,
    /// True when all required answers must be there.
    is_complete: bool,
}

impl<'v> Walk<'_, 'v> {
    /// The answers of a response, if its Questionnaire is here.
    pub fn questionnaire_response(&mut self, root: Value<'v>, place: &Place<'_>) {
        let Some(told) = root.str("questionnaire") else { return };
        let contained = self.around.local(&told).and_then(|node| node.value).map(Value::to_json);
        let (url, version) = canonical(&told);
        let found = || self.profiles.source().find("Questionnaire", url, version);
        let Some(form) = contained.map(std::sync::Arc::new).or_else(found) else {
            let text = "The Questionnaire is not here, so the answers were not checked.";
            return self.warn("informational", &place.element("questionnaire"), text);
        };
        let is_complete =
            root.str("status").is_some_and(|status| matches!(&*status, "completed" | "amended"));
        let response = Response { root, is_complete };
        self.form_items(form.root(), root, response, place);
    }

    /// The items in a form or an item of it, and those that answer them.
    fn form_items(&mut self, form: Value<'_>, given: Value<'v>, response: Response<'v>, place: &Place<'_>) {
        let here = place.element("item");
        for (index, item) in list(given, "item").enumerate() {
            let link = item.str("linkId");
            if !list(form, "item").any(|asked| asked.str("linkId") == link) {
                let text =
                    "The Questionnaire has no item with this linkId here. Correct it, or move the item.";
                self.fault("not-found", &here.at(index), text);
            }
        }
        for asked in list(form, "item") {
            let link = asked.str("linkId");
            let of_it = |(_, item): &(usize, Value<'v>)| item.str("linkId") == link;
            let items: Vec<(usize, Value<'v>)> = list(given, "item").enumerate().filter(of_it).collect();
            let kind = asked.str("type").unwrap_or_default();
            self.how_often(asked, &kind, &items, response, place);
            for (index, item) in items {
                self.form_item(asked, &kind, item, response, &here.at(index));
            }
        }
    }

    /// Whether an item is answered as often as it must and may be.
    fn how_often(
        &mut self,
        asked: Value<'_>,
        kind: &str,
        items: &[(usize, Value<'v>)],
        response: Response<'v>,
        place: &Place<'_>,
    ) {
        let here = place.element("item");
        let inside = if kind == "group" { "item" } else { "answer" };
        let count: usize = items.iter().map(|(_, item)| list(*item, inside).count()).sum();
        if !enabled::is_enabled(asked, response.root) {
            if let Some((index, _)) = items.iter().find(|(_, item)| list(*item, inside).next().is_some()) {
                let text = "This is answered, although its enableWhen does not ask for it. Leave it out.";
                self.fault("invalid", &here.at(*index), text);
            }
            return;
        }
        let is_required = asked.get("required").and_then(Value::as_bool) == Some(true) && kind != "display";
        let name = asked.str("linkId").unwrap_or_default();
        if is_required && count == 0 {
            let text = format!("The item {name} must be answered.");
            match response.is_complete {
                true => self.fault("required", &here, text),
                false => self.warn("required", &here, text),
            }
        }
        let repeats = asked.get("repeats").and_then(Value::as_bool) == Some(true);
        if !repeats && (items.len() > 1 || (kind != "group" && count > 1)) {
            self.fault("structure", &here, format!("The item {name} may be answered once only."));
        }
        let count = if kind == "group" { items.len() } else { count };
        let limit =
            |url| extension(asked, url).and_then(Value::as_number).and_then(|n| n.parse::<usize>().ok());
        if let Some(min) = limit(MIN_OCCURS).filter(|min| response.is_complete && count < *min) {
            self.fault("required", &here, format!("The item {name} must have {min} answers at least."));
        }
        if let Some(max) = limit(MAX_OCCURS).filter(|max| count > *max) {
            self.fault("structure", &here, format!("The item {name} may have {max} answers at most."));
        }
    }

    fn form_item(
        &mut self,
        asked: Value<'_>,
        kind: &str,
        item: Value<'v>,
        response: Response<'v>,
        place: &Place<'_>,
    ) {
        let (answers, inside) = (item.get("answer"), item.get("item"));
        match kind {
            "group" | "display" if answers.is_some() => {
                self.fault(
                    "structure",
                    place,
                    format!("An item of the type {kind} has no answers. Leave them out."),
                );
            }
            "group" => self.form_items(asked, item, response, place),
            "display" => {}
            _ => {
                if inside.is_some() {
                    let text = "What is asked below a question is answered below its answer, in answer.item.";
                    self.fault("structure", &place.element("item"), text);
                }
                let here = place.element("answer");
                for (index, answer) in list(item, "answer").enumerate() {
                    self.answer(asked, kind, answer, &here.at(index));
                    self.form_items(asked, answer, response, &here.at(index));
                }
            }
        }
    }
}

/// The items of an array.
fn list<'a>(value: Value<'a>, name: &str) -> impl Iterator<Item = Value<'a>> + use<'a> {
    value.get(name).into_iter().flat_map(Value::items)
}

/// The value of an extension.
fn extension<'a>(value: Value<'a>, url: &str) -> Option<Value<'a>> {
    extensions(value, url).next()
}

fn extensions<'a>(value: Value<'a>, url: &str) -> impl Iterator<Item = Value<'a>> {
    list(value, "extension").filter(move |e| e.str("url").is_some_and(|u| u == url)).filter_map(chosen)
}

/// The value under one of the names of `value[x]` or `answer[x]`.
fn chosen(owner: Value<'_>) -> Option<Value<'_>> {
    chosen_as(owner).map(|(_, value)| value)
}

/// The type that a name of a choice says (`Coding` of `valueCoding`), and the value.
fn chosen_as(owner: Value<'_>) -> Option<(String, Value<'_>)> {
    owner.members().find_map(|(name, value)| {
        let kind = name.strip_prefix("value").or_else(|| name.strip_prefix("answer"))?;
        kind.starts_with(|c: char| c.is_ascii_uppercase()).then(|| (kind.to_owned(), value))
    })
}
