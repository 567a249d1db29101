-- What analysts decided about incidents, and withdrew.
CREATE TABLE decisions (
  id TEXT PRIMARY KEY,
  created INTEGER NOT NULL,
  incident TEXT NOT NULL,
  withdrawn INTEGER NOT NULL DEFAULT 0,  -- 0: it is in force
  withdrawn_by TEXT NOT NULL DEFAULT '',
  body BLOB NOT NULL                     -- incident.Decision, JSON
) STRICT;
CREATE INDEX decisions_created ON decisions (created, id);
CREATE INDEX decisions_incident ON decisions (incident, created);
