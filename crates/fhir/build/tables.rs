//! The tables as Rust text.

use crate::params::Params;
use crate::structures::{Element, Kind, Type, Types, capital};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

/// Lists of strings, each written once and named by a number: the same few hundred lists stand at thousands
/// of elements.
#[derive(Default)]
struct Lists {
    numbers: HashMap<Vec<String>, usize>,
    text: String,
}

impl Lists {
    fn name(&mut self, list: &[String]) -> String {
        let next = self.numbers.len();
        let number = *self.numbers.entry(list.to_vec()).or_insert_with(|| {
            // Writing to a String does not fail.
            let _ = writeln!(self.text, "static L{next}: [&str; {}] = {list:?};", list.len());
            next
        });
        format!("&L{number}")
    }
}

/// The whole generated file.
pub fn write(types: &Types, params: &Params, compartment: &BTreeMap<String, Vec<String>>) -> String {
    let mut lists = Lists::default();
    let mut out = String::new();
    let numbers: HashMap<&str, usize> =
        types.keys().enumerate().map(|(n, name)| (name.as_str(), n)).collect();

    out.push_str("/// Every type, sorted by name.\npub static TYPES: &[TypeDef] = &[\n");
    for (name, def) in types {
        write_type(&mut out, &mut lists, &numbers, name, def);
    }
    out.push_str("];\n");

    let concrete = types.iter().filter(|(_, t)| t.kind == Kind::Resource).map(|(name, _)| name);
    let concrete: Vec<_> = concrete.collect();
    let _ = writeln!(
        out,
        "/// The concrete resource types, sorted.\npub static RESOURCES: &[&str] = &{concrete:?};"
    );

    out.push_str("/// Every search parameter, sorted by base, then code.\n");
    out.push_str("pub static SEARCH_PARAMS: &[SearchParam] = &[\n");
    for (number, ((base, code), param)) in params.iter().enumerate() {
        let _ = writeln!(
            out,
            "SearchParam {{ number: {number}, base: {base:?}, code: {code:?}, kind: ParamKind::{}, \
             expression: {:?}, targets: {}, components: &{:?}, url: {:?} }},",
            capital(&param.kind),
            param.expression,
            lists.name(&param.targets),
            param.components,
            param.url,
        );
    }
    out.push_str("];\n");

    out.push_str("/// Parameters that put a resource in a patient's compartment, sorted by type.\n");
    out.push_str("pub static PATIENT_COMPARTMENT: &[(&str, &[&str])] = &[\n");
    for (name, codes) in compartment {
        let _ = writeln!(out, "({name:?}, &{codes:?}),");
    }
    out.push_str("];\n");
    out + &lists.text
}

fn write_type(out: &mut String, lists: &mut Lists, numbers: &HashMap<&str, usize>, name: &str, def: &Type) {
    let kind = match def.kind {
        Kind::Resource | Kind::AbstractResource => "Resource",
        Kind::Complex => "Complex",
        Kind::Primitive => "Primitive",
    };
    let primitive = match def.kind {
        Kind::Primitive => format!("Some(Primitive::{})", capital(name)),
        _ => "None".to_owned(),
    };
    let groups = def.elements.last().map_or(0, |e| e.group);
    assert!(groups < 127, "{name} has more elements than the masks of fhir::validate have bits");
    let required = def.elements.iter().filter(|e| e.min > 0).fold(0u128, |mask, e| mask | 1 << e.group);
    let _ = writeln!(
        out,
        "TypeDef {{ name: {name:?}, kind: TypeKind::{kind}, primitive: {primitive}, required: {required}, \
         elements: &["
    );
    for e in &def.elements {
        write_element(out, lists, numbers, e);
    }
    out.push_str("] },\n");
}

fn write_element(out: &mut String, lists: &mut Lists, numbers: &HashMap<&str, usize>, e: &Element) {
    let type_number = numbers.get(e.type_name.as_str()).unwrap_or_else(|| {
        panic!("the element {} has the type {}, which the package does not define", e.name, e.type_name)
    });
    let _ = writeln!(
        out,
        "Element {{ name: {:?}, path: {:?}, type_name: {:?}, type_number: {type_number}, min: {}, max: {}, \
         summary: {}, choice: {}, group: {}, codes: {}, system: {:?}, targets: {} }},",
        e.name,
        e.path,
        e.type_name,
        e.min,
        e.max,
        e.summary,
        e.choice,
        e.group,
        lists.name(&e.codes),
        e.system,
        lists.name(&e.targets),
    );
}
