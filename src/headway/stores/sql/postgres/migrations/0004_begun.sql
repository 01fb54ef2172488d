-- When the last attempts of a job with a rate began, the last one first; see `headway.stores.rate`.
CREATE TABLE headway.begun (
    job   text     COLLATE "C" PRIMARY KEY,
    times bigint[] NOT NULL
);
