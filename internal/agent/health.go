package agent

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/types/known/timestamppb"

	"baize/internal/agent/sensor"
	"baize/internal/event"
	baizev1 "baize/proto/baize/v1"
)

// heartbeat is the agent's state as the server hears it.
func (a *agent) heartbeat() *baizev1.Heartbeat {
	h := &baizev1.Heartbeat{
		Time: timestamppb.Now(), RssBytes: residentBytes(), CpuSeconds: cpuSeconds(),
		LastSeq: a.spool.NextSeq(a.boot) - 1, SpoolBytes: uint64(a.spool.Bytes()),
		Scope: a.options.Scope, Processes: uint64(a.observer.processes.Load()),
	}
	health, err := a.observer.sensor.Health()
	if err != nil {
		a.log.Warn("sensor health", "error", err)
		return h
	}
	h.Tier, h.Armed = uint32(health.Tier), true
	for _, c := range health.Classes {
		h.Classes = append(h.Classes, &baizev1.ClassHealth{
			Class: string(c.Class), State: c.State, Seen: c.Seen, Lost: c.Lost, Losses: losses(c.Losses),
			Coalesced: c.Coalesced, Filtered: c.Filtered, Throttled: c.Throttled, LeftOut: c.LeftOut,
		})
	}
	// A host whose logs are not read, as its owner or its scope has it, is not
	// in trouble.
	if c := a.observer.lineHealth.Load(); c != nil && c.State != event.CoverageUnavailable {
		h.Classes = append(h.Classes, &baizev1.ClassHealth{Class: string(c.Class), State: c.State, Seen: c.Seen, Lost: c.Lost})
	}
	for _, p := range health.Programs {
		h.Programs = append(h.Programs, &baizev1.ProgramCost{Name: p.Program, Runs: p.Runs, Nanoseconds: uint64(p.Time)})
	}
	h.Canaries, h.CanariesSilent = uint32(health.Canaries.Tried), uint32(health.Canaries.Silent)
	for _, hook := range health.Hooks {
		h.Hooks = append(h.Hooks, &baizev1.HookHealth{Name: hook.Name, Attached: hook.Attached, Error: hook.Error})
	}
	return h
}

func losses(list []sensor.Loss) []*baizev1.Loss {
	var out []*baizev1.Loss
	for _, l := range list {
		out = append(out, &baizev1.Loss{Reason: l.Reason, Count: l.Count})
	}
	return out
}

// residentBytes is the agent's resident memory, 0 where it cannot be read.
func residentBytes() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * uint64(os.Getpagesize())
}

// cpuSeconds is the processor time that the agent has used.
func cpuSeconds() float64 {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}
