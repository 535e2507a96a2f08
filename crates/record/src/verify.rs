//! Checking a store against itself: the hash chains, every version against the log, heads and index against the
//! bodies, files against their names.

use crate::body::IdKey;
use crate::chain::{audit_hash, log_hash, version_hash};
use crate::keys::{self, Row};
use crate::names::Names;
use crate::prepare::patients_of;
use crate::store::FILE;
use crate::{Author, BlobHash, Instant, Refusal, Scope, blob, fault};
use fhir::{Json, Limits};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use sha2::{Digest, Sha256};
use std::path::Path;

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

/// Checks the store in `dir`, which may be open elsewhere. `progress` is told steps done and steps in all.
pub fn verify(dir: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Report, Refusal> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let open = || {
        let conn = Connection::open_with_flags(dir.join(FILE), flags)?;
        conn.execute_batch("BEGIN")?;
        let names = Names::known(&conn)?;
        let count = |sql: &str| conn.query_row(sql, [], |r| r.get::<_, i64>(0));
        let steps = count("SELECT count(*) FROM version")?
            + count("SELECT count(*) FROM audit")?
            + count("SELECT count(*) FROM head WHERE ver > 0")?;
        Ok((conn, names, steps as u64))
    };
    let (conn, names, steps) = open().map_err(|e: rusqlite::Error| fault("open the store to verify", e))?;
    let report = Report::default();
    let mut check = Check { conn: &conn, names: &names, report, next_vid: 0, done: 0, steps, progress };
    check.log()?;
    check.audit()?;
    check.heads()?;
    check.files(dir)?;
    (check.progress)(steps, steps);
    Ok(check.report)
}

struct Check<'c> {
    conn: &'c Connection,
    names: &'c Names,
    report: Report,
    /// The first version that no commit has claimed yet.
    next_vid: i64,
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
}

const TXNS: &str = "SELECT number, at, who, behalf, purpose, command, request, hash FROM txn ORDER BY number";
const VERSIONS: &str = "SELECT v.vid, v.type, h.id, v.ver, v.at, v.pack, v.body, v.txn
     FROM version v CROSS JOIN head h ON h.res = v.res WHERE v.vid >= ?1 ORDER BY v.vid";
