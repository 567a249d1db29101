// Package sensor turns what the kernel reports into records. It decides
// nothing and knows no names beyond the kernel's: package enrich adds users,
// containers, contexts and hashes and makes events of the records.
//
// It needs Linux 5.15 with BTF, root, and for datagrams and DNS a mounted cgroup
// v2 hierarchy. It uses tracepoints, iterators and cgroup programs, and where the
// kernel allows it programs on its functions (mediation.go) instead of some of
// them. System calls of 32-bit code are hidden from tracepoints: each execution of
// a 32-bit program is counted as a loss of the classes that rest on them.
package sensor

import (
	"net/netip"

	"baize/internal/event"
)

// Record is one observation as the kernel reported it. Exactly the parts its
// Kind speaks of are set. The receiver owns it.
type Record struct {
	Kind event.Kind
	// Mono is CLOCK_BOOTTIME in nanoseconds.
	Mono uint64
	// Task did it. It is zero in coverage records.
	Task Task
	// Child is the new process of a fork, or the target of a ptrace, of an open in
	// its directory in /proc, or of a bpf call about what is the agent's.
	Child *Task

	Exec   *Exec
	File   *File
	Socket *Socket
	// DNS is a raw message: a question, or an answer when Response is set.
	DNS *DNSMessage
	// Coverage of one class; only its Class, State, Lost and Reason are set
	// beside Mono, enrich completes the window.
	Coverage *event.Coverage
	// Message says what was done to the sensor (sensor.tamper).
	Message string
	// Name and OldName are the comm after and before a rename.
	Name, OldName string
	// Args is argv as it lay in user memory at a rename: a process that
	// retitles itself usually rewrites both.
	Args []string
	// OldCredentials are those before a change; Task has the new ones.
	OldCredentials *Credentials
	// ExitCode is the kernel's task exit_code.
	ExitCode uint32
	// Result of the system call: 0 or a negative errno.
	Result int32
	// Request is what was asked for, by kind: a ptrace request or one of
	// RequestVMWrite and RequestGetFD, a signal's number, a Namespace, Mount,
	// Control, Module or Kexec constant, a command of bpf(2), or
	// CredentialsUnexplained.
	Request uint32
	// Code refines it: an option of prctl, a mode of seccomp, a type of BPF
	// program or socket; of changed credentials the level of their user
	// namespace, 0 for the initial one.
	Code uint32
	// Flags are the request's: namespaces as of clone, mount options, the
	// argument of prctl or seccomp, a module's taints.
	Flags uint64
	// Object is what it was about: a mount's source, the name of a module or
	// BPF program. Type is a mount's file system, or the entered namespace's.
	Object, Type string
	// Ring says that the request came through io_uring.
	Ring bool

	// Count is how many observations of the same act the record stands for; 0
	// reads as 1.
	Count uint64

	// way stands for the path and the access of an open.
	way uint64
	// targetPID is a pid which the process table turns into Child or Task.
	targetPID uint32
}

// Requests of a ptrace record that are none of ptrace's own.
const (
	// RequestVMWrite is process_vm_writev.
	RequestVMWrite = 0x10000
	// RequestGetFD is pidfd_getfd.
	RequestGetFD = 0x10001
)

// CredentialsUnexplained is the request of a change of user that no system
// call seen here explains.
const CredentialsUnexplained = 1

// Requests for namespaces.
const (
	NamespaceUnshare uint32 = iota + 1
	NamespaceSetns
	NamespaceClone
)

// Requests for mounts. A detached one is in no tree yet, and is no event.
const (
	MountMount uint32 = iota + 1
	MountMove
	MountPivot
	MountUmount
	MountDetached
)

// Requests of a process about itself.
const (
	ControlPrctl uint32 = iota + 1
	ControlSeccomp
)

// Requests for modules.
const (
	ModuleLoad uint32 = iota + 1
	ModuleUnload
)

// Requests for another kernel.
const (
	KexecLoad uint32 = iota + 1
	KexecFileLoad
)

