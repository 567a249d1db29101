package graph

import (
	"path"

	"baize/internal/event"
)

// maxText bounds, in bytes, each text kept of a process.
const maxText = 512

// procKey is a process of one host; boot indexes the host's boots.
type procKey struct {
	Boot  uint32
	PID   uint32
	Start uint64
}

// process is what is kept of one process, exited ones included.
type process struct {
	Node   node
	Key    event.ProcessKey
	Parent procKey
	Exe    string
	// Foreign : the host has another file at Exe, or none.
	Foreign bool
	Command string
	User    string
	// Context is the id of the execution context, Kind its kind.
	Context string
	Kind    string
	// Lineage it belongs to; "" for a hub.
	Lineage string
	// Service instance it serves or was started by; "" where none is known.
	Service string
	// Server : it accepted or listened since its last exec.
	Server bool
	// Root : it is the first process of its context.
	Root   bool
	Exited bool
	// First is when it was first seen, by the engine's clock; Born when it began,
	// by the host's.
	First, Born int64
	// Brought : it runs a file that an intruder brought.
	Brought bool
	// Lost is what of its doings is forgotten.
	Lost loss
	// Rare is what few processes have; nil for the others.
	Rare *rare
}

// rare is what few processes have.
type rare struct {
	// Source is the outside peer that a server accepted last, at SourceTime;
	// another one was last accepted at OtherTime.
	Source     string
	SourceTime int64
	OtherTime  int64
	// Caller is the conversation with another of ours that a server accepted last,
	// at CallerTime; one with another address was last accepted at OtherCaller. Of
	// the first process of a shell or session it is the one that led to it.
	Caller                  conversation
	CallerTime, OtherCaller int64
	// Login is the one that a daemon's process wrote down; nil for others.
	Login *keptLogin
	// Flow says from whom the image that it runs came.
	Flow *Flow
	// Called is the peer that it called last, as text.
	Called string
	// Elevated tells how it became somebody of more power.
	Elevated string
	// Job is the command that a scheduler runs it for.
	Job string
	// Definitions are files that a hub read to know what to run.
	Definitions []nodeID
}

// noRare is what most processes have.
var noRare rare

// rare is what p has of it, to be read only.
func (p *process) rare() *rare {
	if p.Rare == nil {
		return &noRare
	}
	return p.Rare
}

// rarely returns the same to write to.
func (p *process) rarely() *rare {
	if p.Rare == nil {
		p.Rare = &rare{}
	}
	return p.Rare
}

// hubNames are the images that stand for hubs where the host assigned no
// context, as in telemetry of other makers.
var hubNames = map[string]bool{
	"systemd": true, "init": true, "sshd": true, "cron": true, "crond": true,
	"dockerd": true, "containerd": true, "containerd-shim": true, "containerd-shim-runc-v2": true,
}

// hub reports whether p passes nothing on to what it starts.
func (p *process) hub() bool {
	if p.Key.PID <= 2 || p.Server {
		return true
	}
	if p.Kind == "" {
		return hubNames[path.Base(p.Exe)]
	}
	return p.Root && hubKind(p.Kind)
}

// hubKind reports whether the lineages of a context have nothing in common.
func hubKind(kind string) bool {
	switch kind {
	case event.ContextWebShell, event.ContextLogin, event.ContextCron:
		return false
	}
	return true
}

func clip(text string) string {
	if len(text) > maxText {
		return text[:maxText]
	}
	return text
}
