//! Roles and what they may do. The matrix is `roles.toml`.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

/// Something that a role may do. Roles are only bundles of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Find people and read what is administrative about them.
    Trace,
    /// Read clinical content.
    ReadRecord,
    /// Create and change resources of the types the role sees.
    Write,
    /// Delete resources.
    Delete,
    /// Choose the id of a new resource (`PUT` to an id that is not there).
    AssignIds,
    /// Read the history of a type or of everything.
    SystemHistory,
    /// Read the audit trail.
    Audit,
    /// Manage accounts and configuration.
    Administer,
    /// Take many people's data out at once.
    Bulk,
    /// Vouch for those who join and move: approve their accounts and role profiles.
    Sponsor,
    /// Seal what a patient wants kept to one team, and note what a patient consents to.
    Seal,
    /// Open what is sealed, for a reason that is reviewed afterwards (B0083 of the national database).
    OpenSeal,
    /// Claim a relationship with a patient for oneself, for a few hours, which the privacy officer is told of.
    Claim,
    /// See where people are who must not be found.
    Restricted,
}

impl Permission {
    /// All of them, in the order of the help page.
    pub const ALL: [Permission; 14] = [
        Permission::Trace,
        Permission::ReadRecord,
        Permission::Write,
        Permission::Delete,
        Permission::AssignIds,
        Permission::SystemHistory,
        Permission::Audit,
        Permission::Administer,
        Permission::Bulk,
        Permission::Sponsor,
        Permission::Seal,
        Permission::OpenSeal,
        Permission::Claim,
        Permission::Restricted,
    ];

    /// The name in `roles.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Permission::Trace => "trace",
            Permission::ReadRecord => "read-record",
            Permission::Write => "write",
            Permission::Delete => "delete",
            Permission::AssignIds => "assign-ids",
            Permission::SystemHistory => "system-history",
            Permission::Audit => "audit",
            Permission::Administer => "administer",
            Permission::Bulk => "bulk",
            Permission::Sponsor => "sponsor",
            Permission::Seal => "seal",
            Permission::OpenSeal => "open-seal",
            Permission::Claim => "claim",
            Permission::Restricted => "restricted",
        }
    }

    /// What it allows, to go after "may" or "may not".
    pub fn about(self) -> &'static str {
        match self {
            Permission::Trace => "find people",
            Permission::ReadRecord => "read clinical records",
            Permission::Write => "add to and change records",
            Permission::Delete => "delete from records",
            Permission::AssignIds => "choose the id of a new resource",
            Permission::SystemHistory => "read the history of everything",
            Permission::Audit => "review who looked at what",
            Permission::Administer => "manage accounts and configuration",
            Permission::Bulk => "take many people's data out at once",
            Permission::Sponsor => "approve accounts and role profiles that others ask for",
            Permission::Seal => {
                "seal what a patient wants kept to one team, and note what a patient consents to"
            }
            Permission::OpenSeal => "open what is sealed, for a reason that is reviewed afterwards",
            Permission::Claim => "claim a relationship with a patient for twelve hours, which is reviewed",
            Permission::Restricted => "see where people are who must not be found",
        }
    }
}

impl Permission {
    /// The permission of this name.
    pub fn named(name: &str) -> Option<Permission> {
        Permission::ALL.into_iter().find(|permission| permission.name() == name)
    }
}

/// A role as `roles.toml` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The name in accounts, tokens and the command line.
    pub name: String,
    /// The name on pages.
    pub title: String,
    /// What it is for, in a sentence.
    pub about: String,
    /// The national job role code; empty when there is none.
    pub code: String,
    /// What its holders are here for, unless they say otherwise (HL7 v3 PurposeOfUse).
    pub purpose: String,
    /// How many sponsors must approve that someone is given it.
    pub approvals: usize,
    /// True when it sees no record but that of the patient whom its holder is.
    pub own: bool,
    /// True when that patient is somebody for whom its holder acts.
    pub proxy: bool,
    /// What it may do.
    pub may: BTreeSet<Permission>,
    /// The resource types it sees; none for all.
    pub types: Option<Arc<BTreeSet<&'static str>>>,
}

impl Role {
    /// The role called `name`.
    pub fn named(name: &str) -> Option<&'static Role> {
        roles().iter().find(|role| role.name == name)
    }

    /// True when the role may do it.
    pub fn may(&self, permission: Permission) -> bool {
        self.may.contains(&permission)
    }

    /// True when it sees resources of this type.
    pub fn sees(&self, kind: &str) -> bool {
        self.types.as_ref().is_none_or(|types| types.contains(kind))
    }
}

/// All roles, in the order of `roles.toml`.
pub fn roles() -> &'static [Role] {
    static ROLES: LazyLock<Vec<Role>> =
        LazyLock::new(|| read(include_str!("roles.toml")).expect("roles.toml is read by a test"));
    &ROLES
}

/// Reads the matrix, or says what is wrong with it.
fn read(text: &str) -> Result<Vec<Role>, String> {
    let file: toml::Table = text.parse().map_err(|e| format!("roles.toml: {e}"))?;
    let roles = file.get("role").and_then(|roles| roles.as_array()).ok_or("roles.toml has no [[role]]")?;
    roles.iter().map(|role| read_role(&file, role)).collect()
}

fn read_role(file: &toml::Table, role: &toml::Value) -> Result<Role, String> {
    let text = |name: &str| {
        let value = role.get(name).and_then(toml::Value::as_str);
        value.map(str::to_owned).ok_or_else(|| format!("a role has no text {name:?}: {role}"))
    };
    let may = strings(role.get("may"))?
        .into_iter()
        .map(|name| Permission::named(name).ok_or_else(|| format!("{name:?} is no permission")));
    let types = match role.get("types").and_then(toml::Value::as_str) {
        Some(list) => Some(Arc::new(types(&strings(file.get(list))?)?)),
        None => None,
    };
    Ok(Role {
        name: text("name")?,
        title: text("title")?,
        about: text("about")?,
        code: text("code")?,
        purpose: role.get("purpose").and_then(toml::Value::as_str).unwrap_or("TREAT").to_owned(),
        own: role.get("own").and_then(toml::Value::as_bool).unwrap_or(false),
        proxy: role.get("proxy").and_then(toml::Value::as_bool).unwrap_or(false),
        approvals: match role.get("approvals").map(|n| n.as_integer().and_then(|n| n.try_into().ok())) {
            None => 1,
            Some(number) => number.ok_or_else(|| format!("\"approvals\" is no number: {role}"))?,
        },
        may: may.collect::<Result<_, _>>()?,
        types,
    })
}

fn strings(list: Option<&toml::Value>) -> Result<Vec<&str>, String> {
    let list = list.and_then(toml::Value::as_array).ok_or("a list is missing")?;
    list.iter().map(|item| item.as_str().ok_or_else(|| format!("{item} is no text"))).collect()
}

fn types(names: &[&str]) -> Result<BTreeSet<&'static str>, String> {
    let known = |name: &&str| {
        let found = fhir::definitions::RESOURCES.iter().find(|known| *known == name);
        found.copied().ok_or_else(|| format!("{name:?} is no resource type"))
    };
    names.iter().map(known).collect()
}
