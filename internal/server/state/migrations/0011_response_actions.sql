-- What hosts were told to do in response, by whom and why, and what came of it.
CREATE TABLE response_actions (
  id TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  action TEXT NOT NULL,                -- freeze, kill, quarantine, revert
  subject TEXT NOT NULL,               -- the process, or the path, for people
  arguments TEXT NOT NULL,             -- of the command, JSON
  reason TEXT NOT NULL,
  incident TEXT NOT NULL,              -- that it is for, if it is
  proposed_by TEXT NOT NULL,
  proposed INTEGER NOT NULL,
  approved_by TEXT NOT NULL DEFAULT '',
  command TEXT NOT NULL DEFAULT '',    -- id of the command that does it
  sent INTEGER NOT NULL DEFAULT 0,
  expires INTEGER NOT NULL DEFAULT 0,  -- when the host does not obey it any more
  state TEXT NOT NULL,                 -- proposed, sent, done, failed, refused, expired, undone
  detail TEXT NOT NULL DEFAULT '',     -- the host's answer
  ended INTEGER NOT NULL DEFAULT 0,
  undone_by TEXT NOT NULL DEFAULT '',
  undo_command TEXT NOT NULL DEFAULT '',
  undo_detail TEXT NOT NULL DEFAULT '',
  undone INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX response_actions_proposed ON response_actions (proposed, id);
CREATE INDEX response_actions_host ON response_actions (host, proposed);
CREATE INDEX response_actions_incident ON response_actions (incident, proposed) WHERE incident <> '';
CREATE UNIQUE INDEX response_actions_command ON response_actions (command) WHERE command <> '';
CREATE INDEX response_actions_undo ON response_actions (undo_command) WHERE undo_command <> '';
