package response

import "baize/internal/event"

// Member is a process of a tree.
type Member struct {
	Key event.ProcessKey `json:"key"`
	// Name is the command name, which the process may choose.
	Name       string `json:"name"`
	Executable string `json:"executable,omitempty"`
	// Inode of what it executes.
	Inode     event.FileKey `json:"inode,omitzero"`
	Container string        `json:"container,omitempty"`
}

// MaxMembers bounds the members that an answer lists, of more it has the count.
const MaxMembers = 32

// Tree is what a host answers to ActionFreeze and ActionKill.
type Tree struct {
	// DryRun : nothing was changed; this is what would have been done.
	DryRun bool `json:"dry_run,omitempty"`
	// Refused says why it would not have been done.
	Refused string `json:"refused,omitempty"`
	// Members, the root first, and how many there are.
	Members []Member `json:"members"`
	Count   int      `json:"count"`
	// Groups counts the cgroups that hold them, of Hierarchy: v2 or v1-freezer.
	Groups    int    `json:"groups,omitempty"`
	Hierarchy string `json:"hierarchy,omitempty"`
	// Waiting : some member waits for the kernel, and will stand, or end, when that
	// answers.
	Waiting bool `json:"waiting,omitempty"`
	// Record names what undoes it, where anything does.
	Record string `json:"record,omitempty"`
}

// Undone is what a host answers to the undoing of an action.
type Undone struct {
	Record string `json:"record"`
	DryRun bool   `json:"dry_run,omitempty"`
	// Action that is undone.
	Action string `json:"action"`
	// Count of the processes that go on, 0 where it was about something else.
	Count int `json:"count,omitempty"`
	// Path that was put back.
	Path string `json:"path,omitempty"`
	// Detail says what differs from before, if anything does.
	Detail string `json:"detail,omitempty"`
}

// Record is an action in force on a host, or one that can be undone.
type Record struct {
	ID     string `json:"id"`
	Action string `json:"action"`
	// Time of the action, RFC 3339.
	Time string `json:"time"`
	// Subject is a process key or a path.
	Subject string `json:"subject"`
	Count   int    `json:"count,omitempty"`
	Size    int64  `json:"size,omitempty"`
}

// Records is what a host answers to ActionRecords.
type Records struct {
	Records []Record `json:"records"`
	// Count of them, where the list is cut.
	Count int `json:"count"`
}
