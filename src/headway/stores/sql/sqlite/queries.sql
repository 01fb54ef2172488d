-- Every statement of the store, by name. None of them scans a table; tests/stores/test_sqlite_plans.py looks at the
-- plan of each.

-- == appending: one SELECT, one INSERT, one UPDATE ==

-- name: row_for_write
-- ?1 run id, ?2 JSON array of the batch's keys or NULL, ?3 whether it claims
-- CROSS JOIN: from the batch's keys to the log's, never the other way round
SELECT v.*,
       1 + max((SELECT max(change) FROM runs), (SELECT max(change, of_topics) FROM other_changes WHERE id = 1)),
       CASE WHEN ?2 IS NOT NULL THEN
           (SELECT json_group_array(e.key) FROM json_each(?2) AS k
            CROSS JOIN events AS e ON e.run = v.n AND e.key = k.value)
       END,
       CASE WHEN ?3 THEN (SELECT count(*) FROM runs AS c WHERE c.job = v.job AND c.worker IS NOT NULL) END
FROM run_rows AS v
WHERE v.id = ?1;

-- name: add_event
-- '' stands for no key and no step: binding None costs Python more than this call costs SQLite
INSERT INTO events (run, seq, tag, type, key, step, total, body)
VALUES (?, ?, ?, ?, nullif(?, ''), nullif(?, ''), ?, ?);

-- name: advance
UPDATE runs SET seq = ?2, tag = ?3, total = ?4, updated_at = ?5, lapses_ms = ?6, change = ?7 WHERE n = ?1;

-- name: move
UPDATE runs
SET seq = ?2, tag = ?3, total = ?4, updated_at = ?5, lapses_ms = ?6, change = ?7, status = ?8, attempt = ?9,
    execution_id = ?10, worker = ?11, takeovers = ?12, cancel_requested = ?13, started_at = ?14, finished_at = ?15,
    due_ms = ?16, unfolded = ?15 IS NOT NULL, lease_s = ?17
WHERE n = ?1;

-- name: touch
UPDATE runs SET updated_at = ?2, lapses_ms = ?3 WHERE n = ?1;

-- name: put_step
INSERT INTO steps (run, key, result, at_end) VALUES (?, ?, ?, ?)
ON CONFLICT (run, key) DO UPDATE SET result = excluded.result, at_end = excluded.at_end;

-- name: end_steps
UPDATE steps SET result = at_end, at_end = NULL WHERE run = ?1 AND at_end IS NOT NULL;

-- == creating ==

-- name: next_change
SELECT 1 + max(coalesce((SELECT max(change) FROM runs), 0),
               (SELECT max(change, of_topics) FROM other_changes WHERE id = 1));

-- name: run_by_key
SELECT v.*, a.fingerprint
FROM runs AS r JOIN run_rows AS v ON v.n = r.n JOIN about AS a ON a.run = r.n
WHERE r.owner = ?1 AND r.key = ?2;

-- name: run_by_id
SELECT v.*, a.fingerprint FROM run_rows AS v JOIN about AS a ON a.run = v.n WHERE v.id = ?1;

-- name: add_run
INSERT INTO runs (id, job, owner, "group", key, status, attempt, execution_id, external, lease_s, worker, takeovers,
                  cancel_requested, created_at, started_at, finished_at, updated_at, seq, tag, total, due_ms,
                  lapses_ms, change, unfolded)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: add_about
INSERT INTO about (run, title, correlation_id, fingerprint, metadata, input) VALUES (?, ?, ?, ?, ?, ?);

-- == snapshots ==

-- name: run_for_snapshot
-- ?1 run id, ?2 seq, ?3 tag: only where the log holds the snapshot's own event and no later snapshot is kept
SELECT r.n
FROM runs AS r JOIN events AS e ON e.run = r.n AND e.seq = ?2 AND e.tag = ?3
WHERE r.id = ?1 AND r.snapshot_seq <= ?2;

-- name: put_snapshot
INSERT INTO snapshots (run, seq, tag, total, version, body) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (run) DO UPDATE SET
    seq = excluded.seq, tag = excluded.tag, total = excluded.total, version = excluded.version, body = excluded.body;

