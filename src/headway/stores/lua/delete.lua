-- Remove a run, if it is still the one that was seen. UNLINK only takes the names away; a thread of Redis frees the rest.
-- ARGV: run, revision seen, creation key or '', index commands
if redis.call('HGET', RUN, 'rev') ~= ARGV[2] then
  return 0
end
redis.call('UNLINK', RUN, LOG, KEYED, STEPS, SNAPSHOT, POSITIONS)
if ARGV[3] ~= '' then
  redis.call('HDEL', P .. 'creation', ARGV[3])
end
follow(ARGV[4])
redis.call('ZREM', P .. 'to_trim', ID)
redis.call('ZREM', P .. 'to_thin', ID)
return 1
