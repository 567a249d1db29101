package replay

import (
	"baize/internal/engine"
	"baize/internal/event"
	"baize/internal/provenance"
)

// Provenance of an alert: the way back to its entry point and what the
// intrusion did. Of an alert that is part of an intrusion it is as known when
// the log ended, or when the engine had to give the alert up; of others as
// known when it was raised.
type Provenance struct {
	Alert     string `json:"alert"`
	Intrusion string `json:"intrusion,omitempty"`
	// Entry is the process in which the intruder came in; nil where it was
	// forgotten or the alert has no process.
	Entry   *Process                     `json:"entry"`
	Nodes   []provenance.Node            `json:"nodes"`
	Edges   []provenance.Edge            `json:"edges"`
	Answers map[string]provenance.Answer `json:"answers"`
	// Stopped says why the way back ends before an entry, Left how many nodes
	// are not listed.
	Stopped string `json:"stopped,omitempty"`
	Left    int    `json:"left,omitempty"`
}

// Process is the entry point.
type Process struct {
	Key         event.ProcessKey `json:"key"`
	PID         uint32           `json:"pid"`
	Executable  string           `json:"executable"`
	CommandLine string           `json:"command_line"`
	User        string           `json:"user,omitempty"`
	Context     string           `json:"context,omitempty"`
}

// provenanceOf writes a trace out.
func provenanceOf(t *engine.Trace) *Provenance {
	p := &Provenance{
		Alert: t.Alert, Intrusion: t.Intrusion, Nodes: t.Nodes, Edges: t.Edges, Answers: t.Answers, Stopped: t.Stopped, Left: t.Left,
	}
	for k := range t.Nodes {
		if n := &t.Nodes[k]; n.ID == t.Entry && t.Entry != "" {
			p.Entry = &Process{Key: n.Process, PID: n.Process.PID, Executable: n.Executable, CommandLine: n.Label, User: n.User, Context: n.Context}
		}
	}
	return p
}
