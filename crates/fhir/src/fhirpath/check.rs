//! What can be told wrong about an expression before it meets a value.

use super::Expression;
use super::ast::{Node, Operator, TypeName, Variable};
use super::compile::{members, open};
use super::functions::{Function, Gives, On, signature_of};
use super::specifier::is_a;
use crate::definitions::{Primitive, TypeDef, TypeKind, type_def};

impl Expression {
    /// What cannot be right when it stands on items of `kind`, one sentence each: elements that a type does not
    /// have, functions and operators on what they are not for, an order asked of what has none. Types are followed
    /// as far as they are certain, so nothing is said of what may be right.
    pub fn faults_on(&self, kind: &'static TypeDef) -> Vec<String> {
        let mut checker = Checker { whole: Shape::fhir(kind), faults: Vec::new() };
        let whole = checker.whole;
        checker.visit(&self.root, whole);
        checker.faults
    }
}

/// A type that is certain.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    Fhir(&'static TypeDef),
    System(&'static str),
}

/// What is known of the items that a part of the expression gives.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Shape {
    of: Option<Known>,
    /// True when their order means nothing.
    unordered: bool,
}

impl Shape {
    fn fhir(def: &'static TypeDef) -> Shape {
        // What stands where any resource or element may is of another type.
        let of = (!open(def)).then_some(Known::Fhir(def));
        Shape { of, unordered: false }
    }

    fn system(name: &'static str) -> Shape {
        Shape { of: Some(Known::System(name)), unordered: false }
    }
}

impl Known {
    fn name(self) -> &'static str {
        match self {
            Known::Fhir(def) => def.name,
            Known::System(name) => name,
        }
    }

    /// The type of FHIRPath that it is or is read as; nothing for other elements.
    fn class(self) -> Option<&'static str> {
        use Primitive::*;
        match self {
            Known::System(name) => Some(name),
            Known::Fhir(def) if is_a(def, type_def("Quantity")?) => Some("Quantity"),
            Known::Fhir(def) => Some(match def.primitive? {
                Boolean => "Boolean",
                Integer | PositiveInt | UnsignedInt => "Integer",
                Decimal => "Decimal",
                Date => "Date",
                DateTime | Instant => "DateTime",
                Time => "Time",
                _ => "String",
            }),
        }
    }
}

struct Checker {
    /// What the whole expression stands on.
    whole: Shape,
    faults: Vec<String>,
}

impl Checker {
    fn fault(&mut self, text: String) {
        self.faults.push(text);
    }

    fn visit(&mut self, node: &Node, this: Shape) -> Shape {
        match node {
            Node::Literal(scalar) => Shape::system(scalar.type_name()),
            Node::Pattern(_) => Shape::system("String"),
            Node::Nothing | Node::Total => Shape::default(),
            Node::Index => Shape::system("Integer"),
            Node::This => this,
            Node::Variable(variable) => self.variable(variable),
            Node::Root(def) => self.root(def, this),
            Node::Member { on, name, .. } => {
                let on = self.visit(on, this);
                self.member(on, name)
            }
            Node::Is { on, .. } => {
                self.visit(on, this);
                Shape::system("Boolean")
            }
            Node::As { on, of } => {
                let on = self.visit(on, this);
                let shape = match of {
                    TypeName::Fhir(def) => Shape::fhir(def),
                    TypeName::System(name) => Shape::system(name),
                };
                Shape { unordered: on.unordered, ..shape }
            }
            Node::At { on, at } => {
                let on = self.visit(on, this);
                self.ordered(on, "[]");
                self.visit(at, this);
                on
            }
            Node::Minus(on) => {
                let on = self.visit(on, this);
                if let Some(known) = on.of
                    && !matches!(known.class(), Some("Integer" | "Decimal" | "Quantity"))
                {
                    self.fault(format!("A {} cannot be negated.", known.name()));
                }
                on
            }
            Node::Binary { operator, left, right } => {
                let (left, right) = (self.visit(left, this), self.visit(right, this));
                self.binary(*operator, left, right)
            }
            Node::Call { on, function, arguments } => self.call(on, *function, arguments, this),
        }
    }

    fn variable(&self, variable: &Variable) -> Shape {
        match variable {
            Variable::Context => self.whole,
            Variable::Constant(_) | Variable::Url(_) => Shape::system("String"),
            // The item itself, if it is a resource; else what it stands in, which is not known here.
            Variable::Resource | Variable::Root => match self.whole.of {
                Some(Known::Fhir(def)) if def.kind == TypeKind::Resource => self.whole,
                _ => Shape::default(),
            },
            Variable::Named(_) => Shape::default(),
        }
    }

    fn root(&mut self, def: &'static TypeDef, this: Shape) -> Shape {
        match this.of {
            Some(Known::Fhir(kind)) if is_a(kind, def) => this,
            Some(known) => {
                self.fault(format!("{} stands where there is a {}.", def.name, known.name()));
                Shape::default()
            }
            None => Shape::fhir(def),
        }
    }

