-- Projects, their competitors and their reports, as the application was first released.
CREATE TABLE project (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    product_url TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE TABLE competitor (
    project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    PRIMARY KEY (project_id, place)
) STRICT;
-- content: {"metadata": {"dataCompletenessScore": 85, "dataFreshness": "new", "captured": 3, "total": 3, ...}}
CREATE TABLE report (
    id TEXT PRIMARY KEY NOT NULL,
    project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    report_type TEXT NOT NULL,
    run_id TEXT,
    status TEXT NOT NULL CHECK (status IN ('PENDING', 'IN_PROGRESS', 'COMPLETED', 'FAILED')),
    attempt INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    completed_at TEXT,
    error TEXT,
    content TEXT NOT NULL DEFAULT '{}',
    html TEXT,
    pdf BLOB
) STRICT;
CREATE INDEX report_of_project ON report (project_id, created_at DESC);
CREATE TABLE snapshot (
    report_id TEXT NOT NULL REFERENCES report (id) ON DELETE CASCADE,
    site_key TEXT NOT NULL,
    url TEXT NOT NULL,
    kind TEXT NOT NULL,
    html TEXT NOT NULL,
    size INTEGER NOT NULL,
    digest TEXT NOT NULL,
    captured_at TEXT NOT NULL,
    PRIMARY KEY (report_id, site_key, url)
) STRICT;
