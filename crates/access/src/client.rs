//! Apps of others: who they are, what they may ask for, and what they are let do. RFC 6749, 7009, 7636; SMART App
//! Launch 2.2.

use crate::account::role;
use crate::grant::{Grant, Interaction, Level};
use crate::profile::organisation;
use crate::secret::{self, Hash};
use crate::{Access, Permission, Role, Session};
use fhir::{Json, Limits, Tree, Value};
use record::{Instant, Kind, Refusal, Scope, Tx, new_id};

/// Kept facts: apps, by id.
const SPACE: &str = "app";
/// Families of tokens that were ended, by name.
const ENDED: &str = "app-family-ended";
/// What is used once, and has been: by what it is and its hash.
const USED: &str = "app-used";
const NAME_MAX: usize = 80;
const REDIRECTS_MAX: usize = 10;

/// How an app shows that it is itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppProof {
    /// It runs where nothing can be kept secret: by nothing, beside PKCE.
    Public,
    /// By a secret, of which the hash is kept.
    Secret(String),
    /// By a token that one of these keys signs: a JWK set, or the https address of one.
    Keys(String),
}

/// An app that is registered here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// `client_id`.
    pub id: String,
    /// The name that people are shown.
    pub name: String,
    /// Where answers may go, to the letter.
    pub redirects: Vec<String>,
    /// How it shows that it is itself.
    pub proof: AppProof,
    /// What it may ask for.
    pub scopes: Grant,
    /// Where it is opened from a patient's record; none for one that is not.
    pub launch: Option<String>,
    /// For an app that acts as itself: the role, whose permissions it has at most.
    pub role: Option<&'static Role>,
    /// For an app that acts as itself: the ODS code of the organisation for which it acts.
    pub organisation: String,
    /// For an app that acts as itself: what it is here for (HL7 v3 PurposeOfUse).
    pub purpose: String,
    /// Who registered it.
    pub by: String,
}

/// An app, as a session has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The id of the app.
    pub app: String,
    /// Its name.
    pub name: String,
    /// What it is let do.
    pub grant: Grant,
    /// The patient in context, by id.
    pub patient: Option<String>,
    /// The tokens that come from one consent.
    pub family: String,
}

impl Client {
    /// Whether the app may do anything of the sort.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        let any = |interaction| self.grant.may_any(interaction);
        match permission {
            Permission::Trace | Permission::ReadRecord => any(Interaction::Read) || any(Interaction::Search),
            Permission::Write => any(Interaction::Create) || any(Interaction::Update),
            Permission::Delete => any(Interaction::Delete),
            Permission::AssignIds => any(Interaction::Update),
            Permission::SystemHistory => any(Interaction::Search),
            Permission::Bulk => {
                let reads = |may: &Interaction| matches!(may, Interaction::Read | Interaction::Search);
                self.grant.allowed.iter().any(|a| a.level == Level::System && a.may.iter().any(reads))
            }
            // People do these, in our own pages.
            _ => false,
        }
    }

    /// As it is kept.
    pub fn tree(&self) -> Tree {
        Tree::object()
            .with("app", self.app.as_str())
            .with("name", self.name.as_str())
            .with("grant", self.grant.to_string())
            .maybe("patient", self.patient.as_deref())
            .with("family", self.family.as_str())
    }

    /// The reverse of [`Client::tree`].
    pub fn read(value: Value<'_>) -> Option<Client> {
        let text = |name: &str| value.str(name).map(|text| text.into_owned());
        Some(Client {
            app: text("app")?,
            name: text("name")?,
            grant: Grant::parse(&text("grant")?),
            patient: text("patient"),
            family: text("family")?,
        })
    }
}

