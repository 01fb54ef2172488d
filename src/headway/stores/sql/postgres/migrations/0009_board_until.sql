-- Whoever posts drops what is over: found without going through the whole board.
CREATE INDEX board_until ON headway.board (until_ms) WHERE until_ms IS NOT NULL;
