//! The evaluator.

use super::ast::{Found, Node, TypeName, Variable};
use super::compile::members;
use super::specifier::is_a;
use super::{Context, Fault, Item, Scalar};
use crate::definitions::{TypeDef, TypeKind, type_def};
use crate::json::{Kind, Value};
use std::borrow::Cow;

pub(super) type Items<'a> = Vec<Item<'a>>;
pub(super) type Outcome<T> = Result<T, Fault>;

/// Evaluates an expression on an item.
pub(super) fn evaluate<'a>(node: &Node, item: Item<'a>, context: &Context<'a>) -> Outcome<Items<'a>> {
    let item = [item];
    let mut evaluation = Evaluation { context, item: &item, steps: 0, variables: Vec::new() };
    evaluation.eval(node, &Scope { this: &item, index: 0, total: &[] })
}

pub(super) fn fault<T>(reason: impl Into<String>) -> Outcome<T> {
    Err(Fault { reason: reason.into() })
}

/// What names at the beginning, `$index` and `$total` stand for.
pub(super) struct Scope<'s, 'a> {
    pub this: &'s [Item<'a>],
    pub index: usize,
    pub total: &'s [Item<'a>],
}

pub(super) struct Evaluation<'s, 'a> {
    pub context: &'s Context<'a>,
    /// What the whole expression stands on.
    item: &'s [Item<'a>],
    steps: u32,
    /// What `defineVariable` has defined so far, in the part of the expression that is evaluated.
    pub variables: Vec<(String, Items<'a>)>,
}

/// Steps between two looks at the clock.
const STEPS_UNWATCHED: u32 = 4096;

