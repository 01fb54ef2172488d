-- A worker is alive. Those that were silent for long and hold no runs are forgotten.
-- ARGV: unused, worker, what it is worth (0: it joins), now, a time long ago
local beats, times = P .. 'workers', P .. 'workers:seen'
if ARGV[3] == '0' or redis.call('HEXISTS', beats, ARGV[2]) == 1 then
  redis.call('HINCRBY', beats, ARGV[2], ARGV[3])
  redis.call('ZADD', times, ARGV[4], ARGV[2])
end
for _, worker in ipairs(redis.call('ZRANGE', times, '-inf', '(' .. ARGV[5], 'BYSCORE', 'LIMIT', 0, 100)) do
  if redis.call('EXISTS', P .. 'held:' .. worker) == 0 then
    redis.call('HDEL', beats, worker)
    redis.call('ZREM', times, worker)
  end
end
return 1
