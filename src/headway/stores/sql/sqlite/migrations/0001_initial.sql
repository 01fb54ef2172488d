-- What changes of a run. Kept narrow: every append rewrites this row.
CREATE TABLE runs (
    n                INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again, so that nothing left over can be adopted
    id               TEXT    NOT NULL UNIQUE,
    job              TEXT    NOT NULL,
    owner            TEXT    NOT NULL,  -- '' for nobody: NULLs would not be equal in the index on (owner, key)
    "group"          TEXT,
    key              TEXT,
    status           TEXT    NOT NULL,  -- of a RunStatus, or 'deleted'
    attempt          INTEGER NOT NULL,
    execution_id     TEXT    NOT NULL,
    external         INTEGER NOT NULL,
    lease_s          REAL,
    worker           TEXT,
    takeovers        INTEGER NOT NULL,
    cancel_requested INTEGER NOT NULL,
    created_at       TEXT    NOT NULL,
    started_at       TEXT,
    finished_at      TEXT,
    updated_at       TEXT    NOT NULL,
    seq              INTEGER NOT NULL,
    tag              TEXT    NOT NULL,
    total            INTEGER NOT NULL,
    floor            INTEGER NOT NULL DEFAULT 0,
    delta_floor      INTEGER NOT NULL DEFAULT 0,
    snapshot_seq     INTEGER NOT NULL DEFAULT 0,
    due_ms           INTEGER,
    lapses_ms        INTEGER,           -- when an external run will have lost its worker
    change           INTEGER NOT NULL   -- grows over all runs; what the doorbell asks for
);

CREATE UNIQUE INDEX runs_by_key ON runs (owner, key) WHERE key IS NOT NULL;
CREATE INDEX runs_by_status ON runs (status, id);
CREATE INDEX runs_by_owner ON runs (owner, status, id);
CREATE INDEX runs_by_group ON runs ("group", status, id);
CREATE INDEX runs_by_job ON runs (job, status, id);
CREATE INDEX runs_by_change ON runs (change);
CREATE INDEX runs_queued ON runs (job, id, due_ms) WHERE status = 'queued' AND worker IS NULL AND external = 0;
CREATE INDEX runs_claimed ON runs (worker, job) WHERE worker IS NOT NULL;
CREATE INDEX runs_claimed_by_job ON runs (job) WHERE worker IS NOT NULL;
CREATE INDEX runs_lapsing ON runs (lapses_ms) WHERE lapses_ms IS NOT NULL;
CREATE INDEX runs_succeeded ON runs (job, finished_at, id, started_at) WHERE status = 'succeeded';
CREATE INDEX runs_to_trim ON runs (finished_at) WHERE finished_at IS NOT NULL AND floor < snapshot_seq - 1;
CREATE INDEX runs_to_thin ON runs (finished_at) WHERE finished_at IS NOT NULL AND delta_floor < snapshot_seq - 1;

-- What is said of a run once, and the summary of its last snapshot. The input stands last: who does not ask for it
-- does not read it, however large it is.
CREATE TABLE about (
    run            INTEGER PRIMARY KEY REFERENCES runs (n),
    title          TEXT NOT NULL,
    correlation_id TEXT,
    fingerprint    TEXT NOT NULL,
    metadata       BLOB NOT NULL,
    summary        BLOB,
    input          BLOB
);

-- A run as it is shown, in the order of `headway.stores.base.RunRow`.
CREATE VIEW run_rows AS
SELECT r.n, r.id, r.job, a.title, r.owner, r."group", a.metadata, a.correlation_id, r.status, r.attempt,
       r.execution_id, r.external, r.lease_s, r.worker, r.takeovers, r.cancel_requested, r.created_at, r.started_at,
       r.finished_at, r.updated_at, r.seq, r.tag, r.total, r.floor, r.delta_floor, r.due_ms, a.summary
FROM runs AS r JOIN about AS a ON a.run = r.n;

-- Not WITHOUT ROWID: rows of some hundred bytes would stand in the tree's inner pages, too. As it is, events of all runs
-- are added at the end of one table: a third less time at 500 bytes, a quarter of it and half the file at 1,500.
CREATE TABLE events (
    run   INTEGER NOT NULL REFERENCES runs (n),
    seq   INTEGER NOT NULL,
    tag   TEXT    NOT NULL,
    type  TEXT    NOT NULL,
    key   TEXT,
    step  TEXT,
    total INTEGER NOT NULL,
    body  BLOB    NOT NULL,
    PRIMARY KEY (run, seq)
);

CREATE UNIQUE INDEX events_by_key ON events (run, key) WHERE key IS NOT NULL;

CREATE TABLE steps (
    run    INTEGER NOT NULL REFERENCES runs (n),
    key    TEXT    NOT NULL,
    result BLOB    NOT NULL,
    PRIMARY KEY (run, key)
);

CREATE TABLE snapshots (
    run     INTEGER PRIMARY KEY REFERENCES runs (n),
    seq     INTEGER NOT NULL,
    tag     TEXT    NOT NULL,
    total   INTEGER NOT NULL,
    version INTEGER NOT NULL,
    body    BLOB    NOT NULL
);

CREATE TABLE workers (
    id   TEXT    PRIMARY KEY,
    beat INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- Change number of what is no longer or never was in a run's row: deletions and settings.
CREATE TABLE other_changes (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    change INTEGER NOT NULL
);

INSERT INTO other_changes (id, change) VALUES (1, 0);
