-- How far a listener was told of some runs.
-- ARGV: unused, listener, runs ...
local found = {}
for i = 3, #ARGV do
  found[i - 2] = redis.call('HGET', P .. 'positions:' .. ARGV[i], ARGV[2])
end
return found
