-- Some ended runs that have something left to lose: job, where the pruning of each stands, and how far it may go.
-- ARGV: unused, list, after, until, offset, count
local found = {}
for i, id in ipairs(redis.call('ZRANGE', P .. ARGV[2], ARGV[3], ARGV[4], 'BYSCORE', 'LIMIT', ARGV[5], ARGV[6])) do
  local at = redis.call('HMGET', P .. 'run:' .. id, 'job', 'floor', 'delta_floor', 'snapshot_seq')
  found[i] = {id, at[1], ARGV[2] == 'to_trim' and at[2] or at[3], at[4] - 1}
end
return found
