-- What decisions rest on: who owned the home, which orders were known before ours left, which lists
-- were read and what they showed, which order is whose; and a chain of hashes over what is only
-- ever added. Lists of accounts, orders and refs are JSON.

CREATE TABLE epochs (
  number INTEGER PRIMARY KEY,
  pid INTEGER NOT NULL,
  since TEXT NOT NULL
);

-- Orders that were at the broker before the broadcast was made: {account: [order id, ...]}.
ALTER TABLE broadcasts ADD COLUMN preimage TEXT;

-- A plan is used up by the broadcast that it becomes.
DROP INDEX broadcasts_by_plan;
CREATE UNIQUE INDEX one_broadcast_per_plan ON broadcasts (plan) WHERE plan IS NOT NULL;

-- A read that showed just what an earlier one of the same accounts had shown names that one
-- (same_as) instead of repeating it. ``asked``: what had left by then and was not seen yet.
CREATE TABLE reads (
  number INTEGER PRIMARY KEY,
  began TEXT NOT NULL,
  since TEXT NOT NULL,
  until TEXT NOT NULL,
  complete INTEGER NOT NULL CHECK (complete IN (0, 1)),
  accounts TEXT,
  shown TEXT,
  same_as INTEGER REFERENCES reads (number),
  asked TEXT NOT NULL
);
CREATE INDEX reads_by_time ON reads (until);

-- An order as a list showed it, written whenever it had changed. The document is the broker's own,
-- account numbers and hashes replaced by keyed digests.
CREATE TABLE observations (
  number INTEGER PRIMARY KEY,
  read INTEGER NOT NULL REFERENCES reads (number),
  account TEXT NOT NULL,
  order_id TEXT NOT NULL,
  seen TEXT NOT NULL,
  document TEXT NOT NULL
);
CREATE INDEX observations_by_order ON observations (account, order_id);

-- Which order was found to be whose, and on what grounds.
CREATE TABLE bindings (
  number INTEGER PRIMARY KEY,
  ref TEXT NOT NULL REFERENCES lines (ref),
  account TEXT NOT NULL,
  order_id TEXT NOT NULL,
  at TEXT NOT NULL,
  grounds TEXT NOT NULL,
  read INTEGER REFERENCES reads (number)
);
CREATE UNIQUE INDEX one_binding_per_order ON bindings (account, order_id);
CREATE INDEX bindings_by_line ON bindings (ref);

-- The outcomes of commands, as they came.
CREATE TABLE answers (
  number INTEGER PRIMARY KEY,
  command TEXT NOT NULL REFERENCES commands (id),
  outcome TEXT NOT NULL,
  answered TEXT,
  reason TEXT,
  new_order_id TEXT
);

ALTER TABLE transitions ADD COLUMN read INTEGER;

-- A link per transaction: how far each table had come by then, and a hash over the hash before it
-- and the rows that were added. What was there before this schema is not in the chain.
CREATE TABLE links (
  number INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  marks TEXT NOT NULL,
  digest TEXT NOT NULL
);
INSERT INTO links VALUES (1, '', json_object(
  'broadcasts', (SELECT ifnull(max(rowid), 0) FROM broadcasts),
  'lines', (SELECT ifnull(max(rowid), 0) FROM lines),
  'transitions', (SELECT ifnull(max(rowid), 0) FROM transitions),
  'executions', (SELECT ifnull(max(rowid), 0) FROM executions),
  'commands', (SELECT ifnull(max(rowid), 0) FROM commands),
  'notes', (SELECT ifnull(max(rowid), 0) FROM notes)
), '');

CREATE TRIGGER reads_stay BEFORE UPDATE ON reads
BEGIN SELECT RAISE(ABORT, 'reads are only ever added'); END;
CREATE TRIGGER reads_are_kept BEFORE DELETE ON reads
BEGIN SELECT RAISE(ABORT, 'reads are only ever added'); END;
CREATE TRIGGER observations_stay BEFORE UPDATE ON observations
BEGIN SELECT RAISE(ABORT, 'observations are only ever added'); END;
CREATE TRIGGER observations_are_kept BEFORE DELETE ON observations
BEGIN SELECT RAISE(ABORT, 'observations are only ever added'); END;
CREATE TRIGGER bindings_stay BEFORE UPDATE ON bindings
BEGIN SELECT RAISE(ABORT, 'bindings are only ever added'); END;
CREATE TRIGGER bindings_are_kept BEFORE DELETE ON bindings
BEGIN SELECT RAISE(ABORT, 'bindings are only ever added'); END;
CREATE TRIGGER answers_stay BEFORE UPDATE ON answers
BEGIN SELECT RAISE(ABORT, 'answers are only ever added'); END;
CREATE TRIGGER answers_are_kept BEFORE DELETE ON answers
BEGIN SELECT RAISE(ABORT, 'answers are only ever added'); END;
CREATE TRIGGER links_stay BEFORE UPDATE ON links
BEGIN SELECT RAISE(ABORT, 'links are only ever added'); END;
CREATE TRIGGER links_are_kept BEFORE DELETE ON links
BEGIN SELECT RAISE(ABORT, 'links are only ever added'); END;
