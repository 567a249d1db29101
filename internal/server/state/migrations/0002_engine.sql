-- What the engine writes, who may write it, and the feed of changes that live
-- clients follow.
CREATE TABLE leases (
  role TEXT PRIMARY KEY,               -- a role with one active writer: "engine", …
  owner TEXT NOT NULL,
  epoch INTEGER NOT NULL,              -- rises with every owner; a write with an older one is refused
  taken INTEGER NOT NULL
) STRICT;

CREATE TABLE positions (
  role TEXT PRIMARY KEY REFERENCES leases (role),
  bus INTEGER NOT NULL                 -- everything up to here in the engine's log is in this database
) STRICT;

CREATE TABLE snapshots (
  file TEXT PRIMARY KEY,               -- name in the directory "snapshots" beside the database
  role TEXT NOT NULL REFERENCES leases (role),
  bus INTEGER NOT NULL,                -- the snapshot holds everything up to here
  epoch INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  size INTEGER NOT NULL,
  taken INTEGER NOT NULL
) STRICT;

CREATE TABLE alerts (
  id TEXT PRIMARY KEY,
  revision INTEGER NOT NULL,
  org TEXT NOT NULL,
  host TEXT NOT NULL,
  kind TEXT NOT NULL,
  level TEXT NOT NULL,
  time INTEGER NOT NULL,               -- first firing
  last INTEGER NOT NULL,               -- latest firing
  body BLOB NOT NULL                   -- alert.Alert, JSON
) STRICT;
CREATE INDEX alerts_time ON alerts (time, id);
CREATE INDEX alerts_host ON alerts (host, time, id);

CREATE TABLE incidents (
  id TEXT PRIMARY KEY,
  revision INTEGER NOT NULL,
  org TEXT NOT NULL,
  status TEXT NOT NULL,
  level TEXT NOT NULL,
  score INTEGER NOT NULL,
  opened INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  merged_into TEXT NOT NULL DEFAULT '', -- a redirect: the incident this one became part of
  body BLOB NOT NULL                   -- incident.Incident, JSON
) STRICT;
CREATE INDEX incidents_opened ON incidents (opened, id);

-- An alert is in one incident at most; this table, not the alert's body, says in which.
CREATE TABLE incident_alerts (
  alert TEXT PRIMARY KEY,
  incident TEXT NOT NULL
) STRICT;
CREATE INDEX incident_alerts_incident ON incident_alerts (incident, alert);

CREATE TABLE rule_revisions (
  digest TEXT PRIMARY KEY,             -- as the engine's log names the rules in force
  body BLOB NOT NULL,                  -- the files, zip
  author TEXT NOT NULL,
  created INTEGER NOT NULL
) STRICT;

CREATE TABLE changes (
  cursor INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,                  -- "incident", "alert", "host"
  ref TEXT NOT NULL
) STRICT;
