-- Rows of runs that have ended behind a place, in the order of their ends.
-- ARGV: unused, end of the place in ms or '', its run, limit
return rows(by_end(P .. 'ended', ARGV[2], ARGV[3], '+inf', tonumber(ARGV[4])))
