#!/bin/bash
# Runs a command beside a Docker engine: with-docker.sh COMMAND [ARGUMENT...].
# One that runs already is used; otherwise one of our own is started on the usual
# socket, with its state in a temporary directory, and stopped afterwards. Where
# that is not possible the command runs without, and its tests say what they skip.
set -uo pipefail

if docker info > /dev/null 2>&1 || [ "$(id -u)" != 0 ] || ! command -v dockerd > /dev/null; then
  exec "$@"
fi
state=$(mktemp -d /tmp/baize-docker.XXXXXX)
dockerd --data-root "$state/data" --exec-root "$state/run" --pidfile "$state/pid" \
  --bridge none --iptables=false --ip6tables=false --storage-driver vfs > "$state/log" 2>&1 &
engine=$!
cleanup() {
  kill "$engine" 2> /dev/null
  wait "$engine" 2> /dev/null
  awk -v dir="$state/" 'index($2, dir) == 1 {print $2}' /proc/mounts | sort -r | xargs -r -n1 umount -l
  rm -rf "$state"
}
trap cleanup EXIT
for _ in $(seq 150); do
  docker info > /dev/null 2>&1 && break
  kill -0 "$engine" 2> /dev/null || break
  sleep 0.2
done
docker info > /dev/null 2>&1 || tail -n 3 "$state/log" >&2
"$@"
