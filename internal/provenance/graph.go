package provenance

import (
	"time"

	"baize/internal/event"
)

// Types of nodes.
const (
	NodeProcess = "process"
	NodeFile    = "file"
	NodeSocket  = "socket"
	NodeDomain  = "domain"
)

// Roles of nodes.
const (
	// RoleEntry is where the intruder came in, RoleHub what is behind it.
	RoleEntry = "entry"
	RoleHub   = "hub"
	// RoleAlert is what raised the alert that was asked for.
	RoleAlert = "alert"
	// RolePath is on the way between them.
	RolePath        = "path"
	RoleBrought     = "brought"
	RolePersistence = "persistence"
	RoleSensitive   = "sensitive"
	RolePeer        = "peer"
)

// Graph is the provenance of one alert: the way back to its entry point, and
// what the intrusion led to.
type Graph struct {
	// Alert that was asked for; empty for the graph of a whole intrusion.
	Alert     string `json:"alert,omitempty"`
	Intrusion string `json:"intrusion,omitempty"`
	// Entry is the key of the process in which the intruder came in; empty where
	// the way back ends in something forgotten, as Stopped says.
	Entry   string `json:"entry,omitempty"`
	Nodes   []Node `json:"nodes"`
	Edges   []Edge `json:"edges"`
	Stopped string `json:"stopped,omitempty"`
	// Left is how many nodes of the intrusion are not shown.
	Left int `json:"left,omitempty"`
	// Stored says what of the stored telemetry the way back was continued in; nil
	// where that was not needed.
	Stored *Stored `json:"stored,omitempty"`
}

// Stored is what was read of stored telemetry.
type Stored struct {
	From   time.Time `json:"from,omitzero"`
	To     time.Time `json:"to,omitzero"`
	Events int       `json:"events"`
}

// Node of a graph. Several processes that did the same thing in the same place
// are one node.
type Node struct {
	// ID is unique in the graph and the same in every graph of the host.
	ID    string   `json:"id"`
	Type  string   `json:"type"`
	Label string   `json:"label"`
	Roles []string `json:"roles,omitempty"`
	// Time it was first seen.
	Time time.Time `json:"time,omitzero"`
	// Stored : it is known from stored telemetry alone.
	Stored bool `json:"stored,omitempty"`
	// Of a process.
	Process    event.ProcessKey `json:"process,omitzero"`
	Executable string           `json:"executable,omitempty"`
	User       string           `json:"user,omitempty"`
	Context    string           `json:"context,omitempty"`
	Exited     bool             `json:"exited,omitempty"`
	// Members are the processes that the node stands for, where more than one:
	// Count in all, of which at most MaxMembers are named.
	Members []event.ProcessKey `json:"members,omitempty"`
	Count   int                `json:"count,omitempty"`
	// Of a file.
	Path  string        `json:"path,omitempty"`
	Inode event.FileKey `json:"inode,omitzero"`
	Gone  bool          `json:"gone,omitempty"`
}

// MaxMembers bounds Node.Members.
const MaxMembers = 64

// Edge of a graph, in the direction in which control or data flows. Bytes is 0
// where they were not counted.
type Edge struct {
	From  string    `json:"from"`
	To    string    `json:"to"`
	Op    string    `json:"op"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	Count uint64    `json:"count"`
	Bytes uint64    `json:"bytes"`
	// Seq is the number of the event that it was first seen in, 0 where that is
	// not known.
	Seq  uint64 `json:"seq,omitempty"`
	Boot string `json:"boot,omitempty"`
}
