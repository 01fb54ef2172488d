-- Every statement of the store, by name. `headway.` stands for the schema, whatever it is called.

-- == writing: the row as this process knows it, or under its lock; then one statement that does everything ==

-- name: row_locked
-- The lock alone: what else a write has to know is asked afterwards, by a statement that sees what was committed by
-- whoever held the lock before.
SELECT n FROM headway.runs WHERE id = $1 FOR UPDATE;

-- name: row_for_write
-- $1 number, $2 keys of the batch, $3 whether it claims
SELECT v.*,
       (SELECT array_agg(e.key) FROM headway.events AS e WHERE e.run = v.n AND e.key = ANY ($2::text[])),
       CASE WHEN $3::boolean THEN
           (SELECT count(*) FROM headway.runs AS c WHERE c.job = v.job AND c.worker IS NOT NULL)
       END
FROM headway.run_rows AS v WHERE v.n = $1;

-- name: lock_job
-- Claims of different runs of one job are counted one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('headway job ' || job, 0)) FROM headway.runs WHERE id = $1;

-- name: write
-- $1 number, $2 revision it was decided on; then the row, a checkpoint or NULLs, whether the run ends, the events as
-- arrays, and the lease
WITH moved AS (
    UPDATE headway.runs
    SET seq = $3, tag = $4, total = $5, updated_at = $6, lapses_ms = $7, status = $8, attempt = $9, execution_id = $10,
        worker = $11, takeovers = $12, cancel_requested = $13, started_at = $14, finished_at = $15, due_ms = $16,
        unfolded = $15::text IS NOT NULL, lease_s = $27, revision = revision + 1
    WHERE n = $1 AND revision = $2
    RETURNING n
), added AS (
    INSERT INTO headway.events (run, seq, tag, type, key, step, total, body)
    SELECT m.n, e.seq, $4, e.type, e.key, e.step, e.total, e.body
    FROM moved AS m, unnest($21::bigint[], $22::text[], $23::text[], $24::text[], $25::bigint[], $26::bytea[])
        AS e (seq, type, key, step, total, body)
), kept AS (
    INSERT INTO headway.steps (run, key, result, at_end)
    SELECT m.n, $17::text, $18::bytea, $19::bytea FROM moved AS m WHERE $17::text IS NOT NULL
    ON CONFLICT (run, key) DO UPDATE SET result = excluded.result, at_end = excluded.at_end
), over AS (
    UPDATE headway.steps AS s
    SET result = s.at_end, at_end = NULL
    FROM moved AS m
    WHERE $20::boolean AND s.run = m.n AND s.at_end IS NOT NULL AND s.key IS DISTINCT FROM $17
)
SELECT n FROM moved;

-- name: put_step
-- the revision moves, too: a write by one statement that ends the run would else not see what came while it waited
WITH moved AS (UPDATE headway.runs SET revision = revision + 1 WHERE n = $1 RETURNING n)
INSERT INTO headway.steps (run, key, result, at_end) SELECT m.n, $2, $3, $4 FROM moved AS m
ON CONFLICT (run, key) DO UPDATE SET result = excluded.result, at_end = excluded.at_end;

-- name: fence
-- Whatever this process sent before and does not know the fate of is decided now: it was done, or never will be.
UPDATE headway.runs SET revision = revision + 1 WHERE id = $1 RETURNING n;

-- name: tag_at
SELECT tag FROM headway.events WHERE run = $1 AND seq = $2;

-- == creating ==

-- name: lock_key
SELECT pg_advisory_xact_lock(hashtextextended('headway key ' || $1::text || ' ' || $2::text, 0));

-- name: run_by_key
SELECT v.*, a.fingerprint
FROM headway.runs AS r JOIN headway.run_rows AS v ON v.n = r.n JOIN headway.about AS a ON a.run = r.n
WHERE r.owner = $1 AND r.key = $2;

-- name: run_by_id
SELECT v.*, a.fingerprint FROM headway.run_rows AS v JOIN headway.about AS a ON a.run = v.n WHERE v.id = $1;

