-- Find out whether a write whose answer was lost was done, and see to it that it is not done later: it commits only on
-- the revision it saw.
-- ARGV: run, revision it saw, revision it would have left, one that nobody has seen, seq and tag of its last event or ''
local revision = redis.call('HGET', RUN, 'rev')
local done = revision == ARGV[3]
if not done and ARGV[5] ~= '' then
  local event = redis.call('XRANGE', LOG, '0-' .. ARGV[5], '0-' .. ARGV[5])[1]
  done = event ~= nil and event[2][2] == ARGV[6]
end
if not done and revision == ARGV[2] then
  redis.call('HSET', RUN, 'rev', ARGV[4])
end
return {done and 1 or 0, row(ID)}
