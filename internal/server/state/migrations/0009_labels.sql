-- Which service, owner and group hosts and images belong to.
CREATE TABLE labels (
  id TEXT PRIMARY KEY,                   -- of organisation, kind and match
  org TEXT NOT NULL,
  kind TEXT NOT NULL,                    -- "host", "image"
  match TEXT NOT NULL,
  body BLOB NOT NULL                     -- label.Assignment, JSON
) STRICT;
