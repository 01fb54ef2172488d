-- ARGV: unused
return rows(redis.call('ZRANGE', P .. 'asked_to_stop', 0, -1))
