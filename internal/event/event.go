package event

import "time"

// Event is one observation. Exactly the parts that its Kind speaks of are set.
// Events are immutable once made: readers share them without copying.
type Event struct {
	// Org is the tenant.
	Org string `json:"org,omitempty"`
	// Host is where it was seen. The server sets it from the certificate.
	Host Host `json:"host,omitzero"`
	// Boot is the kernel's boot id of that host.
	Boot string `json:"boot,omitempty"`
	// Seq numbers one host's events of one boot without gaps, from 1. A gap is
	// a loss that must be shown.
	Seq uint64 `json:"seq,omitempty"`
	// Time is when it happened, by the host's clock, UTC, nanoseconds.
	Time time.Time `json:"time"`
	// Kind says what was seen.
	Kind Kind `json:"kind"`

	// Process did it.
	Process *Process `json:"process,omitempty"`
	// Target is the process it was done to (ptrace, signals).
	Target *Process `json:"target,omitempty"`
	// Operation is what was asked of the kernel.
	Operation *Operation `json:"operation,omitempty"`
	// Via is how a request reached the kernel where that was no system call of
	// its own: ViaRing.
	Via string `json:"via,omitempty"`
	// File it was done to.
	File *File `json:"file,omitempty"`
	// Source and Destination are the ends of a network event: Source is the
	// local end of a connect, the remote end of an accept.
	Source      *Endpoint `json:"source,omitempty"`
	Destination *Endpoint `json:"destination,omitempty"`
	Network     *Network  `json:"network,omitempty"`
	DNS         *DNS      `json:"dns,omitempty"`
	// Container the process runs in; nil where the process is known to be in none.
	Container *Container `json:"container,omitempty"`
	Coverage  *Coverage  `json:"coverage,omitempty"`
	Action    *Action    `json:"action,omitempty"`
	// Probe is what a probe saw within the process, Stack how the code came there.
	Probe *Probe `json:"probe,omitempty"`
	Stack *Stack `json:"stack,omitempty"`
	// Log is where a line was read; Access, Change, HTTP, URL and UserAgent are
	// what it says.
	Log       *Log           `json:"log,omitempty"`
	Access    *Access        `json:"access,omitempty"`
	Change    *AccountChange `json:"change,omitempty"`
	HTTP      *HTTP          `json:"http,omitempty"`
	URL       *URL           `json:"url,omitempty"`
	UserAgent *UserAgent     `json:"user_agent,omitempty"`

	// Result is the system call's outcome: 0, or a negative errno. Nil where
	// the kind has none.
	Result *int `json:"result,omitempty"`
	// Count is how many identical observations this event stands for; 0 reads as 1.
	Count uint64 `json:"count,omitempty"`
	// Message is a line of a log, or free text of control and gateway records.
	Message string `json:"message,omitempty"`
	// Ingest is what the gateway stamped; nil before the gateway.
	Ingest *Ingest `json:"ingest,omitempty"`
}

// Host names the machine an event comes from.
type Host struct {
	// ID is bound to the host's certificate. It contains no '/'.
	ID string `json:"id"`
	// Name is the node name as the host gives it.
	Name string `json:"name,omitempty"`
}

// Ingest is the gateway's stamp, the reason why a replay of the log sees what
// the live engine saw.
type Ingest struct {
	// Bus is the position in the engine's log: strictly increasing.
	Bus uint64 `json:"bus"`
	// Received is the server's clock when the batch arrived.
	Received time.Time `json:"received"`
	// Skew is the estimated host clock minus server clock, in milliseconds.
	Skew int64 `json:"skew_ms,omitempty"`
}

// Repeats is the number of observations the event stands for, at least 1.
func (e *Event) Repeats() uint64 {
	if e.Count == 0 {
		return 1
	}
	return e.Count
}

// Action is what the agent did on command.
type Action struct {
	// ID of the command envelope.
	ID string `json:"id"`
	// Name of the action, for example "ping".
	Name string `json:"name"`
	// State is "done", "failed" or "refused".
	State string `json:"state"`
	// Detail is the result or the reason.
	Detail string `json:"detail,omitempty"`
}
