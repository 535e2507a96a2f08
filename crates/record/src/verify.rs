//! Checking a store against itself: the hash chains, every version against the log, heads and index against the
//! bodies, files against their names.

use crate::body::IdKey;
use crate::chain::{audit_hash, log_hash, version_hash};
use crate::engine::{self, Conn, Place, Value};
use crate::keys::{self, Row};
use crate::names::Names;
use crate::pending::Audit;
use crate::prepare::patients_of;
use crate::{Author, BlobHash, Instant, Refusal, Scope, blob, fault};
use fhir::{Json, Limits};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `commit 12`, `Patient/x version 2`, `audit 7`, `index`, `file ...`.
    pub place: String,
    /// What is wrong.
    pub text: String,
}

/// What was checked and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Commits.
    pub txns: u64,
    /// Versions.
    pub versions: u64,
    /// Live resources.
    pub resources: u64,
    /// Index rows.
    pub rows: u64,
    /// Audit rows.
    pub audits: u64,
    /// Files.
    pub blobs: u64,
    /// What is wrong; the first [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
}

/// More findings than this are not listed: the store is beyond reading them.
pub const FINDINGS_MAX: usize = 1_000;
/// Steps between two reports of progress.
const REPORT_EVERY: u64 = 1_024;

/// Checks the store in a place, which may be open elsewhere. `progress` is told steps done and steps in all.
pub fn verify(place: impl Into<Place>, progress: &mut dyn FnMut(u64, u64)) -> Result<Report, Refusal> {
    let place = place.into();
    let open = || {
        let conn = place.open_whole()?;
        let names = Names::known(&conn)?;
        let count = |sql| conn.one(sql, &[], |r| r.get::<i64>(0));
        let steps = count("SELECT count(*) FROM version")?
            + count("SELECT count(*) FROM audit")?
            + count("SELECT count(*) FROM head WHERE ver > 0")?;
        Ok((conn, names, steps as u64))
    };
    let (conn, names, steps) = open().map_err(|e: engine::Error| place.closed(&e))?;
    let report = Report::default();
    let (conn, names) = (&conn, &names);
    let mut check = Check {
        conn,
        names,
        report,
        next_vid: 0,
        last_vid: 0,
        versions: VecDeque::new(),
        done: 0,
        steps,
        progress,
    };
    check.log()?;
    check.audit()?;
    check.heads()?;
    check.files(&place)?;
    (check.progress)(steps, steps);
    Ok(check.report)
}

struct Check<'c> {
    conn: &'c Conn,
    names: &'c Names,
    report: Report,
    /// The first version that has not been read yet.
    next_vid: i64,
    /// The last version that a commit has claimed.
    last_vid: i64,
    /// Versions that were read and that no commit has claimed yet.
    versions: VecDeque<VersionRow>,
    done: u64,
    steps: u64,
    progress: &'c mut dyn FnMut(u64, u64),
}

/// A commit as its row has it.
struct TxnRow {
    number: i64,
    at: i64,
    author: Author,
    hash: [u8; 32],
    last: i64,
}

/// A version as its row has it.
struct VersionRow {
    vid: i64,
    kind: i64,
    id: String,
    ver: i64,
    at: i64,
    pack: i64,
    body: Option<Vec<u8>>,
    txn: i64,
}

const TXNS: &str = "SELECT number, at, who, behalf, purpose, command, request, hash, last FROM txn
     WHERE number > ?1 ORDER BY number LIMIT ?2";
const VERSIONS: &str = "SELECT v.vid, v.type, h.id, v.ver, v.at, v.pack, v.body, v.txn
     FROM version v JOIN head h ON h.res = v.res WHERE v.vid >= ?1 ORDER BY v.vid LIMIT ?2";
const AUDITS: &str =
    "SELECT seq, at, who, action, txn, detail, hash FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2";
const HEADS: &str = "SELECT res, type, id, ver, vid, live, patient, class, rec FROM head
     WHERE ver > 0 AND res > ?1 ORDER BY res LIMIT ?2";
