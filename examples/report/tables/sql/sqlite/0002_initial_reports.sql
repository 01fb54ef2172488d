-- What was kept in `content.metadata`, and guessed from `report_type`, gets columns of its own; snapshots get their name.
ALTER TABLE report ADD COLUMN is_initial_report INTEGER NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN data_completeness_score INTEGER CHECK (data_completeness_score BETWEEN 0 AND 100);
ALTER TABLE report ADD COLUMN data_freshness TEXT CHECK (data_freshness IN ('new', 'mixed', 'old', 'unknown'));
ALTER TABLE report ADD COLUMN competitor_snapshots_captured INTEGER NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN competitor_snapshots_total INTEGER NOT NULL DEFAULT 0;
ALTER TABLE report ADD COLUMN generation_context TEXT NOT NULL DEFAULT '{}';
UPDATE report SET
    is_initial_report = report_type = 'INITIAL',
    data_completeness_score = json_extract(content, '$.metadata.dataCompletenessScore'),
    data_freshness = json_extract(content, '$.metadata.dataFreshness'),
    competitor_snapshots_captured = coalesce(json_extract(content, '$.metadata.captured'), 0),
    competitor_snapshots_total = coalesce(json_extract(content, '$.metadata.total'), 0),
    generation_context = coalesce(json_extract(content, '$.metadata'), '{}');
ALTER TABLE report DROP COLUMN report_type;
ALTER TABLE report DROP COLUMN content;
ALTER TABLE report ADD COLUMN started_at TEXT;
CREATE UNIQUE INDEX report_initial ON report (project_id) WHERE is_initial_report;
ALTER TABLE snapshot RENAME TO competitor_snapshot;
ALTER TABLE competitor_snapshot ADD COLUMN facts TEXT;
