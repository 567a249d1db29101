package response

import "baize/internal/event"

// Taken is what a host answers to ActionQuarantine.
type Taken struct {
	DryRun  bool          `json:"dry_run,omitempty"`
	Refused string        `json:"refused,omitempty"`
	Path    string        `json:"path"`
	Inode   event.FileKey `json:"inode"`
	SHA256  string        `json:"sha256"`
	Size    int64         `json:"size"`
	// Links are the other names of the file, which stay.
	Links int `json:"links,omitempty"`
	// Running are processes that execute it, which go on: at most MaxMembers.
	Running []event.ProcessKey `json:"running,omitempty"`
	Record  string             `json:"record,omitempty"`
}

// Reverted is what a host answers to ActionRevert.
type Reverted struct {
	DryRun  bool   `json:"dry_run,omitempty"`
	Refused string `json:"refused,omitempty"`
	Path    string `json:"path"`
	// Before and After are the SHA-256 of the whole file.
	Before string `json:"before"`
	After  string `json:"after"`
	// Lines that are removed, by their number before, from 1.
	Lines []int `json:"lines"`
	// Record names what undoes it.
	Record string `json:"record,omitempty"`
}
