-- ARGV: unused
return rows(redis.call('ZRANGE', P .. 'claimed', 0, -1))
