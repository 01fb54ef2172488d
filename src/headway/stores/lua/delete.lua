-- Remove a run, if it is still the one that was seen. UNLINK only takes the names away; a thread of Redis frees the rest.
-- ARGV: run, revision seen, creation key or '', index commands
if redis.call('HGET', RUN, 'rev') ~= ARGV[2] then
  return 0
end
local job = redis.call('HGET', RUN, 'job')
redis.call('UNLINK', RUN, LOG, KEYED, STEPS, AT_END, SNAPSHOT, POSITIONS)
if ARGV[3] ~= '' then
  redis.call('HDEL', P .. 'creation', ARGV[3])
end
follow(ARGV[4])
for _, part in ipairs(PARTS) do
  redis.call('ZREM', to_trim(part, job), ID)
end
redis.call('ZREM', P .. 'unfolded', ID)
mark_job(job)
return 1
