//! What a command has written, before it is on the way to the disk. A command that is refused leaves no trace, as
//! its rows are dropped; the rows of those that share a commit are written together, in the order of the tables.

use crate::body::IdKey;
use crate::engine::{self, Conn, Value};
use crate::keys::Row;
use crate::marks::{self, Marks};
use crate::names::text_of;
use crate::{Author, Instant, Refusal, fault};
use std::collections::{BTreeMap, HashMap};

/// Rows to write.
#[derive(Default)]
pub(crate) struct Pending {
    pub txns: Vec<Txn>,
    pub versions: Vec<Version>,
    /// By `res`.
    pub heads: BTreeMap<i64, Head>,
    /// `res` of heads that are new here, by type and id.
    pub named: HashMap<(i64, String), i64>,
    pub index: Vec<Indexed>,
    pub gone: Vec<Gone>,
    pub audits: Vec<Audit>,
    /// By space and key: the fact and until when, or nothing when it is dropped.
    pub kept: BTreeMap<(String, String), Option<Fact>>,
    /// By key: who has it, or nothing when it is given back.
    pub claims: BTreeMap<String, Option<Claim>>,
    pub cursors: BTreeMap<String, i64>,
    pub systems: Vec<(i64, String)>,
    pub several: Vec<(i64, Vec<i64>)>,
    pub classes: Vec<(i64, String)>,
    /// By resource and whether on all that concerns it; none where they are lifted.
    pub marks: BTreeMap<(i64, bool), Marks>,
}

/// A small fact, and until when it holds.
type Fact = (Vec<u8>, Option<i64>);

/// A commit.
pub(crate) struct Txn {
    pub number: i64,
    pub at: Instant,
    pub author: Author,
    /// Number of its last version.
    pub last: i64,
    pub hash: [u8; 32],
}

/// A version.
pub(crate) struct Version {
    pub vid: i64,
    pub kind: i64,
    pub res: i64,
    pub ver: i64,
    pub txn: i64,
    pub at: i64,
    pub prev: Option<i64>,
    pub splice: i64,
    pub pack: i64,
    pub body: Option<Vec<u8>>,
}

/// The head of a resource.
#[derive(Clone)]
pub(crate) struct Head {
    pub kind: i64,
    pub id: String,
    pub ver: i64,
    pub vid: i64,
    pub txn: i64,
    pub live: bool,
    pub patient: i64,
    pub class: i64,
    pub moved: i64,
    pub rec: Option<Vec<u8>>,
    /// True when the table has no row of it yet.
    pub new: bool,
}

/// A row of the index.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Indexed {
    pub row: Row,
    pub patient: i64,
    pub res: i64,
    pub class: i64,
}

/// A row of the index that holds no more.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Gone {
    pub was: Indexed,
    pub to_txn: i64,
}

/// Who has a claim, and since which commit.
#[derive(Clone)]
pub(crate) struct Claim {
    pub holder: String,
    pub txn: i64,
}

/// A row of the audit trail.
pub(crate) struct Audit {
    pub seq: i64,
    pub at: Instant,
    pub who: String,
    pub action: String,
    pub txn: Option<i64>,
    pub detail: String,
    pub hash: [u8; 32],
}

impl Pending {
    /// The head of a resource that is still to be written.
    pub fn head(&self, kind: i64, id: &str) -> Option<(i64, &Head)> {
        let named = self.named.get(&(kind, id.to_owned())).copied();
        let res = named.filter(|res| self.heads.contains_key(res))?;
        self.heads.get(&res).map(|head| (res, head))
    }

    /// Takes in what a command has written after these.
    pub fn extend(&mut self, later: Pending) {
        self.txns.extend(later.txns);
        self.versions.extend(later.versions);
        for (res, mut head) in later.heads {
            head.new |= self.heads.get(&res).is_some_and(|before| before.new);
            self.heads.insert(res, head);
        }
        self.named.extend(later.named);
        self.index.extend(later.index);
        self.gone.extend(later.gone);
        self.audits.extend(later.audits);
        self.kept.extend(later.kept);
        self.claims.extend(later.claims);
        self.cursors.extend(later.cursors);
        self.systems.extend(later.systems);
        self.several.extend(later.several);
        self.classes.extend(later.classes);
        self.marks.extend(later.marks);
    }

    /// Writes all rows, and is empty then.
    pub fn write(&mut self, conn: &Conn) -> Result<(), Refusal> {
        let rows = std::mem::take(self);
        rows.write_all(conn).map_err(|e| fault("write", e))
    }

    fn write_all(mut self, conn: &Conn) -> engine::Result<()> {
        self.write_names(conn)?;
        self.write_versions(conn)?;
        self.write_heads(conn)?;
        self.write_index(conn)?;
        self.write_facts(conn)?;
        let rows = self.txns.iter().flat_map(|t| {
            let a = &t.author;
            let (behalf, request) = (a.behalf.as_ref().into(), a.request.as_ref().into());
            [
                t.number.into(),
                t.at.0.into(),
                (&a.who).into(),
                behalf,
                (&a.purpose).into(),
                (&a.command).into(),
                request,
                t.last.into(),
                (&t.hash).into(),
            ]
        });
        conn.bulk(&engine::TXNS, &rows.collect::<Vec<_>>())?;
        let rows = self.audits.iter().flat_map(|a| {
            [
                a.seq.into(),
                a.at.0.into(),
                (&a.who).into(),
                (&a.action).into(),
                a.txn.into(),
                (&a.detail).into(),
                (&a.hash).into(),
            ]
        });
        conn.bulk(&engine::AUDITS, &rows.collect::<Vec<_>>())
    }