/// Rows read at a time.
const READ: i64 = 1_024;

impl Check<'_> {
    fn finding(&mut self, place: String, text: impl Into<String>) {
        if self.report.findings.len() < FINDINGS_MAX {
            self.report.findings.push(Finding { place, text: text.into() });
        }
    }

    fn step(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(REPORT_EVERY) {
            (self.progress)(self.done, self.steps);
        }
    }

    /// Every commit follows the one before it, and its hash is that of its row and its versions.
    fn log(&mut self) -> Result<(), Refusal> {
        let read = |r: &engine::Row<'_>| {
            Ok(TxnRow {
                number: r.get(0)?,
                at: r.get(1)?,
                author: Author {
                    who: r.get(2)?,
                    behalf: r.get(3)?,
                    purpose: r.get(4)?,
                    command: r.get(5)?,
                    request: r.get(6)?,
                    scope: Scope::all(),
                    custodian: None,
                },
                hash: r.get(7)?,
                last: r.get(8)?,
            })
        };
        let (mut before, mut last_at, mut expected, mut from) = ([0; 32], i64::MIN, 1, 0);
        loop {
            let rows = self.conn.all(TXNS, &[from, READ].map(Value::Int), read);
            let rows: Vec<TxnRow> = rows.map_err(|e| fault("read the log", e))?;
            let Some(last) = rows.last() else { return self.stray_versions() };
            from = last.number;
            for row in rows {
                let place = format!("commit {}", row.number);
                if row.number != expected {
                    self.finding(place.clone(), format!("commit {expected} is missing before it"));
                }
                if row.at < last_at {
                    self.finding(place.clone(), "its instant lies before that of the commit before it");
                }
                let leaves = self.leaves(&row)?;
                if self.last_vid != row.last {
                    self.finding(place.clone(), "it does not say which its last version is");
                }
                if log_hash(&before, row.number, Instant(row.at), &row.author, &leaves) != row.hash {
                    let text = "its hash does not fit: a row or a version was changed, added or removed";
                    self.finding(place, text);
                }
                (before, last_at, expected) = (row.hash, row.at, row.number + 1);
                self.report.txns += 1;
            }
        }
    }

    fn stray_versions(&mut self) -> Result<(), Refusal> {
        let total = self.conn.one("SELECT count(*) FROM version", &[], |r| r.get::<i64>(0));
        let total = total.map_err(|e| fault("count versions", e))?;
        if total as u64 != self.report.versions {
            let text = format!("{total} versions are there, {} belong to a commit", self.report.versions);
            self.finding("log".into(), text);
        }
        Ok(())
    }

    fn leaves(&mut self, txn: &TxnRow) -> Result<Vec<[u8; 32]>, Refusal> {
        let mut leaves = Vec::new();
        while let Some(v) = self.next_version(txn.number)? {
            let kind = self.names.kind(v.kind);
            let place = format!("{kind}/{} version {}", v.id, v.ver);
            if v.at != txn.at {
                self.finding(place.clone(), "its instant is not that of its commit");
            }
            let text = v.body.as_deref().map(|body| self.names.unpack(self.conn, v.pack, body));
            let content = match text {
                None => None,
                Some(Ok(text)) => Some(Sha256::digest(text.as_bytes()).into()),
                Some(Err(_)) => {
                    self.finding(place, "its body cannot be unpacked");
                    Some([0; 32])
                }
            };
            self.last_vid = v.vid;
            leaves.push(version_hash(kind, &v.id, v.ver, content.as_ref()));
            self.report.versions += 1;
            self.step();
        }
        Ok(leaves)
    }

    /// The next version, if it is of this commit: versions stand in the order of their commits.
    fn next_version(&mut self, txn: i64) -> Result<Option<VersionRow>, Refusal> {
        if self.versions.is_empty() {
            let read = |r: &engine::Row<'_>| {
                Ok(VersionRow {
                    vid: r.get(0)?,
                    kind: r.get(1)?,
                    id: IdKey::text(r.get(2)?),
                    ver: r.get(3)?,
                    at: r.get(4)?,
                    pack: r.get(5)?,
                    body: r.get(6)?,
                    txn: r.get(7)?,
                })
            };
            let rows = self.conn.all(VERSIONS, &[self.next_vid, READ].map(Value::Int), read);
            self.versions = rows.map_err(|e| fault("read versions", e))?.into();
            self.next_vid = self.versions.back().map_or(self.next_vid, |last| last.vid + 1);
        }
        Ok(self.versions.pop_front_if(|version| version.txn == txn))
    }

    /// The audit trail has no gap and each row's hash fits.
    fn audit(&mut self) -> Result<(), Refusal> {
        let (mut before, mut expected) = ([0; 32], 1);
        loop {
            let rows = self.conn.all(AUDITS, &[expected - 1, READ].map(Value::Int), audit);
            let rows = rows.map_err(|e| fault("read the audit trail", e))?;
            if rows.is_empty() {
                return Ok(());
            }
            for a in rows {
                if a.seq != expected {
                    self.finding(format!("audit {}", a.seq), format!("row {expected} is missing before it"));
                }
                if audit_hash(&before, a.seq, a.at, &a.who, &a.action, a.txn, &a.detail) != a.hash {
                    let text = "its hash does not fit: it or a row before it was changed";
                    self.finding(format!("audit {}", a.seq), text);
                }
                (before, expected) = (a.hash, a.seq + 1);
                self.report.audits += 1;
                self.step();
            }
        }
    }

    /// Every head is its last version, and the index has just the rows that the bodies give.
    fn heads(&mut self) -> Result<(), Refusal> {
        let names = self.names;
        let read = |r: &engine::Row<'_>| {
            Ok(HeadRow {
                res: r.get(0)?,
                kind: names.kind(r.get(1)?),
                id: IdKey::text(r.get(2)?),
                ver: r.get(3)?,
                vid: r.get(4)?,
                live: r.get(5)?,
                patient: r.get(6)?,
                class: r.get(7)?,
                rec: r.get(8)?,
            })
        };
        let mut from = 0;
        loop {
            let rows = self.conn.all(HEADS, &[from, READ].map(Value::Int), read);
            let rows: Vec<HeadRow> = rows.map_err(|e| fault("read heads", e))?;
            let Some(last) = rows.last() else { break };
            from = last.res;
            for head in &rows {
                self.head(head)?;
                self.step();
            }
        }
        let total = self.conn.one("SELECT count(*) FROM idx", &[], |r| r.get::<i64>(0));
        let total = total.map_err(|e| fault("count index rows", e))?;
        if total as u64 != self.report.rows {
            let text = format!("it has {total} rows, the resources give {}", self.report.rows);
            self.finding("index".into(), text);
        }
        Ok(())
    }

    fn head(&mut self, head: &HeadRow) -> Result<(), Refusal> {
        let place = format!("{}/{}", head.kind, head.id);
        let conn = self.conn;
        let sql = "SELECT ver, pack, body FROM version WHERE vid = ?1 AND res = ?2";
        let read = |r: &engine::Row<'_>| Ok((r.get::<i64>(0)?, r.get(1)?, r.get::<Option<Vec<u8>>>(2)?));
        let last = conn.first(sql, &[head.vid, head.res].map(Value::Int), read);
        let last = last.map_err(|e| fault("read the last version", e))?;
        if head.class != 0 && self.names.marks(head.class).is_none() {
            self.finding(place.clone(), "nobody knows which marks it bears");
        }
        let Some((ver, pack, body)) = last else {
            self.finding(place, "its current version is missing");
            return Ok(());
        };
        if ver != head.ver || body.is_some() != head.live {
            self.finding(place.clone(), "its head does not say what its last version says");
        }
        let Some(body) = body else { return Ok(()) };
        self.report.resources += 1;
        let text = self.names.unpack(conn, pack, &body)?;
        let json = Json::parse(text.as_str(), Limits::FILE).map_err(|e| fault("read a body", e))?;
        if self.patients_of(head, &json) != self.names.patients_behind(head.patient) {
            self.finding(place.clone(), "it is filed under other patients than its body says");
        }
        match rows_of(conn, self.names, &json) {
            Ok(rows) if keys::pack(&rows) == head.rec.as_deref().unwrap_or_default() => {
                self.rows(head, &rows)
            }
            _ => {
                self.finding(place, "what it can be found by is not what its body says");
                Ok(())
            }
        }
    }

    /// The numbers of the patients that a body points at, in order; of a patient its own.
    fn patients_of(&self, head: &HeadRow, json: &Json) -> Vec<i64> {
        if head.kind == "Patient" {
            return vec![head.res];
        }
        let mut known = Known { conn: self.conn, names: self.names };
        let ids = patients_of(json.root());
        // One that has no number was never filed under; the comparison shows it.
        let mut numbers: Vec<i64> =
            ids.iter().map(|id| keys::Names::resource(&mut known, "Patient", id).unwrap_or(0)).collect();
        numbers.sort_unstable();
        numbers
    }

    fn rows(&mut self, head: &HeadRow, rows: &[Row]) -> Result<(), Refusal> {
        let conn = self.conn;
        let sql = "SELECT class FROM idx WHERE param = ?1 AND value = ?2 AND patient = ?3 AND res = ?4";
        for row in rows {
            let values = [row.param.into(), (&row.value).into(), head.patient.into(), head.res.into()];
            let class = conn.first(sql, &values, |r| r.get::<i64>(0));
            if class.map_err(|e| fault("read the index", e))? != Some(head.class) {
                self.finding(format!("{}/{}", head.kind, head.id), "a row of it is missing from the index");
            }
        }
        self.report.rows += rows.len() as u64;
        Ok(())
    }

    /// Every file that a commit names is there with its content.
    fn files(&mut self, place: &Place) -> Result<(), Refusal> {
        let blobs = blob::Blobs::open(place)?;
        let hashes = self.conn.all("SELECT hash FROM blob", &[], |r| r.get::<[u8; 32]>(0));
        let hashes = hashes.map_err(|e| fault("list files", e))?;
        for hash in hashes {
            let hash = BlobHash(hash);
            if blobs.get(&hash).is_err() {
                self.finding(format!("file {hash}"), "it is missing or damaged");
            }
            self.report.blobs += 1;
        }
        Ok(())
    }
}

