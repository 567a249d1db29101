-- What one intruder did on one host: the answers, and the graph.
CREATE TABLE intrusions (
  id TEXT PRIMARY KEY,
  revision INTEGER NOT NULL,
  org TEXT NOT NULL,
  host TEXT NOT NULL,
  opened INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  merged_into TEXT NOT NULL DEFAULT '', -- a redirect: the intrusion this one turned out to be part of
  body BLOB NOT NULL                   -- provenance.Intrusion, JSON
) STRICT;
CREATE INDEX intrusions_opened ON intrusions (opened, id);
CREATE INDEX intrusions_host ON intrusions (host, opened, id);
