//! The `_name` beside a primitive `name`: its id and extensions (R4, json, 2.6.2.3).

use super::place::Place;
use super::{Check, EXTENSIONS, UNKNOWN};
use crate::definitions::{Element, TypeDef, type_def};
use crate::json::{Kind, Value};

/// True for primitives that may have an id and extensions. Ids and the url of an extension may not: they are
/// attributes in XML.
pub fn is_allowed(def: &TypeDef, element: &Element) -> bool {
    let is_attribute = element.name == "id" || (def.name == "Extension" && element.name == "url");
    element.type_def().primitive.is_some() && !is_attribute
}

impl Check {
    /// `_name` for one value, or an array of the same length as the one beside it.
    pub(super) fn sibling(
        &mut self,
        element: &'static Element,
        value: Value<'_>,
        owner: Value<'_>,
        place: &Place<'_>,
    ) {
        let here = place.element(element.path);
        let partner = owner.get(element.name);
        if !element.repeats() {
            let has_value = partner.is_some_and(|p| p.kind() != Kind::Null);
            return self.extras(value, has_value, &here);
        }
        if value.kind() != Kind::Array {
            let text = format!("_{} must be an array, as {} is one.", element.name, element.name);
            return self.fault("structure", &here, text);
        }
        let partner = partner.filter(|p| p.kind() == Kind::Array);
        let (count, partners) = (value.items().count(), partner.map(|p| p.items().count()));
        if count == 0 {
            self.fault("structure", &here, format!("_{} is empty. Leave it out.", element.name));
        }
        if partners.is_some_and(|partners| partners != count) {
            let text = "must have as many items. Fill the gaps with null.";
            self.fault("structure", &here, format!("{} and _{} {text}", element.name, element.name));
        }
        let mut values = partner.into_iter().flat_map(Value::items);
        for (index, item) in value.items().enumerate() {
            let has_value = values.next().is_some_and(|v| v.kind() != Kind::Null);
            if item.kind() != Kind::Null {
                self.extras(item, has_value, &here.at(index));
            } else if partner.is_none() {
                self.fault("structure", &here.at(index), "There is neither a value nor an extension here.");
            }
        }
    }

    /// The id and the extensions of one primitive.
    fn extras(&mut self, value: Value<'_>, has_value: bool, here: &Place<'_>) {
        if value.kind() != Kind::Object {
            return self.fault(
                "structure",
                here,
                "The id and extensions of a value must be in a JSON object.",
            );
        }
        let element = type_def("Element").expect("the standard defines Element");
        let seen = self.object(value, element, here);
        if seen == 0 || (!has_value && seen & (EXTENSIONS | UNKNOWN) == 0) {
            self.fault("structure", here, "There is neither a value nor an extension here.");
        }
    }

    /// A null in place of a primitive: right only in an array, where the array beside it has something.
    pub(super) fn null(&mut self, element: &Element, owner: Value<'_>, here: &Place<'_>) {
        let beside = owner.get(&format!("_{}", element.name)).filter(|_| here.index().is_some());
        let beside = beside.and_then(|array| array.items().nth(here.index().unwrap_or(0)));
        if beside.is_none_or(|item| item.kind() == Kind::Null) {
            let text = "null says nothing. Leave it out, or say why there is no value in an extension.";
            self.fault("structure", here, text);
        }
    }
}
