//! `$meta`, `$meta-add`, `$meta-delete`: profiles, tags and security labels (FHIR R4 resource-operation-meta).
//!
//! A change of them is a change of the resource: it makes a version of its own, and whoever may not change the
//! resource may not change them. Taking a security label away is for those who administer.

use super::{Call, Inputs, Kinds, Operation, Target};
use crate::response::Response;
use crate::route::Weight;
use crate::status::No;
use access::Permission;
use fhir::Tree;
use fhir::json::{Json, Limits, Value};
use fhir::search::{Handling, Query};
use record::{Body, Refusal};
use service::interaction::{self, Caller, Done, Expected, Target as Aim};

const EVERY: Kinds = Kinds::All;

pub(super) const READ: Operation = Operation {
    name: "meta",
    definition: "http://hl7.org/fhir/OperationDefinition/Resource-meta",
    system: true,
    types: EVERY,
    instances: EVERY,
    versions: true,
    changes: false,
    weight: Weight::Wide,
    run: read,
};

pub(super) const ADD: Operation = Operation {
    name: "meta-add",
    definition: "http://hl7.org/fhir/OperationDefinition/Resource-meta-add",
    system: false,
    types: Kinds::NONE,
    instances: EVERY,
    versions: false,
    changes: true,
    weight: Weight::Usual,
    run: add,
};

pub(super) const DELETE: Operation = Operation {
    name: "meta-delete",
    definition: "http://hl7.org/fhir/OperationDefinition/Resource-meta-delete",
    run: delete,
    ..ADD
};

/// The members of a Meta that these operations are about.
const LISTS: [&str; 3] = ["profile", "security", "tag"];

/// Profiles, labels and tags, each once.
#[derive(Default)]
struct Meta {
    lists: [Vec<Tree>; 3],
}

impl Meta {
    fn add(&mut self, meta: Value<'_>) {
        for (list, name) in self.lists.iter_mut().zip(LISTS) {
            for item in meta.get(name).into_iter().flat_map(Value::items) {
                if !list.iter().any(|one| same(one, item)) {
                    list.push(item.into());
                }
            }
        }
    }

    /// As the answer of the operation.
    fn answer(self) -> Response {
        let mut meta = Tree::object();
        for (list, name) in self.lists.into_iter().zip(LISTS).filter(|(list, _)| !list.is_empty()) {
            meta.set(name, list);
        }
        let part = Tree::object().with("name", "return").with("valueMeta", meta);
        Response::json(200, Tree::resource("Parameters").with("parameter", vec![part]).text())
    }
}

