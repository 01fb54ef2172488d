-- Rows of ended runs no snapshot holds the end of, behind a place, in the order of their ends.
-- ARGV: unused, end of the place in ms or '', its run, ended at the latest, limit
return rows(by_end(P .. 'unfolded', ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])))
