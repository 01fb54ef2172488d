-- Some ended runs of a job that have something of a part left to lose: where the pruning of each stands, and how far it may go.
-- ARGV: unused, part, job, after, until, offset, count
local found = {}
local list = to_trim(ARGV[2], ARGV[3])
for i, id in ipairs(redis.call('ZRANGE', list, ARGV[4], ARGV[5], 'BYSCORE', 'LIMIT', ARGV[6], ARGV[7])) do
  local at = redis.call('HMGET', P .. 'run:' .. id, FLOOR[ARGV[2]], 'snapshot_seq')
  found[i] = {id, at[1] or 0, at[2] - 1}
end
return found