fn audit(r: &engine::Row<'_>) -> engine::Result<Audit> {
    Ok(Audit {
        seq: r.get(0)?,
        at: Instant(r.get(1)?),
        who: r.get(2)?,
        action: r.get(3)?,
        txn: r.get(4)?,
        detail: r.get(5)?,
        hash: r.get(6)?,
    })
}

struct HeadRow {
    res: i64,
    kind: &'static str,
    id: String,
    ver: i64,
    vid: i64,
    live: bool,
    patient: i64,
    class: i64,
    rec: Option<Vec<u8>>,
}

/// The index rows that a stored text gives.
fn rows_of(conn: &Conn, names: &Names, json: &Json) -> Result<Vec<Row>, Refusal> {
    keys::encode(&fhir::search::extract(json.root()), names.params(), &mut Known { conn, names })
}

/// Names as they are; a missing one is a finding, not made.
struct Known<'c> {
    conn: &'c Conn,
    names: &'c Names,
}

impl keys::Names for Known<'_> {
    fn system(&mut self, uri: &str) -> Result<i64, Refusal> {
        self.names.system(uri).ok_or_else(|| Refusal::not_found(uri))
    }

    fn resource(&mut self, kind: &str, id: &str) -> Result<i64, Refusal> {
        let number = self.names.type_number(kind).ok_or_else(|| Refusal::not_found(kind))?;
        let id_key = IdKey::of(id);
        let values = [number.into(), id_key.bytes().into()];
        self.conn
            .first("SELECT res FROM head WHERE type = ?1 AND id = ?2", &values, |r| r.get(0))
            .map_err(|e| fault("find a resource", e))?
            .ok_or_else(|| Refusal::not_found(id))
    }
}