    fn write_names(&self, conn: &Conn) -> engine::Result<()> {
        let rows = self.systems.iter().flat_map(|(number, uri)| [Value::Int(*number), uri.into()]);
        conn.bulk(&engine::SYSTEMS, &rows.collect::<Vec<_>>())?;
        let texts: Vec<(i64, String)> =
            self.several.iter().map(|(n, patients)| (*n, text_of(patients))).collect();
        let rows = texts.iter().flat_map(|(number, text)| [Value::Int(*number), text.into()]);
        conn.bulk(&engine::SEVERAL, &rows.collect::<Vec<_>>())?;
        let rows = self.classes.iter().flat_map(|(number, marks)| [Value::Int(*number), marks.into()]);
        conn.bulk(&engine::CLASSES, &rows.collect::<Vec<_>>())?;
        let lifted = self.marks.iter().filter(|(_, marks)| marks.is_empty());
        let lifted = lifted.flat_map(|((res, whole), _)| [Value::Int(*res), Value::Int((*whole).into())]);
        conn.bulk(&engine::MARKS_GONE, &lifted.collect::<Vec<_>>())?;
        let laid = self.marks.iter().filter(|(_, marks)| !marks.is_empty());
        let laid: Vec<_> =
            laid.map(|((res, whole), marks)| (*res, i64::from(*whole), marks::text_of(marks))).collect();
        let rows =
            laid.iter().flat_map(|(res, whole, text)| [Value::Int(*res), Value::Int(*whole), text.into()]);
        conn.bulk(&engine::MARKS, &rows.collect::<Vec<_>>())
    }

    fn write_versions(&self, conn: &Conn) -> engine::Result<()> {
        let rows = self.versions.iter().flat_map(|v| {
            [
                v.vid.into(),
                v.kind.into(),
                v.res.into(),
                v.ver.into(),
                v.txn.into(),
                v.at.into(),
                v.prev.into(),
                v.splice.into(),
                v.pack.into(),
                v.body.as_ref().into(),
            ]
        });
        conn.bulk(&engine::VERSIONS, &rows.collect::<Vec<_>>())
    }

    fn write_heads(&self, conn: &Conn) -> engine::Result<()> {
        let keys: Vec<IdKey<'_>> = self.heads.values().map(|head| IdKey::of(&head.id)).collect();
        let (mut new, mut next) = (Vec::new(), Vec::new());
        for ((res, h), key) in self.heads.iter().zip(&keys) {
            let live = Value::Int(h.live.into());
            let rec = h.rec.as_ref().into();
            let res = Value::Int(*res);
            let (ver, vid, txn) = (h.ver.into(), h.vid.into(), h.txn.into());
            let (patient, class, moved) = (h.patient.into(), h.class.into(), h.moved.into());
            if h.new {
                let kind = h.kind.into();
                new.extend([res, kind, key.bytes().into(), ver, vid, txn, live, patient, class, moved, rec]);
            } else {
                next.extend([res, ver, vid, txn, live, patient, class, moved, rec]);
            }
        }
        conn.bulk(&engine::HEADS, &new)?;
        conn.bulk(&engine::NEXT_HEADS, &next)
    }

    fn write_index(&mut self, conn: &Conn) -> engine::Result<()> {
        // Neighbours in the index are cheap to write one after the other.
        self.index.sort_unstable();
        self.gone.sort_unstable();
        let gone = self.gone.iter().flat_map(|Gone { was: g, .. }| {
            [g.row.param.into(), (&g.row.value).into(), g.patient.into(), Value::Int(g.res)]
        });
        conn.bulk(&engine::INDEX_GONE, &gone.collect::<Vec<_>>())?;
        let past = self.gone.iter().flat_map(|Gone { was: g, to_txn }| {
            [g.row.param.into(), (&g.row.value).into(), g.patient.into(), g.res.into(), Value::Int(*to_txn)]
        });
        conn.bulk(&engine::INDEX_PAST, &past.collect::<Vec<_>>())?;
        let rows = self.index.iter().flat_map(|i| {
            [i.row.param.into(), (&i.row.value).into(), i.patient.into(), i.res.into(), i.class.into()]
        });
        conn.bulk(&engine::INDEX, &rows.collect::<Vec<_>>())
    }

    fn write_facts(&self, conn: &Conn) -> engine::Result<()> {
        let (mut kept, mut dropped) = (Vec::new(), Vec::new());
        for ((space, key), fact) in &self.kept {
            match fact {
                Some((value, until)) => {
                    kept.extend([space.into(), key.into(), value.into(), Value::from(*until)]);
                }
                None => dropped.extend([space.into(), Value::from(key)]),
            }
        }
        conn.bulk(&engine::KEPT_GONE, &dropped)?;
        conn.bulk(&engine::KEPT, &kept)?;
        // One that was given back and taken again in these commits is given back first.
        let given = self.claims.keys().map(Value::from);
        conn.bulk(&engine::CLAIMS_GONE, &given.collect::<Vec<_>>())?;
        let taken = self.claims.iter().filter_map(|(key, claim)| Some((key, claim.as_ref()?)));
        let rows = taken.flat_map(|(key, claim)| [key.into(), (&claim.holder).into(), Value::Int(claim.txn)]);
        conn.bulk(&engine::CLAIMS, &rows.collect::<Vec<_>>())?;
        let rows = self.cursors.iter().flat_map(|(name, txn)| [name.into(), Value::Int(*txn)]);
        conn.bulk(&engine::CURSORS, &rows.collect::<Vec<_>>())
    }
}
