#!/usr/bin/env bash
# Runs a command with a browser: scripts/with_browser.sh chromium|firefox COMMAND...
#
# Its name is in E2E_BROWSER, its path in CHROME_BIN or FIREFOX_BIN. Without the browser the command is left out, loudly;
# where CI=true that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

export E2E_BROWSER=$1
shift
if path=$(scripts/ensure_system.sh "$E2E_BROWSER"); then
  case $E2E_BROWSER in
    chromium) export CHROME_BIN=$path ;;
    firefox) export FIREFOX_BIN=$path ;;
  esac
  # Playwright's own Node needs libatomic, which a bare Debian does not have; ours does not.
  export PLAYWRIGHT_NODEJS_PATH="$PWD/.venv/bin/node"
  exec "$@"
fi
cat >&2 <<TEXT
************************************************************************
*  NOT RUN, there is no browser on this machine that is called $E2E_BROWSER:
*    $*
************************************************************************
TEXT
[ "${CI:-}" != true ]
