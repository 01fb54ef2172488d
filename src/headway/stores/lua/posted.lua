-- What stands on the board under a topic: key, value, key, value ...
-- ARGV: unused, topic, now, the first letters of the key
local values = P .. 'board:' .. ARGV[2]
local found = {}
for _, key in ipairs(redis.call('ZRANGE', values .. ':until', '(' .. ARGV[3], '+inf', 'BYSCORE')) do
  if string.sub(key, 1, #ARGV[4]) == ARGV[4] then
    found[#found + 1] = key
    found[#found + 1] = redis.call('HGET', values, key)
  end
end
return found
