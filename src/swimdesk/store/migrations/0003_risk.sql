-- What a broadcast was checked against: its plan, the hash of the limits, what the operator typed
-- or acknowledged (JSON), and its dollars over all accounts (NULL: not known, older programs).

ALTER TABLE broadcasts ADD COLUMN plan TEXT;
ALTER TABLE broadcasts ADD COLUMN limits TEXT NOT NULL DEFAULT '';
ALTER TABLE broadcasts ADD COLUMN overrides TEXT NOT NULL DEFAULT '[]';
ALTER TABLE broadcasts ADD COLUMN notional TEXT;
CREATE INDEX broadcasts_by_plan ON broadcasts (plan);
