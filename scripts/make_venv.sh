#!/usr/bin/env bash
# Makes .venv with everything of requirements/dev.txt in it, each file checked against its hash.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "Headway needs Python 3.11 or newer, and '$python' is not one. Name another: make setup PYTHON=python3.12" >&2
  exit 1
fi

if [ ! -x .venv/bin/pip ]; then
  # Debian splits venv from python3; a bare machine has only the second.
  if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    scripts/ensure_system.sh venv
  fi
  "$python" -m venv --clear .venv
fi

# uv takes a quarter of pip's time. It is itself in the locked list, and pip fetches it from there.
pip=(.venv/bin/pip --disable-pip-version-check install --require-hashes --no-deps)
bootstrap=$(mktemp)
trap 'rm -f "$bootstrap"' EXIT
awk '/^uv==/ {found = 1} found {print} found && !/\\$/ {exit}' requirements/dev.txt >"$bootstrap"
echo "Installing the Python packages of requirements/dev.txt ..."
"${pip[@]}" --quiet --requirement "$bootstrap"
# uv does not read pip's configuration (a mirror, a certificate); where it cannot get through, pip can.
.venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes --requirement requirements/dev.txt ||
  "${pip[@]}" --quiet --requirement requirements/dev.txt
