-- When the last attempts of a job with a rate began, as a JSON list, the last one first; see `headway.stores.rate`.
CREATE TABLE begun (
    job   TEXT PRIMARY KEY,
    times BLOB NOT NULL
) WITHOUT ROWID;
