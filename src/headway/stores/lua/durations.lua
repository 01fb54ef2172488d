-- Start and end of the last runs of a job that succeeded, newest first.
-- ARGV: unused, job, limit
local found = {}
for i, id in ipairs(redis.call('ZRANGE', P .. 'succeeded:' .. ARGV[2], 0, ARGV[3] - 1, 'REV')) do
  found[i] = redis.call('HMGET', P .. 'run:' .. id, 'started_at', 'finished_at')
end
return found
