//! Names resolved against the tables, once, where the type they stand on is known.
//!
//! `Observation.value` becomes a look-up of all names of the choice; with `as Quantity` or `ofType(Quantity)`
//! behind it, of `valueQuantity` only.

use super::ast::{Found, Node, TypeName};
use super::functions::Function;
use super::specifier::is_a;
use crate::definitions::{TypeDef, TypeKind};

/// Resolves what stands in `node`, evaluated on items of type `this`; returns the type of its own items.
pub(super) fn resolve(node: &mut Node, this: Option<&'static TypeDef>) -> Option<&'static TypeDef> {
    match node {
        Node::This => this,
        Node::Root(def) => concrete(def),
        Node::Member { on, name, found } => {
            let on = resolve(on, this)?;
            let all = members(on, name);
            let of = only_type(&all);
            *found = Some(all);
            of
        }
        Node::As { on, of } => {
            let before = resolve(on, this);
            let TypeName::Fhir(of) = *of else { return None };
            if let Node::Member { found: Some(found), .. } = on.as_mut()
                && found.len() > 1
            {
                // What remains is of this type or of one that specialises it.
                found.retain(|f| is_a(f.kind, of));
                return only_type(found);
            }
            if before.is_some() { before.filter(|def| is_a(def, of)) } else { concrete(of) }
        }
        Node::Is { on, .. } | Node::Minus(on) => {
            resolve(on, this);
            None
        }
        Node::At { on, at } => {
            resolve(at, this);
            resolve(on, this)
        }
        Node::Binary { operator, left, right } => {
            let (left, right) = (resolve(left, this), resolve(right, this));
            let same = left.zip(right).is_some_and(|(a, b)| std::ptr::eq(a, b));
            left.filter(|_| same && *operator == super::ast::Operator::Union)
        }
        Node::Call { on, function, arguments } => {
            let on = resolve(on, this);
            // Arguments of the others stand on what the whole call stands on.
            for (at, argument) in arguments.iter_mut().enumerate() {
                resolve(argument, if function.binds_this(at) { on } else { this });
            }
            on.filter(|_| function.keeps_items())
        }
        Node::Literal(_)
        | Node::Pattern(_)
        | Node::Nothing
        | Node::Index
        | Node::Total
        | Node::Variable(_) => None,
    }
}

/// The JSON names behind a FHIRPath name.
pub(super) fn members(def: &'static TypeDef, name: &str) -> Vec<Found> {
    let same = def.elements.iter().filter(|element| element.path == name);
    same.map(|element| Found { name: element.name, kind: element.type_def() }).collect()
}

fn only_type(found: &[Found]) -> Option<&'static TypeDef> {
    let first = found.first()?.kind;
    concrete(first).filter(|def| found.iter().all(|f| std::ptr::eq(f.kind, *def)))
}

/// Nothing for abstract types, since what stands there is of another type.
fn concrete(def: &'static TypeDef) -> Option<&'static TypeDef> {
    (!open(def)).then_some(def)
}

/// True for abstract types.
pub(super) fn open(def: &TypeDef) -> bool {
    let resource = def.kind == TypeKind::Resource && matches!(def.name, "Resource" | "DomainResource");
    resource || matches!(def.name, "Element" | "BackboneElement")
}

impl Function {
    /// True when its argument of this number is evaluated on the items that the function stands on.
    pub(super) fn binds_this(self, argument: usize) -> bool {
        use Function::*;
        match self {
            Where | Exists | All | Select | Repeat | Iif | Sort => true,
            Aggregate => argument == 0,
            Trace | DefineVariable => argument == 1,
            _ => false,
        }
    }

    /// True when its result is made of items it was called on.
    fn keeps_items(self) -> bool {
        use Function::*;
        matches!(
            self,
            Where | First | Last | Tail | Skip | Take | Single | Distinct | Trace | Exclude | Intersect
        )
    }
}
