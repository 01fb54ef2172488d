-- Rows of runs that have ended behind a place, in the order of their ends.
-- ARGV: unused, end of the place in ms or '', its run, limit
local found, limit, offset = {}, tonumber(ARGV[4]), 0
local from = ARGV[2] == '' and '-inf' or ARGV[2]
repeat
  local ids = redis.call('ZRANGE', P .. 'ended', from, '+inf', 'BYSCORE', 'LIMIT', offset, limit)
  for _, id in ipairs(ids) do
    -- those that ended in one millisecond are in the order of their ids
    local behind = id > ARGV[3] or redis.call('ZSCORE', P .. 'ended', id) ~= ARGV[2]
    if #found < limit and behind then
      found[#found + 1] = id
    end
  end
  offset = offset + limit
until #ids < limit or #found >= limit
return rows(found)
