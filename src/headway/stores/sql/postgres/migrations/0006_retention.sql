-- Text and lines of a log are kept for times of their own, and every job may have its own; see
-- `headway.stores.retention`.
DROP VIEW headway.run_rows;
DROP INDEX headway.runs_to_trim;
DROP INDEX headway.runs_to_thin;
ALTER TABLE headway.runs RENAME COLUMN delta_floor TO text_floor;
ALTER TABLE headway.runs ADD COLUMN lines_floor bigint NOT NULL DEFAULT 0;
UPDATE headway.runs SET lines_floor = floor WHERE floor > 0;

CREATE INDEX runs_to_trim ON headway.runs (job, finished_at, n)
    WHERE finished_at IS NOT NULL AND floor < snapshot_seq - 1;
CREATE INDEX runs_to_trim_text ON headway.runs (job, finished_at, n)
    WHERE finished_at IS NOT NULL AND text_floor < snapshot_seq - 1;
CREATE INDEX runs_to_trim_lines ON headway.runs (job, finished_at, n)
    WHERE finished_at IS NOT NULL AND lines_floor < snapshot_seq - 1;

-- Ended, and no snapshot holds its end yet. A column of its own: an index on what every append changes, in its condition
-- too, would let no append stay in its page.
ALTER TABLE headway.runs ADD COLUMN unfolded boolean NOT NULL DEFAULT false;
UPDATE headway.runs SET unfolded = true WHERE finished_at IS NOT NULL AND snapshot_seq < seq;
CREATE INDEX runs_unfolded ON headway.runs (finished_at, id) WHERE unfolded;

CREATE VIEW headway.run_rows AS
SELECT r.n, r.id, r.job, a.title, r.owner, r."group", a.metadata, a.correlation_id, r.status, r.attempt,
       r.execution_id, r.external, r.lease_s, r.worker, r.takeovers, r.cancel_requested, r.created_at, r.started_at,
       r.finished_at, r.updated_at, r.seq, r.tag, r.total, r.floor, r.text_floor, r.lines_floor,
       r.due_ms, a.summary, r.revision
FROM headway.runs AS r JOIN headway.about AS a ON a.run = r.n;
