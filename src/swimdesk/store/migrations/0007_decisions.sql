-- What the operator decided about lines in doubt and about orders of others, and why; where a
-- broadcast comes from; and what each account held, less what it traded that day (JSON by symbol).

CREATE TABLE decisions (
  number INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  agent TEXT NOT NULL,
  kind TEXT NOT NULL,
  account TEXT NOT NULL,
  reason TEXT NOT NULL,
  ref TEXT REFERENCES lines (ref),
  order_id TEXT,
  verdict TEXT
);
CREATE INDEX decisions_by_line ON decisions (ref);

CREATE TRIGGER decisions_stay BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are only ever added'); END;
CREATE TRIGGER decisions_are_kept BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are only ever added'); END;

CREATE INDEX lines_with_earlier_orders ON lines (earlier) WHERE earlier != '[]';

ALTER TABLE broadcasts ADD COLUMN origin TEXT NOT NULL DEFAULT 'ours';

CREATE TABLE baselines (
  account TEXT PRIMARY KEY NOT NULL,
  login TEXT NOT NULL,
  last4 TEXT NOT NULL,
  day TEXT NOT NULL,
  at TEXT NOT NULL,
  quantities TEXT NOT NULL
);
