-- What processes tell one another for a while; see `headway.stores.base.Store.post`. `until_ms` is null for what stays.
CREATE TABLE board (
    topic    TEXT NOT NULL,
    key      TEXT NOT NULL,
    value    BLOB NOT NULL,
    until_ms INTEGER,
    PRIMARY KEY (topic, key)
);

CREATE INDEX board_until ON board (until_ms) WHERE until_ms IS NOT NULL;

-- A row for each topic there ever was, which are few: what expires leaves no hole in the numbers.
CREATE TABLE topics (
    topic  TEXT    PRIMARY KEY,
    change INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX topics_change ON topics (change);

-- The highest number a topic was given: found in the row every append reads anyway.
ALTER TABLE other_changes ADD COLUMN of_topics INTEGER NOT NULL DEFAULT 0;
