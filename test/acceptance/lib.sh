# Shared by the acceptance scripts: one line of an issue is one call of line.
# A line's function says its evidence on its last line of output and returns 0
# (holds), 1 (does not) or 4 (not built).

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit 3
logs=$(mktemp -d /tmp/baize-acceptance.XXXXXX)
failures=0
number=0

# line TEXT FUNCTION [ARGUMENT...]
line() {
  local text=$1 state status log
  shift
  number=$((number + 1))
  log=$logs/$number.log
  ("$@") > "$log" 2>&1
  status=$?
  case $status in
    0) state=PASS ;;
    4) state=ABSENT ;;
    *) state=FAIL ;;
  esac
  printf '%-6s %s\n         %s\n' "$state" "$text" "$(grep -v '^[[:space:]]*$' "$log" | tail -n 1)"
  if [ "$state" != PASS ]; then
    failures=$((failures + 1))
    printf '         (whole output: %s)\n' "$log"
  fi
}

# go_tests PATTERN PACKAGE... runs tests and says how many passed. It fails
# where the pattern matches nothing: a renamed test must not look covered, and
# where one is skipped, unless for want of other people's data, which it says.
go_tests() {
  local pattern=$1 passed out skipped
  shift
  out=$(go test -count=1 -timeout 30m -v -run "$pattern" "$@" 2>&1)
  local status=$?
  echo "$out"
  passed=$(grep -c -- '^--- PASS' <<< "$out")
  skipped=$(grep -B1 -- '^--- SKIP' <<< "$out" | grep -v -- '^--$' | grep -v -- '--- SKIP')
  grep -v BAIZE_TEST_DATA <<< "$skipped" | grep . && { echo "skipped: $(grep -v BAIZE_TEST_DATA <<< "$skipped" | tail -n 1)"; return 1; }
  [ "$status" = 0 ] || { echo "$(grep -m1 -- '--- FAIL' <<< "$out")"; return 1; }
  [ "$passed" -gt 0 ] || { echo "no test matches $pattern in $*"; return 1; }
  echo "$passed tests passed: $(grep -o -- '^--- PASS: [^ ]*' <<< "$out" | cut -d' ' -f3 | head -n 12 | paste -sd' ')${skipped:+; without BAIZE_TEST_DATA: $(wc -l <<< "$skipped") skipped}"
}

# with NAME=VALUE COMMAND... sets a variable for the line that calls it.
with() {
  export "${1?}"
  shift
  "$@"
}

# finish ends the script: 0 only where every line holds.
finish() {
  echo
  echo "$((number - failures)) of $number lines hold"
  [ "$failures" = 0 ] && rm -rf "$logs"
  exit $((failures > 0))
}
