#!/bin/bash
# Installs the Debian packages that a purpose needs: packages.sh run|demo|test|test-long.
# Does nothing, not even apt-get update, when all of them are there. Services
# that come with a package are not started.
set -euo pipefail
policy=/usr/sbin/policy-rc.d
cd "$(dirname "$0")"

packages_for() {
  local key rest
  while read -r key rest; do
    case $key in
      '' | '#'*) ;;
      "$1:") packages_for "$rest" ;;
      "$1") printf '%s\n' $rest ;;
    esac
  done < packages
}

missing() {
  local package
  packages_for "$1" | sort -u | while read -r package; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || printf '%s ' "$package"
  done
}

# install keeps package scripts from starting daemons on the developer's machine.
install() {
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "$@" > /dev/null
}

command -v dpkg-query > /dev/null || { echo "packages.sh: not a Debian system: install by hand what $(pwd)/packages names for '$1'" >&2; exit 0; }
wanted=$(missing "$1")
[ -n "$wanted" ] || exit 0
if [ "$(id -u)" != 0 ]; then
  echo "missing: $wanted; run as root, or: sudo apt-get install $wanted" >&2
  exit 3
fi
echo "installing: $wanted"
# shellcheck disable=SC2086
install $wanted
