-- Keep how far a listener was told of a run, if it still is where it was seen. Done twice it was done.
-- ARGV: run, listener, where it was seen, where to
local at = redis.call('HGET', POSITIONS, ARGV[2]) or '0.0'
if redis.call('EXISTS', RUN) == 0 or (at ~= ARGV[3] and at ~= ARGV[4]) then
  return 0
end
redis.call('HSET', POSITIONS, ARGV[2], ARGV[4])
return 1
