-- Make a worker the leader in a role, unless another one is that is listed; answers who leads now, and its beat.
-- ARGV: unused, role, worker, who is to be replaced and its beat, or ''
local leaders, role, worker = P .. 'leaders', ARGV[2], ARGV[3]
local found = redis.call('HGET', leaders, role) or ' 0'
local leader, beat = string.match(found, '^(%S*) (%d+)$')
if leader ~= worker and found ~= ARGV[4] and redis.call('HEXISTS', P .. 'workers', leader) == 1 then
  return {leader, beat}
end
beat = string.format('%.0f', beat + 1)
redis.call('HSET', leaders, role, worker .. ' ' .. beat)
return {worker, beat}