-- name: mark_snapshot
UPDATE runs SET snapshot_seq = ?2, unfolded = unfolded AND ?2 < seq, change = ?3 WHERE n = ?1;

-- name: put_summary
UPDATE about SET summary = ?2 WHERE run = ?1;

-- name: snapshot
SELECT s.seq, s.tag, s.total, s.version, s.body FROM runs AS r JOIN snapshots AS s ON s.run = r.n WHERE r.id = ?1;

-- == reading ==

-- name: row
SELECT v.* FROM run_rows AS v WHERE v.id = ?1;

-- name: read
-- ?1 run id, ?2 seq of the cursor, ?3 how many events: the row, and the events from the cursor's own on
SELECT v.*, e.seq, e.tag, e.type, e.body, e.total, e.step
FROM run_rows AS v LEFT JOIN events AS e ON e.run = v.n AND e.seq >= ?2
WHERE v.id = ?1
ORDER BY e.seq
LIMIT ?3;

-- name: input
SELECT a.input FROM runs AS r JOIN about AS a ON a.run = r.n WHERE r.id = ?1;

-- name: steps
SELECT s.key, s.result FROM runs AS r JOIN steps AS s ON s.run = r.n WHERE r.id = ?1;

-- == listing: for each status asked for, the newest runs by an index that holds them in order ==
-- ?1 JSON array of statuses, ?2 before, ?3 limit, then what the name says, then further conditions or NULL

-- name: list_all
SELECT v.*
FROM json_each(?1) AS s JOIN run_rows AS v ON v.n IN (
    SELECT c.n FROM runs AS c WHERE c.status = s.value AND c.id < ?2 ORDER BY c.id DESC LIMIT ?3)
ORDER BY v.id DESC LIMIT ?3;

-- name: list_of_owner
SELECT v.*
FROM json_each(?1) AS s JOIN run_rows AS v ON v.n IN (
    SELECT c.n FROM runs AS c
    WHERE c.owner = ?4 AND c.status = s.value AND c.id < ?2 AND (?5 IS NULL OR c.job = ?5)
    ORDER BY c.id DESC LIMIT ?3)
ORDER BY v.id DESC LIMIT ?3;

-- name: list_of_group
SELECT v.*
FROM json_each(?1) AS s JOIN run_rows AS v ON v.n IN (
    SELECT c.n FROM runs AS c
    WHERE c."group" = ?4 AND c.status = s.value AND c.id < ?2 AND (?5 IS NULL OR c.owner = ?5)
      AND (?6 IS NULL OR c.job = ?6)
    ORDER BY c.id DESC LIMIT ?3)
ORDER BY v.id DESC LIMIT ?3;

-- name: list_of_job
SELECT v.*
FROM json_each(?1) AS s JOIN run_rows AS v ON v.n IN (
    SELECT c.n FROM runs AS c WHERE c.job = ?4 AND c.status = s.value AND c.id < ?2 ORDER BY c.id DESC LIMIT ?3)
ORDER BY v.id DESC LIMIT ?3;

-- name: queued
-- ?1 JSON array of jobs, ?2 now in ms, ?3 limit
SELECT v.*
FROM json_each(?1) AS j JOIN run_rows AS v ON v.n IN (
    SELECT c.n FROM runs AS c INDEXED BY runs_queued
    WHERE c.job = j.value AND c.status = 'queued' AND c.worker IS NULL AND c.external = 0
      AND (c.due_ms IS NULL OR c.due_ms <= ?2)
    ORDER BY c.id LIMIT ?3)
ORDER BY v.id LIMIT ?3;

-- name: claimed
-- +: sorts the few that are claimed, instead of going through all by id
SELECT v.* FROM run_rows AS v WHERE v.worker > '' ORDER BY +v.id;

-- name: begun
SELECT times FROM begun WHERE job = ?1;

-- name: put_begun
INSERT INTO begun (job, times) VALUES (?1, ?2) ON CONFLICT (job) DO UPDATE SET times = excluded.times;

-- name: lapsed
SELECT v.* FROM runs AS r JOIN run_rows AS v ON v.n = r.n WHERE r.lapses_ms < ?1 ORDER BY +v.id;

