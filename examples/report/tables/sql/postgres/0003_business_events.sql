-- What happened to reports, for whoever bills, counts or tells people. Written by a listener, which may be told of an event
-- twice: the key lets it in once. No reference to the project: what happened stays true when it is gone.
CREATE TABLE business_event (
    run_id text NOT NULL,
    seq bigint NOT NULL,
    project_id text NOT NULL,
    report_id text NOT NULL,
    kind text NOT NULL,
    happened_at timestamptz NOT NULL,
    correlation_id text,
    details jsonb NOT NULL,
    PRIMARY KEY (run_id, seq)
);
CREATE INDEX business_event_of_project ON business_event (project_id, run_id, seq);
