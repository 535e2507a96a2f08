//! What a client asks to learn which types and fields there are (GraphQL, section 4): made of the tables of
//! definitions.

use super::place::graphql_name;
use fhir::Tree;
use fhir::definitions::{Element, RESOURCES, TYPES, TypeDef, TypeKind, search_params, type_def};

/// `__schema`.
pub(super) fn schema() -> Tree {
    let mut types = vec![query_type(), union()];
    types.extend(["Boolean", "Float", "ID", "Int", "String"].map(scalar));
    types.extend(TYPES.iter().filter(|def| !is_abstract(def)).map(of_type));
    types.extend(RESOURCES.iter().flat_map(|kind| connection(kind)));
    let name = |name: &str| Tree::object().with("name", name);
    Tree::object()
        .with("queryType", name("Query").with("kind", "OBJECT"))
        .with("mutationType", Tree::Null)
        .with("subscriptionType", Tree::Null)
        .with("types", types)
        .with("directives", directives())
}

/// `__type(name: ...)`.
pub(super) fn named(name: &str) -> Option<Tree> {
    match name {
        "Query" => Some(query_type()),
        "Resource" => Some(union()),
        "Boolean" | "Float" | "ID" | "Int" | "String" => Some(scalar(name)),
        _ => type_def(&name.replace('_', ".")).filter(|def| !is_abstract(def)).map(of_type),
    }
}

/// Types that nothing is of by itself.
fn is_abstract(def: &TypeDef) -> bool {
    matches!(def.name, "Resource" | "DomainResource" | "Element" | "BackboneElement")
}

fn described(kind: &str, name: &str) -> Tree {
    Tree::object()
        .with("kind", kind)
        .with("name", name)
        .with("description", Tree::Null)
        .with("fields", Tree::Null)
        .with("inputFields", Tree::Null)
        .with("interfaces", Tree::Null)
        .with("enumValues", Tree::Null)
        .with("possibleTypes", Tree::Null)
}

fn scalar(name: &str) -> Tree {
    described("SCALAR", name)
}

fn reference(kind: &str, name: &str) -> Tree {
    Tree::object().with("kind", kind).with("name", name).with("ofType", Tree::Null)
}

fn around(kind: &str, inner: Tree) -> Tree {
    Tree::object().with("kind", kind).with("name", Tree::Null).with("ofType", inner)
}

fn union() -> Tree {
    let possible = RESOURCES.iter().map(|kind| reference("OBJECT", kind)).collect::<Vec<_>>();
    described("UNION", "Resource").with("possibleTypes", possible)
}

fn field(name: &str, args: Vec<Tree>, kind: Tree) -> Tree {
    Tree::object()
        .with("name", name)
        .with("description", Tree::Null)
        .with("args", args)
        .with("type", kind)
        .with("isDeprecated", false)
        .with("deprecationReason", Tree::Null)
}

fn input(name: &str, kind: Tree) -> Tree {
    Tree::object()
        .with("name", name)
        .with("description", Tree::Null)
        .with("type", kind)
        .with("defaultValue", Tree::Null)
}

fn of_type(def: &'static TypeDef) -> Tree {
    let name = graphql_name(def.name);
    if def.kind == TypeKind::Primitive {
        return scalar(&name);
    }
    let mut fields: Vec<Tree> = def.elements.iter().map(element).collect();
    if def.kind == TypeKind::Resource {
        fields.push(field("resourceType", Vec::new(), reference("SCALAR", "String")));
    }
    if def.name == "Reference" {
        let args = vec![
            input("optional", reference("SCALAR", "Boolean")),
            input("type", reference("SCALAR", "String")),
        ];
        fields.push(field("resource", args, reference("UNION", "Resource")));
    }
    described("OBJECT", &name).with("fields", fields).with("interfaces", Vec::new())
}

fn element(element: &Element) -> Tree {
    let def = element.type_def();
    let kind = match def.kind {
        _ if is_abstract(def) => reference("UNION", "Resource"),
        TypeKind::Primitive => reference("SCALAR", def.name),
        _ => reference("OBJECT", &graphql_name(def.name)),
    };
    if !element.repeats() {
        return field(element.name, Vec::new(), kind);
    }
    let mut args = vec![
        input("fhirpath", reference("SCALAR", "String")),
        input("_offset", reference("SCALAR", "Int")),
        input("_count", reference("SCALAR", "Int")),
    ];
    let own = def.elements.iter().filter(|element| element.type_def().kind == TypeKind::Primitive);
    args.extend(own.map(|element| input(element.name, reference("SCALAR", "String"))));
    field(element.name, args, around("LIST", kind))
}

/// Of each resource type one by id, a list, and a list in pages.
fn query_type() -> Tree {
    let fields = RESOURCES.iter().flat_map(|kind| {
        let id = around("NON_NULL", reference("SCALAR", "ID"));
        let list = around("LIST", reference("OBJECT", kind));
        [
            field(kind, vec![input("id", id)], reference("OBJECT", kind)),
            field(&format!("{kind}List"), arguments(kind), list),
            field(
                &format!("{kind}Connection"),
                arguments(kind),
                reference("OBJECT", &format!("{kind}Connection")),
            ),
        ]
    });
    described("OBJECT", "Query").with("fields", fields.collect::<Vec<_>>()).with("interfaces", Vec::new())
}

/// The search parameters of a type as arguments.
fn arguments(kind: &str) -> Vec<Tree> {
    let common =
        ["_id", "_lastUpdated", "_filter", "_content", "_text", "_list", "_sort", "_count", "_cursor"];
    let own = search_params(kind).iter().map(|param| param.code);
    common
        .into_iter()
        .chain(own)
        .map(|name| input(&name.replace('-', "_"), reference("SCALAR", "String")))
        .collect()
}

fn connection(kind: &str) -> [Tree; 2] {
    let plain = |name: &str, of: &str| field(name, Vec::new(), reference("SCALAR", of));
    let edge = format!("{kind}Edge");
    let edges = field("edges", Vec::new(), around("LIST", reference("OBJECT", &edge)));
    let whole = vec![plain("count", "Int"), plain("pagesize", "Int"), plain("next", "String"), edges];
    let one = vec![plain("mode", "String"), field("resource", Vec::new(), reference("OBJECT", kind))];
    let object = |name: &str, fields: Vec<Tree>| {
        described("OBJECT", name).with("fields", fields).with("interfaces", Vec::new())
    };
    [object(&format!("{kind}Connection"), whole), object(&edge, one)]
}

fn directives() -> Vec<Tree> {
    let of = |name: &str, args: Vec<Tree>| {
        let places = ["FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"].map(Tree::from).to_vec();
        Tree::object()
            .with("name", name)
            .with("description", Tree::Null)
            .with("locations", places)
            .with("args", args)
    };
    let condition = || vec![input("if", around("NON_NULL", reference("SCALAR", "Boolean")))];
    vec![
        of("skip", condition()),
        of("include", condition()),
        of("flatten", Vec::new()),
        of("first", Vec::new()),
        of("singleton", Vec::new()),
        of("slice", vec![input("fhirpath", around("NON_NULL", reference("SCALAR", "String")))]),
    ]
}
