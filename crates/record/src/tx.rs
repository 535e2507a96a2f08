//! Writing: what a command may do inside its transaction.

mod file;
mod mark;

use crate::chain::log_hash;
use crate::engine::{self, Conn, Row};
use crate::lens::Lens;
use crate::names::{Laid, Names};
use crate::pending::{Claim, Head, Pending, Txn, Version};
use crate::snapshot::Snapshot;
use crate::writer::Core;
use crate::{BlobHash, Found, Instant, Kind, Page, Prepared, Refusal, Results, Scope, fault};
use fhir::Tree;
use fhir::search::Query;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Who writes, why, and by which command; goes into the log with each commit.
#[derive(Clone, Debug)]
pub struct Author {
    /// Account, client or system name.
    pub who: String,
    /// On whose behalf, if not their own.
    pub behalf: Option<String>,
    /// Purpose of use, e.g. `TREAT`.
    pub purpose: String,
    /// The command, e.g. `fhir.update`, `beds.admit`.
    pub command: String,
    /// The caller's request id, if any.
    pub request: Option<String>,
    /// What the reads of the transaction may see.
    pub scope: Scope,
    /// The organisation that has custody of what it creates, if any: who sees it must hold `org:` and this.
    pub custodian: Option<String>,
}

impl Author {
    /// The system itself, with a scope of everything. For set-up, jobs and tests.
    pub fn system(command: &str) -> Author {
        Author {
            who: "system".to_owned(),
            behalf: None,
            purpose: "SYSADMIN".to_owned(),
            command: command.to_owned(),
            request: None,
            scope: Scope::all(),
            custodian: None,
        }
    }
}

/// What a write did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Resource type.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// The version that is current now.
    pub version: u64,
    /// Its instant.
    pub updated: Instant,
    /// True when it was not there before.
    pub created: bool,
    /// False when it was already exactly so and nothing was written.
    pub changed: bool,
}

/// A transaction in progress.
pub struct Tx<'w> {
    core: &'w mut Core,
    author: Author,
    lens: Lens,
    txn: i64,
    /// Hashes of the versions written so far, in order.
    leaves: Vec<[u8; 32]>,
    /// The patients that these concern, and those that they concern no more; for the audit trail.
    patients: BTreeSet<String>,
    /// What it has written that is not on its way to the disk. Searches see it after a flush.
    mine: RefCell<Pending>,
    scope_hash: [u8; 32],
    /// Marks that it has laid.
    laid: Laid,
}

/// What the head of a resource says before a write.
#[derive(Clone)]
pub(crate) struct Before {
    pub res: i64,
    pub ver: i64,
    pub vid: i64,
    pub live: bool,
    pub patient: i64,
    pub class: i64,
    pub moved: i64,
    pub rec: Option<Vec<u8>>,
    /// True when the table has no row of it yet.
    pub new: bool,
}

