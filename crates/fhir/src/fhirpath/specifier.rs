//! Names of types, and which type is a kind of which.

use super::ast::TypeName;
use crate::definitions::{TypeDef, TypeKind, type_def};

const SYSTEM: &[&str] =
    &["Any", "Boolean", "Date", "DateTime", "Decimal", "Integer", "Quantity", "String", "Time"];

/// The type that a specifier names: FHIR's own types first, then FHIRPath's.
pub(super) fn type_name(parts: &[&str]) -> Option<TypeName> {
    let system = |name: &str| SYSTEM.iter().find(|n| **n == name).map(|n| TypeName::System(n));
    match parts {
        ["FHIR", name] => type_def(name).map(TypeName::Fhir),
        // No value is of a type that System does not have.
        ["System", name] => system(name).or(Some(TypeName::System("none"))),
        [name] => type_def(name).map(TypeName::Fhir).or_else(|| system(name)),
        _ => None,
    }
}

/// True when every `def` is also a `of`.
pub(super) fn is_a(def: &TypeDef, of: &TypeDef) -> bool {
    if std::ptr::eq(def, of) {
        return true;
    }
    match of.name {
        "Resource" => def.kind == TypeKind::Resource,
        // These three are resources without being domain resources.
        "DomainResource" => {
            def.kind == TypeKind::Resource
                && !matches!(def.name, "Binary" | "Bundle" | "Parameters" | "Resource")
        }
        "Element" => def.kind != TypeKind::Resource,
        "BackboneElement" => {
            def.kind == TypeKind::Complex
                && (def.name.contains('.') || matches!(def.name, "Timing" | "Dosage" | "ElementDefinition"))
        }
        "Quantity" => is_quantity(def),
        "string" => matches!(def.name, "code" | "id" | "markdown"),
        "uri" => matches!(def.name, "canonical" | "oid" | "url" | "uuid"),
        "integer" => matches!(def.name, "positiveInt" | "unsignedInt"),
        _ => false,
    }
}

/// True for Quantity and what specialises it.
pub(super) fn is_quantity(def: &TypeDef) -> bool {
    def.name == "Quantity" || matches!(def.name, "Age" | "Count" | "Distance" | "Duration")
}
