-- Projects, their competitors and their reports, as the application was first released.
CREATE TABLE project (
    id text PRIMARY KEY,
    name text NOT NULL,
    product_url text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TABLE competitor (
    project_id text NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    place integer NOT NULL,
    name text NOT NULL,
    url text NOT NULL,
    PRIMARY KEY (project_id, place)
);
-- content: {"metadata": {"dataCompletenessScore": 85, "dataFreshness": "new", "captured": 3, "total": 3, ...}}
CREATE TABLE report (
    id text PRIMARY KEY,
    project_id text NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    report_type text NOT NULL,
    run_id text,
    status text NOT NULL CHECK (status IN ('PENDING', 'IN_PROGRESS', 'COMPLETED', 'FAILED')),
    attempt integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    completed_at timestamptz,
    error text,
    content jsonb NOT NULL DEFAULT '{}',
    html text,
    pdf bytea
);
CREATE INDEX report_of_project ON report (project_id, created_at DESC);
CREATE TABLE snapshot (
    report_id text NOT NULL REFERENCES report (id) ON DELETE CASCADE,
    site_key text NOT NULL,
    url text NOT NULL,
    kind text NOT NULL,
    html text NOT NULL,
    size integer NOT NULL,
    digest text NOT NULL,
    captured_at timestamptz NOT NULL,
    PRIMARY KEY (report_id, site_key, url)
);
