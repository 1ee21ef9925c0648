-- Money and quantities are decimal text, times are ISO 8601 in UTC with microseconds, tickets are
-- order language. Names of columns are the names of the domain's fields.

CREATE TABLE meta (
  single INTEGER PRIMARY KEY CHECK (single = 1),
  mode TEXT NOT NULL CHECK (mode IN ('paper', 'live')),
  created TEXT NOT NULL
);

CREATE TABLE guard (
  single INTEGER PRIMARY KEY CHECK (single = 1),
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  since TEXT NOT NULL
);

CREATE TABLE broadcasts (
  id TEXT PRIMARY KEY NOT NULL,
  order_text TEXT NOT NULL,
  mode TEXT NOT NULL,
  created TEXT NOT NULL,
  key TEXT UNIQUE,
  agent TEXT NOT NULL,
  plan_digest TEXT NOT NULL,
  seed TEXT NOT NULL, -- text: may be wider than 63 bits
  journal_ns INTEGER
);
CREATE INDEX broadcasts_by_time ON broadcasts (created, id);

CREATE TABLE lines (
  ref TEXT PRIMARY KEY NOT NULL,
  broadcast TEXT NOT NULL REFERENCES broadcasts (id),
  position INTEGER NOT NULL,
  account TEXT NOT NULL,
  login TEXT NOT NULL,
  last4 TEXT NOT NULL,
  ticket TEXT NOT NULL,
  state TEXT NOT NULL,
  doubt TEXT,
  order_id TEXT,
  accepted INTEGER NOT NULL CHECK (accepted IN (0, 1)),
  filled INTEGER NOT NULL,
  average TEXT,
  reason TEXT,
  denials TEXT NOT NULL,
  fingerprint TEXT,
  body_hash TEXT,
  correlation_id TEXT,
  sent_ns INTEGER,
  first_byte_ns INTEGER,
  acked_ns INTEGER,
  UNIQUE (broadcast, account)
);
CREATE INDEX lines_by_state ON lines (state);
CREATE UNIQUE INDEX one_line_per_order ON lines (account, order_id) WHERE order_id IS NOT NULL;

CREATE TABLE transitions (
  number INTEGER PRIMARY KEY,
  ref TEXT NOT NULL REFERENCES lines (ref),
  at TEXT NOT NULL,
  state TEXT NOT NULL,
  doubt TEXT,
  order_id TEXT,
  filled INTEGER NOT NULL,
  reason TEXT
);
CREATE INDEX transitions_by_line ON transitions (ref);

CREATE TABLE executions (
  ref TEXT NOT NULL REFERENCES lines (ref),
  account TEXT NOT NULL,
  order_id TEXT NOT NULL,
  activity_id TEXT NOT NULL,
  leg_id INTEGER NOT NULL,
  time TEXT NOT NULL,
  symbol TEXT NOT NULL,
  quantity TEXT NOT NULL,
  price TEXT NOT NULL,
  PRIMARY KEY (account, order_id, activity_id, leg_id, time)
);
CREATE INDEX executions_by_line ON executions (ref);

CREATE TABLE plans (
  id TEXT PRIMARY KEY NOT NULL,
  plan TEXT NOT NULL, -- JSON
  expires TEXT NOT NULL,
  spent TEXT
);

CREATE TABLE notes (
  number INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL
);

CREATE TRIGGER transitions_stay BEFORE UPDATE ON transitions
BEGIN SELECT RAISE(ABORT, 'transitions are only ever added'); END;
CREATE TRIGGER transitions_are_kept BEFORE DELETE ON transitions
BEGIN SELECT RAISE(ABORT, 'transitions are only ever added'); END;
CREATE TRIGGER executions_stay BEFORE UPDATE ON executions
BEGIN SELECT RAISE(ABORT, 'executions are only ever added'); END;
CREATE TRIGGER executions_are_kept BEFORE DELETE ON executions
BEGIN SELECT RAISE(ABORT, 'executions are only ever added'); END;
CREATE TRIGGER notes_stay BEFORE UPDATE ON notes
BEGIN SELECT RAISE(ABORT, 'notes are only ever added'); END;
CREATE TRIGGER notes_are_kept BEFORE DELETE ON notes
BEGIN SELECT RAISE(ABORT, 'notes are only ever added'); END;

-- What the desk has learnt and must not forget, such as how the broker marks our orders.
CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
