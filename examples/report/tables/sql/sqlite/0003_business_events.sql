-- What happened to reports, for whoever bills, counts or tells people. Written by a listener, which may be told of an event
-- twice: the key lets it in once. No reference to the project: what happened stays true when it is gone.
CREATE TABLE business_event (
    run_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    project_id TEXT NOT NULL,
    report_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    happened_at TEXT NOT NULL,
    correlation_id TEXT,
    details TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
) STRICT;
CREATE INDEX business_event_of_project ON business_event (project_id, run_id, seq);
