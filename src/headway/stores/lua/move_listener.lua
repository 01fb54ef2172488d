-- Keep up to where a listener was told everything, unless it is further.
-- ARGV: unused, name, time
local found = redis.call('HGET', P .. 'listeners', ARGV[2])
local kept = found and cjson.decode(found)
if kept and kept[2] < ARGV[3] then
  redis.call('HSET', P .. 'listeners', ARGV[2], cjson.encode({kept[1], ARGV[3]}))
end
return 1
