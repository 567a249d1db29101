#!/bin/bash
# Runs, one by one, the lines of "sigma: Sigma whole, fast at any number of
# rules, explainable" and prints PASS, FAIL or ABSENT with evidence for each.
# FUZZ=1h is how long the fuzzing line takes (30s where it is not set).
set -u
. "$(dirname "$0")/lib.sh"

public=
for dir in "${BAIZE_TEST_DATA:-}" "$root/../shared/data" "$root/../../shared/data"; do
  [ -n "$dir" ] && [ -d "$dir/sigma-linux/rules" ] && { public=$dir/sigma-linux/rules; break; }
done

# tests PATTERN PACKAGE runs the tests of a package that may not be there yet.
tests() {
  [ -d "$2" ] || { echo "there is no $2"; return 4; }
  grep -rqE "^func ($1)" "$2" --include='*_test.go' || { echo "no test like $1 in $2"; return 4; }
  go_tests "$1" "./$2/..."
}

baize() { go run ./cmd/baize "$@"; }

correlations() {
  [ -d internal/sigma/correlate ] || { echo "there is no internal/sigma/correlate"; return 4; }
  local type
  for type in event_count value_count temporal temporal_ordered value_sum value_avg value_percentile; do
    grep -rq "$type" internal/sigma/correlate internal/sigma/correlation*.go || { echo "no $type"; return 4; }
  done
  go_tests . ./internal/sigma/correlate/...
}

refused() {
  local dir report
  dir=$(mktemp -d /tmp/baize-accept-rules.XXXXXX)
  printf 'title: t\nlogsource: {product: linux}\ndetection:\n  s:\n    a|fuzzy: b\n  condition: s\n' > "$dir/unsupported.yml"
  printf 'title: t\nlogsource: {product: linux}\ndetection:\n  s: {a: b}\n  condition: s and q\n' > "$dir/invalid.yml"
  printf 'title: t\nlogsource: {product: linux}\ndetection:\n  s: {a: b}\n  condition: s\n' > "$dir/good.yml"
  report=$(baize rules check --json "$dir")
  rm -rf "$dir"
  echo "$report"
  jq -e '.loaded == 1 and .unsupported[0].line == 5 and .invalid[0].line == 5 and (.unsupported[0].reason | test("fuzzy")) and (.invalid[0].reason | test("q"))' <<< "$report" > /dev/null
}

pipelines() {
  local dir out
  dir=$(mktemp -d /tmp/baize-accept-rules.XXXXXX)
  mkdir "$dir/rules"
  printf 'title: t\nid: r1\nlogsource: {product: windows, category: process_creation}\ndetection:\n  s: {Image|endswith: x.exe}\n  condition: s\n' > "$dir/rules/r.yml"
  printf 'priority: 10\ntransformations:\n  - type: field_name_mapping\n    mapping: {Image: process.executable}\n    rule_conditions: [{type: logsource, product: windows}]\n' > "$dir/p.yml"
  echo '{"logsource":{"product":"windows","category":"process_creation"},"process":{"executable":"C:\\x.exe"}}' > "$dir/e.ndjson"
  out=$(baize rules match --rules "$dir/rules" --pipeline "$dir/p.yml" "$dir/e.ndjson")
  rm -rf "$dir"
  [ "$out" = '{"rule":"r1","event":0}' ] || { echo "matched: $out"; return 1; }
  go_tests 'Transformations|ConditionsOfTransformations|Pipeline|Taxonomies' ./internal/sigma ./internal/cli ./internal/server/policy
}

# performance prints the figures of line 6, of the best slices, which other
# work on the machine does not reach: it holds where all ratios are at most 1.5,
# 500 rules cost at most 2 µs and nothing allocates.
performance() {
  local out
  out=$(go test -run '^$' -bench 'Match$|TenTimes' -benchtime 2s ./internal/sigma) || { echo "$out"; return 1; }
  echo "$out"
  awk '
    function metric(unit,  i) { for (i = 1; i < NF; i++) if ($(i+1) == unit) return $i }
    /^BenchmarkMatch/ { allocations += $(NF-1) }
    /synthetic=500,/ { cost = metric("ns/event") }
    /TenTimes/ { ratio = metric("ratio"); ratios = ratios " " ratio; if (ratio > 1.5) bad = 1 }
    END { printf "%s ns/event at 500 rules, %d allocations; ten times the rules cost%s times as much\n", cost, allocations, ratios
          exit (bad || cost == "" || cost > 2000 || allocations > 0 || ratios == "") }' <<< "$out"
}

