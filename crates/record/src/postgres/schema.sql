-- The record on PostgreSQL: the tables of ../schema.sql, which says what they are. Wide columns stand first, so that
-- rows need no padding. Text in keys is ordered by its bytes, as on SQLite, whatever the database's language. What readers are held to is in guard.rs.

CREATE TABLE layout (number int8 NOT NULL);

CREATE TABLE txn (
  number   int8 PRIMARY KEY,
  at       int8 NOT NULL,
  last     int8 NOT NULL,
  who      text NOT NULL,
  behalf   text,
  purpose  text NOT NULL,
  command  text NOT NULL,
  request  text,
  hash     bytea NOT NULL
);

CREATE TABLE version (
  vid      int8 PRIMARY KEY,
  type     int2 NOT NULL,
  res      int8 NOT NULL,
  ver      int4 NOT NULL,
  txn      int8 NOT NULL,
  at       int8 NOT NULL,
  prev     int8,
  splice   int4 NOT NULL,
  pack     int2 NOT NULL,
  body     bytea
);
CREATE INDEX version_type ON version (type, vid);
-- Bodies are compressed already.
ALTER TABLE version ALTER body SET STORAGE EXTERNAL;

CREATE TABLE head (
  res      int8 PRIMARY KEY,
  vid      int8 NOT NULL,
  txn      int8 NOT NULL,
  patient  int8 NOT NULL,
  moved    int8 NOT NULL,
  ver      int4 NOT NULL,
  type     int2 NOT NULL,
  live     int2 NOT NULL,
  class    int2 NOT NULL,
  id       bytea NOT NULL,
  rec      bytea
);
CREATE UNIQUE INDEX head_id ON head (type, id);
CREATE INDEX head_type ON head (type, res);
CREATE INDEX head_patient ON head (patient, type);

CREATE TABLE idx (
  patient  int8 NOT NULL,
  res      int8 NOT NULL,
  param    int2 NOT NULL,
  class    int2 NOT NULL,
  value    bytea NOT NULL,
  PRIMARY KEY (param, value, patient, res)
);

CREATE TABLE idx_past (
  patient  int8 NOT NULL,
  res      int8 NOT NULL,
  to_txn   int8 NOT NULL,
  param    int2 NOT NULL,
  value    bytea NOT NULL,
  PRIMARY KEY (param, value, patient, res, to_txn)
);

CREATE TABLE type (number int8 PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE param (number int8 PRIMARY KEY, base text NOT NULL, code text NOT NULL, UNIQUE (base, code));
CREATE TABLE system (number int8 PRIMARY KEY, uri text COLLATE "C" NOT NULL UNIQUE);
CREATE TABLE several (number int8 PRIMARY KEY, patients text NOT NULL);
CREATE TABLE class (number int8 PRIMARY KEY, marks text COLLATE "C" NOT NULL UNIQUE);
CREATE TABLE mark (res int8 NOT NULL, whole int8 NOT NULL, marks text NOT NULL, PRIMARY KEY (res, whole));
CREATE TABLE dictionary (number int8 PRIMARY KEY, bytes bytea NOT NULL);

-- Which versions have which words in their text, taken in behind the log a batch at a time. The empty word says how
-- far that has come. A projection of version; without it text is looked for by reading.
CREATE TABLE word (
  word     bytea NOT NULL,            -- folded, cut at 40 bytes
  last     int8 NOT NULL,             -- vid of the last version of the batch
  vids     bytea NOT NULL,            -- vids, each as the step from the one before
  PRIMARY KEY (word, last)
);

-- Which rows of the audit trail are about whom, taken in behind it a batch at a time. A projection of audit.
CREATE TABLE trail (
  about    text COLLATE "C" NOT NULL,
  last     int8 NOT NULL,
  seqs     bytea NOT NULL,
  PRIMARY KEY (about, last)
);

CREATE TABLE claim (key text COLLATE "C" PRIMARY KEY, holder text NOT NULL, txn int8 NOT NULL);
CREATE TABLE cursor (name text COLLATE "C" PRIMARY KEY, txn int8 NOT NULL);
CREATE TABLE kept (
  space    text COLLATE "C" NOT NULL,
  key      text COLLATE "C" NOT NULL,
  value    bytea NOT NULL,
  until    int8,
  PRIMARY KEY (space, key)
);
CREATE INDEX kept_until ON kept (until) WHERE until IS NOT NULL;

CREATE TABLE audit (
  seq      int8 PRIMARY KEY,
  at       int8 NOT NULL,
  who      text NOT NULL,
  action   text NOT NULL,
  txn      int8,
  detail   text NOT NULL,
  hash     bytea NOT NULL
);

CREATE TABLE blob (hash bytea PRIMARY KEY, size int8 NOT NULL, txn int8 NOT NULL);
-- The files themselves, so that every node has them. Written before the transaction that names them.
CREATE TABLE file (hash bytea PRIMARY KEY, bytes bytea NOT NULL);
ALTER TABLE file ALTER bytes SET STORAGE EXTERNAL;
