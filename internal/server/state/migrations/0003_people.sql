-- People, programs, and what they did.
CREATE TABLE users (
  name TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  role TEXT NOT NULL,                  -- viewer, analyst, responder or admin
  password TEXT NOT NULL,              -- argon2id, PHC string; empty: none, or a used one-time password
  one_time INTEGER NOT NULL,           -- the password is good for one login
  created INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
  hash TEXT PRIMARY KEY,               -- SHA-256 of the cookie's value
  user TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
  created INTEGER NOT NULL,
  seen INTEGER NOT NULL,               -- idle expiry counts from here
  source TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_user ON sessions (user);

CREATE TABLE api_tokens (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,           -- SHA-256 of the token: the token itself is shown once
  name TEXT NOT NULL,
  user TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
  role TEXT NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL
) STRICT;
CREATE INDEX api_tokens_user ON api_tokens (user);

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time INTEGER NOT NULL,
  actor TEXT NOT NULL,                 -- user name, or "local:UID" on the unix socket
  source TEXT NOT NULL,                -- address of the client, or "unix"
  action TEXT NOT NULL,                -- operation id of the API
  target TEXT NOT NULL,
  status INTEGER NOT NULL,             -- HTTP status of the answer
  detail TEXT NOT NULL
) STRICT;
