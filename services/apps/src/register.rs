//! Registers an app.

use access::grant::Grant;
use access::{App, AppProof, keep_app};
use fhir::{Json, Limits};
use record::{Tx, new_id};
use service::{Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Session, Values};

/// Registers an app.
pub const REGISTER: Command<Register> =
    Command { name: "register", about: "Register an app", needs: Permission::Administer, run: register };

/// What is registered; the organisation is that of whoever does it.
pub struct Register(App);

const fn field(name: &'static str, kind: FieldKind, label: &'static str, hint: &'static str) -> Field {
    Field { name, kind, required: false, label, hint }
}

impl Input for Register {
    const FIELDS: &'static [Field] = &[
        Field {
            name: "name",
            kind: FieldKind::String,
            required: true,
            label: "Name",
            hint: "As people will see it when the app asks them",
        },
        Field {
            name: "scopes",
            kind: FieldKind::String,
            required: true,
            label: "What it may ask for",
            hint: "SMART scopes with spaces between: openid fhirUser launch/patient patient/*.rs offline_access",
        },
        field(
            "redirects",
            FieldKind::Text,
            "Where people are sent back to",
            "https addresses, with spaces between. None for a program that acts as itself",
        ),
        field("launch", FieldKind::String, "Where it is opened from a patient's record", "An https address"),
        field(
            "keys",
            FieldKind::Text,
            "Its public keys",
            "A JWK set, or the https address of one. None for an app that runs in a browser or on a telephone",
        ),
        field(
            "role",
            FieldKind::String,
            "Role, of a program that acts as itself",
            "The name of a role, such as extract. It can never do more than that role",
        ),
        field(
            "purpose",
            FieldKind::String,
            "Purpose, of a program that acts as itself",
            "A code of HL7 v3 PurposeOfUse, such as HRESCH; the role's own when left empty",
        ),
    ];

    fn read(values: &Values) -> Result<Register, Refusal> {
        let some = |name: &str| values.get(name).map(str::to_owned);
        let role = match values.get("role") {
            None => None,
            Some(name) => Some(access::roles().iter().find(|role| role.name == name).ok_or_else(|| {
                let known: Vec<&str> = access::roles().iter().map(|role| role.name.as_str()).collect();
                Refusal::invalid(
                    "role",
                    format!("There is no role {name:?}. Choose from {}.", known.join(", ")),
                )
            })?),
        };
        let proof = match some("keys") {
            None => AppProof::Public,
            Some(keys) => AppProof::Keys(checked(keys)?),
        };
        Ok(Register(App {
            id: new_id(),
            name: values.text("name"),
            redirects: values.text("redirects").split_ascii_whitespace().map(str::to_owned).collect(),
            proof,
            scopes: Grant::parse(&values.text("scopes")),
            launch: some("launch"),
            role,
            organisation: String::new(),
            purpose: some("purpose").unwrap_or_default(),
            by: String::new(),
        }))
    }
}

/// Keys that are a set, or the address of one.
fn checked(keys: String) -> Result<String, Refusal> {
    let is_set = Json::parse(keys.as_str(), Limits::DOOR).is_ok_and(|json| json.root().get("keys").is_some());
    if is_set || keys.starts_with("https://") || keys.starts_with("http://127.0.0.1") {
        return Ok(keys);
    }
    Err(Refusal::invalid("keys", "Give a JWK set ({\"keys\": [...]}), or the https address of one."))
}

fn register(tx: &mut Tx<'_>, session: &Session, register: Register) -> Result<Outcome, Refusal> {
    let app = App { organisation: session.organisation.clone(), ..register.0 };
    keep_app(tx, session, app)?;
    Ok(Outcome::of([], "It is registered.", "/apps"))
}
