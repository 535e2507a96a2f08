//! Who asks, and what of it must be on the audit trail before the answer leaves.

use super::{Guards, guard};
use access::grant::Interaction;
use access::{Access, Permission, Session};
use conformance::Conformance;
use fhir::search::{Around, Handling, Query};
use fhir::{Instant, Issue, Tree, Value};
use record::{Act, Body, Found, Kind, Reader, Refusal, Written};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Codes that one condition of a search may stand for.
const CODES_MAX: usize = 2_000;

/// Who asks, for what request, through which gate.
pub struct Caller<'a> {
    /// The gate.
    pub access: &'a Access,
    /// Who.
    pub session: &'a Session,
    /// The caller's own name for the request; goes into log and audit.
    pub request: Option<&'a str>,
    /// The address of this record's FHIR door, without a slash at the end. References below it are our own.
    pub base: &'a str,
    /// Whether a conditional delete may delete more than one resource.
    pub deletes_many: bool,
    /// What must hold of what is written.
    pub guards: Guards,
    /// The definitions by which codes are found that a search names by a value set; without them it is refused.
    pub conformance: Option<Conformance>,
    acts: RefCell<Vec<Act>>,
}

impl<'a> Caller<'a> {
    /// A caller without a request id, guards and acts.
    pub fn new(access: &'a Access, session: &'a Session, base: &'a str) -> Caller<'a> {
        Caller {
            access,
            session,
            request: None,
            base,
            deletes_many: false,
            guards: Guards::default(),
            conformance: None,
            acts: RefCell::default(),
        }
    }

    /// The query that these pairs ask of a type, or of all, with the codes that it names by their value set.
    pub fn query(
        &self,
        kind: Option<&str>,
        pairs: &[(String, String)],
        handling: Handling,
        now: Instant,
    ) -> Result<Query, Refusal> {
        query(self.conformance.as_ref(), self.base, kind, pairs, handling, now)
    }

    /// A snapshot of now through the caller's scope.
    pub fn reader(&self) -> Result<Reader, Refusal> {
        self.access.store().reader(&self.session.scope)
    }

    /// A resource as it is now.
    pub fn read_now(&self, kind: &str, id: &str) -> Result<Found, Refusal> {
        self.access.store().read(&self.session.scope, kind, id)
    }

    /// What must be durable on the audit trail before anything of the answer leaves.
    pub fn take_acts(&self) -> Vec<Act> {
        self.acts.take()
    }

    /// Puts acts of an inner call with the others.
    pub fn add_acts(&self, acts: Vec<Act>) {
        self.acts.borrow_mut().extend(acts);
    }

    /// Notes that these bodies go out.
    pub(super) fn sees<'b>(&self, action: &'static str, query: &str, bodies: impl Iterator<Item = &'b Body>) {
        let mut patients = BTreeSet::new();
        let mut out = Vec::new();
        for body in bodies {
            out.push(Tree::from(format!("{}/{}/_history/{}", body.kind, body.id, body.version)));
            patients.extend(body.patients.iter().map(String::as_str));
        }
        let detail = self
            .detail(query)
            .with("outcome", "ok")
            .with("count", out.len() as i64)
            .with("out", out)
            .with("patients", patients.into_iter().map(Tree::from).collect::<Vec<_>>());
        self.acts.borrow_mut().push(self.session.act(action, detail));
    }

    /// Notes that all of a kind goes out, as the record is after a commit.
    pub(super) fn takes(&self, action: &'static str, query: &str, txn: u64) {
        let detail = self.detail(query).with("outcome", "ok").with("as-at", txn as i64);
        self.acts.borrow_mut().push(self.session.act(action, detail));
    }

    /// Notes that a change found the resource as it was to be.
    pub(super) fn met(&self, command: &'static str, written: &Written) {
        let out = format!("{}/{}/_history/{}", written.kind, written.id, written.version);
        let detail = self.detail(command).with("outcome", "unchanged").with("out", vec![Tree::from(out)]);
        self.acts.borrow_mut().push(self.session.act("met", detail));
    }

    /// Notes that somebody tried to see themselves or their family.
    pub(super) fn barred(&self, patient: &str) {
        let detail = self.detail("Patient").with("patients", vec![Tree::from(patient)]);
        self.acts.borrow_mut().push(self.session.act("barred", detail));
    }

    /// Notes that nothing goes out, and why; and gives the reason back.
    pub fn refused(&self, action: &'static str, query: &str, refusal: Refusal) -> Refusal {
        let detail = self.detail(query).with("outcome", refusal.kind.issue_code()).with("count", 0);
        self.acts.borrow_mut().push(self.session.act(action, detail));
        refusal
    }

    fn detail(&self, query: &str) -> Tree {
        Tree::object().maybe("request", self.request).with("query", query)
    }

    /// What the guards say of content that is sound in its structure: issues that would be told, or why it would be
    /// refused. Nothing is written.
    pub fn foresee(&self, resource: Value<'_>) -> Result<Vec<Issue>, Refusal> {
        guard::check(&self.guards, self.session, resource)
    }

    /// Refuses a change of resources of this type by someone who may not make it.
    pub fn may_change(&self, kind: &str, interaction: Interaction) -> Result<(), Refusal> {
        let permission =
            if interaction == Interaction::Delete { Permission::Delete } else { Permission::Write };
        self.session.needs(permission)?;
        self.session.needs_grant(kind, interaction)?;
        if self.session.role.sees(kind) {
            return Ok(());
        }
        let text = format!(
            "The role {} has no part in {kind}. Ask someone whose role has.",
            self.session.role.title
        );
        Err(Refusal::new(Kind::Forbidden, text))
    }

    /// Refuses looking at resources of a type to whoever may not, as [`Caller::may_read`], and to an app that was not
    /// let do it. No type stands for all.
    pub(super) fn may_look(&self, kind: Option<&str>, interaction: Interaction) -> Result<(), Refusal> {
        self.may_read()?;
        self.session.needs_grant(kind.unwrap_or("*"), interaction)
    }

    /// Refuses reading to a role that reads nothing. What others may see is their scope's business.
    pub(super) fn may_read(&self) -> Result<(), Refusal> {
        if self.session.may(Permission::Trace) || self.session.may(Permission::Administer) {
            return Ok(());
        }
        self.session.needs(Permission::ReadRecord)
    }
}

/// The query that pairs ask, with the codes that it names by their value set.
pub(crate) fn query(
    conformance: Option<&Conformance>,
    base: &str,
    kind: Option<&str>,
    pairs: &[(String, String)],
    handling: Handling,
    now: Instant,
) -> Result<Query, Refusal> {
    let mut query = Query::parse(kind, pairs, handling, now, &format!("{}/", base))?;
    query.resolve(&mut |around| {
        let unknown =
            || Refusal::new(Kind::Unsupported, "Value sets cannot be searched by here. List the codes.");
        let loaded = conformance.ok_or_else(unknown)?.now()?;
        let terms = loaded.terminology();
        let one = |system: &String, codes| vec![(system.clone(), codes)];
        Ok(match around {
            Around::In(set) => terms.value_set_codes(set, CODES_MAX)?,
            Around::Below { system, code } => one(system, terms.below(system, code, CODES_MAX)?),
            Around::Above { system, code } => one(system, terms.above(system, code, CODES_MAX)?),
        })
    })?;
    Ok(query)
}
