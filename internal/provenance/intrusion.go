package provenance

import (
	"time"

	"baize/internal/event"
)

// Intrusion is what one intruder does on one host: the taint roots that belong
// together, what they led to, and what is known of it.
type Intrusion struct {
	ID string `json:"id"`
	// Revision rises with every change; a store applies only a higher one.
	Revision uint64     `json:"revision"`
	Org      string     `json:"org,omitempty"`
	Host     event.Host `json:"host"`
	// Opened is the first thing that is known of it, Updated the last, by the
	// host's clock.
	Opened  time.Time `json:"opened"`
	Updated time.Time `json:"updated"`
	// MergedInto is the older intrusion that this one turned out to be part of.
	MergedInto string `json:"merged_into,omitempty"`
	// Service is the service instance that was entered, where there is one.
	Service string `json:"service,omitempty"`
	// Roots are the entries, the first first: one for each retry.
	Roots     []Root `json:"roots"`
	MoreRoots int    `json:"more_roots,omitempty"`
	// Answers to the five questions.
	Answers map[string]Answer `json:"answers"`
	// Stages of the kill chain, all of them, in the order of tactics.
	Stages []Stage `json:"stages"`

	Files       []File    `json:"files"`
	Changes     []Change  `json:"persistence"`
	Peers       []Peer    `json:"peers"`
	Reads       []Read    `json:"reads"`
	Processes   []Process `json:"processes"`
	Alive       int       `json:"alive"`
	Credentials []string  `json:"privilege,omitempty"`

	// Graph of what it did, from its first entry on.
	Graph Graph `json:"graph"`

	// Pruned says what was given up at a limit: an answer that rests on it is
	// "at least".
	Pruned Pruned `json:"pruned,omitzero"`
}

// Root is one entry of an intruder: a web-spawned shell, a login, the process
// of an alert.
type Root struct {
	Lineage string           `json:"lineage,omitempty"`
	Process event.ProcessKey `json:"process"`
	// Kind of the execution context.
	Kind    string    `json:"kind,omitempty"`
	Command string    `json:"command_line,omitempty"`
	User    string    `json:"user,omitempty"`
	Source  string    `json:"source,omitempty"`
	Time    time.Time `json:"time"`
	// Joined says why it belongs to the roots before it; empty for the first.
	Joined string `json:"joined,omitempty"`
}

// File that an intruder brought or changed.
type File struct {
	Path  string        `json:"path"`
	Inode event.FileKey `json:"inode"`
	// SHA256 of the content last seen.
	SHA256 string `json:"sha256,omitempty"`
	Size   uint64 `json:"size,omitempty"`
	// Names it had before.
	Names []string `json:"names,omitempty"`
	// By is the command that wrote it first.
	By   string           `json:"by,omitempty"`
	Key  event.ProcessKey `json:"process,omitzero"`
	Time time.Time        `json:"time"`
	// From is where the writer's lineage had been connected to before it wrote.
	From string `json:"from,omitempty"`
	// Executable : it has, or had, a permission to execute. Executed : it was run.
	Executable bool `json:"executable,omitempty"`
	Executed   bool `json:"executed,omitempty"`
	// Gone : its last name was seen to be removed, at GoneAt.
	Gone   bool      `json:"gone"`
	GoneAt time.Time `json:"gone_at,omitzero"`
	// Memory : it never had a name.
	Memory bool `json:"memory,omitempty"`
}

// Change of a file that decides what is run later.
type Change struct {
	// Class of persistence: cron, systemd, shell, ssh, preload, …
	Class string `json:"class"`
	Path  string `json:"path"`
	// Action is written, removed, renamed or permitted.
	Action  string   `json:"action"`
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
	// Cut : more lines changed than are told, or one of them is longer.
	Cut  bool             `json:"cut,omitempty"`
	By   string           `json:"by,omitempty"`
	Key  event.ProcessKey `json:"process,omitzero"`
	Time time.Time        `json:"time"`
	// Undone : the file was removed again, at UndoneAt.
	Undone   bool      `json:"undone,omitempty"`
	UndoneAt time.Time `json:"undone_at,omitzero"`
	// Ran are the commands that were started because of it.
	Ran []string `json:"ran,omitempty"`
}

// Peer that an intruder spoke to.
type Peer struct {
	// IP and Port, or a Name that was asked for.
	IP   string `json:"ip,omitempty"`
	Port uint16 `json:"port,omitempty"`
	Name string `json:"name,omitempty"`
	// Inside : it is an address of ours.
	Inside bool `json:"inside,omitempty"`
	// Inbound : the peer called.
	Inbound bool `json:"inbound,omitempty"`
	// Failed : no attempt to connect came through.
	Failed   bool      `json:"failed,omitempty"`
	BytesOut uint64    `json:"bytes_out,omitempty"`
	BytesIn  uint64    `json:"bytes_in,omitempty"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Count    uint64    `json:"count"`
	By       string    `json:"by,omitempty"`
	// Host and Process at the other end, where that is a host of the fleet that
	// saw the same conversation.
	Host    string           `json:"host,omitempty"`
	Process event.ProcessKey `json:"process,omitzero"`
}

// Read of a sensitive file.
type Read struct {
	Class string    `json:"class"`
	Path  string    `json:"path"`
	Size  uint64    `json:"size,omitempty"`
	By    string    `json:"by,omitempty"`
	First time.Time `json:"first"`
	Count uint64    `json:"count"`
	// Denied : no attempt was allowed.
	Denied bool `json:"denied,omitempty"`
}

// Process of an intruder.
type Process struct {
	Key        event.ProcessKey `json:"key"`
	Executable string           `json:"executable,omitempty"`
	Command    string           `json:"command_line,omitempty"`
	User       string           `json:"user,omitempty"`
	Alive      bool             `json:"alive"`
	Start      time.Time        `json:"start"`
	// Brought : it runs a file that the intruder brought.
	Brought bool `json:"brought,omitempty"`
}

// Pruned counts what was given up at limits.
type Pruned struct {
	Roots       int `json:"roots,omitempty"`
	Files       int `json:"files,omitempty"`
	Changes     int `json:"persistence,omitempty"`
	Peers       int `json:"peers,omitempty"`
	Reads       int `json:"reads,omitempty"`
	Processes   int `json:"processes,omitempty"`
	Taints      int `json:"taints,omitempty"`
	Credentials int `json:"privilege,omitempty"`
}
