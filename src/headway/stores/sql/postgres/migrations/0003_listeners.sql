-- Functions that are told of events, and how far; see `headway.stores.base.Store.add_listener`.
CREATE TABLE headway.listeners (
    name       text COLLATE "C" PRIMARY KEY,
    since      text COLLATE "C" NOT NULL,
    told_until text COLLATE "C" NOT NULL
);

-- No foreign key to the run: its check would take a lock on a row that every append rewrites.
CREATE TABLE headway.positions (
    run      bigint NOT NULL,
    listener text   COLLATE "C" NOT NULL,
    seq      bigint NOT NULL,
    tag      text   NOT NULL,
    PRIMARY KEY (run, listener)
) WITH (fillfactor = 70);

-- Only the end of a run, and its reopening, touch this index: appends stay in their page.
CREATE INDEX runs_ended ON headway.runs (finished_at, id) WHERE finished_at IS NOT NULL;
