#!/bin/bash
# Runs, one by one, the lines of "One host, one real intrusion, one incident on
# the screen" and prints PASS, FAIL or ABSENT with evidence for each. Needs root
# and about an hour: it makes a fresh clone and tests that too (FRESH=0 leaves
# those two lines out, and says so as FAIL).
set -u
. "$(dirname "$0")/lib.sh"

exist() {
  local file
  for file in "$@"; do [ -e "$file" ] || { echo "missing: $file"; return 1; }; done
  echo "$# files are there: $*"
}

repository() {
  exist LICENSE README.md README.zh-CN.md CHANGELOG.md docs/architecture.md docs/event-schema.md docs/pictures/incident.png .golangci.yml buf.yaml web/eslint.config.js || return 1
  jq -e . docs/event-schema.json > /dev/null || { echo "no JSON Schema in docs/"; return 1; }
  grep -q 'Apache License' LICENSE || { echo "LICENSE is not Apache-2.0"; return 1; }
  grep -q 'make test' .ci/run || { echo ".ci/run does not call make test"; return 1; }
  go_tests . ./test/house
}

linters() {
  make -n test | grep -q 'lint' || { echo "make test does not run the linters"; return 1; }
  make lint || return 1
  echo "golangci-lint with gofumpt, buf, eslint and generated code: clean"
}

bpf_rebuilt() { go_tests 'Rebuil|Committed|Objects' ./internal/agent/sensor/...; }

build_twice() {
  local began
  make build || return 1
  began=$(date +%s%N)
  make build || return 1
  local took=$((($(date +%s%N) - began) / 1000000))
  [ "$took" -lt 20000 ] || { echo "the second make build took $took ms"; return 1; }
  echo "bin: $(cd bin && du -h baize-agent baize-server baize | paste -sd' ' | tr '\t' ' '); the second make build took $took ms"
}

