-- Keep up to where a listener was told everything, and when it was last told of something; neither goes back.
-- ARGV: unused, name, up to where, when or ''
local found = redis.call('HGET', P .. 'listeners', ARGV[2])
local kept = found and cjson.decode(found)
if kept and (kept[2] < ARGV[3] or (kept[3] or '') < ARGV[4]) then
  local function later(a, b) return a < b and b or a end
  local now = {kept[1], later(kept[2], ARGV[3]), later(kept[3] or '', ARGV[4])}
  redis.call('HSET', P .. 'listeners', ARGV[2], cjson.encode(now))
end
return 1
