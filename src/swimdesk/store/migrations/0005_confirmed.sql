-- The wall time of t0, the moment of the confirmation: the stamps of the lines count from it.

ALTER TABLE broadcasts ADD COLUMN confirmed TEXT;
