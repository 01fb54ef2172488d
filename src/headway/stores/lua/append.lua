-- Commit a decision, if the row is still the one it was made on; else answer what the next one is to be made on.
-- What the arguments mean is said in `headway.stores.redis_writes.Commit`, whose fields they are, in that order; a test
-- compares the two. Behind them come per event type, body, step, key; then names and values; then the dropped keys.
local run, seen_revision, next_revision, tag, seq, total, events, values, dropped, indexes, limit, news, keeps_step,
  step, result, at_end, ends, process, wants_turn, times, per_ms, now_ms = unpack(ARGV, 1, 22)
local first_event = 23
events, values, dropped, times = tonumber(events), tonumber(values), tonumber(dropped), tonumber(times)
local first_value = first_event + 4 * events
local turn = P .. 'turn:' .. run

local function key_of(number)
  return ARGV[first_event + 4 * number - 1]
end

local function again()
  local keys = slice(first_value + values, dropped)
  for number = 1, events do
    keys[#keys + 1] = key_of(number)
  end
  return seen(keys, times)
end

-- A process that is quicker would always come first: of two that wrote without a pause, one made 2 appends in 3 s. Who
-- came too late some times is given the next turn, for as long as a dead one may hold up the others.
local holder = redis.call('GET', turn)
if holder and holder ~= process then
  return again()
end
if redis.call('HGET', RUN, 'rev') ~= seen_revision then
  if wants_turn == '1' then
    redis.call('SET', turn, process, 'PX', 100)
  end
  return again()
end
for number = 1, events do
  local key = key_of(number)
  if key ~= '' and redis.call('ZSCORE', KEYED, key) then
    return again()
  end
end
local job = (limit ~= '' or times > 0) and redis.call('HGET', RUN, 'job')
if limit ~= '' and redis.call('SCARD', P .. 'claimed:' .. job) >= tonumber(limit) then
  return again()
end
local begun = times > 0 and P .. 'begun:' .. job
if begun then
  -- as `Rate.wait_ms` in Python
  local earlier = redis.call('LINDEX', begun, times - 1)
  local wait = earlier and earlier + per_ms - now_ms or 0
  if wait > 0 and wait <= 2 * per_ms then
    return again()
  end
end

add_events(first_event, events, tag, tonumber(seq), tonumber(total))
redis.call('HSET', RUN, 'rev', next_revision)
set(slice(first_value, values))
if begun then
  redis.call('LPUSH', begun, now_ms)
  redis.call('LTRIM', begun, 0, times - 1)
end
if ends == '1' then
  local over = redis.call('HGETALL', AT_END)
  for i = 1, #over, 2 do
    redis.call('HSET', STEPS, over[i], over[i + 1])
  end
  redis.call('DEL', AT_END)
end
if keeps_step == '1' then
  redis.call('HSET', STEPS, step, result)
  if at_end ~= '' then
    redis.call('HSET', AT_END, step, at_end)
  else
    redis.call('HDEL', AT_END, step)
  end
end
if indexes ~= '' then
  follow(indexes)
  mark_for_pruning()
end
if holder then
  redis.call('DEL', turn)
end
tell(news)
return {1}
