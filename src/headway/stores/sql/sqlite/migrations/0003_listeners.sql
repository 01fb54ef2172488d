-- Functions that are told of events, and how far; see `headway.stores.base.Store.add_listener`.
CREATE TABLE listeners (
    name       TEXT PRIMARY KEY,
    since      TEXT NOT NULL,
    told_until TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE positions (
    run      INTEGER NOT NULL REFERENCES runs (n),
    listener TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    tag      TEXT    NOT NULL,
    PRIMARY KEY (run, listener)
) WITHOUT ROWID;

-- Only the end of a run, and its reopening, touch this index.
CREATE INDEX runs_ended ON runs (finished_at, id) WHERE finished_at IS NOT NULL;
