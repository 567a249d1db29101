-- How many alerts and incidents there are: counting them is slow where there
-- are many, and every status asks. An incident that became part of another is
-- in neither of the two.
CREATE TABLE tallies (
  name TEXT PRIMARY KEY,               -- alerts, open or closed
  n INTEGER NOT NULL
) STRICT;
INSERT INTO tallies SELECT 'alerts', COUNT(*) FROM alerts;
INSERT INTO tallies SELECT 'open', COUNT(*) FROM incidents WHERE merged_into = '' AND status <> 'closed';
INSERT INTO tallies SELECT 'closed', COUNT(*) FROM incidents WHERE merged_into = '' AND status = 'closed';

CREATE TRIGGER alerts_added AFTER INSERT ON alerts BEGIN
  UPDATE tallies SET n = n + 1 WHERE name = 'alerts';
END;
CREATE TRIGGER alerts_removed AFTER DELETE ON alerts BEGIN
  UPDATE tallies SET n = n - 1 WHERE name = 'alerts';
END;
CREATE TRIGGER incidents_added AFTER INSERT ON incidents WHEN NEW.merged_into = '' BEGIN
  UPDATE tallies SET n = n + 1 WHERE name = IIF(NEW.status = 'closed', 'closed', 'open');
END;
CREATE TRIGGER incidents_removed AFTER DELETE ON incidents WHEN OLD.merged_into = '' BEGIN
  UPDATE tallies SET n = n - 1 WHERE name = IIF(OLD.status = 'closed', 'closed', 'open');
END;
CREATE TRIGGER incidents_moved AFTER UPDATE OF status, merged_into ON incidents BEGIN
  UPDATE tallies SET n = n - 1 WHERE OLD.merged_into = '' AND name = IIF(OLD.status = 'closed', 'closed', 'open');
  UPDATE tallies SET n = n + 1 WHERE NEW.merged_into = '' AND name = IIF(NEW.status = 'closed', 'closed', 'open');
END;
