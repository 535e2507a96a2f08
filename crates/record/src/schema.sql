-- The record on SQLite. Everything but txn, version, audit and kept is a projection of them and can be rebuilt.
-- Numbers here (res, type, param, system, txn) are the store's own and never leave it.

-- One row for each commit. The hash covers the row, the hashes of its versions and the hash before it.
CREATE TABLE txn (
  number   INTEGER PRIMARY KEY,
  at       INTEGER NOT NULL,          -- milliseconds since 1970 UTC, never going back
  who      TEXT NOT NULL,
  behalf   TEXT,
  purpose  TEXT NOT NULL,
  command  TEXT NOT NULL,
  request  TEXT,
  last     INTEGER NOT NULL,          -- vid of its last version
  hash     BLOB NOT NULL
) STRICT;

-- Every version of every resource. Never updated, never deleted.
CREATE TABLE version (
  vid      INTEGER PRIMARY KEY,       -- in commit order
  type     INTEGER NOT NULL,
  res      INTEGER NOT NULL,
  ver      INTEGER NOT NULL,          -- 1, 2, 3 ...
  txn      INTEGER NOT NULL,
  at       INTEGER NOT NULL,          -- txn.at, here to spare a look-up on each read
  prev     INTEGER,                   -- vid of the version before
  splice   INTEGER NOT NULL,          -- where version and instant go into the text; see fhir::resource
  pack     INTEGER NOT NULL,          -- 0 as it is, 1 zstd, 2.. zstd with dictionary of that number
  body     BLOB                       -- NULL: deleted
) STRICT;
CREATE INDEX version_type ON version (type, vid);

-- The current state of each resource, and a name for each one that is only pointed at so far (ver 0).
CREATE TABLE head (
  res      INTEGER PRIMARY KEY,
  type     INTEGER NOT NULL,
  id       BLOB NOT NULL,             -- 16 bytes for a UUID, else text; see IdKey
  ver      INTEGER NOT NULL,
  vid      INTEGER NOT NULL,
  txn      INTEGER NOT NULL,
  live     INTEGER NOT NULL,          -- 0: only named, or deleted
  patient  INTEGER NOT NULL,          -- res of its patient; 0 none; below 0 several, see several
  class    INTEGER NOT NULL,          -- access class
  moved    INTEGER NOT NULL,          -- vid of the version that last took a patient off it; 0 none did
  rec      BLOB                       -- its index rows, packed; see keys.rs
) STRICT;
CREATE UNIQUE INDEX head_id ON head (type, id);
CREATE INDEX head_type ON head (type, res);
CREATE INDEX head_patient ON head (patient, type);

-- What live resources can be found by. The patient stands in the key, so that one patient's rows for a code
-- are one seek, and so that rows can be kept together by patient.
CREATE TABLE idx (
  param    INTEGER NOT NULL,
  value    BLOB NOT NULL,
  patient  INTEGER NOT NULL,
  res      INTEGER NOT NULL,
  class    INTEGER NOT NULL,
  PRIMARY KEY (param, value, patient, res)
) STRICT, WITHOUT ROWID;

-- Rows that have been superseded, and the commit that did it. What was there from when is told by the version.
CREATE TABLE idx_past (
  param    INTEGER NOT NULL,
  value    BLOB NOT NULL,
  patient  INTEGER NOT NULL,
  res      INTEGER NOT NULL,
  to_txn   INTEGER NOT NULL,
  PRIMARY KEY (param, value, patient, res, to_txn)
) STRICT, WITHOUT ROWID;

CREATE TABLE type (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE param (number INTEGER PRIMARY KEY, base TEXT NOT NULL, code TEXT NOT NULL, UNIQUE (base, code)) STRICT;
-- Code systems and identifier systems that tokens name.
CREATE TABLE system (number INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE) STRICT;
-- Sets of patients that one resource concerns, for head.patient below 0.
CREATE TABLE several (number INTEGER PRIMARY KEY, patients TEXT NOT NULL UNIQUE) STRICT;
-- Access classes, for head.class and idx.class: sets of marks, which a reader must hold. 0 bears none and is not here.
CREATE TABLE class (number INTEGER PRIMARY KEY, marks TEXT NOT NULL UNIQUE) STRICT;
-- Marks that were laid on a resource, or (whole 1) on all that concerns a patient.
CREATE TABLE mark (
  res      INTEGER NOT NULL,
  whole    INTEGER NOT NULL,
  marks    TEXT NOT NULL,
  PRIMARY KEY (res, whole)
) STRICT, WITHOUT ROWID;
-- Compression dictionaries, trained from the first bodies of this store.
CREATE TABLE dictionary (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;

-- Which versions have which words in their text, taken in behind the log a batch at a time. The empty word says how
-- far that has come. A projection of version; without it text is looked for by reading.
CREATE TABLE word (
  word     BLOB NOT NULL,             -- folded, cut at 40 bytes
  last     INTEGER NOT NULL,          -- vid of the last version of the batch
  vids     BLOB NOT NULL,             -- vids, each as the step from the one before
  PRIMARY KEY (word, last)
) STRICT, WITHOUT ROWID;

-- Which rows of the audit trail are about whom, taken in behind it a batch at a time: `Patient/ID` and `who/NAME`. The
-- empty text says how far that has come. A projection of audit; rows after it are looked through.
CREATE TABLE trail (
  about    TEXT NOT NULL,
  last     INTEGER NOT NULL,          -- seq of the last row of the batch
  seqs     BLOB NOT NULL,             -- seqs, each as the step from the one before
  PRIMARY KEY (about, last)
) STRICT, WITHOUT ROWID;

-- Uniqueness that no race can break: a bed, a slot, an NHS number.
CREATE TABLE claim (key TEXT PRIMARY KEY, holder TEXT NOT NULL, txn INTEGER NOT NULL) STRICT, WITHOUT ROWID;
-- How far each reader of the log has come.
CREATE TABLE cursor (name TEXT PRIMARY KEY, txn INTEGER NOT NULL) STRICT, WITHOUT ROWID;
-- Small durable facts that are no resources: accounts, sessions, answers already given.
CREATE TABLE kept (
  space    TEXT NOT NULL,
  key      TEXT NOT NULL,
  value    BLOB NOT NULL,
  until    INTEGER,                   -- milliseconds; NULL for ever
  PRIMARY KEY (space, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX kept_until ON kept (until) WHERE until IS NOT NULL;

-- Who did what: reads, searches, refusals, sign-ins; a write points at its txn. Chained by hash.
CREATE TABLE audit (
  seq      INTEGER PRIMARY KEY,
  at       INTEGER NOT NULL,
  who      TEXT NOT NULL,
  action   TEXT NOT NULL,
  txn      INTEGER,
  detail   TEXT NOT NULL,
  hash     BLOB NOT NULL
) STRICT;

-- Files named by their SHA-256, so that verify can tell a missing one.
CREATE TABLE blob (hash BLOB PRIMARY KEY, size INTEGER NOT NULL, txn INTEGER NOT NULL) STRICT, WITHOUT ROWID;