run_and_stop() {
  local home out pid status
  export BAIZE_HTTP=${BAIZE_HTTP:-127.0.0.1:28443} BAIZE_GRPC=${BAIZE_GRPC:-127.0.0.1:28444}
  home=$(mktemp -d /tmp/baize-accept-home.XXXXXX)
  chmod 755 "$home"
  out=$home/out
  BAIZE_HOME=$home setsid make run > "$out" 2>&1 &
  pid=$!
  for _ in $(seq 600); do grep -q 'Ctrl-C stops' "$out" && break; kill -0 "$pid" 2> /dev/null || break; sleep 0.2; done
  cat "$out"
  grep -q 'password  ' "$out" || { echo "make run printed no password"; return 1; }
  [ "$(curl -sk -o /dev/null -w '%{http_code}' "https://$BAIZE_HTTP/")" = 200 ] || { echo "no console at https://$BAIZE_HTTP/"; return 1; }
  [ "$(stat -c %U "/proc/$(ss -Hltnp "sport = :${BAIZE_HTTP##*:}" | grep -oE 'pid=[0-9]+' | cut -d= -f2)")" = baize ] || { echo "the server does not run as baize"; return 1; }
  BAIZE_HOME=$home bin/baize status || { echo "baize status: $?"; return 1; }
  kill -INT -- -"$pid"
  wait "$pid"
  status=$?
  sleep 1
  pgrep -g "$pid" > /dev/null && { echo "processes are left after Ctrl-C"; return 1; }
  curl -sk "https://$BAIZE_HTTP/" && { echo "the console still answers after Ctrl-C"; return 1; }
  rm -rf "$home"
  echo "console served by an unprivileged server, one-time password printed, Ctrl-C (make's status $status) leaves nothing"
}

without_root() {
  local out status
  out=$(setpriv --reuid nobody --clear-groups scripts/prerequisites.sh run 2>&1)
  status=$?
  echo "$out (exit status $status)"
  [ "$status" = 3 ] && grep -q root <<< "$out"
}

demo() {
  make demo || { grep FAIL demo.json; return 1; }
  [ "$(jq length demo.json)" = 18 ] || { echo "demo.json has not 18 lines"; return 1; }
  jq -e '[.[] | select(.line <= 5 and .state == "PASS")] | length == 5' demo.json > /dev/null || { echo "lines 1 to 5 do not all pass"; return 1; }
  jq -r '[.[] | "\(.line) \(.state)"] | join(", ")' demo.json
}

agent_static() {
  file bin/baize-agent 2> /dev/null || true
  ldd bin/baize-agent > /dev/null 2>&1 && { echo "bin/baize-agent is dynamically linked"; return 1; }
  echo "bin/baize-agent is static, $(stat -c %s bin/baize-agent) bytes"
}

content() {
  local report loaded
  report=$(bin/baize rules check content/rules --json) || return 1
  loaded=$(jq .loaded <<< "$report")
  [ "$loaded" -ge 15 ] || { echo "$loaded rules"; return 1; }
  bin/baize rules test content/rules || return 1
  echo "$loaded rules load; $(bin/baize rules test content/rules | tail -n 1)"
}

command_line() {
  local name
  for name in status alerts incidents hosts replay rules; do
    bin/baize "$name" --help > /dev/null || { echo "baize $name does not exist"; return 1; }
  done
  bin/baize nonsense > /dev/null 2>&1
  [ $? = 2 ] || { echo "an unknown command does not exit 2"; return 1; }
  BAIZE_HOME=/nonexistent bin/baize status > /dev/null 2>&1
  [ $? = 3 ] || { echo "status without a server does not exit 3"; return 1; }
  go_tests . ./internal/cli/...
}

browser() {
  make test-web || return 1
  exist docs/pictures/incident.png || return 1
  echo "$(paste -sd' ' test-results/web*.txt | tr -s ' '); pictures: $(ls docs/pictures | paste -sd' ')"
}

fresh_clone() {
  [ "${FRESH:-1}" = 1 ] || { echo "left out: FRESH=0"; return 1; }
  local clone
  clone=$(mktemp -d /tmp/baize-fresh.XXXXXX)
  chmod 755 "$clone"
  git clone -q . "$clone/baize" || return 1
  (cd "$clone/baize" && "$@") || { echo "in a fresh clone: $*: failed; see $clone"; return 1; }
  local last
  last=$(cat "$clone"/baize/test-results/*.txt 2> /dev/null | grep -vE '^SKIP' | paste -sd' ' | tr -s ' ')
  rm -rf "$clone"
  echo "$* in a fresh clone: $last"
}

fuzzed() {
  local package target
  local -i n=0
  while read -r package; do
    for target in $(grep -hoE '^func (Fuzz[A-Za-z0-9_]+)' "$package"/*_test.go | cut -d' ' -f2); do
      go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZ:-10s}" "./$package" || { echo "$package $target found something"; return 1; }
      n+=1
    done
  done < <(grep -lrE '^func Fuzz' --include='*_test.go' internal content 2> /dev/null | xargs -n1 dirname | sort -u)
  local need
  for need in internal/wire internal/sigma internal/event; do
    grep -rqE '^func Fuzz' "$need" || { echo "no fuzz test below $need"; return 1; }
  done
  echo "$n fuzz targets ran ${FUZZ:-10s} each and found nothing"
}

measured() {
  BAIZE_TRIGGERS=200 go test -count=1 -timeout 30m -v -run 'TestEveryTriggerReachesTheIncident' ./test/whole || return 1
}

measure_line() {
  local out
  out=$(measured) || { echo "$out"; return 1; }
  echo "$out"
  grep -oE '(kernel event to incident.*|agent: .*|class .*lost)$' <<< "$out" | paste -sd';'
}

echo "Deliver"
line "1. repository: licence, both READMEs with a screenshot, documents, JSON Schema, changelog, .ci/run" repository
line "1. linters inside make test" linters
line "1. BPF objects are committed; a test rebuilds and compares them" bpf_rebuilt
line "2. make build, quick the second time" build_twice
line "2. make run: console, one-time password, unprivileged server, clean stop" run_and_stop
line "2. make run without root says what is missing and exits 3" without_root
line "3. agent is static" agent_static
line "3. agent: every kind of event reaches the log" go_tests TestEveryKindReachesTheLog ./test/whole
line "3. agent: sensor, process cache, contexts, users, digests, containers, spool, coverage, own limits" go_tests . ./internal/agent/...
line "4. wire: mutual TLS, enrolment, renewal, revocation, bulk channel, durable marks" go_tests . ./internal/server/ca ./internal/server/gateway ./internal/server/bulk ./internal/wire
line "4. wire: signed command envelope" go_tests . ./internal/response/... ./internal/server/respond/... ./internal/agent/action/...
line "5. server: bus, shard, engine, state" go_tests . ./internal/server/bus/... ./internal/server/shard/... ./internal/server/state/... ./internal/engine/... ./internal/graph/... ./internal/incident/...
line "5. server: API with OpenAPI, stream, login, roles on every call" go_tests . ./internal/server/api/...
line "6. content: at least 15 rules with positive and negative tests" content
line "7. command line" command_line
line "8. console: pages in two languages, pictures taken by the tests" browser
line "9. make demo: lines 1 to 5 of the report" demo
echo
echo "It holds when"
line "fresh clone: make test passes" fresh_clone make test
line "fresh clone: make demo exits 0" fresh_clone make demo
line "the intrusion appears on an open page within two seconds, without a reload" go_tests TestIntrusionAppearsOnAnOpenPage ./test/whole
line "one incident with every alert of the intrusion and none of the machine's own" demo
line "ordinary work raises nothing above low" go_tests TestOrdinaryWorkRaisesNothingAboveLow ./test/whole
line "a server killed for a minute loses nothing; the live log replays to the same bytes" with BAIZE_OUTAGE=60 go_tests TestServerKilledDuringTheIntrusion ./test/whole
line "kill -9 on the agent: it comes back, the gap shows as coverage" go_tests TestAgentKilledComesBackAndShowsTheGap ./test/whole
line "two scoped agents never see each other's processes" go_tests TestScopedAgentsSeeOnlyTheirOwn ./test/whole
line "ten million events through replay: bounded memory, identical output" with BAIZE_REPLAY_EVENTS="${EVENTS:-10000000}" go_tests TestMemoryIsBoundedAndOutputIdentical ./test/replay
line "bad input: fuzz tests for the wire, the rule loader and the event reader" fuzzed
line "refused and reported: another host's id, forged or replayed command, revoked certificate" go_tests 'Refus|Revok|Forged|Replayed|Another|Foreign' ./internal/server/gateway ./internal/agent/action
line "measured: events lost, agent RSS and CPU, event to incident p50 and p99" measure_line
finish