-- name: asked_to_stop
SELECT v.* FROM runs AS r INDEXED BY runs_asked_to_stop JOIN run_rows AS v ON v.n = r.n
WHERE r.cancel_requested AND r.worker IS NULL AND r.status IN ('running', 'waiting') AND r.id > ''
ORDER BY +v.id;

-- name: ended
-- ?1 and ?2 behind this end and id, ?3 limit
SELECT v.* FROM run_rows AS v
WHERE v.finished_at IS NOT NULL AND (v.finished_at, v.id) > (?1, ?2)
ORDER BY v.finished_at, v.id LIMIT ?3;

-- name: durations
SELECT started_at, finished_at FROM runs WHERE job = ?1 AND status = 'succeeded'
ORDER BY finished_at DESC, id DESC LIMIT ?2;

-- == listeners ==

-- name: add_listener
INSERT INTO listeners (name, since, told_until) VALUES (?1, ?2, ?2) ON CONFLICT (name) DO NOTHING;

-- name: listener
SELECT name, since, told_until, told_at FROM listeners WHERE name = ?1;

-- name: listeners
SELECT name, since, told_until, told_at FROM listeners WHERE name > '' ORDER BY name;

-- name: move_listener
UPDATE listeners SET told_until = max(told_until, ?2), told_at = max(told_at, ?3)
WHERE name = ?1 AND (told_until < ?2 OR told_at < ?3);

-- name: remove_listener
DELETE FROM listeners WHERE name = ?1;

-- name: positions
-- ?1 JSON array of run ids, ?2 listener
SELECT r.id, p.seq, p.tag
FROM json_each(?1) AS i CROSS JOIN runs AS r ON r.id = i.value
CROSS JOIN positions AS p ON p.run = r.n AND p.listener = ?2;

-- name: move_position
-- ?1 run id, ?2 listener, ?3 and ?4 where to, ?5 and ?6 where it was seen; 0 also stands for nowhere
INSERT INTO positions (run, listener, seq, tag)
SELECT r.n, ?2, ?3, ?4 FROM runs AS r
WHERE r.id = ?1 AND (?5 = 0 OR EXISTS (SELECT 1 FROM positions AS p WHERE p.run = r.n AND p.listener = ?2))
ON CONFLICT (run, listener) DO UPDATE SET seq = excluded.seq, tag = excluded.tag
    WHERE (positions.seq = ?5 AND positions.tag = ?6) OR (positions.seq = ?3 AND positions.tag = ?4)
RETURNING seq;

-- == trimming and deleting ==

-- name: run_to_trim
SELECT n, floor, text_floor, lines_floor, snapshot_seq FROM runs WHERE id = ?1;

-- name: next_prunable_job
-- ?1 the one before; from one to the next in the index, however many runs they have
SELECT job FROM runs WHERE finished_at IS NOT NULL AND floor < snapshot_seq - 1 AND job > ?1 ORDER BY job LIMIT 1;

-- name: expired_log
-- ?1 job, ?2 ended at the latest, ?3 and ?4 behind this end and number
SELECT n, floor, text_floor, lines_floor, snapshot_seq, finished_at FROM runs
WHERE job = ?1 AND finished_at IS NOT NULL AND floor < snapshot_seq - 1
  AND finished_at <= ?2 AND (finished_at, n) > (?3, ?4)
ORDER BY finished_at, n LIMIT 100;

-- name: expired_text
SELECT n, floor, text_floor, lines_floor, snapshot_seq, finished_at FROM runs
WHERE job = ?1 AND finished_at IS NOT NULL AND text_floor < snapshot_seq - 1
  AND finished_at <= ?2 AND (finished_at, n) > (?3, ?4)
ORDER BY finished_at, n LIMIT 100;

-- name: expired_lines
SELECT n, floor, text_floor, lines_floor, snapshot_seq, finished_at FROM runs
WHERE job = ?1 AND finished_at IS NOT NULL AND lines_floor < snapshot_seq - 1
  AND finished_at <= ?2 AND (finished_at, n) > (?3, ?4)
ORDER BY finished_at, n LIMIT 100;

-- name: unfolded
-- ?1 and ?2 behind this end and id, ?3 ended at the latest, ?4 limit
SELECT v.* FROM runs AS r JOIN run_rows AS v ON v.n = r.n
WHERE r.unfolded AND (r.finished_at, r.id) > (?1, ?2) AND r.finished_at <= ?3
ORDER BY r.finished_at, r.id LIMIT ?4;