impl App {
    fn tree(&self) -> Tree {
        let redirects: Vec<Tree> = self.redirects.iter().map(|uri| Tree::from(uri.as_str())).collect();
        let (proof, held) = match &self.proof {
            AppProof::Public => ("public", ""),
            AppProof::Secret(hash) => ("secret", hash.as_str()),
            AppProof::Keys(keys) => ("keys", keys.as_str()),
        };
        Tree::object()
            .with("id", self.id.as_str())
            .with("name", self.name.as_str())
            .with("redirects", redirects)
            .with("proof", proof)
            .with("held", held)
            .with("scopes", self.scopes.to_string())
            .maybe("launch", self.launch.as_deref())
            .maybe("role", self.role.map(|role| role.name.as_str()))
            .with("organisation", self.organisation.as_str())
            .with("purpose", self.purpose.as_str())
            .with("by", self.by.as_str())
    }

    fn read(value: &[u8]) -> Option<App> {
        let json = Json::parse(value, Limits::DOOR).ok()?;
        let text = |name: &str| json.root().str(name).map(|text| text.into_owned());
        let redirects = json.root().get("redirects").into_iter().flat_map(Value::items);
        Some(App {
            id: text("id")?,
            name: text("name")?,
            redirects: redirects.filter_map(|uri| Some(uri.as_str()?.into_owned())).collect(),
            proof: match text("proof")?.as_str() {
                "public" => AppProof::Public,
                "secret" => AppProof::Secret(text("held")?),
                "keys" => AppProof::Keys(text("held")?),
                _ => return None,
            },
            scopes: Grant::parse(&text("scopes")?),
            launch: text("launch"),
            role: text("role").and_then(|name| role(&name).ok()),
            organisation: text("organisation")?,
            purpose: text("purpose")?,
            by: text("by")?,
        })
    }

    /// True when this secret is the app's.
    pub fn has_secret(&self, secret: &str) -> bool {
        matches!(&self.proof, AppProof::Secret(hash) if *hash == secret::key(&secret::hash(secret)))
    }

    /// What is wrong with it.
    fn checked(mut self) -> Result<App, Refusal> {
        self.name = self.name.trim().to_owned();
        if self.name.is_empty() || self.name.chars().count() > NAME_MAX {
            return Err(Refusal::invalid("name", format!("Name the app in up to {NAME_MAX} letters.")));
        }
        let is_uri = |uri: &String| {
            let is_safe = uri.starts_with("https://")
                || ["http://127.0.0.1", "http://localhost", "http://[::1]"]
                    .iter()
                    .any(|own| uri.starts_with(own));
            is_safe && uri.bytes().all(|b| b.is_ascii_graphic()) && !uri.contains('#')
        };
        let uris = self.redirects.iter().chain(&self.launch);
        if let Some(wrong) = uris.clone().find(|uri| !is_uri(uri)) {
            let text =
                format!("{wrong} is no https address (http is taken for this machine only), or has a #.");
            return Err(Refusal::invalid("redirects", text));
        }
        if self.redirects.len() > REDIRECTS_MAX {
            return Err(Refusal::invalid(
                "redirects",
                format!("An app has at most {REDIRECTS_MAX} addresses."),
            ));
        }
        if self.scopes.is_empty() {
            let text = "Give it scopes that are known here, such as patient/*.rs or system/Observation.rs.";
            return Err(Refusal::invalid("scopes", text));
        }
        let as_itself = self.scopes.allowed.iter().any(|allowed| allowed.level == Level::System);
        if as_itself && (self.role.is_none() || !matches!(self.proof, AppProof::Keys(_))) {
            let text = "An app with system scopes acts as itself: give it a role and its public keys.";
            return Err(Refusal::invalid("role", text));
        }
        if self.redirects.is_empty() && !as_itself {
            return Err(Refusal::invalid("redirects", "Say where people are sent back to."));
        }
        self.organisation = organisation(&self.organisation)?;
        if self.purpose.is_empty() {
            self.purpose = self.role.map_or_else(String::new, |role| role.purpose.clone());
        }
        Ok(self)
    }
}

/// Registers an app, or changes the one of the same id. Nobody gives an app a role that can do more than they can.
pub fn keep_app(tx: &mut Tx<'_>, session: &Session, app: App) -> Result<App, Refusal> {
    session.needs(Permission::Administer)?;
    let app = App { by: session.who.clone(), ..app.checked()? };
    if app.organisation != session.organisation && session.role.name != "system" {
        let text = format!("You register apps of {} only.", session.organisation);
        return Err(Refusal::invalid("organisation", text));
    }
    if app.role.is_some_and(|role| role.name == "system" || role.own) && session.role.name != "system" {
        return Err(Refusal::invalid("role", "This role is not for apps. Choose another."));
    }
    tx.keep(SPACE, &app.id, app.tree().text().as_bytes(), None)?;
    Ok(app)
}