impl<'a> Evaluation<'_, 'a> {
    /// Takes steps from the budget.
    pub fn spend(&mut self, steps: usize) -> Outcome<()> {
        let before = self.steps;
        self.steps = before.saturating_add(u32::try_from(steps).unwrap_or(u32::MAX));
        if self.steps > self.context.steps {
            let most = self.context.steps;
            return fault(format!("The expression takes more than {most} steps on this resource."));
        }
        if before / STEPS_UNWATCHED != self.steps / STEPS_UNWATCHED
            && self.context.is_late.is_some_and(|is_late| is_late())
        {
            return fault("The expression takes longer on this resource than it may.");
        }
        Ok(())
    }

    pub fn eval(&mut self, node: &Node, scope: &Scope<'_, 'a>) -> Outcome<Items<'a>> {
        self.spend(1)?;
        Ok(match node {
            Node::Literal(scalar) => {
                if let Scalar::String(text) = scalar {
                    self.spend(text.len() / 64)?;
                }
                vec![Item::Computed(scalar.clone())]
            }
            Node::Nothing => Vec::new(),
            Node::Pattern(regex) => vec![Item::Computed(Scalar::String(regex.as_str().to_owned()))],
            Node::This | Node::Root(_) => self.focus(node, scope)?.into_owned(),
            Node::Index => vec![Item::Computed(Scalar::Integer(scope.index as i64))],
            Node::Total => scope.total.to_vec(),
            Node::Variable(variable) => self.variable(variable)?,
            Node::Member { on, name, found } => {
                let mut out = Vec::new();
                for item in self.focus(on, scope)?.iter() {
                    self.spend(1)?;
                    member(item, name, found.as_deref(), &mut out);
                }
                out
            }
            Node::Is { on, of } => match self.focus(on, scope)?.as_ref() {
                [] => Vec::new(),
                [item] => boolean(item.is(of)),
                _ => return fault("`is` stands on more than one item."),
            },
            Node::As { on, of } => {
                let mut items = self.eval(on, scope)?;
                items.retain(|item| item.fits(of));
                items
            }
            Node::At { on, at } => {
                let at = self.integer(at, scope)?;
                let items = self.focus(on, scope)?;
                let item = at.and_then(|at| usize::try_from(at).ok()).and_then(|at| items.get(at).cloned());
                item.into_iter().collect()
            }
            Node::Minus(on) => self.minus(on, scope)?,
            Node::Binary { operator, left, right } => self.binary(*operator, left, right, scope)?,
            Node::Call { on, function, arguments } => self.call(on, *function, arguments, scope)?,
        })
    }

    /// As [`Evaluation::eval`], but without a copy where the items are there already.
    pub fn focus<'s>(&mut self, node: &Node, scope: &Scope<'s, 'a>) -> Outcome<Cow<'s, [Item<'a>]>> {
        match node {
            Node::This => Ok(Cow::Borrowed(scope.this)),
            Node::Root(def) => {
                let fits = |item: &Item<'a>| item.is(&TypeName::Fhir(def));
                let all = scope.this.iter().all(fits);
                Ok(if all { Cow::Borrowed(scope.this) } else { Cow::Owned(Vec::new()) })
            }
            _ => self.eval(node, scope).map(Cow::Owned),
        }
    }

    fn variable(&mut self, variable: &Variable) -> Outcome<Items<'a>> {
        let text = |text: &str| vec![Item::Computed(Scalar::String(text.to_owned()))];
        Ok(match variable {
            Variable::Resource => vec![Item::Node(self.context.resource)],
            Variable::Root => vec![Item::Node(self.context.root)],
            Variable::Context => self.item.to_vec(),
            Variable::Constant(value) => text(value),
            Variable::Url(value) => text(value),
            Variable::Named(name) => {
                let defined = self.variables.iter().find(|(n, _)| n == name).map(|(_, items)| items);
                let given = || self.context.constants.iter().find(|(n, _)| n == name).map(|(_, items)| items);
                match defined.or_else(given) {
                    Some(items) => {
                        let items = items.clone();
                        self.spend(items.len())?;
                        items
                    }
                    None if name == "rowIndex" => {
                        vec![Item::Computed(Scalar::Integer(self.context.row as i64))]
                    }
                    None => return fault(format!("The variable %{name} is not defined here.")),
                }
            }
        })
    }

    /// One value or none of what a node gives.
    pub fn single(&mut self, node: &Node, scope: &Scope<'_, 'a>) -> Outcome<Option<Item<'a>>> {
        let mut items = self.argument(node, scope)?;
        if items.len() > 1 {
            return fault(format!("One value is expected where {} are.", items.len()));
        }
        Ok(items.pop())
    }

    pub fn integer(&mut self, node: &Node, scope: &Scope<'_, 'a>) -> Outcome<Option<i64>> {
        match self.single(node, scope)?.map(|item| item.scalar()) {
            None => Ok(None),
            Some(Some(Scalar::Integer(n))) => Ok(Some(n)),
            Some(_) => fault("A whole number is expected."),
        }
    }

    pub fn string(&mut self, node: &Node, scope: &Scope<'_, 'a>) -> Outcome<Option<String>> {
        match self.single(node, scope)?.map(|item| item.scalar()) {
            None => Ok(None),
            Some(Some(Scalar::String(text))) => Ok(Some(text)),
            Some(_) => fault("A string is expected."),
        }
    }

    /// What a node means as a condition.
    pub fn truth(&mut self, node: &Node, scope: &Scope<'_, 'a>) -> Outcome<Option<bool>> {
        truth_of(&self.argument(node, scope)?)
    }

    /// As [`Evaluation::eval`]; what the node defines ends with it.
    pub fn argument(&mut self, node: &Node, scope: &Scope<'_, 'a>) -> Outcome<Items<'a>> {
        let before = self.variables.len();
        let items = self.eval(node, scope);
        self.variables.truncate(before);
        items
    }
}

