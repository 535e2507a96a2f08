-- Files that are no part of the record and go away again: what exports hand out. No part of the layout either: a
-- database that was made without this table gains it when it is opened.
CREATE TABLE parcel (
  owner    text COLLATE "C" NOT NULL,
  name     text COLLATE "C" NOT NULL,
  bytes    bytea NOT NULL,
  PRIMARY KEY (owner, name)
);
ALTER TABLE parcel ALTER bytes SET STORAGE EXTERNAL;
