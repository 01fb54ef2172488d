-- Keep a snapshot of the log as it is, unless a later one is kept.
-- ARGV: run, next revision, news or '', summary, seq, tag, total, version, body
local event = redis.call('XRANGE', LOG, '0-' .. ARGV[5], '0-' .. ARGV[5])[1]
if not event or event[2][2] ~= ARGV[6] then
  return 0
end
if tonumber(redis.call('HGET', RUN, 'snapshot_seq') or 0) > tonumber(ARGV[5]) then
  return 0
end
redis.call('HSET', SNAPSHOT, 'seq', ARGV[5], 'tag', ARGV[6], 'total', ARGV[7], 'version', ARGV[8], 'body', ARGV[9])
redis.call('HSET', RUN, 'snapshot_seq', ARGV[5], 'summary', ARGV[4], 'rev', ARGV[2])
mark_for_pruning()
tell(ARGV[3])
return 1