/// A collection as a condition: nothing is open, a boolean is itself, any other single item is true
/// (FHIRPath 2.0, "Singleton Evaluation of Collections").
pub(super) fn truth_of(items: &[Item<'_>]) -> Outcome<Option<bool>> {
    match items {
        [] => Ok(None),
        [item] => Ok(Some(!matches!(item.scalar(), Some(Scalar::Boolean(false))))),
        _ => fault(format!("One condition is expected where {} items are.", items.len())),
    }
}

pub(super) fn boolean<'a>(truth: bool) -> Items<'a> {
    vec![Item::Computed(Scalar::Boolean(truth))]
}

impl<'a> Item<'a> {
    /// True when it is of a type or of one that specialises it.
    pub(super) fn is(&self, of: &TypeName) -> bool {
        match (self, of) {
            (Item::Node(node), TypeName::Fhir(def)) => is_a(node.kind, def),
            (Item::Computed(scalar), TypeName::System(name)) => scalar.type_name() == *name || *name == "Any",
            // `true is boolean`: a computed value counts as FHIR's type of like name.
            (Item::Computed(scalar), TypeName::Fhir(def)) => {
                (def.kind == TypeKind::Primitive || def.name == "Quantity")
                    && def.name.eq_ignore_ascii_case(scalar.type_name())
            }
            (Item::Node(_), TypeName::System(name)) => *name == "Any",
        }
    }

    /// True when `as` and `ofType` let it through. For them a primitive is of its own type only, except that
    /// `uri` takes in what specialises it (R4 writes `source as uri` where a canonical may stand).
    fn fits(&self, of: &TypeName) -> bool {
        match (self, of) {
            (Item::Node(node), TypeName::Fhir(def))
                if def.kind == TypeKind::Primitive && def.name != "uri" =>
            {
                std::ptr::eq(node.kind, *def)
            }
            _ => self.is(of),
        }
    }
}

/// Appends what stands under `name` in an item.
pub(super) fn member<'a>(item: &Item<'a>, name: &str, found: Option<&[Found]>, out: &mut Items<'a>) {
    let node = match item {
        Item::Node(node) => node,
        Item::Computed(scalar) => {
            out.extend(scalar.part(name).map(Item::Computed));
            return;
        }
    };
    if node.kind.kind == TypeKind::Primitive {
        // Only the id and the extensions of a primitive have names.
        let Some(extras) = node.extras else { return };
        for Found { name, kind } in members(element(), name) {
            gather(extras, name, kind, out);
        }
        return;
    }
    let Some(value) = node.value else { return };
    match found {
        Some(found) => found.iter().for_each(|Found { name, kind }| gather(value, name, kind, out)),
        None => {
            let elements = node.kind.elements.iter().filter(|element| element.path == name);
            elements.for_each(|element| gather(value, element.name, element.type_def(), out));
        }
    }
}

fn element() -> &'static TypeDef {
    type_def("Element").expect("the tables hold Element")
}

/// Appends each item of the member `name` of an object; for primitives together with `_name`.
pub(super) fn gather<'a>(object: Value<'a>, name: &str, kind: &'static TypeDef, out: &mut Items<'a>) {
    if kind.kind != TypeKind::Primitive {
        for item in object.get(name).into_iter().flat_map(Value::each) {
            let kind =
                if kind.kind == TypeKind::Resource { resource_type(item).unwrap_or(kind) } else { kind };
            out.push(Item::Node(super::Node { kind, value: Some(item), extras: None }));
        }
        return;
    }
    let (mut values, mut extras) = (None, None);
    for (member, value) in object.members() {
        if member == name {
            values = Some(value);
        } else if member.strip_prefix('_') == Some(name) {
            extras = Some(value);
        }
    }
    let present = |value: Value<'a>| (value.kind() != Kind::Null).then_some(value);
    let mut values = values.into_iter().flat_map(Value::each).map(present);
    let mut extras = extras.into_iter().flat_map(Value::each).map(present);
    loop {
        let (value, extra) = match (values.next(), extras.next()) {
            (None, None) => return,
            (value, extra) => (value.flatten(), extra.flatten()),
        };
        if value.is_some() || extra.is_some() {
            out.push(Item::Node(super::Node { kind, value, extras: extra }));
        }
    }
}

fn resource_type(value: Value<'_>) -> Option<&'static TypeDef> {
    type_def(&value.str("resourceType")?)
}
