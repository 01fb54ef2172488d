-- Stands before every script. KEYS[1] is the prefix of all keys, ARGV[1] the id of the run, where there is one.
-- A script is the transaction: Redis runs one at a time, and its effects reach the AOF and replicas whole.
local P, ID = KEYS[1], ARGV[1]
local RUN, LOG, KEYED = P .. 'run:' .. ID, P .. 'log:' .. ID, P .. 'keys:' .. ID
local STEPS, SNAPSHOT, POSITIONS = P .. 'steps:' .. ID, P .. 'snapshot:' .. ID, P .. 'positions:' .. ID
local AT_END = P .. 'at_end:' .. ID -- what takes the place of a step's result when the run ends

-- in the order of `headway.stores.redis_rows.FIELDS`
local FIELDS = {
  'id', 'job', 'title', 'owner', 'group', 'metadata', 'correlation_id', 'status', 'attempt', 'execution_id',
  'external', 'lease_s', 'worker', 'takeovers', 'cancel_requested', 'created_at', 'started_at', 'finished_at',
  'updated_at', 'seq', 'tag', 'total', 'floor', 'text_floor', 'lines_floor', 'due_ms', 'summary', 'rev', 'fingerprint', 'born',
}

local function row(id)
  return redis.call('HMGET', P .. 'run:' .. id, unpack(FIELDS))
end

local function rows(ids)
  local found = {}
  for i, id in ipairs(ids) do
    found[i] = row(id)
  end
  return found
end

-- What a decision is made on: the row, which of some keys the log holds, how many runs of the job are claimed, and when
-- the last `times` claims were made at a rate.
local function seen(keys, times)
  local found, known = row(ID), {}
  for _, key in ipairs(keys) do
    if redis.call('ZSCORE', KEYED, key) then
      known[#known + 1] = key
    end
  end
  local job = found[2]
  local begun = job and times > 0 and redis.call('LRANGE', P .. 'begun:' .. job, 0, times - 1) or {}
  return {0, found, known, job and redis.call('SCARD', P .. 'claimed:' .. job) or 0, begun}
end

-- The indexes follow the row; which of them change, and how, was decided with it.
local function follow(commands)
  if commands == '' then
    return
  end
  for _, command in ipairs(cjson.decode(commands)) do
    command[2] = P .. command[2]
    redis.call(unpack(command))
  end
end

-- Write `count` events from ARGV[at] on. A stream checks that its ids grow, so this is what may fail and comes first.
local function add_events(at, count, tag, seq, total)
  for i = 0, count - 1 do
    local from = at + 4 * i
    local body, key = ARGV[from + 1], ARGV[from + 3]
    seq, total = seq + 1, total + #body
    redis.call('XADD', LOG, string.format('0-%.0f', seq), 'tag', tag, 'type', ARGV[from], 'body', body,
      'total', string.format('%.0f', total), 'step', ARGV[from + 2], 'key', key)
    if key ~= '' then
      redis.call('ZADD', KEYED, seq, key)
    end
  end
end

local function set(values)
  if #values > 0 then
    redis.call('HSET', RUN, unpack(values))
  end
end

local function slice(at, count)
  local found = {}
  for i = 1, count do
    found[i] = ARGV[at + i - 1]
  end
  return found
end

-- Whoever listens is told with the change itself; '' where its writer tells of it later, with others.
local function tell(message)
  if message ~= '' then
    redis.call('PUBLISH', P .. 'news', message)
  end
end

-- The parts of a log, as `headway.stores.retention.Part`, and the fields of a run that say up to where each was trimmed.
local PARTS = {'log', 'text', 'lines'}
local FLOOR = {log = 'floor', text = 'text_floor', lines = 'lines_floor'}

local function to_trim(part, job)
  return P .. 'to_trim:' .. part .. ':' .. job
end

-- The first ids behind a place in a list by end, up to and with an end. Those that ended in one millisecond are in the
-- order of their ids.
local function by_end(list, ended, run, until_, limit)
  local found, offset = {}, 0
  repeat
    local ids = redis.call('ZRANGE', list, ended == '' and '-inf' or ended, until_, 'BYSCORE', 'LIMIT', offset, limit)
    for _, id in ipairs(ids) do
      if #found < limit and (id > run or redis.call('ZSCORE', list, id) ~= ended) then
        found[#found + 1] = id
      end
    end
    offset = offset + limit
  until #ids < limit or #found >= limit
  return found
end

-- The jobs of which ended runs have something left to lose.
local function mark_job(job)
  redis.call(redis.call('EXISTS', to_trim('log', job)) == 1 and 'SADD' or 'SREM', P .. 'jobs_to_trim', job)
end

-- Keep the lists of ended runs that have something left to lose, by job and the time of their end, the list of these jobs,
-- and the list of ended runs no snapshot holds the end of.
local function mark_for_pruning()
  local at = redis.call('HMGET', RUN, 'job', 'finished_ms', 'snapshot_seq', 'seq', 'floor', 'text_floor', 'lines_floor')
  local job, ended = at[1], at[2] ~= '' and at[2]
  local last = tonumber(at[3] or 0) - 1
  local function list(name, wanted)
    if wanted then
      redis.call('ZADD', name, ended, ID)
    else
      redis.call('ZREM', name, ID)
    end
  end
  for i, part in ipairs(PARTS) do
    list(to_trim(part, job), ended and tonumber(at[4 + i] or 0) < last)
  end
  list(P .. 'unfolded', ended and last < tonumber(at[4]) - 1)
  mark_job(job)
end
