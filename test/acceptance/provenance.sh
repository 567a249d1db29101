#!/bin/bash
# Runs, one by one, the lines of "provenance: Provenance and kill chain: every
# alert arrives with its story" and prints PASS, FAIL or ABSENT with evidence for
# each. Needs root; the benchmark lines want a quiet machine.
set -u
. "$(dirname "$0")/lib.sh"

# tests PATTERN PACKAGE... runs tests of packages; where one of them has none
# like it, the part is not built yet.
tests() {
  local pattern=$1 dir
  shift
  for dir in "$@"; do
    [ -d "$dir" ] || { echo "there is no $dir"; return 4; }
    grep -rqE "^func Test[A-Za-z0-9]*($pattern)" "$dir" --include='*_test.go' || { echo "no test like $pattern in $dir"; return 4; }
  done
  go_tests "$pattern" "${@/#/./}"
}

# set_of NAME... : the labelled set has recordings of these shapes, and holds.
set_of() {
  local name
  for name in "$@"; do
    [ -f "test/intrusions/recordings/$name.ndjson.zst" ] || { echo "no recording of $name"; return 1; }
  done
  labelled || return 1
  echo "$# shapes: $*"
}

# labelled replays the whole set and ends with its counts.
labelled() {
  local out
  out=$(go test -count=1 -v -run 'TestLabelledIntrusions' ./test/intrusions 2>&1) || { echo "$out"; grep -m1 -E 'intrusions_test.go.*(want|kill-chain)' <<< "$out"; return 1; }
  echo "$out"
  grep -oE '(recall .*|[0-9]+ recordings, .*)' <<< "$out" | paste -sd';'
}

one_chain() {
  go_tests 'OneKillChain|AChainAdvances|AChainSurvives|Disguises|AMergedIntrusion|TwoChains' ./internal/engine && go_tests TestTheStoryOfAnIntrusion ./test/whole
}

demo() {
  make demo || { grep FAIL demo.json; return 1; }
  jq -e '[.[] | select(.line == 9 or .line == 10) | .state] == ["PASS", "PASS"]' demo.json > /dev/null || { jq -c '.[] | select(.line == 9 or .line == 10)' demo.json; return 1; }
  jq -r '.[] | select(.line == 9 or .line == 10) | .evidence' demo.json | paste -sd';'
}

# bench_line N runs a line of performance.md and prints what it measured.
bench_line() {
  grep -qE "^func BenchmarkLine$1\(" test/bench/*_test.go || { echo "make bench has no line $1"; return 4; }
  local out
  out=$(make bench LINES="$1" 2>&1) || { echo "$out"; return 1; }
  echo "$out"
  grep -E "BenchmarkLine$1" <<< "$out" | tail -n 1
}

console_view() {
  [ -d web/src/provenance ] || { echo "the console has no provenance view"; return 4; }
  grep -rlq provenance web/test --include='*.test.ts' || { echo "no browser test of the provenance view"; return 1; }
  make test-web || return 1
  paste -sd' ' test-results/web.txt | tr -s ' '
}

echo "Deliver"
line "1. host graph: identities, lineages, reduction, hubs, hard bounds" go_tests 'Lineages|EventsAlone|LimitsHold|Exited|OddEvents|BusyHost|PoolsCount|Repeats|Reduc' ./internal/graph
line "1. taint roots with attenuation; definition files; contexts; intrusions" go_tests 'ARoot|TheService|Retries|RunningWhat|AJob|AUnit|ReadersFade|Injection|TwoAuthors|ACrontabThat|AnOverwritten|TheWayBack' ./internal/graph
line "1. pure, deterministic, snapshot and restore" go_tests 'Deterministic|Snapshot|Replay|SameBytes' ./internal/engine ./internal/replay
line "2. backward trace to the entry point, forward impact, kept current" go_tests 'ProvenanceReachesTheEntry|ARootReachesBack|TheSourceIsWhoCalledThen' ./internal/graph ./internal/replay
line "2. five answers: files, persistence with changed content, lateral movement, data, processes" go_tests 'TheFiveAnswers|ALineThat|Crontab|BothEnds|ChangesByPath|ALongChange|Untold' ./internal/graph
line "2. the matched accept on the other host" set_of lateral
line "2. bytes out per peer, at least N as of T" tests 'BytesOf' internal/agent internal/agent/traffic
line "2. still there, confirmed by a stat on the host when asked" tests 'Stat(OfAHost|InAContainer|OpensRegular)' internal/agent/action internal/server/api
line "2. not seen or unknown, naming the class that was incomplete" go_tests 'TheFiveAnswers' ./internal/graph
line "3. a trace continues in stored telemetry, marked so, and says when it stopped" tests 'ATraceGoesOnInStoredTelemetry|ItSaysWhyItStopped|WhatIsWhole' internal/server/history
line "4. one alert per intrusion that advances through stages, across retries and rotated names" one_chain
line "4. no kill chain for ordinary work" go_tests 'OrdinaryWorkIsNoChain' ./internal/engine
line "4. curl, wget, python, perl, bash tcp" set_of curl wget python perl bash-tcp
line "4. install, cp from elsewhere, memfd, base64 pipe, archive, rename, dynamic loader" set_of install copied memfd base64-pipe piped-script archive renamed loader
line "4. separate requests, permission by another process, hours of delay, cron or systemd later" set_of separate-requests permitted-by-another hours-later cron unit
line "5. evidence: raw events before and after" tests 'EventsAround|RawEvents' internal/server/api
line "5. evidence: dropped files, memory map and environment, on policy" tests 'EvidenceOfAHost' test/whole
line "5. evidence: a store with hashes, quota and a chain of custody" tests 'TheChainOfCustody|TheQuota' internal/server/evidence
line "6. baize trace: text, JSON, DOT" tests 'Trace|DOT' internal/cli
line "6. the API" tests 'Provenance|Intrusion' internal/server/api
line "6. the console's provenance view" console_view
echo
echo "It holds when"
line "make demo: lines 9 and 10" demo
line "the answers before and after persistence, deletion and a gap, on a running system" go_tests TestTheStoryOfAnIntrusion ./test/whole
line "labelled set: 20 shapes, recall 0.95, precision 0.6, median 50 nodes, one kill-chain alert each" labelled
line "performance line 8" bench_line 8
line "performance line 9" bench_line 9
line "dependence explosion: a build with a million edges, a long-lived worker, cron, a shared log, a package manager" go_tests 'ABuildAround|ALongLived|CronAround|ASharedLog|APackageManager' ./internal/graph
line "snapshot, kill, restore and replay give the same graph and the same answers" go_tests 'Determin|Snapshot|Restor|ServerKilled' ./internal/graph ./internal/engine ./test/whole
finish
