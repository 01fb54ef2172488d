-- Who does what only one process should do; see `headway.stores.base.Store.lead`.
CREATE TABLE leaders (
    role   TEXT    PRIMARY KEY,
    worker TEXT    NOT NULL,
    beat   INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX runs_asked_to_stop ON runs (id)
    WHERE cancel_requested AND worker IS NULL AND status IN ('running', 'waiting');
