-- What was kept in `content.metadata`, and guessed from `report_type`, gets columns of its own; snapshots get their name.
ALTER TABLE report ADD COLUMN is_initial_report boolean NOT NULL DEFAULT false;
ALTER TABLE report ADD COLUMN data_completeness_score integer CHECK (data_completeness_score BETWEEN 0 AND 100);
ALTER TABLE report ADD COLUMN data_freshness text CHECK (data_freshness IN ('new', 'mixed', 'old', 'unknown'));
ALTER TABLE report ADD COLUMN competitor_snapshots_captured integer NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN competitor_snapshots_total integer NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN generation_context jsonb NOT NULL DEFAULT '{}';
UPDATE report SET
    is_initial_report = report_type = 'INITIAL',
    data_completeness_score = (content #>> '{metadata,dataCompletenessScore}')::integer,
    data_freshness = content #>> '{metadata,dataFreshness}',
    competitor_snapshots_captured = coalesce((content #>> '{metadata,captured}')::integer, 0),
    competitor_snapshots_total = coalesce((content #>> '{metadata,total}')::integer, 0),
    generation_context = coalesce(content -> 'metadata', '{}');
ALTER TABLE report DROP COLUMN report_type;
ALTER TABLE report DROP COLUMN content;
ALTER TABLE report ADD COLUMN started_at timestamptz;
CREATE UNIQUE INDEX report_initial ON report (project_id) WHERE is_initial_report;
ALTER TABLE snapshot RENAME TO competitor_snapshot;
ALTER TABLE competitor_snapshot ADD COLUMN facts jsonb;
