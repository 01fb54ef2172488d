-- Rows of runs that wait for a worker, oldest first. What has become due since is put with the others here.
-- ARGV: unused, now, limit, jobs ...
local limit, found = tonumber(ARGV[3]), {}
for i = 4, #ARGV do
  local due, ready = P .. 'due:' .. ARGV[i], P .. 'ready:' .. ARGV[i]
  repeat
    local ids = redis.call('ZRANGE', due, '-inf', ARGV[2], 'BYSCORE', 'LIMIT', 0, 1000)
    for _, id in ipairs(ids) do
      redis.call('ZREM', due, id)
      redis.call('ZADD', ready, 0, id)
    end
  until #ids < 1000
  for _, id in ipairs(redis.call('ZRANGE', ready, 0, limit - 1)) do
    found[#found + 1] = id
  end
end
table.sort(found)
for i = #found, limit + 1, -1 do
  found[i] = nil
end
return rows(found)
