//! Search parameters compiled: all paths of a type in one tree that is walked along with the resource.

use super::read::{self, Read, Sink};
use crate::definitions::{ParamKind, RESOURCES, SEARCH_PARAMS, SearchParam, search_params};
use crate::fhirpath::paths::{Condition, Step};
use crate::fhirpath::{Expression, Item, Node};
use crate::json::Value;
use crate::search::alias::alias;
use crate::search::value::Entry;
use std::sync::{LazyLock, OnceLock};

/// What to take from a resource.
pub(super) struct Plan {
    branches: Vec<Branch>,
    /// The few that are more than paths.
    others: Vec<(&'static SearchParam, Expression)>,
}

/// A member to go into.
struct Branch {
    name: &'static str,
    condition: Option<Condition>,
    /// What is taken from its items.
    leaves: Vec<Leaf>,
    /// Where to go on from them.
    branches: Vec<Branch>,
}

struct Leaf {
    param: u16,
    read: Read,
}

/// The plan for all parameters of a type that are indexed. Made at first use.
pub(super) fn of_type(kind: &str) -> &'static Plan {
    static PLANS: LazyLock<Vec<OnceLock<Plan>>> =
        LazyLock::new(|| RESOURCES.iter().map(|_| OnceLock::new()).collect());
    static NONE: Plan = Plan { branches: Vec::new(), others: Vec::new() };
    let Ok(at) = RESOURCES.binary_search(&kind) else { return &NONE };
    PLANS[at].get_or_init(|| {
        let own = |param: &&SearchParam| param.kind != ParamKind::Composite && alias(param).is_none();
        Plan::of(search_params(kind).iter().filter(own))
    })
}

/// The plan for one parameter. Made at first use.
pub(super) fn of_param(param: &'static SearchParam) -> &'static Plan {
    static PLANS: LazyLock<Vec<OnceLock<Plan>>> =
        LazyLock::new(|| SEARCH_PARAMS.iter().map(|_| OnceLock::new()).collect());
    PLANS[usize::from(param.number)].get_or_init(|| Plan::of(std::iter::once(param)))
}

impl Plan {
    fn of(params: impl Iterator<Item = &'static SearchParam>) -> Plan {
        let mut plan = Plan { branches: Vec::new(), others: Vec::new() };
        for param in params {
            let expression = Expression::parse(param.expression)
                .expect("a test parses the expression of every search parameter in the tables");
            match expression.paths() {
                Some(paths) => paths.iter().for_each(|path| plan.add(param, path)),
                None => plan.others.push((param, expression)),
            }
        }
        plan
    }

    fn add(&mut self, param: &'static SearchParam, path: &[Step]) {
        let Some(last) = path.last() else { return };
        let Some(read) = read::reader(param.kind, last.kind) else { return };
        let (mut branches, mut rest) = (&mut self.branches, path);
        while let [step, further @ ..] = rest {
            let same = |branch: &Branch| branch.name == step.name && branch.condition == step.condition;
            let at = branches.iter().position(same).unwrap_or_else(|| {
                let (name, condition) = (step.name, step.condition.clone());
                branches.push(Branch { name, condition, leaves: Vec::new(), branches: Vec::new() });
                branches.len() - 1
            });
            if further.is_empty() {
                branches[at].leaves.push(Leaf { param: param.number, read });
                return;
            }
            (branches, rest) = (&mut branches[at].branches, further);
        }
    }

    /// Takes what it is for from a resource.
    pub(super) fn run(&self, resource: Node<'_>, entries: &mut Vec<Entry>) {
        let Some(value) = resource.value else { return };
        walk(value, value, &self.branches, entries);
        for (param, expression) in &self.others {
            // A sound resource gives no fault here; an unsound one has no such value.
            let items = expression.evaluate_on(Item::Node(resource), resource).unwrap_or_default();
            let mut sink = Sink { param: param.number, entries };
            items.iter().for_each(|item| read::item(param.kind, item, &mut sink));
        }
    }
}

fn walk(resource: Value<'_>, object: Value<'_>, branches: &[Branch], entries: &mut Vec<Entry>) {
    for (name, value) in object.members() {
        for branch in branches.iter().filter(|branch| branch.name == name) {
            for item in value.each() {
                if branch.condition.as_ref().is_some_and(|condition| !condition.holds(item, resource)) {
                    continue;
                }
                for leaf in &branch.leaves {
                    read::into(leaf.read, item, &mut Sink { param: leaf.param, entries });
                }
                if !branch.branches.is_empty() {
                    walk(resource, item, &branch.branches, entries);
                }
            }
        }
    }
}
