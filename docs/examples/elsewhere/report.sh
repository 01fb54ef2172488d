#!/bin/sh
# Create a run, report to it, end it: all that is needed is curl and, to read an answer, jq or a little sed.
set -eu
HEADWAY=${HEADWAY:-http://127.0.0.1:8000/headway}

# The server is away, or its answer was lost: the same request again. Its keys make it count once.
post() {
  path=$1 body=$2
  shift 2
  curl --fail-with-body --silent --show-error --retry 20 --retry-all-errors --retry-max-time 120 --retry-delay 1 \
    "$HEADWAY/v1/$path" -H 'Content-Type: application/json' -d "$body" "$@"
}

answer=$(post runs '{"title": "Nightly import", "kind": "import", "lease_s": 600}' \
  -H "Idempotency-Key: import-$(date +%s)-$$")
run=$(echo "$answer" | sed 's/.*"id":"\(run_[0-9a-f]*\)".*/\1/')
execution=$(echo "$answer" | sed 's/.*"execution_id":"\(exe_[0-9a-f]*\)".*/\1/')
echo "$run"

for table in customers orders; do
  post "runs/$run/events" '{"execution_id": "'"$execution"'", "events": [
    {"type": "item.finished", "key": "'"$table"'", "data": {"key": "'"$table"'", "data": {"rows": 1000}}}]}' >/dev/null
done
post "runs/$run/events" '{"execution_id": "'"$execution"'", "events": [
  {"type": "run.succeeded", "key": "end", "data": {"result": {"tables": 2}}}]}' >/dev/null