-- name: add_run
INSERT INTO headway.runs (
    id, job, owner, "group", key, status, attempt, execution_id, external, lease_s, worker, takeovers, cancel_requested,
    created_at, started_at, finished_at, updated_at, seq, tag, total, due_ms, lapses_ms, unfolded)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $16::text IS NOT NULL)
RETURNING n;

-- name: add_about
INSERT INTO headway.about (run, title, correlation_id, fingerprint, metadata, input) VALUES ($1, $2, $3, $4, $5, $6);

-- name: add_events
INSERT INTO headway.events (run, seq, tag, type, key, step, total, body)
SELECT $1, e.seq, $2, e.type, e.key, e.step, e.total, e.body
FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bytea[])
    AS e (seq, type, key, step, total, body);

-- == snapshots ==

-- name: run_for_snapshot
-- $1 run id, $2 seq, $3 tag: only where the log holds the snapshot's own event and no later snapshot is kept
SELECT r.n FROM headway.runs AS r
WHERE r.id = $1 AND r.snapshot_seq <= $2
  AND EXISTS (SELECT 1 FROM headway.events AS e WHERE e.run = r.n AND e.seq = $2 AND e.tag = $3)
FOR UPDATE OF r;

-- name: put_snapshot
INSERT INTO headway.snapshots (run, seq, tag, total, version, body) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (run) DO UPDATE SET
    seq = excluded.seq, tag = excluded.tag, total = excluded.total, version = excluded.version, body = excluded.body;

-- name: mark_snapshot
UPDATE headway.runs SET snapshot_seq = $2, unfolded = unfolded AND $2 < seq, revision = revision + 1 WHERE n = $1;

-- name: put_summary
UPDATE headway.about SET summary = $2 WHERE run = $1;

-- name: snapshot
SELECT s.seq, s.tag, s.total, s.version, s.body
FROM headway.runs AS r JOIN headway.snapshots AS s ON s.run = r.n WHERE r.id = $1;

-- == reading ==

-- name: row
SELECT v.* FROM headway.run_rows AS v WHERE v.id = $1;

