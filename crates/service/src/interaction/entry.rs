//! A transaction Bundle, taken apart.

use super::address::{Address, pairs};
use super::commit::{self, Outcome};
use super::plan::{self, Ask, Change};
use super::write::{has_id, kind_of, of_kind};
use super::{Caller, Expected, Once, Target};
use base64::Engine;
use fhir::Tree;
use fhir::json::{Json, Limits, Value};
use fhir::patch::Patch;
use record::{Issue, Kind, Refusal};

/// Does everything in a transaction Bundle or nothing (FHIR R4 http.html#transaction).
pub fn transaction(caller: &Caller<'_>, bundle: &Json, once: Option<&Once>) -> Result<Outcome, Refusal> {
    let (changes, mut faults) =
        changes(bundle.root(), caller.base).map_err(|r| caller.refused("refused", COMMAND, r))?;
    let is_read = |change: &&Change<'_>| matches!(change.ask, Ask::Read { .. } | Ask::Search { .. });
    if changes.iter().filter(is_read).count() > READS_MAX {
        let text = format!("A transaction reads at most {READS_MAX} times. Send what only reads in a batch.");
        return Err(caller.refused("refused", COMMAND, Refusal::new(Kind::TooLarge, text)));
    }
    if faults.is_empty() {
        return commit::commit(caller, COMMAND, &changes, true, once);
    }
    // What is wrong with the other entries belongs in the same answer. References are judged only when all
    // entries are there to be meant.
    if let Err(refusal) = plan::make(caller, &changes, false)
        && refusal.kind == Kind::Invalid
    {
        faults.extend(refusal.issues);
    }
    Err(caller.refused("refused", COMMAND, Refusal::many(Kind::Invalid, faults)))
}

const COMMAND: &str = "fhir.transaction";
/// Reads and searches of one transaction, at most: those beside changes are done on the writer's turn, while all other
/// writers wait.
const READS_MAX: usize = 200;

/// The changes that the entries ask for, and what is wrong with those that ask for none.
fn changes<'j>(bundle: Value<'j>, base: &str) -> Result<(Vec<Change<'j>>, Vec<Issue>), Refusal> {
    let mut faults = fhir::validate::structure(skeleton(bundle)?.root());
    let (mut changes, whole) = (Vec::new(), faults.is_empty());
    for (i, entry) in bundle.get("entry").into_iter().flat_map(Value::items).enumerate() {
        let place = format!("Bundle.entry[{i}]");
        if entry.get("request").is_none() {
            faults.retain(|fault| fault.at != place);
            let text = "Each entry of a transaction says what is to be done. Add a request.";
            faults.push(Issue::new("required", format!("{place}.request"), text));
            continue;
        }
        match ask(entry, base) {
            Ok(ask) => {
                let called = entry.str("fullUrl").map(|url| url.into_owned());
                changes.push(Change { ask, place: format!("{place}.resource"), called });
            }
            // A request that is malformed has been found out already.
            Err(_)
                if !whole && faults.iter().any(|fault| fault.at.starts_with(&format!("{place}.request"))) => {
            }
            Err(refusal) => faults.extend(placed(refusal, &place).issues),
        }
    }
    Ok((changes, faults))
}

/// The Bundle without its resources: those are checked one by one, where they are made ready.
fn skeleton(bundle: Value<'_>) -> Result<Json, Refusal> {
    of_kind(bundle, "Bundle")?;
    let mut tree = Tree::object();
    for (name, value) in bundle.members() {
        let entries = || value.items().map(bare).collect::<Vec<_>>();
        let listed = name == "entry" && value.items().next().is_some();
        tree.set(&name, if listed { Tree::Array(entries()) } else { value.into() });
    }
    let limits = Limits { bytes: usize::MAX, ..Limits::DOOR };
    Json::parse(tree.text(), limits).map_err(|e| Refusal::new(Kind::TooLarge, format!("The Bundle: {e}.")))
}

fn bare(entry: Value<'_>) -> Tree {
    if entry.get("resource").is_none() {
        return entry.into();
    }
    let others = entry.members().filter(|(name, _)| name != "resource");
    Tree::Object(others.map(|(name, value)| (name.into_owned(), value.into())).collect())
}

