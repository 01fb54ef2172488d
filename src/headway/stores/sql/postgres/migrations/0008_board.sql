-- What processes tell one another for a while; see `headway.stores.base.Store.post`. `until_ms` is null for what stays.
CREATE TABLE headway.board (
    topic    text   COLLATE "C" NOT NULL,
    key      text   COLLATE "C" NOT NULL,
    value    bytea  NOT NULL,
    until_ms bigint,
    PRIMARY KEY (topic, key)
);
