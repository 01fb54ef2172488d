-- Drop events up to a floor that the newest snapshot allows, going over some of them; answers how many.
-- ARGV: run, next revision, part, floor or '' for as far as may be if the run has ended, number of events, types of the
--       part (JSON) or ''
local at = redis.call('HMGET', RUN, 'id', FLOOR[ARGV[3]], 'snapshot_seq', 'finished_ms')
if not at[1] then
  return 0
end
if ARGV[4] == '' and (at[4] or '') == '' then
  return 0 -- it was reopened since it was found
end
local start, last = tonumber(at[2] or 0), math.max(tonumber(at[3] or 0) - 1, 0)
local stop = math.min(ARGV[4] == '' and last or tonumber(ARGV[4]), last, start + tonumber(ARGV[5]))
if stop <= start then
  return 0
end

local function thin()
  local types, from = {}, '(0-' .. start
  for _, type in ipairs(cjson.decode(ARGV[6])) do
    types[type] = true
  end
  repeat
    local events = redis.call('XRANGE', LOG, from, '0-' .. stop, 'COUNT', 16)
    for _, event in ipairs(events) do
      from = '(' .. event[1]
      if types[event[2][4]] then
        redis.call('XDEL', LOG, event[1])
        if event[2][12] ~= '' then
          redis.call('ZREM', KEYED, event[2][12])
        end
      end
    end
  until #events < 16
end

if ARGV[3] == 'log' then
  redis.call('XTRIM', LOG, 'MINID', '=', '0-' .. (stop + 1))
  redis.call('ZREMRANGEBYSCORE', KEYED, '-inf', stop)
  for _, part in ipairs(PARTS) do
    -- what is true of the whole log is true of its parts
    if tonumber(redis.call('HGET', RUN, FLOOR[part]) or 0) < stop then
      redis.call('HSET', RUN, FLOOR[part], stop)
    end
  end
else
  thin()
  redis.call('HSET', RUN, FLOOR[ARGV[3]], stop)
end
redis.call('HSET', RUN, 'rev', ARGV[2])
mark_for_pruning()
return stop - start