-- name: read
-- $1 run id, $2 seq of the cursor, $3 how many events, $4 bytes: the row, and the events from the cursor's own on as
-- arrays. One more event than fits may be among them. The size of a body is known without reading it.
SELECT v.*, p.seqs, p.tags, p.types, p.bodies, p.totals, p.steps
FROM headway.run_rows AS v LEFT JOIN LATERAL (
    SELECT array_agg(l.seq ORDER BY l.seq) AS seqs, array_agg(l.tag ORDER BY l.seq) AS tags,
           array_agg(l.type ORDER BY l.seq) AS types, array_agg(l.body ORDER BY l.seq) AS bodies,
           array_agg(l.total ORDER BY l.seq) AS totals, array_agg(l.step ORDER BY l.seq) AS steps
    FROM (
        SELECT e.seq, e.tag, e.type, e.body, e.total, e.step,
               coalesce(sum(octet_length(e.body)) FILTER (WHERE e.seq > $2)
                        OVER (ORDER BY e.seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
        FROM (
            SELECT * FROM headway.events WHERE run = v.n AND seq >= $2 ORDER BY seq LIMIT $3
        ) AS e
    ) AS l
    WHERE l.before <= $4
) AS p ON true
WHERE v.id = $1;

-- name: input
SELECT a.input FROM headway.runs AS r JOIN headway.about AS a ON a.run = r.n WHERE r.id = $1;

-- name: steps
SELECT s.key, s.result FROM headway.runs AS r JOIN headway.steps AS s ON s.run = r.n WHERE r.id = $1;

-- == listing: for each status asked for, the newest runs by an index that holds them in order ==
-- $1 statuses, $2 before, $3 limit, then what the name says, then further conditions or NULL

-- name: list_all
SELECT v.*
FROM headway.run_rows AS v WHERE v.n IN (
    SELECT c.n FROM unnest($1::text[]) AS s (status), LATERAL (
        SELECT n FROM headway.runs WHERE status = s.status AND id < $2 ORDER BY id DESC LIMIT $3) AS c)
ORDER BY v.id DESC LIMIT $3;

-- name: list_of_owner
SELECT v.*
FROM headway.run_rows AS v WHERE v.n IN (
    SELECT c.n FROM unnest($1::text[]) AS s (status), LATERAL (
        SELECT n FROM headway.runs
        WHERE owner = $4 AND status = s.status AND id < $2 AND ($5::text IS NULL OR job = $5)
        ORDER BY id DESC LIMIT $3) AS c)
ORDER BY v.id DESC LIMIT $3;

-- name: list_of_group
SELECT v.*
FROM headway.run_rows AS v WHERE v.n IN (
    SELECT c.n FROM unnest($1::text[]) AS s (status), LATERAL (
        SELECT n FROM headway.runs
        WHERE "group" = $4 AND status = s.status AND id < $2 AND ($5::text IS NULL OR owner = $5)
          AND ($6::text IS NULL OR job = $6)
        ORDER BY id DESC LIMIT $3) AS c)
ORDER BY v.id DESC LIMIT $3;

-- name: list_of_job
SELECT v.*
FROM headway.run_rows AS v WHERE v.n IN (
    SELECT c.n FROM unnest($1::text[]) AS s (status), LATERAL (
        SELECT n FROM headway.runs WHERE job = $4 AND status = s.status AND id < $2 ORDER BY id DESC LIMIT $3) AS c)
ORDER BY v.id DESC LIMIT $3;

-- name: queued
-- $1 jobs, $2 now in ms, $3 limit
SELECT v.*
FROM headway.run_rows AS v WHERE v.n IN (
    SELECT c.n FROM unnest($1::text[]) AS j (job), LATERAL (
        SELECT n FROM headway.runs
        WHERE job = j.job AND status = 'queued' AND worker IS NULL AND NOT external
          AND (due_ms IS NULL OR due_ms <= $2)
        ORDER BY id LIMIT $3) AS c)
ORDER BY v.id LIMIT $3;

-- name: claimed
SELECT v.* FROM headway.run_rows AS v WHERE v.worker IS NOT NULL ORDER BY v.id;

-- name: begun
SELECT times FROM headway.begun WHERE job = $1;

-- name: put_begun
INSERT INTO headway.begun (job, times) VALUES ($1, $2) ON CONFLICT (job) DO UPDATE SET times = excluded.times;

-- name: lapsed
SELECT v.* FROM headway.runs AS r JOIN headway.run_rows AS v ON v.n = r.n WHERE r.lapses_ms < $1 ORDER BY v.id;

-- name: asked_to_stop
SELECT v.* FROM headway.run_rows AS v
WHERE v.cancel_requested AND v.worker IS NULL AND v.status IN ('running', 'waiting')
ORDER BY v.id;

-- name: ended
-- $1 and $2 behind this end and id, $3 limit
SELECT v.* FROM headway.run_rows AS v
WHERE v.finished_at IS NOT NULL AND (v.finished_at, v.id) > ($1, $2)
ORDER BY v.finished_at, v.id LIMIT $3;

-- name: durations
SELECT started_at, finished_at FROM headway.runs WHERE job = $1 AND status = 'succeeded'
ORDER BY finished_at DESC, id DESC LIMIT $2;

-- == listeners ==

-- name: add_listener
INSERT INTO headway.listeners (name, since, told_until) VALUES ($1, $2, $2) ON CONFLICT (name) DO NOTHING;

-- name: listener
SELECT name, since, told_until, told_at FROM headway.listeners WHERE name = $1;

-- name: listeners
SELECT name, since, told_until, told_at FROM headway.listeners WHERE name > '' ORDER BY name;

-- name: move_listener
UPDATE headway.listeners SET told_until = greatest(told_until, $2), told_at = greatest(told_at, $3)
WHERE name = $1 AND (told_until < $2 OR told_at < $3);

-- name: remove_listener
DELETE FROM headway.listeners WHERE name = $1;

-- name: positions
-- $1 run ids, $2 listener
SELECT r.id, p.seq, p.tag FROM headway.runs AS r JOIN headway.positions AS p ON p.run = r.n AND p.listener = $2
WHERE r.id = ANY ($1::text[]);

-- name: move_position
-- $1 run id, $2 listener, $3 and $4 where to, $5 and $6 where it was seen; 0 also stands for nowhere
INSERT INTO headway.positions AS o (run, listener, seq, tag)
SELECT r.n, $2, $3, $4 FROM headway.runs AS r
WHERE r.id = $1
  AND ($5 = 0 OR EXISTS (SELECT 1 FROM headway.positions AS p WHERE p.run = r.n AND p.listener = $2))
ON CONFLICT (run, listener) DO UPDATE SET seq = excluded.seq, tag = excluded.tag
    WHERE (o.seq = $5 AND o.tag = $6) OR (o.seq = $3 AND o.tag = $4)  -- the second: done before, and the answer was lost
RETURNING seq;

-- == trimming and deleting ==

-- name: run_to_trim
SELECT n, floor, text_floor, lines_floor, snapshot_seq FROM headway.runs WHERE id = $1 FOR UPDATE;

-- name: next_prunable_job
-- $1 the one before; from one to the next in the index, however many runs they have
SELECT job FROM headway.runs WHERE finished_at IS NOT NULL AND floor < snapshot_seq - 1 AND job > $1 ORDER BY job LIMIT 1;

-- name: expired_log
-- $1 job, $2 ended at the latest, $3 and $4 behind this end and number
SELECT n, floor, text_floor, lines_floor, snapshot_seq, finished_at FROM headway.runs
WHERE job = $1 AND finished_at IS NOT NULL AND floor < snapshot_seq - 1
  AND finished_at <= $2 AND (finished_at, n) > ($3, $4)
ORDER BY finished_at, n LIMIT 100;

-- name: expired_text
SELECT n, floor, text_floor, lines_floor, snapshot_seq, finished_at FROM headway.runs
WHERE job = $1 AND finished_at IS NOT NULL AND text_floor < snapshot_seq - 1
  AND finished_at <= $2 AND (finished_at, n) > ($3, $4)
ORDER BY finished_at, n LIMIT 100;

-- name: expired_lines
SELECT n, floor, text_floor, lines_floor, snapshot_seq, finished_at FROM headway.runs
WHERE job = $1 AND finished_at IS NOT NULL AND lines_floor < snapshot_seq - 1
  AND finished_at <= $2 AND (finished_at, n) > ($3, $4)
ORDER BY finished_at, n LIMIT 100;

-- name: still_to_trim
SELECT n, floor, text_floor, lines_floor, snapshot_seq FROM headway.runs WHERE n = $1 AND finished_at IS NOT NULL FOR UPDATE;

-- name: unfolded
-- $1 and $2 behind this end and id, $3 ended at the latest, $4 limit
SELECT v.* FROM headway.runs AS r JOIN headway.run_rows AS v ON v.n = r.n
WHERE r.unfolded AND (r.finished_at, r.id) > ($1, $2) AND r.finished_at <= $3
ORDER BY r.finished_at, r.id LIMIT $4;

-- name: count_events
SELECT count(*), coalesce(sum(octet_length(body)), 0)::bigint FROM headway.events WHERE run = $1 AND seq > $2 AND seq <= $3;

-- name: count_types
-- $4 types
SELECT count(*), coalesce(sum(octet_length(body)), 0)::bigint FROM headway.events
WHERE run = $1 AND seq > $2 AND seq <= $3 AND type = ANY ($4::text[]);

-- name: drop_events
DELETE FROM headway.events WHERE run = $1 AND seq <= $2;

-- name: drop_types
-- $4 types
DELETE FROM headway.events WHERE run = $1 AND seq > $2 AND seq <= $3 AND type = ANY ($4::text[]);

-- name: set_floors
UPDATE headway.runs SET floor = $2, text_floor = $3, lines_floor = $4, revision = revision + 1 WHERE n = $1;

-- name: bury
-- at once nowhere to be found: no list asks for this status, and the id and the creation key are free again
UPDATE headway.runs
SET status = 'deleted', id = 'deleted ' || n, key = NULL, worker = NULL, finished_at = NULL, lapses_ms = NULL,
    unfolded = false, revision = revision + 1
WHERE n = $1;

-- name: buried
-- others may be at it: each takes a run of its own
SELECT n FROM headway.runs WHERE status = 'deleted' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: count_buried
SELECT r.job, count(*), sum(octet_length(e.body))::bigint
FROM headway.runs AS r JOIN headway.events AS e ON e.run = r.n
WHERE r.status = 'deleted' GROUP BY r.n, r.job;

-- name: drop_first_events
DELETE FROM headway.events
WHERE run = $1 AND seq < $2 + (SELECT min(seq) FROM headway.events WHERE run = $1);

-- name: drop_steps
DELETE FROM headway.steps WHERE run = $1;

-- name: drop_positions
DELETE FROM headway.positions WHERE run = $1;

-- name: drop_snapshot
DELETE FROM headway.snapshots WHERE run = $1;

-- name: drop_about
DELETE FROM headway.about WHERE run = $1;

-- name: drop_run
DELETE FROM headway.runs WHERE n = $1;

-- == workers, settings, clock ==

-- name: workers
SELECT id, beat, extract(epoch FROM clock_timestamp() - seen)::double precision FROM headway.workers;

-- name: add_worker
INSERT INTO headway.workers (id, beat) VALUES ($1, 0);

-- name: beat
UPDATE headway.workers SET beat = beat + 1, seen = clock_timestamp() WHERE id = $1;

-- name: drop_worker
DELETE FROM headway.workers WHERE id = $1;

-- name: forget_workers
-- Who has shown no life for a day and holds nothing any more. A worker that is not listed is dead.
DELETE FROM headway.workers AS w
WHERE w.seen < clock_timestamp() - interval '1 day'
  AND NOT EXISTS (SELECT 1 FROM headway.runs AS r WHERE r.worker = w.id);

-- name: leader
SELECT l.worker, l.beat, EXISTS (SELECT 1 FROM headway.workers AS w WHERE w.id = l.worker) AS listed
FROM headway.leaders AS l WHERE l.role = $1;

-- name: lead
-- $1 role, $2 who is to lead, $3 and $4 the leader that was seen: nothing happens if it is another one by now
INSERT INTO headway.leaders AS l (role, worker, beat) VALUES ($1, $2, 1)
ON CONFLICT (role) DO UPDATE SET worker = excluded.worker, beat = l.beat + 1 WHERE l.worker = $3 AND l.beat = $4
RETURNING beat;

-- name: setting
SELECT value FROM headway.settings WHERE name = $1;

-- name: put_setting
INSERT INTO headway.settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: post
-- $5 now: what nobody sees any more goes with it, but for what others are at
WITH swept AS (
    DELETE FROM headway.board AS b USING (
        SELECT topic, key FROM headway.board WHERE until_ms <= $5 AND (topic, key) <> ($1, $2)
        ORDER BY topic, key FOR UPDATE SKIP LOCKED) AS old
    WHERE b.topic = old.topic AND b.key = old.key
)
INSERT INTO headway.board (topic, key, value, until_ms) VALUES ($1, $2, $3, $4)
ON CONFLICT (topic, key) DO UPDATE SET value = excluded.value, until_ms = excluded.until_ms;

-- name: posted
-- $1 topic, $2 now, $3 the first letters of the key
SELECT key, value FROM headway.board
WHERE topic = $1 AND (until_ms IS NULL OR until_ms > $2) AND starts_with(key, $3)
ORDER BY key;

-- name: now_ms
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint;