fn ask<'j>(entry: Value<'j>, base: &str) -> Result<Ask<'j>, Refusal> {
    let given = |name: &str| entry.get("request").and_then(|request| request.str(name));
    let text = |name: &str| given(name).unwrap_or_default();
    let to = Address::parse(&text("url"), base).map_err(|refusal| placed(refusal, "request.url"))?;
    let if_none_match =
        given("ifNoneMatch").filter(|_| matches!(&*text("method"), "PUT" | "PATCH" | "DELETE"));
    let expected = Expected::of(given("ifMatch").as_deref(), if_none_match.as_deref());
    let expected = expected.map_err(|refusal| placed(refusal, "request.ifMatch"))?;
    let resource = || {
        entry.get("resource").ok_or_else(|| required("resource", "There is no resource to write. Add it."))
    };
    let method = text("method");
    match &*method {
        "POST" => {
            if to.id.is_some() || !to.pairs.is_empty() {
                let text = "POST goes to a type, e.g. Patient. Put criteria into ifNoneExist.";
                return Err(Refusal::invalid("request.url", text));
            }
            let unless = given("ifNoneExist").map(|criteria| pairs(&criteria)).transpose();
            let unless = unless.map_err(|refusal| placed(refusal, "request.ifNoneExist"))?;
            let resource = inside(of_kind(resource()?, to.kind))?;
            Ok(Ask::Create { kind: to.kind, resource, unless })
        }
        "PUT" => {
            let resource = inside(of_kind(resource()?, to.kind))?;
            let target = target(to)?;
            if let Target::Id(_, id) = &target {
                inside(has_id(resource, id))?;
            }
            Ok(Ask::Update { target, resource, expected })
        }
        "PATCH" => Ok(Ask::Patch { patch: patch(resource()?)?, target: target(to)?, expected }),
        "DELETE" => Ok(Ask::Delete { target: target(to)?, expected }),
        "GET" | "HEAD" => match to {
            Address { version: Some(_), .. } => {
                let text =
                    "A transaction reads only current versions. Read this one on its own or in a batch.";
                Err(Refusal::invalid("request.url", text))
            }
            Address { kind, id: Some(id), .. } => Ok(Ask::Read { kind, id }),
            Address { kind, pairs, .. } => Ok(Ask::Search { kind, pairs }),
        },
        _ => Err(Refusal::invalid(
            "request.method",
            "The method is one of GET, HEAD, POST, PUT, PATCH and DELETE.",
        )),
    }
}

/// A check of the resource, with its faults in their place.
fn inside<T>(check: Result<T, Refusal>) -> Result<T, Refusal> {
    check.map_err(|refusal| placed(refusal, "resource"))
}

fn required(at: &str, text: &str) -> Refusal {
    Refusal::many(Kind::Invalid, vec![Issue::new("required", at, text)])
}

fn target(to: Address) -> Result<Target, Refusal> {
    match to {
        Address { version: Some(_), .. } => Err(Refusal::invalid(
            "request.url",
            "Only the current version can be changed. Leave _history out.",
        )),
        Address { kind, id: Some(id), .. } => Ok(Target::Id(kind, id)),
        Address { kind, pairs, .. } => Ok(Target::Where(kind, pairs)),
    }
}

/// A patch as it travels in a Bundle (FHIR R4 http.html#patch): its media type and its bytes. A JSON Patch or an
/// XML Patch is in a Binary, a FHIRPath Patch is a Parameters resource.
pub fn patch_in(resource: Value<'_>) -> Result<(&'static str, Vec<u8>), Refusal> {
    let refuse = |at: &str, text: &str| Err(Refusal::invalid(format!("resource{at}"), text));
    let kind = kind_of(resource).ok();
    if kind == Some("Parameters") {
        return Ok((FHIR_JSON, resource.raw().as_bytes().to_vec()));
    }
    let known = [Patch::JSON, Patch::XML];
    let content = resource.str("contentType").filter(|_| kind == Some("Binary"));
    let media = content.and_then(|content| known.into_iter().find(|media| *media == content));
    let Some(media) = media else {
        let text = "A patch in a Bundle is a Binary with contentType application/json-patch+json or \
            application/xml-patch+xml, or a Parameters resource.";
        return refuse("", text);
    };
    let data = resource.str("data").unwrap_or_default();
    match base64::engine::general_purpose::STANDARD.decode(data.as_bytes()) {
        Ok(bytes) => Ok((media, bytes)),
        Err(_) => refuse(".data", "The data are not base64."),
    }
}

const FHIR_JSON: &str = "application/fhir+json";

fn patch(resource: Value<'_>) -> Result<Patch, Refusal> {
    let (media, bytes) = patch_in(resource)?;
    let read = match media {
        Patch::JSON => Patch::json(bytes, Limits::DOOR),
        Patch::XML => Patch::xml(bytes, Limits::DOOR),
        _ => return Ok(Patch::FhirPath(resource.to_json())),
    };
    read.map_err(|refusal| placed(refusal, "resource.data"))
}

/// A refusal with its places moved below `place`: an element of a resource loses the type's name, which the
/// place says already.
pub fn placed(mut refusal: Refusal, place: &str) -> Refusal {
    if place.is_empty() {
        return refusal;
    }
    for issue in &mut refusal.issues {
        let below = match issue.at.split_once('.') {
            Some((first, rest)) if first.starts_with(|c: char| c.is_ascii_uppercase()) => rest,
            None if issue.at.starts_with(|c: char| c.is_ascii_uppercase()) => "",
            _ if issue.at.starts_with("Bundle.entry[") => continue,
            _ => issue.at.as_str(),
        };
        issue.at = if below.is_empty() { place.to_owned() } else { format!("{place}.{below}") };
    }
    refusal
}
