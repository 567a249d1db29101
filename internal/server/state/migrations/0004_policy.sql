-- What people decide: packs of rules, rules that are off, exceptions; and what
-- of it the engine's log was told.
CREATE TABLE rule_packs (
  name TEXT PRIMARY KEY,
  enabled INTEGER NOT NULL,
  current INTEGER NOT NULL,            -- number of the version that counts
  origin TEXT NOT NULL DEFAULT ''      -- digest of what was last taken from the program or from a directory
) STRICT;

CREATE TABLE rule_pack_versions (
  pack TEXT NOT NULL REFERENCES rule_packs (name) ON DELETE CASCADE,
  number INTEGER NOT NULL,             -- from 1, never given twice
  digest TEXT NOT NULL,                -- of the files
  source TEXT NOT NULL,                -- built-in, directory or push
  author TEXT NOT NULL,
  created INTEGER NOT NULL,
  report TEXT NOT NULL,                -- of its load, JSON
  body BLOB NOT NULL,                  -- the files, zip
  PRIMARY KEY (pack, number)
) STRICT;

CREATE TABLE disabled_rules (
  rule TEXT PRIMARY KEY,
  author TEXT NOT NULL,
  created INTEGER NOT NULL
) STRICT;

-- The messages of the engine's log that carry rules or exceptions, so that a
-- log that retention cut still begins with what was in force.
CREATE TABLE announcements (
  bus INTEGER PRIMARY KEY,             -- position in the log
  kind TEXT NOT NULL,                  -- "rules", "exceptions"
  digest TEXT NOT NULL,
  created INTEGER NOT NULL,
  body BLOB NOT NULL                   -- the events, as in the log
) STRICT;
CREATE INDEX announcements_kind ON announcements (kind, bus);
DROP TABLE rule_revisions;

CREATE TABLE exceptions (
  id TEXT PRIMARY KEY,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  removed INTEGER NOT NULL DEFAULT 0,  -- 0: nobody ended it before its time
  removed_by TEXT NOT NULL DEFAULT '',
  hits INTEGER NOT NULL DEFAULT 0,
  last_hit INTEGER NOT NULL DEFAULT 0,
  body BLOB NOT NULL                   -- exception.Exception, JSON
) STRICT;
CREATE INDEX exceptions_created ON exceptions (created, id);

CREATE TABLE hidden_firings (
  exception TEXT NOT NULL REFERENCES exceptions (id) ON DELETE CASCADE,
  hits INTEGER NOT NULL,               -- of the exception, with this one
  time INTEGER NOT NULL,
  body BLOB NOT NULL,                  -- exception.Firing, JSON
  PRIMARY KEY (exception, hits)
) STRICT;

CREATE TABLE dismissed_proposals (
  id TEXT PRIMARY KEY,
  author TEXT NOT NULL,
  created INTEGER NOT NULL
) STRICT;

ALTER TABLE alerts ADD COLUMN rule TEXT NOT NULL DEFAULT '';
UPDATE alerts SET rule = COALESCE(json_extract(CAST(body AS TEXT), '$.rule.id'), '');
CREATE INDEX alerts_rule ON alerts (rule, last);
