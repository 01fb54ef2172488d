-- ARGV: run
return {row(ID), redis.call('HGET', RUN, 'key')}
