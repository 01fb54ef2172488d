-- For tables that somebody else made than headway_owner: by their owner, after roles.sql, and again after each release.
--
--     psql -d app -v schema=headway -f grants.sql
\set ON_ERROR_STOP on

GRANT USAGE ON SCHEMA :"schema" TO headway_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA :"schema" TO headway_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA :"schema" TO headway_app;
