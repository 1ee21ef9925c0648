-- A line's order may be replaced by another at another price. Earlier orders and the latest
-- replacement asked for are JSON; price and new order id are those of a command to replace.

ALTER TABLE lines ADD COLUMN earlier TEXT NOT NULL DEFAULT '[]';
ALTER TABLE lines ADD COLUMN replacement TEXT;
ALTER TABLE commands ADD COLUMN price TEXT;
ALTER TABLE commands ADD COLUMN new_order_id TEXT;