impl<'w> Tx<'w> {
    pub(crate) fn begin(core: &'w mut Core, author: Author) -> Result<Tx<'w>, Refusal> {
        let lens = author.scope.lens(&core.conn, &core.names)?;
        let (txn, scope_hash) = (core.next.txn, author.scope.fingerprint());
        let (leaves, mine, laid) = (Vec::new(), RefCell::default(), Laid::default());
        let patients = BTreeSet::new();
        let mut tx = Tx { core, author, lens, txn, leaves, patients, mine, scope_hash, laid };
        tx.see_fresh();
        Ok(tx)
    }

    /// Closes the transaction: its log row and its place on the audit trail, if it wrote anything.
    pub(crate) fn finish(mut self) -> Result<Pending, Refusal> {
        if self.leaves.is_empty() {
            return Ok(self.mine.into_inner());
        }
        let at = self.core.now;
        let hash = log_hash(&self.core.next.txn_hash, self.txn, at, &self.author, &self.leaves);
        let last = self.core.next.vid - 1;
        self.core.next.txn += 1;
        self.core.next.txn_hash = hash;
        let patients: Vec<Tree> = self.patients.iter().map(|id| Tree::from(id.as_str())).collect();
        let detail = Tree::object()
            .with("versions", self.leaves.len() as i64)
            .with("patients", patients)
            .maybe("request", self.author.request.as_deref())
            .maybe("as", self.author.behalf.as_deref())
            .with("purpose", self.author.purpose.as_str())
            .text();
        let audit = self.core.audit(&self.author.who, &self.author.command, Some(self.txn), detail);
        self.mine.get_mut().audits.push(audit);
        self.mine.get_mut().txns.push(Txn { number: self.txn, at, author: self.author, last, hash });
        Ok(self.mine.into_inner())
    }

    /// Who writes, and in which capacity.
    pub fn author(&self) -> &Author {
        &self.author
    }

    /// The instant of this commit.
    pub fn now(&self) -> Instant {
        self.core.now
    }

    pub(crate) fn names(&self) -> &Names {
        &self.core.names
    }

    /// The connection, with all that was written so far, for a statement that writes.
    pub(crate) fn conn(&self) -> Result<&Conn, Refusal> {
        self.flush()?;
        Ok(&self.core.conn)
    }

    /// Writes what is kept back, so that statements see it. A refusal later undoes it.
    fn flush(&self) -> Result<(), Refusal> {
        // What was foreseen of the tables holds no more.
        self.core.foreseen.take();
        self.core.write_apart()?;
        self.mine.borrow_mut().write(&self.core.conn)
    }

    fn snapshot(&self) -> Result<Snapshot<'_>, Refusal> {
        self.flush()?;
        let core = &*self.core;
        core.conn.see(self.lens.clone(), &core.names).map_err(|e| fault("look through a lens", e))?;
        let mut snapshot = Snapshot::new(&core.conn, &core.names, self.txn, self.txn);
        snapshot.token_key = core.token_key;
        snapshot.scope = self.scope_hash;
        snapshot.everyone = self.author.scope.is_all();
        Ok(snapshot)
    }

