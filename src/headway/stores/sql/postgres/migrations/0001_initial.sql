-- `headway.` stands for the schema, whatever it is called. Text is compared byte by byte (COLLATE "C"): run ids and times
-- are in the order of their bytes.

-- What changes of a run. Kept narrow, and with room in its pages: every append rewrites this row, and where no indexed
-- column changes it stays in its page.
CREATE TABLE headway.runs (
    n                bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id               text    COLLATE "C" NOT NULL UNIQUE,
    job              text    COLLATE "C" NOT NULL,
    owner            text    COLLATE "C" NOT NULL,  -- '' for nobody: NULLs would not be equal in the index on (owner, key)
    "group"          text    COLLATE "C",
    key              text    COLLATE "C",
    status           text    COLLATE "C" NOT NULL,  -- of a RunStatus, or 'deleted'
    attempt          bigint  NOT NULL,
    execution_id     text    NOT NULL,
    external         boolean NOT NULL,
    lease_s          double precision,
    worker           text    COLLATE "C",
    takeovers        bigint  NOT NULL,
    cancel_requested boolean NOT NULL,
    created_at       text    COLLATE "C" NOT NULL,
    started_at       text    COLLATE "C",
    finished_at      text    COLLATE "C",
    updated_at       text    COLLATE "C" NOT NULL,
    seq              bigint  NOT NULL,
    tag              text    NOT NULL,
    total            bigint  NOT NULL,
    floor            bigint  NOT NULL DEFAULT 0,
    delta_floor      bigint  NOT NULL DEFAULT 0,
    snapshot_seq     bigint  NOT NULL DEFAULT 0,
    due_ms           bigint,
    lapses_ms        bigint,                        -- when an external run will have lost its worker
    revision         bigint  NOT NULL DEFAULT 0     -- grows with every change of this row: compare-and-set
) WITH (fillfactor = 70);

CREATE UNIQUE INDEX runs_by_key ON headway.runs (owner, key) WHERE key IS NOT NULL;
CREATE INDEX runs_by_status ON headway.runs (status, id);
CREATE INDEX runs_by_owner ON headway.runs (owner, status, id);
CREATE INDEX runs_by_group ON headway.runs ("group", status, id) WHERE "group" IS NOT NULL;
CREATE INDEX runs_by_job ON headway.runs (job, status, id);
CREATE INDEX runs_queued ON headway.runs (job, id) WHERE status = 'queued' AND worker IS NULL AND NOT external;
CREATE INDEX runs_claimed ON headway.runs (worker) WHERE worker IS NOT NULL;
CREATE INDEX runs_claimed_by_job ON headway.runs (job) WHERE worker IS NOT NULL;
CREATE INDEX runs_lapsing ON headway.runs (lapses_ms) WHERE lapses_ms IS NOT NULL;
CREATE INDEX runs_succeeded ON headway.runs (job, finished_at, id) WHERE status = 'succeeded';
CREATE INDEX runs_to_trim ON headway.runs (finished_at, n) WHERE finished_at IS NOT NULL AND floor < snapshot_seq - 1;
CREATE INDEX runs_to_thin ON headway.runs (finished_at, n)
    WHERE finished_at IS NOT NULL AND delta_floor < snapshot_seq - 1;

-- What is said of a run once, and the summary of its last snapshot.
CREATE TABLE headway.about (
    run            bigint PRIMARY KEY REFERENCES headway.runs (n),
    title          text   NOT NULL,
    correlation_id text,
    fingerprint    text   NOT NULL,
    metadata       bytea  NOT NULL,
    summary        bytea,
    input          bytea
);

-- A run as it is shown, in the order of `headway.stores.base.RunRow`.
CREATE VIEW headway.run_rows AS
SELECT r.n, r.id, r.job, a.title, r.owner, r."group", a.metadata, a.correlation_id, r.status, r.attempt,
       r.execution_id, r.external, r.lease_s, r.worker, r.takeovers, r.cancel_requested, r.created_at, r.started_at,
       r.finished_at, r.updated_at, r.seq, r.tag, r.total, r.floor, r.delta_floor, r.due_ms, a.summary, r.revision
FROM headway.runs AS r JOIN headway.about AS a ON a.run = r.n;

CREATE TABLE headway.events (
    run   bigint NOT NULL REFERENCES headway.runs (n),
    seq   bigint NOT NULL,
    tag   text   NOT NULL,
    type  text   NOT NULL,
    key   text   COLLATE "C",
    step  text,
    total bigint NOT NULL,
    body  bytea  NOT NULL,
    PRIMARY KEY (run, seq)
);

CREATE UNIQUE INDEX events_by_key ON headway.events (run, key) WHERE key IS NOT NULL;

CREATE TABLE headway.steps (
    run    bigint NOT NULL REFERENCES headway.runs (n),
    key    text   COLLATE "C" NOT NULL,
    result bytea  NOT NULL,
    PRIMARY KEY (run, key)
);

CREATE TABLE headway.snapshots (
    run     bigint PRIMARY KEY REFERENCES headway.runs (n),
    seq     bigint NOT NULL,
    tag     text   NOT NULL,
    total   bigint NOT NULL,
    version bigint NOT NULL,
    body    bytea  NOT NULL
);

CREATE TABLE headway.workers (
    id   text   COLLATE "C" PRIMARY KEY,
    beat bigint NOT NULL,
    seen timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE headway.settings (
    name  text  COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL
);
