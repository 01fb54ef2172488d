-- Create a run, unless its id or creation key stands for one; answers with whichever run is there then.
-- ARGV: run, creation key or '', tag, number of events ('' only looks), number of names and values, index commands,
--       then per event type, body, step, key; then names and values
local known = redis.call('EXISTS', RUN) == 1 and ID
if not known and ARGV[2] ~= '' then
  known = redis.call('HGET', P .. 'creation', ARGV[2])
end
if known or ARGV[4] == '' then
  return row(known or ID)
end
local count = tonumber(ARGV[4])
add_events(7, count, ARGV[3], 0, 0)
set(slice(7 + 4 * count, tonumber(ARGV[5])))
if ARGV[2] ~= '' then
  redis.call('HSET', P .. 'creation', ARGV[2], ID)
end
follow(ARGV[6])
mark_for_pruning()
return row(ID)
