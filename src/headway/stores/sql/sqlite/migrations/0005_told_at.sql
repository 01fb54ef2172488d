-- When a listener was last told of something: whoever looks wants to know whether it lives.
ALTER TABLE listeners ADD COLUMN told_at TEXT NOT NULL DEFAULT '';
