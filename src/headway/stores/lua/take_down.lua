-- Take something off the board; answers whether anybody could see it.
-- ARGV: unused, topic, key, now
local values = P .. 'board:' .. ARGV[2]
local until_ = redis.call('ZSCORE', values .. ':until', ARGV[3])
redis.call('HDEL', values, ARGV[3])
redis.call('ZREM', values .. ':until', ARGV[3])
return until_ and tonumber(until_) > tonumber(ARGV[4]) and 1 or 0
