-- The row and the events from the cursor's own on, cut where the page ends, so that no more is sent than it holds.
-- ARGV: run, seq of the cursor, number of events, number of bytes
local after, limit, left = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local found, count = {row(ID)}, 0

local function take(event)
  local fields = event[2]
  found[#found + 1] = table.concat({string.sub(event[1], 3), fields[2], fields[4], fields[8], fields[10]}, ' ')
  found[#found + 1] = fields[6]
end

local own = redis.call('XRANGE', LOG, '0-' .. after, '0-' .. after)[1]
if own then
  take(own)
end
local from = '(0-' .. after
-- few at a time: an event may have a megabyte
repeat
  local events = redis.call('XRANGE', LOG, from, '+', 'COUNT', 16)
  for _, event in ipairs(events) do
    left = left - #event[2][6]
    if count > 0 and (left < 0 or count >= limit) then
      return found
    end
    take(event)
    count, from = count + 1, '(' .. event[1]
  end
until #events < 16
return found
