#!/bin/bash
# Checks what a purpose (run, demo, test) takes for granted, then installs the
# packages it needs. Exits 3 with one line for each thing that is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=$1
failed=0

lacks() { echo "make $purpose: $*" >&2; failed=1; }

# at_least VERSION MINIMUM compares dotted versions.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -1)" = "$2" ]; }

wanted_go=$(sed -n 's/^go //p' go.mod)
if ! command -v go > /dev/null; then
  lacks "Go is missing: install Go $wanted_go or newer"
elif ! at_least "$(go env GOVERSION | sed 's/^go//; s/[ -].*//')" "$wanted_go"; then
  lacks "$(go env GOVERSION) is too old: install Go $wanted_go or newer"
fi
if ! command -v node > /dev/null || ! command -v npm > /dev/null; then
  lacks "Node.js is missing: install Node.js 20 or newer with npm"
elif ! at_least "$(node --version | tr -d v)" 20; then
  lacks "Node.js $(node --version) is too old: install 20 or newer"
fi
if ! command -v "${JAVA_HOME:+$JAVA_HOME/bin/}javac" > /dev/null; then
  lacks "a JDK is missing: install JDK 17 or newer"
fi
if [ "$(id -u)" != 0 ] && [[ $purpose != test* ]]; then
  lacks "needs root: the sensor loads BPF programs and the agent acts on the host (the unprivileged sensor does not exist yet); run it with sudo"
fi
[ "$failed" = 0 ] || exit 3
scripts/packages.sh "$purpose"