    /// Says which resources will be written, so that what is there of them and of what they point at is asked
    /// for at once. Worth while for many; never needed.
    pub fn foresee<'r>(&mut self, resources: impl IntoIterator<Item = &'r Prepared>) -> Result<(), Refusal> {
        self.core.foresee(resources)
    }

    /// Files a new resource; a conflict if the id is taken.
    pub fn create(&mut self, resource: Prepared) -> Result<Written, Refusal> {
        match self.before(resource.kind, &resource.id)? {
            Some(before) if before.ver > 0 => {
                let text = format!("The id {} is taken. Send it without an id.", resource.id);
                Err(Refusal::new(Kind::Conflict, text))
            }
            before => self.file(resource, before),
        }
    }

    /// Files the next version of a resource, or the first if it is new. With `expected`, only if that is the
    /// current version, 0 for none ([`Kind::Precondition`] otherwise). The same content as now writes nothing. A
    /// resource outside the scope is treated as absent and its id as taken elsewhere: not found.
    pub fn put(&mut self, resource: Prepared, expected: Option<u64>) -> Result<Written, Refusal> {
        let before = self.before(resource.kind, &resource.id)?;
        self.allowed(resource.kind, &resource.id, before.as_ref(), expected)?;
        if let Some(b) = before.as_ref().filter(|b| b.live)
            && self.same(b.vid, &resource)?
        {
            return Ok(Written {
                kind: resource.kind,
                id: resource.id,
                version: b.ver as u64,
                updated: self.instant_of(b.vid)?,
                created: false,
                changed: false,
            });
        }
        self.file(resource, before)
    }

    /// Refuses a write to what the author cannot see, or to another version than expected.
    fn allowed(
        &self,
        kind: &str,
        id: &str,
        before: Option<&Before>,
        expected: Option<u64>,
    ) -> Result<(), Refusal> {
        let there = before.filter(|b| b.ver > 0);
        let number = self.core.names.type_number(kind).unwrap_or(0);
        let seen = |b: &Before| self.core.sees(&self.lens, number, b.patient, b.class);
        if there.is_some_and(|b| !seen(b)) {
            return Err(Refusal::not_found(&format!("{kind}/{id}")));
        }
        match (expected, there) {
            (None, _) | (Some(0), None) => Ok(()),
            (Some(n), Some(b)) if n == b.ver as u64 => Ok(()),
            (Some(n), Some(b)) => Err(Refusal::new(
                Kind::Precondition,
                format!(
                    "{kind}/{id} is at version {}, not {n}. Read it again and repeat the change on that.",
                    b.ver
                ),
            )),
            (Some(_), None) => Err(Refusal::not_found(&format!("{kind}/{id}"))),
        }
    }

    /// What is there of a resource. One that this commit or one that shares its wait for the disk has written is
    /// written out first, so that its rows can be superseded.
    fn before(&self, kind: &str, id: &str) -> Result<Option<Before>, Refusal> {
        let Some(number) = self.core.names.type_number(kind) else {
            return Err(Refusal::invalid("", format!("{kind} is no resource type of FHIR R4.")));
        };
        let written = |pending: &Pending| pending.head(number, id).map(|(res, head)| Before::of(res, head));
        let (mine, group) = (&self.mine, &self.core.pending);
        let before = written(&mine.borrow()).or_else(|| written(&group.borrow()));
        match before {
            Some(before) if before.ver == 0 => return Ok(Some(before)),
            Some(_) => self.flush()?,
            None => {}
        }
        self.core.before(number, id)
    }

    fn same(&self, vid: i64, resource: &Prepared) -> Result<bool, Refusal> {
        let core = &*self.core;
        let read = |r: &Row<'_>| Ok((r.get::<i64>(0)?, r.get::<Option<Vec<u8>>>(1)?));
        let row = core.conn.one("SELECT pack, body FROM version WHERE vid = ?1", &[vid.into()], read);
        match row.map_err(|e| fault("read the current version", e))? {
            (pack, Some(body)) => Ok(core.names.unpack(&core.conn, pack, &body)? == resource.text),
            (_, None) => Ok(false),
        }
    }

    fn instant_of(&self, vid: i64) -> Result<Instant, Refusal> {
        let read = "SELECT at FROM version WHERE vid = ?1";
        let at = self.core.conn.one(read, &[vid.into()], |r| r.get(0));
        at.map(Instant).map_err(|e| fault("read the current version", e))
    }

    /// Marks a resource as deleted; its versions stay. Nothing when it is absent or deleted already.
    pub fn delete(
        &mut self,
        kind: &str,
        id: &str,
        expected: Option<u64>,
    ) -> Result<Option<Written>, Refusal> {
        let Some(before) = self.before(kind, id)?.filter(|b| b.ver > 0) else { return Ok(None) };
        let number = self.core.names.type_number(kind).unwrap_or(0);
        if !self.core.sees(&self.lens, number, before.patient, before.class) {
            return Ok(None);
        }
        self.allowed(kind, id, Some(&before), expected)?;
        if !before.live {
            return Ok(None);
        }
        let ver = before.ver + 1;
        let (res, txn, at) = (before.res, self.txn, self.core.now);
        let prev = Some(before.vid);
        let gone =
            Version { vid: 0, kind: number, res, ver, txn, at: at.0, prev, splice: 0, pack: 0, body: None };
        let vid = self.version(gone);
        self.leaf(kind, id, ver, None);
        self.replace_rows(&before, Vec::new(), before.patient, before.class);
        self.concerned(before.patient)?;
        let Before { patient, class, moved, new, .. } = before;
        let id = id.to_owned();
        let head = Head {
            kind: number,
            id: id.clone(),
            ver,
            vid,
            txn,
            live: false,
            patient,
            class,
            moved,
            rec: None,
            new,
        };
        self.head(res, head);
        let kind = self.core.names.kind(number);
        Ok(Some(Written { kind, id, version: ver as u64, updated: at, created: false, changed: true }))
    }

    /// The resource as this transaction sees it, under the author's scope.
    pub fn read(&self, kind: &str, id: &str) -> Result<Found, Refusal> {
        self.snapshot()?.read(kind, id)
    }

    /// Runs a query in this transaction, under the author's scope.
    pub fn search(&self, query: &Query, page: &Page) -> Result<Results, Refusal> {
        self.snapshot()?.search(query, page)
    }

    /// Takes `key` for `holder`. A conflict that names the holder if someone else has it.
    pub fn claim(&mut self, key: &str, holder: &str) -> Result<(), Refusal> {
        match self.holder(key)? {
            None => {
                let claim = Claim { holder: holder.to_owned(), txn: self.txn };
                self.mine.get_mut().claims.insert(key.to_owned(), Some(claim));
                Ok(())
            }
            Some(has) if has == holder => Ok(()),
            Some(has) => Err(Refusal::new(
                Kind::Conflict,
                format!("{key} is taken by {has}. Choose another, or free it first."),
            )),
        }
    }

    /// Gives a claim back. Nothing happens when the holder does not have it.
    pub fn release(&mut self, key: &str, holder: &str) -> Result<(), Refusal> {
        if self.holder(key)?.is_some_and(|has| has == holder) {
            self.mine.get_mut().claims.insert(key.to_owned(), None);
        }
        Ok(())
    }

    /// Who has a claim.
    pub fn holder(&self, key: &str) -> Result<Option<String>, Refusal> {
        let written = |pending: &Pending| {
            let claim = pending.claims.get(key)?;
            Some(claim.as_ref().map(|claim| claim.holder.clone()))
        };
        let holder = written(&self.mine.borrow()).or_else(|| written(&self.core.pending.borrow()));
        if let Some(holder) = holder {
            return Ok(holder);
        }
        self.core
            .conn
            .first("SELECT holder FROM claim WHERE key = ?1", &[key.into()], |r| r.get(0))
            .map_err(|e| fault("read a claim", e))
    }

    /// Keeps a small fact, until an instant or for ever. Replaces what was there.
    pub fn keep(
        &mut self,
        space: &str,
        key: &str,
        value: &[u8],
        until: Option<Instant>,
    ) -> Result<(), Refusal> {
        let fact = (value.to_vec(), until.map(|t| t.0));
        self.mine.get_mut().kept.insert((space.to_owned(), key.to_owned()), Some(fact));
        Ok(())
    }

    /// A small fact; nothing when it has run out.
    pub fn kept(&self, space: &str, key: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let at = (space.to_owned(), key.to_owned());
        let now = self.core.now;
        let written = |pending: &Pending| {
            let fact = pending.kept.get(&at)?.as_ref();
            Some(fact.filter(|(_, until)| until.is_none_or(|t| t >= now.0)).map(|(value, _)| value.clone()))
        };
        let fact = written(&self.mine.borrow()).or_else(|| written(&self.core.pending.borrow()));
        match fact {
            Some(fact) => Ok(fact),
            None => crate::reader::kept(&self.core.conn, now, space, key),
        }
    }

    /// Drops a small fact.
    pub fn forget(&mut self, space: &str, key: &str) -> Result<(), Refusal> {
        self.mine.get_mut().kept.insert((space.to_owned(), key.to_owned()), None);
        Ok(())
    }

    /// Drops all small facts that have run out. For a job that runs now and then.
    pub fn forget_expired(&mut self) -> Result<(), Refusal> {
        let now = self.core.now.0;
        self.conn()?
            .execute("DELETE FROM kept WHERE until IS NOT NULL AND until < ?1", &[now.into()])
            .map(drop)
            .map_err(|e| fault("drop facts that have run out", e))
    }

    /// How far a reader of the log has come; 0 for one that has not begun.
    pub fn cursor(&self, cursor: &str) -> Result<u64, Refusal> {
        let written = |pending: &Pending| pending.cursors.get(cursor).map(|txn| *txn as u64);
        let moved = written(&self.mine.borrow()).or_else(|| written(&self.core.pending.borrow()));
        moved.map_or_else(|| crate::log::cursor(&self.core.conn, cursor), Ok)
    }

    /// Moves a reader of the log on.
    pub fn advance(&mut self, cursor: &str, txn: u64) -> Result<(), Refusal> {
        self.mine.get_mut().cursors.insert(cursor.to_owned(), txn as i64);
        Ok(())
    }

    /// Names a file that [`crate::Store::put_blob`] wrote.
    pub fn name_blob(&mut self, hash: &BlobHash, size: u64) -> Result<(), Refusal> {
        let values = [(&hash.0).into(), (size as i64).into(), self.txn.into()];
        self.conn()?
            .execute("INSERT INTO blob (hash, size, txn) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING", &values)
            .map(drop)
            .map_err(|e| fault("name a file", e))
    }
}

impl Before {
    /// From a row of its columns in their order here, but for the last.
    pub(crate) fn read(r: &Row<'_>) -> engine::Result<Before> {
        Ok(Before {
            res: r.get(0)?,
            ver: r.get(1)?,
            vid: r.get(2)?,
            live: r.get(3)?,
            patient: r.get(4)?,
            class: r.get(5)?,
            moved: r.get(6)?,
            rec: r.get(7)?,
            new: false,
        })
    }

    pub(crate) fn of(res: i64, head: &Head) -> Before {
        Before {
            res,
            ver: head.ver,
            vid: head.vid,
            live: head.live,
            patient: head.patient,
            class: head.class,
            moved: head.moved,
            rec: head.rec.clone(),
            new: head.new,
        }
    }
}
