package response

import (
	"time"

	"baize/internal/event"
)

// Names of actions.
const (
	// ActionPing does nothing.
	ActionPing = "ping"
	// ActionStat looks at a file.
	ActionStat = "stat"
	// ActionCollect copies a file, an image or facts of a process to the server.
	ActionCollect = "collect"
	// ActionFreeze makes a process tree stand still. ActionThaw undoes it.
	ActionFreeze = "freeze"
	ActionThaw   = "thaw"
	// ActionKill ends a process tree; nothing undoes it.
	ActionKill = "kill"
	// ActionQuarantine takes a file away. ActionRestore undoes it.
	ActionQuarantine = "quarantine"
	ActionRestore    = "restore"
	// ActionRevert removes lines from a file. ActionReapply undoes it.
	ActionRevert  = "revert"
	ActionReapply = "reapply"
	// ActionRecords lists what can be undone.
	ActionRecords = "records"
)

// UndoOf maps an action to the one that undoes it.
var UndoOf = map[string]string{ActionFreeze: ActionThaw, ActionQuarantine: ActionRestore, ActionRevert: ActionReapply}

// Arguments of actions that are about files and processes.
const (
	// ArgPath is an absolute path, in the root of ArgContainer or of the host.
	ArgPath = "path"
	// ArgContainer is the id of a container.
	ArgContainer = "container"
	// ArgInode is the key of the file that is meant.
	ArgInode = "inode"
	// ArgSHA256 is the content that is meant, hexadecimal.
	ArgSHA256 = "sha256"
	// ArgWhat is what to collect.
	ArgWhat = "what"
	// ArgProcess is the key of a process.
	ArgProcess = "process"
	// ArgDryRun is "true" where nothing is to be changed.
	ArgDryRun = "dry_run"
	// ArgRecord is what is to be undone: the id of the command that did it.
	ArgRecord = "record"
	// ArgLines are the lines that are meant, each with its end.
	ArgLines = "lines"
)

// What can be collected.
const (
	// CollectFile : the file at ArgPath.
	CollectFile = "file"
	// CollectImage : what ArgProcess executes, whatever has become of its name.
	CollectImage = "image"
	// CollectProcess : the memory map and the redacted environment of ArgProcess.
	CollectProcess = "process"
)

// Stat is what a host answers to ActionStat.
type Stat struct {
	Exists bool `json:"exists"`
	// Same says whether it is the file of ArgInode; nil if none was named.
	Same *bool `json:"same,omitempty"`
	// Inode has no generation where the file system does not tell it.
	Inode event.FileKey `json:"inode,omitzero"`
	// Type is as in event.File: empty for a regular file.
	Type     string    `json:"type,omitempty"`
	Size     int64     `json:"size"`
	Mode     string    `json:"mode,omitempty"`
	Modified time.Time `json:"mtime,omitzero"`
	// Hash of a regular file.
	Hash *event.Hash `json:"hash,omitempty"`
}

// Collected is what a host answers to ActionCollect, once the server has it.
type Collected struct {
	// SHA256 and Size of what was sent.
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	// Path is where it was; of an image what the kernel calls it.
	Path     string        `json:"path,omitempty"`
	Inode    event.FileKey `json:"inode,omitzero"`
	Mode     string        `json:"mode,omitempty"`
	Modified time.Time     `json:"mtime,omitzero"`
}

// KindEvidence is what the bulk channel calls evidence. Its name is the id of
// the command that it answers.
const KindEvidence = "evidence"

// MaxEvidence bounds one file of evidence, in bytes.
const MaxEvidence = 64 << 20
