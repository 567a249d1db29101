-- Hosts and their certificates, tokens to enrol with, and how far each boot's
-- events are durable on the bus.
CREATE TABLE hosts (
  id TEXT PRIMARY KEY,
  org TEXT NOT NULL,
  machine_id TEXT NOT NULL,
  name TEXT NOT NULL,
  enrolled INTEGER NOT NULL,           -- Unix nanoseconds, like every time here
  last_seen INTEGER NOT NULL DEFAULT 0,
  connected INTEGER NOT NULL DEFAULT 0, -- 1 while the gateway holds a session
  boot TEXT NOT NULL DEFAULT '',       -- of the latest session, like version and kernel
  version TEXT NOT NULL DEFAULT '',
  kernel TEXT NOT NULL DEFAULT '',
  health BLOB,                         -- the last Heartbeat, protobuf
  command_counter INTEGER NOT NULL DEFAULT 0,
  revoked INTEGER NOT NULL DEFAULT 0   -- 1 for ever: the machine enrols as a new host
) STRICT;
CREATE UNIQUE INDEX hosts_machine ON hosts (org, machine_id) WHERE revoked = 0;

CREATE TABLE certificates (
  serial TEXT PRIMARY KEY,             -- hexadecimal
  host TEXT NOT NULL REFERENCES hosts (id),
  not_after INTEGER NOT NULL,
  revoked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX certificates_host ON certificates (host);

CREATE TABLE enrol_tokens (
  hash TEXT PRIMARY KEY,               -- SHA-256 of the token: the token itself is shown once
  org TEXT NOT NULL,
  uses_left INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  created INTEGER NOT NULL
) STRICT;

CREATE TABLE marks (
  host TEXT NOT NULL,
  boot TEXT NOT NULL,
  seq INTEGER NOT NULL,                -- everything up to here is on the bus
  bus INTEGER NOT NULL,                -- where on the bus its last batch is
  PRIMARY KEY (host, boot)
) STRICT;

CREATE TABLE commands (
  id TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  counter INTEGER NOT NULL,
  action TEXT NOT NULL,
  approver TEXT NOT NULL,
  issued INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  state TEXT NOT NULL,                 -- sent, done, failed, refused
  detail TEXT NOT NULL DEFAULT '',
  answered INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX commands_host ON commands (host, issued);