// Task is a process as every record carries it, from its task_struct.
type Task struct {
	// PID is the thread group id and Start the start_boottime of its leader.
	PID   uint32
	Start uint64
	// TID is the thread that acted.
	TID uint32
	// ParentPID and ParentStart name the real parent's thread group.
	ParentPID   uint32
	ParentStart uint64
	Comm        string
	Credentials Credentials
	// Cgroup is the id of the v2 cgroup, PIDNS, MountNS and NetNS inode numbers.
	Cgroup  uint64
	PIDNS   uint32
	MountNS uint32
	NetNS   uint32
	// NamespacePID is the thread group id in its own pid namespace.
	NamespacePID uint32
	// Login and Session are the audit identity; 0xffffffff when unset.
	Login   uint32
	Session uint32
	// KernelThread says that the task has no user address space.
	KernelThread bool
}

// Credentials of a task.
type Credentials struct {
	UID, GID, EUID, EGID uint32
	// Effective is the effective capability set.
	Effective uint64
}

// FileRef is a file as the kernel knows it.
type FileRef struct {
	// Path from a dentry and mount walk, absolute in the task's root.
	// Truncated paths begin with "…/".
	Path   string
	Device event.Device
	Inode  uint64
	Gen    uint32
	Mode   uint32
	Nlink  uint32
	Size   uint64
	// Magic is the super block's s_magic.
	Magic uint64
	// Deleted says that the file had no name left; Path is then the last one.
	Deleted bool
	// Detached says that the file was reached through a mount that the task
	// does not see. Path is then that in its own file system.
	Detached bool
	// Memfd says that memfd_create made it; Path is then "memfd:NAME".
	Memfd bool
	// Foreign says of an executed file that the host's own mounts have another
	// file, or none, at Path.
	Foreign bool
}

// Exec is a process.exec as the kernel carried it out.
type Exec struct {
	// Image is the executed file (for a script, the interpreter's).
	Image FileRef
	// Filename is what was asked for (bprm->filename), Script the script's path
	// where the kernel went through "#!".
	Filename string
	Script   string
	Args     []string
	// ArgsTruncated says that not all arguments fit.
	ArgsTruncated bool
	// Env holds "NAME=value" of the variables of interest.
	Env []string
	// EnvTruncated says that not all of the environment was searched.
	EnvTruncated bool
	Cwd          string
	TTY          string
	// Fds are the standard descriptors.
	Fds [3]Fd
	// ColdStart marks processes that were there before the sensor.
	ColdStart bool
}

// Fd is what a descriptor points at.
type Fd struct {
	// Type is one of event.Descriptor's types.
	Type string
	File FileRef
	// Local and Remote are the ends of an inet socket.
	Local, Remote netip.AddrPort
}

// File is what a file record is about.
type File struct {
	FileRef
	// NewPath of a rename or link, or the text of a symbolic link.
	NewPath string
	// FromUser says that the names come from user memory, resolved against
	// the task's directory. The inode, if any, is then what the resulting name
	// led to right afterwards.
	FromUser bool
	// Origin is the path of an opened file within its own file system.
	Origin string
	// Watch is the class of a watched path, see Watches.
	Watch string
	// Change is mode, owner, xattr or size; Attribute the xattr's name. Of a
	// change of mode, Mode has the permission bits that the caller asked for,
	// whatever became of the file, and the type where the file was found.
	Change    string
	Attribute string
	// Flags of the open.
	Flags uint32
}

// Socket is what a network record is about.
type Socket struct {
	Cookie        uint64
	Transport     string
	Local, Remote netip.AddrPort
	NetNS         uint32
	// BytesOut and BytesIn are set at close.
	BytesOut, BytesIn uint64
	Initiated         bool
}

// DNSMessage is a DNS message with the socket that carried it.
type DNSMessage struct {
	Socket   Socket
	Payload  []byte
	Response bool
	// Truncated says that Payload is not the whole message.
	Truncated bool
}
