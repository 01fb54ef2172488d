-- Who does what only one process should do; see `headway.stores.base.Store.lead`.
CREATE TABLE headway.leaders (
    role   text   COLLATE "C" PRIMARY KEY,
    worker text   COLLATE "C" NOT NULL,
    beat   bigint NOT NULL
);

CREATE INDEX runs_asked_to_stop ON headway.runs (id)
    WHERE cancel_requested AND worker IS NULL AND status IN ('running', 'waiting');
