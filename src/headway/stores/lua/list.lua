-- Rows of the newest runs of some lists, each held in order of ids; of further conditions each run is asked.
-- ARGV: unused, id before which they stand or '', limit, owner, job, whether these are asked for, lists ...
local limit, found = tonumber(ARGV[3]), {}

local function fits(id)
  local about = redis.call('HMGET', P .. 'run:' .. id, 'owner', 'job')
  return (string.sub(ARGV[6], 1, 1) == '0' or about[1] == ARGV[4])
    and (string.sub(ARGV[6], 2, 2) == '0' or about[2] == ARGV[5])
end

for i = 7, #ARGV do
  local before, count = ARGV[2] == '' and '+' or '(' .. ARGV[2], 0
  repeat
    local ids = redis.call('ZRANGE', P .. ARGV[i], before, '-', 'BYLEX', 'REV', 'LIMIT', 0, limit)
    for _, id in ipairs(ids) do
      if count < limit and (ARGV[6] == '00' or fits(id)) then
        found[#found + 1], count = id, count + 1
      end
      before = '(' .. id
    end
  until #ids < limit or count >= limit
end
table.sort(found, function(a, b) return a > b end)
for i = #found, limit + 1, -1 do
  found[i] = nil
end
return rows(found)
