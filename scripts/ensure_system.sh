#!/usr/bin/env bash
# Makes sure that a program of the operating system is there, or says how to get it and fails.
#
#   scripts/ensure_system.sh chromium | firefox | compiler | venv | nginx | caddy | postgres | redis | pgbouncer | rabbitmq
#
# What is there is used. On Debian and its children root installs what is not.
set -euo pipefail

find_chromium() {
  local name
  for name in "${CHROME_BIN:-}" chromium chromium-browser google-chrome-stable google-chrome; do
    if [ -n "$name" ] && command -v "$name"; then return 0; fi
  done
  return 1
}

find_firefox() {
  local name
  for name in "${FIREFOX_BIN:-}" firefox-esr firefox; do
    if [ -n "$name" ] && command -v "$name"; then return 0; fi
  done
  return 1
}

present() {
  case $1 in
    chromium) find_chromium >/dev/null ;;
    firefox) find_firefox >/dev/null ;;
    compiler) command -v cc >/dev/null && [ -e /usr/include/stdio.h ] ;;
    venv) "${PYTHON:-python3}" -c 'import ensurepip' 2>/dev/null ;;
    nginx | caddy | pgbouncer) PATH="$PATH:/usr/sbin" command -v "$1" >/dev/null ;;
    postgres) command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ;;
    redis) command -v redis-server >/dev/null ;;
    rabbitmq) [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] ;;
  esac
}

packages() {
  case $1 in
    chromium) echo chromium ;;
    firefox) echo firefox-esr ;;
    compiler) echo gcc libc6-dev ;;
    venv) echo python3-venv ;;
    nginx) echo nginx-light ;;
    caddy) echo caddy ;;
    postgres) echo postgresql ;;
    redis) echo redis-server ;;
    pgbouncer) echo pgbouncer ;;
    rabbitmq) echo rabbitmq-server ;;
    *)
      echo "usage: $0 chromium|firefox|compiler|venv|nginx|caddy|postgres|redis|pgbouncer|rabbitmq" >&2
      exit 2
      ;;
  esac
}

apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  exec 9>"${TMPDIR:-/tmp}/headway-apt.lock"
  flock 9  # tests that run side by side may each want something; apt gives up where another one is at work
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

what=${1:-}
wanted=$(packages "$what")
if ! present "$what"; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing $wanted (apt-get) ..." >&2
    # shellcheck disable=SC2086 # a list of packages
    apt_install $wanted >&2
  fi
  if ! present "$what"; then
    echo "Not on this machine: $what. On Debian or Ubuntu: sudo apt-get install $wanted" >&2
    exit 1
  fi
fi
case $what in
  chromium) find_chromium ;;
  firefox) find_firefox ;;
esac
