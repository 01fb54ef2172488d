#!/usr/bin/env bash
# Runs a command with the path of Chromium in CHROME_BIN.
#
# Without Chromium the command is left out, loudly; where CI=true that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

if CHROME_BIN=$(scripts/ensure_system.sh chromium); then
  export CHROME_BIN
  # Playwright's own Node needs libatomic, which a bare Debian does not have; ours does not.
  export PLAYWRIGHT_NODEJS_PATH="$PWD/.venv/bin/node"
  exec "$@"
fi
cat >&2 <<TEXT
************************************************************************
*  NOT RUN, there is no Chromium on this machine:
*    $*
************************************************************************
TEXT
[ "${CI:-}" != true ]
