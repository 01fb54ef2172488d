-- Commit a decision, if the row is still the one it was made on; else answer what the next one is to be made on.
-- ARGV: run, revision seen, next revision, tag, seq and total before, number of events, number of names and values,
--       number of dropped keys, index commands, limit of claimed runs or '', news or '', whether a step is checkpointed, its key,
--       its result, and what takes its place at the end of the run or '', whether the run ends, process, whether it asks for the next turn, how many claims of the job may be made in how many
--       milliseconds or 0, the time, then per event type, body, step, key; then names and values; then the keys that were dropped as known
local count, values, dropped = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local at = 23
local times, per, now = tonumber(ARGV[20]), tonumber(ARGV[21]), tonumber(ARGV[22])
local turn = P .. 'turn:' .. ID

local function again()
  local keys = slice(at + 4 * count + values, dropped)
  for i = 1, count do
    keys[#keys + 1] = ARGV[at + 4 * i - 1]
  end
  return seen(keys, times)
end

-- A process that is quicker would always come first: of two that wrote without a pause, one made 2 appends in 3 s. Who
-- came too late some times is given the next turn, for as long as a dead one may hold up the others.
local holder = redis.call('GET', turn)
if holder and holder ~= ARGV[18] then
  return again()
end
if redis.call('HGET', RUN, 'rev') ~= ARGV[2] then
  if ARGV[19] == '1' then
    redis.call('SET', turn, ARGV[18], 'PX', 100)
  end
  return again()
end
for i = 1, count do
  local key = ARGV[at + 4 * i - 1]
  if key ~= '' and redis.call('ZSCORE', KEYED, key) then
    return again()
  end
end
local job = (ARGV[11] ~= '' or times > 0) and redis.call('HGET', RUN, 'job')
if ARGV[11] ~= '' and redis.call('SCARD', P .. 'claimed:' .. job) >= tonumber(ARGV[11]) then
  return again()
end
local begun = times > 0 and P .. 'begun:' .. job
if begun then
  -- as `Rate.wait_ms` in Python
  local earlier = redis.call('LINDEX', begun, times - 1)
  local wait = earlier and earlier + per - now or 0
  if wait > 0 and wait <= 2 * per then
    return again()
  end
end

add_events(at, count, ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]))
redis.call('HSET', RUN, 'rev', ARGV[3])
set(slice(at + 4 * count, values))
if begun then
  redis.call('LPUSH', begun, ARGV[22])
  redis.call('LTRIM', begun, 0, times - 1)
end
if ARGV[17] == '1' then
  local over = redis.call('HGETALL', AT_END)
  for i = 1, #over, 2 do
    redis.call('HSET', STEPS, over[i], over[i + 1])
  end
  redis.call('DEL', AT_END)
end
if ARGV[13] == '1' then
  redis.call('HSET', STEPS, ARGV[14], ARGV[15])
  if ARGV[16] ~= '' then
    redis.call('HSET', AT_END, ARGV[14], ARGV[16])
  else
    redis.call('HDEL', AT_END, ARGV[14])
  end
end
if ARGV[10] ~= '' then
  follow(ARGV[10])
  mark_for_pruning()
end
if holder then
  redis.call('DEL', turn)
end
tell(ARGV[12])
return {1}
