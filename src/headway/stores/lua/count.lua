-- Count events of a part of a log and their bytes, going over some of them; answers where it stopped, or '' at the end.
-- ARGV: run, after, until, number of events, types to be counted (JSON) or ''
local types, from, count, size, left = {}, '(0-' .. ARGV[2], 0, 0, tonumber(ARGV[4])
for _, type in ipairs(ARGV[5] == '' and {} or cjson.decode(ARGV[5])) do
  types[type] = true
end
repeat
  local events = redis.call('XRANGE', LOG, from, '0-' .. ARGV[3], 'COUNT', 16)
  for _, event in ipairs(events) do
    from = '(' .. event[1]
    if ARGV[5] == '' or types[event[2][4]] then
      count, size = count + 1, size + #event[2][6]
    end
  end
  left = left - #events
  if #events < 16 then
    return {count, string.format('%.0f', size), ''}
  end
until left <= 0
return {count, string.format('%.0f', size), string.sub(from, 4)}
