-- Two roles on Postgres: one that owns Headway's tables and brings them up to date, one that works with them and can make none.
-- Once, by a superuser, in the database of the runs, before the tables are made:
--
--     psql -d app -f roles.sql
--
-- Then give them passwords, and make the tables by the first; servers and workers use the second:
--
--     HEADWAY_STORE=postgresql://headway_owner@db/app headway migrate
--     HEADWAY_STORE=postgresql://headway_app@db/app   headway serve main:app
\set ON_ERROR_STOP on
BEGIN;

CREATE ROLE headway_owner LOGIN;
CREATE ROLE headway_app LOGIN;

-- the owner makes a schema for the runs, and one for Procrastinate's queue where that is the engine
GRANT CREATE ON DATABASE :"DBNAME" TO headway_owner;

-- whatever it makes, now or in a later release, the other one may use
ALTER DEFAULT PRIVILEGES FOR ROLE headway_owner GRANT USAGE ON SCHEMAS TO headway_app;
ALTER DEFAULT PRIVILEGES FOR ROLE headway_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO headway_app;
ALTER DEFAULT PRIVILEGES FOR ROLE headway_owner GRANT USAGE ON SEQUENCES TO headway_app;

COMMIT;
