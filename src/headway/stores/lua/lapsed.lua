-- ARGV: unused, now
local ids = redis.call('ZRANGE', P .. 'lapsing', '-inf', '(' .. ARGV[2], 'BYSCORE')
table.sort(ids)
return rows(ids)