/// Two codings are the same by system and code, two profiles by their text.
fn same(one: &Tree, other: Value<'_>) -> bool {
    let text = |name: &str| match one.get(name) {
        Some(Tree::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match (one, other.as_str()) {
        (Tree::String(one), Some(other)) => *one == other,
        (Tree::Object(_), None) => {
            text("system") == other.str("system").as_deref() && text("code") == other.str("code").as_deref()
        }
        _ => false,
    }
}

fn read(call: Call<'_>) -> Result<Response, No> {
    call.inputs()?.only(&[])?;
    let caller = call.caller;
    let bodies = match &call.target {
        Target::Instance(kind, id) => vec![interaction::read(caller, kind, id)?],
        Target::Version(kind, id, version) => vec![interaction::vread(caller, kind, id, *version)?],
        Target::Type(kind) => labelled(caller, Some(kind))?,
        Target::System => labelled(caller, None)?,
    };
    let mut all = Meta::default();
    for body in &bodies {
        let json = parsed(body)?;
        json.root().get("meta").into_iter().for_each(|meta| all.add(meta));
    }
    Ok(all.answer())
}

/// All resources of a type, or of all, that have any.
fn labelled(caller: &Caller<'_>, kind: Option<&str>) -> Result<Vec<Body>, No> {
    let mut all = Vec::new();
    for name in ["_profile", "_security", "_tag"] {
        let pairs = [(format!("{name}:missing"), "false".to_owned())];
        let now = caller.access.store().now();
        let query = Query::parse(kind, &pairs, Handling::Strict, now, "")?;
        all.extend(interaction::selected(caller, &query, |found| found)?);
    }
    Ok(all)
}

fn add(call: Call<'_>) -> Result<Response, No> {
    change(call, |now, given| {
        for item in given {
            if !now.iter().any(|one| same(one, *item)) {
                now.push((*item).into());
            }
        }
    })
}

fn delete(call: Call<'_>) -> Result<Response, No> {
    let inputs = call.inputs()?;
    if given(&inputs)?.get("security").is_some() {
        call.caller.session.needs(Permission::Administer)?;
    }
    change(call, |now, given| now.retain(|one| !given.iter().any(|item| same(one, *item))))
}

/// The Meta that a call is given.
fn given(inputs: &Inputs) -> Result<Value<'_>, Refusal> {
    inputs.only(&["meta"])?;
    inputs.values("meta").next().ok_or_else(|| {
        let text =
            "Give Parameters with one parameter meta that has a valueMeta with profile, security or tag.";
        Refusal::invalid("meta", text)
    })
}

/// Tries, when the resource is changed meanwhile.
const TRIES: usize = 3;

fn change(call: Call<'_>, apply: impl Fn(&mut Vec<Tree>, &[Value<'_>])) -> Result<Response, No> {
    let inputs = call.inputs()?;
    let given = given(&inputs)?;
    let Target::Instance(kind, id) = &call.target else { unreachable!("the table says where it stands") };
    let mut tries = 0;
    loop {
        let body = interaction::read(call.caller, kind, id)?;
        let now = parsed(&body)?;
        let changed = Json::parse(with_meta(now.root(), given, &apply).text(), unlimited()).map_err(|e| {
            Refusal::invalid("meta", format!("The resource with this meta is not sound: {e}."))
        })?;
        let aim = Aim::Id(kind, id.clone());
        let done = interaction::update(call.caller, aim, &changed, Expected::Version(body.version), None);
        tries += 1;
        match done {
            Ok(Done::Wrote(..)) => {
                let mut all = Meta::default();
                changed.root().get("meta").into_iter().for_each(|meta| all.add(meta));
                return Ok(all.answer());
            }
            Err(refusal) if refusal.kind == record::Kind::Precondition && tries < TRIES => {}
            Err(refusal) => return Err(refusal.into()),
            Ok(_) => {
                let text = "A change was answered as a read. Read the resource to see what holds.";
                return Err(Refusal::new(record::Kind::Fault, text).into());
            }
        }
    }
}

/// The resource with other lists in its meta.
fn with_meta(resource: Value<'_>, given: Value<'_>, apply: &impl Fn(&mut Vec<Tree>, &[Value<'_>])) -> Tree {
    let mut tree: Tree = resource.into();
    let mut meta = tree.get("meta").cloned().unwrap_or_else(Tree::object);
    for name in LISTS {
        let mut now = match meta.get(name) {
            Some(Tree::Array(list)) => list.clone(),
            _ => Vec::new(),
        };
        let items: Vec<Value<'_>> = given.get(name).into_iter().flat_map(Value::items).collect();
        apply(&mut now, &items);
        if let Tree::Object(members) = &mut meta {
            members.retain(|(member, _)| member != name);
        }
        if !now.is_empty() {
            meta.set(name, now);
        }
    }
    let emptied = meta == Tree::object();
    if let Tree::Object(members) = &mut tree
        && emptied
    {
        members.retain(|(member, _)| member != "meta");
    }
    if !emptied {
        tree.set("meta", meta);
    }
    tree
}

fn parsed(body: &Body) -> Result<Json, Refusal> {
    Json::parse(body.text.as_str(), unlimited())
        .map_err(|_| Refusal::new(record::Kind::Fault, "A resource could not be read. Tell support."))
}

fn unlimited() -> Limits {
    Limits { bytes: usize::MAX, depth: usize::MAX, number: usize::MAX }
}
