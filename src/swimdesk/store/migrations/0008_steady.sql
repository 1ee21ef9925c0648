-- Durations that no wall clock can stretch, and orders that were asked for by their ids.
-- ``steady_ns`` is the machine's monotonic clock, which starts anew with the machine.

ALTER TABLE broadcasts ADD COLUMN confirmed_ns INTEGER;
ALTER TABLE reads ADD COLUMN steady_ns INTEGER;

-- Orders that answers had named, and of which the broker said that there are none: their ids by
-- account, as JSON.
ALTER TABLE reads ADD COLUMN unknown TEXT;
