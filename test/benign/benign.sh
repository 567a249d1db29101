#!/bin/bash
# Ordinary work of a busy host, all of it real: a package is installed and
# removed, Go and C programs are built and run, containers come and go, cron runs
# a job, somebody logs in over ssh. An armed agent must raise nothing above low.
#
#   benign.sh [STEP...]      steps: packages go c containers cron ssh
#
# Needs root. Everything it starts it ends, everything it changes it puts back.
set -euo pipefail

work=$(mktemp -d /tmp/baize-benign.XXXXXX)
chmod 755 "$work"
daemons=()

say() { printf 'benign: %s\n' "$*"; }

# run_daemon NAME COMMAND... starts a background program that cleanup ends.
run_daemon() {
  local name=$1
  shift
  "$@" > "$work/$name.log" 2>&1 &
  daemons+=($!)
}

# wait_for SECONDS COMMAND... polls until the command succeeds.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" > /dev/null 2>&1; do
    if ((SECONDS >= deadline)); then
      say "timed out waiting for: $*"
      tail -n 5 "$work"/*.log 2> /dev/null || true
      return 1
    fi
    sleep 0.2
  done
}

cleanup() {
  local status=$?
  for pid in "${daemons[@]}"; do
    kill "$pid" 2> /dev/null || true
    wait "$pid" 2> /dev/null || true
  done
  [ ! -e "$work/crontab.before" ] || restore_crontab
  # What a container daemon leaves mounted.
  awk -v dir="$work/" 'index($2, dir) == 1 {print $2}' /proc/mounts | sort -r | xargs -r -n1 umount -l
  if [ "$status" = 0 ]; then
    say done
  else
    say "failed with status $status"
    tail -n 5 "$work"/*.log 2> /dev/null || true
  fi
  rm -rf "$work"
  exit "$status"
}
trap cleanup EXIT

packages() {
  local package=hello
  if dpkg-query -W "$package" > /dev/null 2>&1; then package=sl; fi
  export DEBIAN_FRONTEND=noninteractive
  # The lists may name versions that are gone from the mirror by now.
  apt-get -o DPkg::Lock::Timeout=60 install -y -qq --no-install-recommends "$package" > "$work/apt.log" 2>&1 ||
    { apt-get update -qq && apt-get -o DPkg::Lock::Timeout=60 install -y -qq --no-install-recommends "$package"; } > "$work/apt.log" 2>&1
  dpkg-query -L "$package" > "$work/files"
  grep -q /usr/share/doc/ "$work/files"
  apt-get -o DPkg::Lock::Timeout=60 remove -y -qq "$package" >> "$work/apt.log" 2>&1
}

go_program() {
  mkdir -p "$work/go"
  cat > "$work/go/main.go" <<'EOF'
package main

import (
	"fmt"
	"os"
)

func main() {
	host, err := os.Hostname()
	fmt.Println("hello from", host, err)
}
EOF
  (cd "$work/go" && go mod init example.com/hello 2> /dev/null && go build -o hello . && ./hello && go run . && go vet .) > "$work/go.log"
}

c_program() {
  mkdir -p "$work/c"
  cat > "$work/c/main.c" <<'EOF'
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv) {
	if (argc > 1)
		sleep((unsigned)atoi(argv[1]));
	puts("hello");
	return 0;
}
EOF
  gcc -O2 -o "$work/c/hello" "$work/c/main.c"
  gcc -O2 -static -o "$work/c/static" "$work/c/main.c"
  "$work/c/hello" | grep -qx hello
}

containers() {
  [ -x "$work/c/static" ] || c_program
  if ! docker info > /dev/null 2>&1; then
    export DOCKER_HOST=unix://$work/docker.sock
    run_daemon dockerd dockerd --host "$DOCKER_HOST" --data-root "$work/docker" --exec-root "$work/docker-run" \
      --pidfile "$work/docker.pid" --bridge none --iptables=false --ip6tables=false --storage-driver vfs
    wait_for 60 docker info
  fi
  local image=baize-benign:$$
  mkdir -p "$work/root/bin"
  cp "$work/c/static" "$work/root/bin/hello"
  tar -C "$work/root" -c . | docker import - "$image" > /dev/null
  for _ in 1 2 3; do
    docker run --rm --network none "$image" /bin/hello | grep -qx hello
  done
  local id
  id=$(docker run -d --network none "$image" /bin/hello 60)
  docker stop -t 1 "$id" > /dev/null
  docker rm "$id" > /dev/null
  docker rmi "$image" > /dev/null
}

restore_crontab() {
  if [ -s "$work/crontab.before" ]; then crontab "$work/crontab.before"; else crontab -r || true; fi
}

cron_job() {
  crontab -l > "$work/crontab.before" 2> /dev/null || true
  { cat "$work/crontab.before"; echo "* * * * * /usr/bin/id -un > $work/cron-ran"; } > "$work/crontab"
  crontab "$work/crontab"
  if ! kill -0 "$(cat /run/crond.pid 2> /dev/null)" 2> /dev/null; then
    run_daemon cron cron -f
  fi
  wait_for 130 test -s "$work/cron-ran"
}

ssh_login() {
  local port=${BENIGN_SSH_PORT:-28922} home=$work/ssh
  mkdir -p "$home" /run/sshd
  ssh-keygen -q -t ed25519 -N '' -f "$home/host"
  ssh-keygen -q -t ed25519 -N '' -f "$home/user"
  cp "$home/user.pub" "$home/authorized_keys"
  cat > "$home/sshd_config" <<EOF
ListenAddress 127.0.0.1
Port $port
HostKey $home/host
AuthorizedKeysFile $home/authorized_keys
PermitRootLogin prohibit-password
StrictModes no
PasswordAuthentication no
UsePAM no
PidFile none
EOF
  run_daemon sshd /usr/sbin/sshd -D -e -f "$home/sshd_config"
  local options=(-q -i "$home/user" -p "$port" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes root@127.0.0.1)
  wait_for 20 ssh "${options[@]}" true
  ssh "${options[@]}" 'uptime; ls /etc > /dev/null; id -un' | grep -qx root
  ssh -tt "${options[@]}" 'bash -lc "ls -la /tmp > /dev/null; df -h / | cat; exit 0"' < /dev/null > /dev/null
}

declare -A steps=([packages]=packages [go]=go_program [c]=c_program [containers]=containers [cron]=cron_job [ssh]=ssh_login)
[ $# -gt 0 ] || set -- packages go c containers cron ssh
[ "$(id -u)" = 0 ] || { echo "benign.sh: needs root" >&2; exit 3; }
for step in "$@"; do
  [ -n "${steps[$step]:-}" ] || { echo "benign.sh: no step '$step'; steps: ${!steps[*]}" >&2; exit 2; }
  say "$step"
  "${steps[$step]}"
done