const HEADS: &str =
    "SELECT res, type, id, ver, vid, live, patient, class, rec FROM head WHERE ver > 0 ORDER BY res";

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
        let read = |r: &rusqlite::Row<'_>| {
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
                },
                hash: r.get(7)?,
            })
        };
        let conn = self.conn;
        let mut statement = conn.prepare(TXNS).map_err(|e| fault("read the log", e))?;
        let rows = statement.query_map([], read).map_err(|e| fault("read the log", e))?;
        let (mut before, mut last_at, mut expected) = ([0; 32], i64::MIN, 1);
        for row in rows {
            let row = row.map_err(|e| fault("read the log", e))?;
            let place = format!("commit {}", row.number);
            if row.number != expected {
                self.finding(place.clone(), format!("commit {expected} is missing before it"));
            }
            if row.at < last_at {
                self.finding(place.clone(), "its instant lies before that of the commit before it");
            }
            let leaves = self.leaves(&row)?;
            if log_hash(&before, row.number, Instant(row.at), &row.author, &leaves) != row.hash {
                self.finding(
                    place,
                    "its hash does not fit: a row or a version was changed, added or removed",
                );
            }
            (before, last_at, expected) = (row.hash, row.at, row.number + 1);
            self.report.txns += 1;
        }
        self.stray_versions()
    }

    fn stray_versions(&mut self) -> Result<(), Refusal> {
        let total: i64 = self
            .conn
            .query_row("SELECT count(*) FROM version", [], |r| r.get(0))
            .map_err(|e| fault("count versions", e))?;
        if total as u64 != self.report.versions {
            let text = format!("{total} versions are there, {} belong to a commit", self.report.versions);
            self.finding("log".into(), text);
        }
        Ok(())
    }

    fn leaves(&mut self, txn: &TxnRow) -> Result<Vec<[u8; 32]>, Refusal> {
        let conn = self.conn;
        let mut statement = conn.prepare_cached(VERSIONS).map_err(|e| fault("read versions", e))?;
        // Versions stand in the order of their commits, so each commit's begin where the last one's ended.
        let mut rows = statement.query([self.next_vid]).map_err(|e| fault("read versions", e))?;
        let mut leaves = Vec::new();
        while let Some(r) = rows.next().map_err(|e| fault("read versions", e))? {
            let (vid, of): (i64, i64) =
                r.get(0).and_then(|vid| Ok((vid, r.get(7)?))).map_err(|e| fault("read a version", e))?;
            if of != txn.number {
                break;
            }
            self.next_vid = vid + 1;
            let read = || {
                let id = IdKey::text(r.get_ref(2)?);
                let body: Option<Vec<u8>> = r.get(6)?;
                Ok((
                    r.get::<_, i64>(1)?,
                    id,
                    r.get::<_, i64>(3)?,
                    r.get::<_, i64>(4)?,
                    r.get::<_, i64>(5)?,
                    body,
                ))
            };
            let (kind, id, ver, at, pack, body) =
                read().map_err(|e: rusqlite::Error| fault("read a version", e))?;
            let kind = self.names.kind(kind);
            let place = format!("{kind}/{id} version {ver}");
            if at != txn.at {
                self.finding(place.clone(), "its instant is not that of its commit");
            }
            let content = match body {
                None => None,
                Some(body) => match self.names.unpack(conn, pack, &body) {
                    Ok(text) => Some(Sha256::digest(text.as_bytes()).into()),
                    Err(_) => {
                        self.finding(place, "its body cannot be unpacked");
                        Some([0; 32])
                    }
                },
            };
            leaves.push(version_hash(kind, &id, ver, content.as_ref()));
            self.report.versions += 1;
            self.step();
        }
        Ok(leaves)
    }

    /// The audit trail has no gap and each row's hash fits.
    fn audit(&mut self) -> Result<(), Refusal> {
        let conn = self.conn;
        let sql = "SELECT seq, at, who, action, txn, detail, hash FROM audit ORDER BY seq";
        let mut statement = conn.prepare(sql).map_err(|e| fault("read the audit trail", e))?;
        let mut rows = statement.query([]).map_err(|e| fault("read the audit trail", e))?;
        let mut before = [0; 32];
        let mut expected = 1;
        while let Some(r) = rows.next().map_err(|e| fault("read the audit trail", e))? {
            let read = || {
                let (who, action, detail): (String, String, String) = (r.get(2)?, r.get(3)?, r.get(5)?);
                Ok((
                    r.get::<_, i64>(0)?,
                    r.get::<_, i64>(1)?,
                    who,
                    action,
                    r.get(4)?,
                    detail,
                    r.get::<_, [u8; 32]>(6)?,
                ))
            };
            let (seq, at, who, action, txn, detail, hash) =
                read().map_err(|e: rusqlite::Error| fault("read the audit trail", e))?;
            if seq != expected {
                self.finding(format!("audit {seq}"), format!("row {expected} is missing before it"));
            }
            if audit_hash(&before, seq, Instant(at), &who, &action, txn, &detail) != hash {
                self.finding(
                    format!("audit {seq}"),
                    "its hash does not fit: it or a row before it was changed",
                );
            }
            (before, expected) = (hash, seq + 1);
            self.report.audits += 1;
            self.step();
        }
        Ok(())
    }

    /// Every head is its last version, and the index has just the rows that the bodies give.
    fn heads(&mut self) -> Result<(), Refusal> {
        let conn = self.conn;
        let mut statement = conn.prepare(HEADS).map_err(|e| fault("read heads", e))?;
        let mut rows = statement.query([]).map_err(|e| fault("read heads", e))?;
        while let Some(r) = rows.next().map_err(|e| fault("read heads", e))? {
            let read = || {
                Ok(HeadRow {
                    res: r.get(0)?,
                    kind: self.names.kind(r.get(1)?),
                    id: IdKey::text(r.get_ref(2)?),
                    ver: r.get(3)?,
                    vid: r.get(4)?,
                    live: r.get(5)?,
                    patient: r.get(6)?,
                    class: r.get(7)?,
                    rec: r.get(8)?,
                })
            };
            let head = read().map_err(|e: rusqlite::Error| fault("read a head", e))?;
            self.head(&head)?;
            self.step();
        }
        let total: i64 = conn
            .query_row("SELECT count(*) FROM idx", [], |r| r.get(0))
            .map_err(|e| fault("count index rows", e))?;
        if total as u64 != self.report.rows {
            let text = format!("it has {total} rows, the resources give {}", self.report.rows);
            self.finding("index".into(), text);
        }
        Ok(())
    }

    fn head(&mut self, head: &HeadRow) -> Result<(), Refusal> {
        let place = format!("{}/{}", head.kind, head.id);
        let conn = self.conn;
        let last = conn
            .prepare_cached("SELECT ver, pack, body FROM version WHERE vid = ?1 AND res = ?2")
            .and_then(|mut s| {
                s.query_row(params![head.vid, head.res], |r| {
                    Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?, r.get::<_, Option<Vec<u8>>>(2)?))
                })
                .optional()
            })
            .map_err(|e| fault("read the last version", e))?;
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
        let mut find = conn
            .prepare_cached(
                "SELECT class FROM idx WHERE param = ?1 AND value = ?2 AND patient = ?3 AND res = ?4",
            )
            .map_err(|e| fault("read the index", e))?;
        for row in rows {
            let class: Option<i64> = find
                .query_row(params![row.param, row.value, head.patient, head.res], |r| r.get(0))
                .optional()
                .map_err(|e| fault("read the index", e))?;
            if class != Some(head.class) {
                self.finding(format!("{}/{}", head.kind, head.id), "a row of it is missing from the index");
            }
        }
        self.report.rows += rows.len() as u64;
        Ok(())
    }

    /// Every file that a commit names is there with its content.
    fn files(&mut self, dir: &Path) -> Result<(), Refusal> {
        let blobs = blob::Blobs::open(dir)?;
        let hashes = self
            .conn
            .prepare("SELECT hash FROM blob")
            .and_then(|mut s| {
                s.query_map([], |r| r.get::<_, [u8; 32]>(0))?.collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(|e| fault("list files", e))?;
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
fn rows_of(conn: &Connection, names: &Names, json: &Json) -> Result<Vec<Row>, Refusal> {
    keys::encode(&fhir::search::extract(json.root()), names.params(), &mut Known { conn, names })
}

/// Names as they are; a missing one is a finding, not made.
struct Known<'c> {
    conn: &'c Connection,
    names: &'c Names,
}

impl keys::Names for Known<'_> {
    fn system(&mut self, uri: &str) -> Result<i64, Refusal> {
        self.names.system(uri).ok_or_else(|| Refusal::not_found(uri))
    }

    fn resource(&mut self, kind: &str, id: &str) -> Result<i64, Refusal> {
        let number = self.names.type_number(kind).ok_or_else(|| Refusal::not_found(kind))?;
        self.conn
            .prepare_cached("SELECT res FROM head WHERE type = ?1 AND id = ?2")
            .and_then(|mut s| s.query_row(params![number, IdKey::of(id)], |r| r.get(0)).optional())
            .map_err(|e| fault("find a resource", e))?
            .ok_or_else(|| Refusal::not_found(id))
    }
}
