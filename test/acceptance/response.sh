#!/bin/bash
# The lines of the issue "Response", one by one.
. "$(dirname "$0")/lib.sh"

absent() { echo "$*"; return 4; }

demo_line() {
  [ -f demo.json ] || { echo "no demo.json: make demo first"; return 1; }
  case $(jq -r ".[] | select(.line == $1) | .state" demo.json) in
    PASS) jq -r ".[] | select(.line == $1) | .evidence" demo.json ;;
    ABSENT) jq -r ".[] | select(.line == $1) | .evidence" demo.json; return 4 ;;
    *) echo "line $1 fails"; return 1 ;;
  esac
}

echo "Deliver"
line "1. freeze, thaw and kill a tree, in v2 and in the v1 freezer" go_tests 'Hold|Kill|Member|Group|Freeze|Forks|Stranger|FindMounts' ./internal/agent/tree ./internal/agent/action
line "1. quarantine and restore a file, in an encrypted vault" go_tests 'Quarantine|Restore|Vault|GoesIn|Damage|CannotBeKept' ./internal/agent/action ./internal/agent/vault
line "1. revert persistence by diff" go_tests 'Revert|FindLines' ./internal/agent/action ./internal/response
line "1. collect evidence over the bulk channel" go_tests 'Collect' ./internal/agent/action
line "1. cut a tree's network; isolate a host; block; end sessions; scripts" absent "not built"
line "2. protected set, dry runs, the host's policy has the last word" go_tests 'Protected|NotTaken|Policy|DryRun' ./internal/agent/action ./internal/server/actions
line "2. limits on hosts" go_tests 'LimitOfHosts' ./internal/server/actions
line "3. plans from incidents" absent "single actions only"
line "4. cleaner" absent "not built"
line "5. vaccination" absent "not built"
line "6. automatic response" absent "not built"
line "7. roles, proposal and approval, audit" go_tests 'Responses|EveryOperation|FromProposal' ./internal/server/api ./internal/server/actions
line "7. key rotation, audit log as a hash chain" absent "not built"
echo
echo "It holds when"
line "the race of the report is won on one host: make demo, line 11" demo_line 11
line "the plan cleans both hosts, the cleaner finds a sibling: make demo, line 12" demo_line 12
line "pid reuse, a file replaced between plan and action" go_tests 'SameNumber|AnotherProcess|AnotherFile|InTheMiddle' ./internal/agent/tree ./internal/agent/action
line "a fork bomb, an immutable file, a read-only or full disk" go_tests 'Forks|Immutable|ReadOnlyDisk|NoRecordNoAction' ./internal/agent/tree ./internal/agent/action
line "a lost connection, an agent killed in the middle" go_tests 'Interrupted|DoNotAnswer|AnotherBoot' ./internal/agent/action ./internal/server/actions
line "forged, replayed, expired, re-addressed commands" go_tests 'Refused|Obeyed|Verify|Forged' ./internal/agent/action ./internal/response
line "a compromised bus, a cloned disk, a restored snapshot" absent "not tested"
line "the cleaner under dash and busybox in a container without an agent" absent "no cleaner"
finish
