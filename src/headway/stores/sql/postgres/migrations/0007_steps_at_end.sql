-- What is kept in place of a step's result from the end of its run on; null: the result stays.
ALTER TABLE headway.steps ADD COLUMN at_end bytea;
CREATE INDEX steps_at_end ON headway.steps (run) WHERE at_end IS NOT NULL;
