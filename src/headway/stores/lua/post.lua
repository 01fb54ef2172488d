-- Put something on the board, and throw away what nobody sees any more.
-- ARGV: unused, topic, key, value, until when or '+inf', now
local values = P .. 'board:' .. ARGV[2]
local times = values .. ':until'
for _, key in ipairs(redis.call('ZRANGE', times, '-inf', ARGV[6], 'BYSCORE', 'LIMIT', 0, 1000)) do
  redis.call('HDEL', values, key)
  redis.call('ZREM', times, key)
end
redis.call('HSET', values, ARGV[3], ARGV[4])
redis.call('ZADD', times, ARGV[5], ARGV[3])
return 1