    fn member(&mut self, on: Shape, name: &str) -> Shape {
        let found = match on.of {
            None => return Shape { of: None, ..on },
            Some(Known::System("Quantity")) if name == "value" => return Shape::system("Decimal"),
            Some(Known::System("Quantity")) if name == "unit" => return Shape::system("String"),
            Some(Known::System("SimpleTypeInfo")) if matches!(name, "name" | "namespace") => {
                return Shape::system("String");
            }
            Some(Known::System(_)) => Vec::new(),
            Some(Known::Fhir(def)) if def.kind == TypeKind::Primitive => {
                type_def("Element").map_or_else(Vec::new, |element| members(element, name))
            }
            Some(Known::Fhir(def)) => members(def, name),
        };
        let Some(first) = found.first() else {
            let of = on.of.map_or("", Known::name);
            self.fault(format!("{of} has no element {name}."));
            return Shape::default();
        };
        let one = found.iter().all(|f| std::ptr::eq(f.kind, first.kind));
        let shape = if one { Shape::fhir(first.kind) } else { Shape::default() };
        Shape { unordered: on.unordered, ..shape }
    }

    fn ordered(&mut self, on: Shape, name: &str) {
        if on.unordered {
            self.fault(format!("{name} stands on items that have no order."));
        }
    }

    fn binary(&mut self, operator: Operator, left: Shape, right: Shape) -> Shape {
        use Operator::*;
        let classes = left.of.and_then(Known::class).zip(right.of.and_then(Known::class));
        let number = |class: &str| matches!(class, "Integer" | "Decimal" | "Quantity");
        let moment = |class: &str| matches!(class, "Date" | "DateTime");
        match operator {
            Union => Shape { of: left.of.filter(|_| left.of == right.of), unordered: false },
            Concatenate => Shape::system("String"),
            Plus | Subtract | Times | Over | Div | Mod => {
                let Some((a, b)) = classes else { return Shape::default() };
                let fits = match operator {
                    Plus if a == "String" && b == "String" => true,
                    Plus | Subtract if moment(a) || a == "Time" => b == "Quantity",
                    _ => number(a) && number(b),
                };
                if !fits {
                    self.fault(format!("A {a} and a {b} cannot be reckoned together."));
                }
                match (operator, a) {
                    (_, "Quantity") => Shape::system("Quantity"),
                    (Plus | Subtract, _) if moment(a) || a == "Time" || a == b => Shape::system(a),
                    _ => Shape::default(),
                }
            }
            Less | LessOrEqual | Greater | GreaterOrEqual => {
                if let Some((a, b)) = classes
                    && !(a == b && a != "Boolean" || number(a) && number(b) || moment(a) && moment(b))
                {
                    self.fault(format!("A {a} has no order with a {b}."));
                }
                Shape::system("Boolean")
            }
            _ => Shape::system("Boolean"),
        }
    }

    fn call(&mut self, on: &Node, function: Function, arguments: &[Node], this: Shape) -> Shape {
        let on = self.visit(on, this);
        let (name, stands_on, gives) = signature_of(function);
        let class = on.of.map(|known| (known, known.class()));
        match (stands_on, class) {
            (On::Text, Some((known, class))) if class != Some("String") => {
                self.fault(format!("{name}() stands on strings, not on a {}.", known.name()));
            }
            (On::Number, Some((known, class)))
                if !matches!(class, Some("Integer" | "Decimal" | "Quantity")) =>
            {
                self.fault(format!("{name}() stands on numbers, not on a {}.", known.name()));
            }
            (On::Ordered, _) => self.ordered(on, &format!("{name}()")),
            _ => {}
        }
        let shape_of = |(at, argument): (usize, &Node)| {
            let inner = if function.binds_this(at) { on } else { this };
            match argument {
                // A minus before the key of sort() means downwards.
                Node::Minus(key) if function == Function::Sort => self.visit(key, inner),
                argument => self.visit(argument, inner),
            }
        };
        let given: Vec<Shape> = arguments.iter().enumerate().map(shape_of).collect();
        if function == Function::Iif
            && let Some(known) = given.first().and_then(|shape| shape.of)
            && known.class() != Some("Boolean")
        {
            self.fault(format!("The condition of iif() is a {}.", known.name()));
        }
        let alike = |at: usize| given.iter().skip(at).all(|shape| shape.of == given[at].of);
        match gives {
            Gives::Same => on,
            Gives::Argument(at) if at < given.len() && alike(at) => {
                Shape { unordered: on.unordered || given[at].unordered, ..given[at] }
            }
            Gives::System(name) => Shape::system(name),
            Gives::Fhir(name) => type_def(name).map_or_else(Shape::default, Shape::fhir),
            _ => {
                let unordered = matches!(function, Function::Children | Function::Descendants);
                Shape { of: None, unordered }
            }
        }
    }
}
