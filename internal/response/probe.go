package response

import (
	"time"

	"baize/internal/event"
)

// Actions about probes within applications.
const (
	// ActionProbeList says which processes a probe is in or can be put into.
	ActionProbeList = "probe.list"
	// ActionProbeAttach puts a probe into the process ArgPID, which started at
	// ArgStart if that is given.
	ActionProbeAttach = "probe.attach"
	// ActionProbeDetach takes it out again.
	ActionProbeDetach = "probe.detach"
)

// Arguments of actions about probes.
const (
	// ArgPID is a process's number in the host's own pid namespace.
	ArgPID = "pid"
	// ArgStart is its start time in nanoseconds since boot.
	ArgStart = "start"
)

// States of a probe.
const (
	ProbeDiscovered = "discovered"
	ProbeEligible   = "eligible"
	ProbeAttaching  = "attaching"
	ProbeVerified   = "verified"
	ProbeActive     = "active"
	ProbeDetached   = "detached"
	ProbeFailed     = "failed"
)

// Probe is a process that a probe is in, was in, or can or cannot be put into.
type Probe struct {
	Process event.ProcessKey `json:"process"`
	// Runtime, and its version as it says it.
	Runtime    string `json:"runtime"`
	Version    string `json:"version,omitempty"`
	Executable string `json:"executable,omitempty"`
	// Command is the command line, without secrets and cut.
	Command   string `json:"command,omitempty"`
	User      uint32 `json:"user"`
	Container string `json:"container,omitempty"`
	State     string `json:"state"`
	// Reason is a word for programs, Message a sentence for people: why it
	// failed, was detached or is not eligible.
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	// Since is when it came into that state; zero where there is no probe.
	Since  time.Time    `json:"since,omitzero"`
	Hooks  []ProbeHook  `json:"hooks,omitempty"`
	Health *ProbeHealth `json:"health,omitempty"`
}

// ProbeHook is one kind of act that a probe watches, or would.
type ProbeHook struct {
	Name string `json:"name"`
	// State is live, waiting, absent, failed, off, over_budget or dead (it is
	// there, and did not see the probe's own call).
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
}

// ProbeHealth is what a probe said of itself last.
type ProbeHealth struct {
	// Heard is when.
	Heard time.Time `json:"heard"`
	// Calls that hooks saw, of those Events, Repeats and Lost ones.
	Calls   uint64 `json:"calls"`
	Events  uint64 `json:"events"`
	Repeats uint64 `json:"repeats"`
	Lost    uint64 `json:"lost"`
	// CPU time of the probe's thread, in nanoseconds.
	CPU uint64 `json:"cpu_ns"`
	// Heap in use in the whole VM, and the most it may be, in bytes.
	HeapUsed uint64 `json:"heap_used"`
	HeapMax  uint64 `json:"heap_max"`
	// Breaker says why the probe rests; empty while it does not.
	Breaker string `json:"breaker,omitempty"`
	// Configuration is the hash of the one in force.
	Configuration string `json:"configuration,omitempty"`
}

// Probes is what a host answers to ActionProbeList, and, with one element, to
// the others.
type Probes struct {
	Probes []Probe `json:"probes"`
	// More are left out, for room.
	More int `json:"more,omitempty"`
}
