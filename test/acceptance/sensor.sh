#!/bin/bash
# Runs, one by one, the lines of "sensor: The sensor: complete, kernel-true, cheap,
# and honest about what it missed" and prints PASS, FAIL or ABSENT with evidence
# for each. Needs root and about an hour. LINES=1,4 shortens the benchmarks, which
# want a quiet machine; SCALE=0.1 tries them out; SOAK=2m shortens the hour of churn.
set -u
. "$(dirname "$0")/lib.sh"

sensor=./internal/agent/sensor
agent=./internal/agent

# tests PATTERN PACKAGE... runs tests that may not be there yet: each alternative
# of the pattern must be.
tests() {
  local pattern=$1 name package
  shift
  for name in ${pattern//|/ }; do
    for package in "$@"; do grep -rqE "^func ((Test|Fuzz|Benchmark)[A-Za-z0-9]*)?$name" "$package" --include='*_test.go' && continue 2; done
    echo "no test like $name in $*"
    return 4
  done
  go_tests "$pattern" "$@"
}

# hard TEXT PATTERN PACKAGE... is one hard case of Deliver 1.
hard() {
  local text=$1
  shift
  line "1. hard case: $text" tests "$@"
}

objects() {
  tests ObjectsMatchSources $sensor || return
  local file
  for file in x86 arm64; do
    [ -s internal/agent/sensor/sensor_${file}_bpfel.o ] || { echo "no object for $file"; return 1; }
  done
  echo "objects for amd64 and arm64 are what the sources give"
}

# tier1 holds where hooks of fentry and LSM are tested where they attach.
tier1() {
  grep -rqE 'SEC\("(fentry|fexit|lsm)/' internal/agent/sensor/bpf || { echo "no program for fentry or LSM"; return 4; }
  tests 'TierIsStated|Mediat' $sensor || return
  with BAIZE_GUEST_RUN='TierIsStated|Mediat|Multishot|SwitchedOff' go_tests 'TestSensor' ./test/guest
}

matrix() {
  make -n test-go | grep -qE "grep -vE '[^']*/test/guest[$]'" && { echo "make test leaves the guest out"; return 4; }
  go_tests 'TestSensor' ./test/guest
}

matrix_long() {
  BAIZE_GUESTS=all go_tests 'TestSensor' ./test/guest
}

# modules are loaded into a kernel that is nobody's.
modules() {
  tests ModulesAreTold $sensor > /dev/null || return
  with BAIZE_GUEST_RUN=ModulesAreTold go_tests 'TestSensor' ./test/guest
}

secrets() {
  tests 'SecretsAreReplaced|StaysReadable|EqualSecrets|CutSecret|PatternsAreAdded|WrongConfiguration' ./internal/redact || return
  tests 'SecretsDoNotLeave|HostsOwnPatterns' $agent || return
  echo "$(wc -l < internal/redact/testdata/secrets.txt) lines with secrets, $(wc -l < internal/redact/testdata/readable.txt) without; nothing leaves the host"
}

# benches runs lines of the benchmark; it holds where each of them meets its target.
benches() {
  local lines=$1 file=bench/results/latest.json
  make bench LINES="$lines" > "$logs/bench.$lines.log" 2>&1 || { tail -n 5 "$logs/bench.$lines.log"; return 1; }
  jq -r --arg lines "$lines" '.[] | select(.line as $l | $lines | split(",") | index($l | tostring)) | "\(.line). \(.name): \(.value) \(.unit), target \(.target)\(if .met then "" else " MISSED" end)"' "$file" | paste -sd';'
  jq -e --arg lines "$lines" '[.[] | select(.line as $l | $lines | split(",") | index($l | tostring))] | length > 0 and all(.met)' "$file" > /dev/null
}

raw_figures() {
  jq -e '[.[] | select(.line <= 5)] | length >= 5 and all(.runs | length > 0)' bench/results/latest.json > /dev/null || { echo "bench/results/latest.json has not all of lines 1 to 5 with their runs"; return 1; }
  jq -r '[.[] | select(.line <= 5) | "\(.line): \(.runs | length) runs"] | join(", ")' bench/results/latest.json
}

soak() {
  grep -rqE '^func TestTheAgentDoesNotGrow' test internal || { echo "no test of an hour of churn"; return 4; }
  with BAIZE_SOAK="${SOAK:-1h}" go_tests TestTheAgentDoesNotGrow ./test/... ./internal/agent/...
}

nowhere_skipped() {
  go_tests . $sensor || return
  grep -qE 'SKIPS +:= ' Makefile || { echo "no list of reasons for which a test may be skipped"; return 1; }
  echo "all tests of the sensor, none skipped; the only reasons: $(sed -nE 's/^SKIPS +:= //p' Makefile)"
}

echo "Deliver"
line "1. process: fork, exec with all its fields, exit, rename, credentials, capabilities, ptrace, vm_writev, signals, namespaces, seccomp and prctl" tests 'ForkExecExit|RenameOfProcess|Credentials|SetuidProgram|ReachingIntoProcesses|SignalsToOtherLineages|RequestsForNamespacesAndLimits|ForeignImages|LongArgumentsAreMarked|DescriptorTypes' $sensor ./internal/agent/enrich
line "1. file: create, close after write, rename, link, unlink, mode, owner, xattr, truncate, watched opens, memfd" tests 'FileCalls|CloseAfterWrite|WatchedOpens|RefusedOpens|ExecOfMemfd|WatchesBelowOtherDirectories' $sensor
line "1. network: connect with result, accept, listen, datagrams, DNS, raw and packet sockets, bytes at close" tests 'TestConnect|AcceptAndListen|Datagrams|SocketsOfWholePackets|ConnectWithoutRoute|TestNamespaces' $sensor
line "1. kernel: BPF, mounts, settings, io_uring" tests 'ProgramsForTheKernel|MountRequests|WatchesBelowOtherDirectories|RequestsThroughIOUring' $sensor
line "1. access: logins, logouts, failures of sshd, su, sudo, PAM" tests 'Logins' $agent ./internal/logline
line "1. container: start and stop with name and image" tests 'AContainerHasItsNameAndImage' $agent
line "1. sensor: start, stop, attach failures, loss, canary" tests 'MissingHookMakesTheClassUnavailable|EveryProcessorHasItsCanary|LossIsCounted|StoppingInOrder' $sensor $agent
line "1. every kind reaches the log" go_tests TestEveryKindReachesTheLog ./test/whole
hard "execveat with an empty path" ExecWithEmptyPath $sensor
hard "memfd and deleted images" 'ExecOfMemfd|ExecOfDeletedFile|MemfdCannotBeImitated' $sensor
hard "scripts and binfmt" 'ExecOfScript|ExecThroughBinfmt' $sensor
hard "threads that exec" ExecByThreadKeepsIdentity $sensor
hard "vfork" VforkIsAFork $sensor
hard "rename over an open file" RenameOverAnOpenFile $sensor
hard "echo >f then exit, dup2, close_range, a mapping written after close" CloseAfterWrite $sensor
hard "descriptors passed over sockets" DescriptorsPassedOverSockets $sensor
hard "overlayfs upper and lower" OverlayWritesAreToldOnce $sensor
hard "bind mounts and other mount namespaces" 'OpenIsSeenThroughBindMounts|TestNamespaces|ExecInADetachedMount' $sensor
hard "abstract and unix sockets" RuntimeSockets $sensor
hard "IPv6 and mapped addresses, non-blocking connect results" 'TestConnect|DatagramToMappedAddress' $sensor
hard "DNS over connected and unconnected UDP and over TCP" 'TestNamespaces|MessagesInPieces' $sensor
hard "io_uring open, connect, unlink that bypass system calls" 'RequestsThroughIOUring|SocketsThroughIOUring' $sensor
hard "setns and unshare escape steps" 'RequestsForNamespacesAndLimits|ProcessBornIntoNamespaces' $sensor
hard "BPF loading" ProgramsForTheKernel $sensor
line "1. hard case: module loading" modules
hard "runtime-socket use" RuntimeSockets $sensor
hard "/proc/PID/mem writes" 'WritesToMemoryOfOthers|OtherMountsOfProc|TheSameNumber' $sensor
hard "logins: journald, files, PAM" 'TestLogins|JournalOverRotations|RotationByRenaming' $agent ./internal/agent/logs ./internal/logline
line "2. tier 1: fentry and LSM where the kernel allows it" tier1
line "2. each hook that could not attach is in health with its reason" tests 'MissingHookMakesTheClassUnavailable|EverythingAttaches' $sensor
line "3. objects for both architectures" objects
line "3. a guest with Debian's kernel, one boot in make test" matrix
line "3. all guests, in make test-long" matrix_long
line "4. coalescing with exact counts" tests 'RepeatsAreCounted|RepeatsKeepTheOrder|RepeatedWriteHasTheLastSize' $sensor
line "4. approvers from the rules in force" tests 'KindsThatNoRuleAsksFor|AskedAreTheKinds|RulesAskForFollowsThem|ToldWhatTheRulesAskFor|NoRuleAsksForIsFilteredByRevision' $sensor $agent ./internal/taxonomy ./internal/server/policy ./internal/server/gateway
line "4. learned discards that expire and end where anything changes" tests DiscardsEndWhereTheWayChanges $sensor
line "4. throttled per cgroup, and nobody hides behind another's flood" tests AFloodIsThrottledAndHidesNobody $sensor
line "4. shed by class under pressure" tests WhatExistsForRulesIsShedFirst $sensor
line "4. adaptive batching" tests 'ReaderIsWokenWhenIdle|BatchesGrowWithWhatComes' $sensor
line "5. Docker" tests 'AContainerHasItsNameAndImage|TestDocker' $agent ./internal/agent/container
line "5. containerd, with the pod of CRI labels" tests 'AContainerOfContainerd|TestContainerd' $agent ./internal/agent/container
line "5. Podman" tests AContainerOfPodman $agent
line "5. CRI-O, by its store and its cgroups" tests 'AContainerAsCRIOMakesIt|StorageOfCRIO' $agent ./internal/agent/container
line "5. pending is completed, absent is said, never silence" tests 'WhatIsPendingIsCarriedLater|ContainersAreToldOfAtFirstSight|LeavingItsCgroupLeavesNoContainer|FromCgroups' ./internal/agent/enrich ./internal/agent/container
line "6. coverage and loss per class and reason, as events and metrics" tests 'CoverageIsStatedEachWindow|TestStates|CoverageWindowsAreSeamless|ObservationsOfAllHosts' $sensor ./internal/agent/enrich ./internal/server/gateway
line "6. canaries of each processor" tests 'EveryProcessorHasItsCanary|ASilentProcessor' $sensor
line "6. tampering: detached, stopped, traced, signalled, changed, cut off" tests 'ADetachedProgram|AClosedLink|AReplacedProgram|ReachingForTheSensorsMaps|WhatTheProgramsAreTold|AStoppedAndATracedAgent|TracingTheAgent|ReachingIntoTheAgent|ChangingTheAgentsFiles|ASignalHasItsTarget|MountsOverTheAgents|OpeningTheAgentsMemory|ALongTimeWithoutAServer' $sensor $agent ./internal/agent/enrich ./internal/agent/uplink
line "6. nanoseconds of each BPF program in health" tests 'ProgramsAreMeasured|WhatHappensIsTold' \$sensor \$agent
line "7. redaction with keyed hashes, configurable, on a corpus" secrets
line "8. make bench lines 1 to 5, auditd beside them" benches "${LINES:-1,2,3,4,5}"
line "8. raw figures are kept" raw_figures
echo
echo "It holds when"
line "every test passes natively, and a skip is a failure" nowhere_skipped
line "every test passes in the guest" matrix
line "buffers made tiny: produced = delivered + counted, per class" tests 'ProducedIsDeliveredAndLost|WhatExistsForRulesIsShedFirst' $sensor
line "attempts to go blind: flooding" tests 'AFloodIsThrottledAndHidesNobody|AFloodOfForksIsCounted' $sensor $agent
line "attempts to go blind: 100,000 forks" with BAIZE_FORKS=100000 tests AFloodOfForksIsCounted $agent
line "attempts to go blind: deep paths, 128 KiB argv, chroot, new namespaces" tests 'ThereIsNowhereToHide|DeepDirectoriesAreWhole|TheDeepestPaths|LongArgumentsAreMarked' $agent $sensor
line "attempts to go blind: renaming itself" tests 'RenameOfProcess|ATitleOverTheArguments' $sensor $agent
line "attempts to go blind: io_uring" tests 'RequestsThroughIOUring|SocketsThroughIOUring' $sensor
line "attempts to go blind: opens by handle, and hooks switched off where there are some" tests 'OpensByHandle|SwitchedOffFunctions' $sensor
line "attempts to go blind: killing the agent's threads, filling its disk" tests 'AKilledThreadIsAKilledAgent|AFullDiskIsTold' $agent
line "an hour of compile and container churn without growing" soak
finish
