package event

import "time"

// Process is a process as an event carries it: its key, and enough of itself
// and of its ancestors to read one line alone. Only an exec carries it whole;
// other kinds carry key, pid, executable, command line, user, parent and context.
type Process struct {
	Key ProcessKey `json:"key,omitzero"`
	// PID is the thread group id in the initial pid namespace.
	PID uint32 `json:"pid,omitempty"`
	// Exec counts the execs of this process since it was forked: 0 before the first.
	Exec uint32 `json:"exec,omitempty"`
	// Start is the wall-clock time of Key.Start.
	Start time.Time `json:"start,omitzero"`
	// Name is the kernel's comm (at most 15 bytes). The process may set it.
	Name string `json:"name,omitempty"`
	// Executable is the path of the image in the process's own mount namespace.
	Executable string   `json:"executable,omitempty"`
	Args       []string `json:"args,omitempty"`
	// ArgsTruncated says that Args and CommandLine were cut at the sensor's limit.
	ArgsTruncated bool `json:"args_truncated,omitempty"`
	// Redacted counts the secrets that were replaced in Args, CommandLine,
	// OldCommandLine and Env before the event left its host.
	Redacted uint32 `json:"redacted,omitempty"`
	// CommandLine is Args joined by spaces, or the rewritten command line.
	CommandLine      string `json:"command_line,omitempty"`
	WorkingDirectory string `json:"working_directory,omitempty"`
	User             *User  `json:"user,omitempty"`
	// EffectiveUser is set where it differs from User.
	EffectiveUser *User  `json:"effective_user,omitempty"`
	Hash          *Hash  `json:"hash,omitempty"`
	TTY           string `json:"tty,omitempty"`
	Exe           *Image `json:"exe,omitempty"`
	// Script is the file that the interpreter Executable was asked to run
	// through "#!".
	Script string      `json:"script,omitempty"`
	Stdin  *Descriptor `json:"stdin,omitempty"`
	Stdout *Descriptor `json:"stdout,omitempty"`
	Stderr *Descriptor `json:"stderr,omitempty"`
	// Env holds the variables of interest only (LD_PRELOAD, LD_LIBRARY_PATH, SSH_CONNECTION).
	Env map[string]string `json:"env,omitempty"`
	// KernelThread says that the task has no user address space: a kernel
	// fact, which no name can imitate.
	KernelThread bool `json:"kernel_thread,omitempty"`
	// Server says that the process has accepted or listened for connections.
	Server bool `json:"server,omitempty"`
	// Agent says that the process is Baize's own, by kernel identity.
	Agent bool `json:"agent,omitempty"`
	// Session is the audit session id, Login the audit login uid: 0 and nil
	// where there is no login.
	Session uint32  `json:"session,omitempty"`
	Login   *uint32 `json:"login_uid,omitempty"`
	// ExitCode is the status of an exited process: the exit status, or 128 +
	// the signal that ended it.
	ExitCode *int `json:"exit_code,omitempty"`
	// OldName and OldCommandLine are what process.rename replaced.
	OldName        string `json:"old_name,omitempty"`
	OldCommandLine string `json:"old_command_line,omitempty"`

	Parent *Process `json:"parent,omitempty"`
	// Ancestors are the processes above Parent, nearest first, at most
	// MaxAncestors, with key, pid, executable and command line.
	Ancestors []Process `json:"ancestors,omitempty"`
	Context   *Context  `json:"context,omitempty"`
}

// MaxAncestors bounds Process.Ancestors.
const MaxAncestors = 8

// User is an account of the host, or of the container, that the process is in.
type User struct {
	ID   uint32 `json:"id"`
	Name string `json:"name,omitempty"`
}

// Hash states.
const (
	// HashOK : the digest is there.
	HashOK = "ok"
	// HashPending : being computed; a later event of the same file carries it.
	HashPending = "pending"
	// HashTooLarge : the file is over the sensor's size limit.
	HashTooLarge = "too_large"
	// HashFailed : the file could not be read any more.
	HashFailed = "failed"
)

// Hash is a content digest and whether it can be had.
type Hash struct {
	// SHA256 in lower-case hexadecimal.
	SHA256 string `json:"sha256,omitempty"`
	State  string `json:"state,omitempty"`
}

// Image is what the kernel knows of the executed file.
type Image struct {
	Inode FileKey `json:"inode,omitzero"`
	// Deleted : the file had no name left when it was executed.
	Deleted bool `json:"deleted"`
	// Memfd : the file was made by memfd_create.
	Memfd bool `json:"memfd"`
	// Tmpfs : the file lives in memory (tmpfs, shm, ramfs).
	Tmpfs bool `json:"tmpfs"`
	// Detached : the file was reached through a mount that the process does not
	// see, as a container runtime starts itself. The path is that in the file's
	// own file system.
	Detached bool `json:"detached,omitempty"`
	// Foreign : what the host itself has at this path is another file, or none:
	// the process has mounts or a root of its own. It is not told of containers,
	// where nothing else is to be expected.
	Foreign bool `json:"foreign,omitempty"`
}

// Descriptor is what a standard descriptor points at.
type Descriptor struct {
	// Type is one of file, pipe, socket, tty, null, memfd, closed, other.
	Type string `json:"type"`
	Path string `json:"path,omitempty"`
	// Remote end of a socket behind the descriptor.
	Remote *Endpoint `json:"remote,omitempty"`
}

// Context kinds: what a lineage was started by.
const (
	ContextBoot      = "boot"
	ContextService   = "service"
	ContextLogin     = "login"
	ContextContainer = "container"
	ContextCron      = "cron"
	ContextWebShell  = "web_shell"
)

// Context is an execution context: the reason why a lineage runs. It is
// assigned on the host and inherited at fork.
type Context struct {
	// ID is "KIND:" and the root's key: unique, and stable for the lineage.
	ID   string `json:"id"`
	Kind string `json:"kind"`
	// Root is the first process of the context.
	Root ProcessKey `json:"root,omitzero"`
	// Parent is the ID of the enclosing context. That of a web_shell is the
	// service instance which spawned it.
	Parent string `json:"parent,omitempty"`
	// Service is the unit or the executable name that stands for the service.
	Service string `json:"service,omitempty"`
}