-- name: count_events
SELECT count(*), coalesce(sum(length(body)), 0) FROM events WHERE run = ?1 AND seq > ?2 AND seq <= ?3;

-- name: count_types
-- ?4 JSON array of types
SELECT count(*), coalesce(sum(length(body)), 0) FROM events
WHERE run = ?1 AND seq > ?2 AND seq <= ?3 AND type IN (SELECT value FROM json_each(?4));

-- name: drop_events
DELETE FROM events WHERE run = ?1 AND seq <= ?2;

-- name: drop_types
-- ?4 JSON array of types
DELETE FROM events WHERE run = ?1 AND seq > ?2 AND seq <= ?3 AND type IN (SELECT value FROM json_each(?4));

-- name: set_floors
UPDATE runs SET floor = ?2, text_floor = ?3, lines_floor = ?4 WHERE n = ?1;

-- name: bury
-- at once nowhere to be found: no list asks for this status, and the id and the creation key are free again
UPDATE runs
SET status = 'deleted', id = 'deleted ' || n, key = NULL, worker = NULL, finished_at = NULL, lapses_ms = NULL,
    unfolded = 0
WHERE n = ?1;

-- name: buried
SELECT n, seq FROM runs WHERE status = 'deleted' LIMIT 1;

-- name: count_buried
SELECT r.job, count(*), sum(length(e.body)) FROM runs AS r JOIN events AS e ON e.run = r.n
WHERE r.status = 'deleted' GROUP BY r.id;

-- name: first_seq
SELECT min(seq) FROM events WHERE run = ?1;

-- name: drop_steps
DELETE FROM steps WHERE run = ?1;

-- name: drop_positions
DELETE FROM positions WHERE run = ?1;

-- name: drop_snapshot
DELETE FROM snapshots WHERE run = ?1;

-- name: drop_about
DELETE FROM about WHERE run = ?1;

-- name: drop_run
DELETE FROM runs WHERE n = ?1;

-- == workers, settings, news ==

-- name: workers
SELECT id, beat FROM workers WHERE id > '';

-- name: add_worker
INSERT INTO workers (id, beat) VALUES (?1, 0);

-- name: beat
UPDATE workers SET beat = beat + 1 WHERE id = ?1;

-- name: drop_worker
DELETE FROM workers WHERE id = ?1;

-- name: holds_runs
SELECT EXISTS (SELECT 1 FROM runs WHERE worker = ?1);

-- name: leader
SELECT l.worker, l.beat FROM leaders AS l JOIN workers AS w ON w.id = l.worker WHERE l.role = ?1;

-- name: put_leader
INSERT INTO leaders (role, worker, beat) VALUES (?1, ?2, 1)
ON CONFLICT (role) DO UPDATE SET worker = excluded.worker, beat = beat + 1
RETURNING beat;

-- name: setting
SELECT value FROM settings WHERE name = ?1;

-- name: put_setting
INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: post
INSERT INTO board (topic, key, value, until_ms) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (topic, key) DO UPDATE SET value = excluded.value, until_ms = excluded.until_ms;

-- name: posted
-- ?1 topic, ?2 now, ?3 the first letters of the key
SELECT key, value FROM board
WHERE topic = ?1 AND (until_ms IS NULL OR until_ms > ?2) AND substr(key, 1, length(?3)) = ?3
ORDER BY key;

-- name: sweep_board
DELETE FROM board WHERE until_ms <= ?1;

-- name: note_topic
INSERT INTO topics (topic, change) VALUES (?1, ?2) ON CONFLICT (topic) DO UPDATE SET change = excluded.change;

-- name: note_topic_change
UPDATE other_changes SET of_topics = ?1 WHERE id = 1;

-- name: note_change
UPDATE other_changes SET change = ?1 WHERE id = 1;

-- name: changes_since
-- ?1 change number: what changed after it; a row without id stands for anything else
SELECT id, change FROM runs WHERE change > ?1
UNION ALL
SELECT NULL, change FROM other_changes WHERE id = 1 AND change > ?1
UNION ALL
SELECT 'board:' || topic, change FROM topics WHERE change > ?1
LIMIT 1001;
