-- When a listener was last told of something: whoever looks wants to know whether it lives.
ALTER TABLE headway.listeners ADD COLUMN told_at text COLLATE "C" NOT NULL DEFAULT '';
