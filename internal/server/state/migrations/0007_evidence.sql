-- What was collected of hosts, and who has had it in hand since.
CREATE TABLE evidence (
  id TEXT PRIMARY KEY,                 -- of the command that collects it
  host TEXT NOT NULL,
  what TEXT NOT NULL,                  -- file, image or process
  path TEXT NOT NULL,                  -- as asked, then as the host has it
  container TEXT NOT NULL,
  inode TEXT NOT NULL,                 -- event.FileKey
  process TEXT NOT NULL,               -- event.ProcessKey
  alert TEXT NOT NULL,                 -- that it was asked for, if it was
  asked_by TEXT NOT NULL,              -- a user, or "policy:NAME"
  asked INTEGER NOT NULL,
  state TEXT NOT NULL,                 -- requested, stored, failed, refused, removed
  detail TEXT NOT NULL DEFAULT '',     -- why it is not there
  sha256 TEXT NOT NULL,                -- as asked, then of what came
  size INTEGER NOT NULL DEFAULT 0,
  mode TEXT NOT NULL DEFAULT '',
  modified INTEGER NOT NULL DEFAULT 0,
  collected INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX evidence_asked ON evidence (asked, id);
CREATE INDEX evidence_host ON evidence (host, sha256);
CREATE INDEX evidence_alert ON evidence (alert) WHERE alert <> '';

CREATE TABLE evidence_access (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  evidence TEXT NOT NULL REFERENCES evidence (id),
  time INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL                 -- show, export or remove
) STRICT;
CREATE INDEX evidence_access_of ON evidence_access (evidence, id);