/// A new secret for an app, and the proof that holds its hash. The text is the only copy.
pub fn new_app_secret() -> Result<(String, AppProof), Refusal> {
    let secret = secret::new()?;
    let proof = AppProof::Secret(secret::key(&secret::hash(&secret)));
    Ok((secret, proof))
}

/// Ends an app: its tokens hold no more within a second.
pub fn end_app(tx: &mut Tx<'_>, session: &Session, id: &str) -> Result<(), Refusal> {
    session.needs(Permission::Administer)?;
    let Some(app) = tx.kept(SPACE, id)?.and_then(|value| App::read(&value)) else {
        return Err(Refusal::new(Kind::NotFound, "There is no such app. It may have been ended."));
    };
    if app.organisation != session.organisation && session.role.name != "system" {
        let text = format!("Only an administrator of {} ends this app.", app.organisation);
        return Err(Refusal::new(Kind::Forbidden, text));
    }
    tx.forget(SPACE, id)
}

/// Uses something up that counts once; false when it was used before. Holds for all nodes, since only one writes.
pub fn use_once(tx: &mut Tx<'_>, what: &str, secret: &str, until: Instant) -> Result<bool, Refusal> {
    let key = format!("{what}/{}", secret::key(&secret::hash(secret)));
    if tx.kept(USED, &key)?.is_some() {
        return Ok(false);
    }
    tx.keep(USED, &key, b"", Some(until))?;
    Ok(true)
}

/// Ends all tokens that come from one consent.
pub fn end_family(tx: &mut Tx<'_>, family: &str) -> Result<(), Refusal> {
    tx.keep(ENDED, family, b"", None)
}

impl Access {
    /// The app of this id.
    pub fn app(&self, id: &str) -> Result<Option<App>, Refusal> {
        Ok(self.kept(SPACE, id)?.and_then(|value| App::read(&value)))
    }

    /// All apps, by id.
    pub fn apps(&self) -> Result<Vec<App>, Refusal> {
        let kept = self.store().reader(&Scope::all())?.kept_all(SPACE, "")?;
        Ok(kept.iter().filter_map(|(_, value)| App::read(value)).collect())
    }

    /// What changes with every change of an account that ends its sessions; nothing when it is shut or not there.
    pub fn generation(&self, who: &str) -> Result<Option<i64>, Refusal> {
        let account = self.account(who)?.filter(|account| account.is_open(self.now()));
        Ok(account.map(|account| account.generation))
    }

    /// Whether the tokens of a consent have not been ended, as a transaction sees it.
    pub fn family_stands(&self, tx: &Tx<'_>, family: &str) -> Result<bool, Refusal> {
        Ok(tx.kept(ENDED, family)?.is_none())
    }

    /// Whether an app and a family of its tokens still stand.
    pub(crate) fn stands(&self, client: &Client) -> Result<bool, Refusal> {
        Ok(self.kept(ENDED, &client.family)?.is_none() && self.kept(SPACE, &client.app)?.is_some())
    }

    /// Forgets what is held in memory of the tokens of an app, so that they end here at once.
    pub fn drop_tokens_of_apps(&self) {
        crate::held(&self.inner.tokens).retain(|_, known| known.is_ours());
    }
}

/// A name for the tokens of a new consent.
pub fn new_family() -> String {
    new_id()
}

/// A new secret of 256 random bits, with its hash as the key of a kept fact.
pub fn new_secret() -> Result<(String, String), Refusal> {
    let secret = secret::new()?;
    let key = key_of(&secret);
    Ok((secret, key))
}

/// The key under which what a secret opens is kept.
pub fn key_of(secret: &str) -> String {
    let hash: Hash = secret::hash(secret);
    secret::key(&hash)
}
