-- Drop events up to a floor that the newest snapshot allows, going over some of them; answers how many.
-- ARGV: run, next revision, floor or '' for as far as may be, number of events, types of deltas (JSON) or ''
local at = redis.call('HMGET', RUN, 'floor', 'delta_floor', 'snapshot_seq')
if not at[1] then
  return 0
end
local floor, delta_floor, last = tonumber(at[1]), tonumber(at[2]), math.max(tonumber(at[3] or 0) - 1, 0)
local start = ARGV[5] == '' and floor or delta_floor
local stop = math.min(ARGV[3] == '' and last or tonumber(ARGV[3]), last, start + tonumber(ARGV[4]))
if stop <= start then
  return 0
end

local function thin()
  local types, from = {}, '(0-' .. start
  for _, type in ipairs(cjson.decode(ARGV[5])) do
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

if ARGV[5] == '' then
  redis.call('XTRIM', LOG, 'MINID', '=', '0-' .. (stop + 1))
  redis.call('ZREMRANGEBYSCORE', KEYED, '-inf', stop)
  floor = stop
else
  thin()
end
redis.call('HSET', RUN, 'floor', floor, 'delta_floor', math.max(stop, delta_floor), 'rev', ARGV[2])
mark_for_pruning()
return stop - start