compiled() {
  local out
  out=$(go test -run '^$' -bench Compile -benchtime 3x ./internal/sigma) || { echo "$out"; return 1; }
  echo "$out" | awk '/BenchmarkCompile/ { printf "3,000 rules compile in %.2f s\n", $3 / 1e9; exit ($3 > 5e9) }'
}

evaluable() {
  [ -n "$public" ] || { echo "the public rules are not at hand (BAIZE_TEST_DATA)"; return 1; }
  local report answered
  report=$(baize rules check --json "$public") || { echo "$report" | tail -n 1; return 1; }
  jq -e '.files == 210 and .loaded == 210' <<< "$report" > /dev/null || { jq -c '{files, loaded, unsupported, invalid}' <<< "$report"; return 1; }
  answered=$(jq '.evaluable' <<< "$report")
  echo "210 of 210 load, $answered can be evaluated on our telemetry, the others with the reason"
  [ "$answered" -ge 180 ]
}

fuzzed() {
  local target
  for target in FuzzLoad FuzzPipeline; do
    go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZ:-30s}" ./internal/sigma || { echo "$target found something"; return 1; }
  done
  make -n test-long | grep -q FuzzLoad || { echo "make test-long does not fuzz the loader"; return 1; }
  echo "loader, matcher and pipelines: ${FUZZ:-30s} each and nothing found; make test-long takes an hour"
}

echo "Deliver"
line "1. every modifier, wildcards, escapes, null" go_tests 'Wildcards|CaseFolding|AnchorsAndAll|NullEmpty|Neq|RegularExpressions|Networks|Comparisons|TimeParts|Encodings|Base64|Dashes|FieldReferences|Placeholders' ./internal/sigma
line "1. conditions: 1 of, all of, patterns, nesting, keywords, lists" go_tests 'Conditions|Quantities|Shapes' ./internal/sigma
line "1. all correlation types, with group-by, aliases and chaining" correlations
line "1. filters" go_tests 'Filter' ./internal/sigma
line "1. collections: action global, reset, repeat" go_tests 'Collection|Repeat' ./internal/sigma
line "1. pipelines for field mapping" pipelines
line "1. what is not supported is refused by name, what is invalid by line and cause" refused
line "2. all rules of a log source compiled together; only rules whose literals occur are evaluated" go_tests 'RulesWait|SharedAutomaton|AutomatonF' ./internal/sigma
line "2. 3,000 rules compile within seconds" compiled
line "2. reload swaps atomically with no event missed" go_tests 'ReloadMissesNothing' ./internal/sigma
line "2. memory bounded and reported" go_tests 'Memory|LogsourcesStayBounded|CollectionsStayBounded' ./internal/sigma
line "3. matcher against a naive interpreter of the same rule" go_tests 'Interpreter|Oracle|GlobAgrees' ./internal/sigma
line "3. correlation types against a brute-force oracle" tests 'Test.*(Oracle|Brute)' internal/sigma/correlate
line "4. field reach: taxonomy, auditd names, logs" go_tests . ./internal/taxonomy/...
line "4. log tailing as an agent source" tests 'Test' internal/agent/logs
line "5. explain" go_tests 'Explain' ./internal/sigma ./internal/cli
line "5. test language" tests 'Test' internal/ruletest
line "5. rule packs: by directory, versioned, without restart" go_tests 'APackLives|CannotBeAPack|DirectoriesArePacks|Pushes|PacksThrough|PacksOn|PackCommands|PackVersions' ./internal/server/policy ./internal/server/api ./internal/server/state ./internal/cli
line "6. exceptions: owner, reason, expiry, scope, preview" go_tests 'Exception|Preview|HiddenFirings' ./internal/exception ./internal/engine ./internal/server/policy ./internal/server/api ./internal/server/state ./internal/cli
line "6. suppression by prevalence only as a visible, reversible proposal" go_tests 'Propos' ./internal/exception ./internal/server/policy ./internal/server/api
echo
echo "It holds when"
line "all 210 public Linux rules parse, at least 180 can be evaluated on our telemetry" evaluable
line "public rules match on flat events as a second reading of the specification says" go_tests 'PublicRulesAgree|PublicCorpus' ./internal/sigma
line "line 6: at most 2 µs at 500 rules, 10x the rules at most 1.5x the cost, no allocation on a miss" performance
line "line 6: no allocation on a miss" go_tests 'AMissAllocatesNothing' ./internal/sigma
line "fuzzing of loader and matcher is clean" fuzzed
line "malformed rules of every kind are refused with file and reason, the rest loads" go_tests 'Malformed|FaultsAreFound|ProblemsAreNamed|GoodRulesSurvive|Spellings|HostileYAML|PipelineFaults' ./internal/sigma
finish
