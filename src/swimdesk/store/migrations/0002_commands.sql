-- What orders at the broker were told, each written before it was sent; an outcome that is NULL
-- means that nobody knows what became of the request. Restart never sends one again.

CREATE TABLE commands (
  id TEXT PRIMARY KEY NOT NULL,
  ref TEXT NOT NULL REFERENCES lines (ref),
  kind TEXT NOT NULL,
  at TEXT NOT NULL,
  order_id TEXT,
  outcome TEXT,
  answered TEXT,
  reason TEXT
);
CREATE INDEX commands_by_line ON commands (ref);

CREATE TRIGGER commands_are_kept BEFORE DELETE ON commands
BEGIN SELECT RAISE(ABORT, 'commands are kept'); END;
CREATE TRIGGER outcomes_stay BEFORE UPDATE ON commands WHEN OLD.outcome IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'what became of a command is written once'); END;
