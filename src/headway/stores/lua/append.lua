-- Commit a decision, if the row is still the one it was made on; else answer what the next one is to be made on.
-- ARGV: run, revision seen, next revision, tag, seq and total before, number of events, number of names and values,
--       number of dropped keys, index commands, limit of claimed runs or '', news or '', whether a step is checkpointed, its key
--       and result, process, whether it asks for the next turn,
--       then per event type, body, step, key; then names and values; then the keys that were dropped as known
local count, values, dropped = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local at = 18
local turn = P .. 'turn:' .. ID

local function again()
  local keys = slice(at + 4 * count + values, dropped)
  for i = 1, count do
    keys[#keys + 1] = ARGV[at + 4 * i - 1]
  end
  return seen(keys)
end

-- A process that is quicker would always come first: of two that wrote without a pause, one made 2 appends in 3 s. Who
-- came too late some times is given the next turn, for as long as a dead one may hold up the others.
local holder = redis.call('GET', turn)
if holder and holder ~= ARGV[16] then
  return again()
end
if redis.call('HGET', RUN, 'rev') ~= ARGV[2] then
  if ARGV[17] == '1' then
    redis.call('SET', turn, ARGV[16], 'PX', 100)
  end
  return again()
end
for i = 1, count do
  local key = ARGV[at + 4 * i - 1]
  if key ~= '' and redis.call('ZSCORE', KEYED, key) then
    return again()
  end
end
if ARGV[11] ~= '' then
  local job = redis.call('HGET', RUN, 'job')
  if redis.call('SCARD', P .. 'claimed:' .. job) >= tonumber(ARGV[11]) then
    return again()
  end
end

add_events(at, count, ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]))
redis.call('HSET', RUN, 'rev', ARGV[3])
set(slice(at + 4 * count, values))
if ARGV[13] == '1' then
  redis.call('HSET', STEPS, ARGV[14], ARGV[15])
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
