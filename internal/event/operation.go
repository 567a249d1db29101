package event

// Operation is what a process asked of the kernel where the request itself is
// the news: a namespace, a mount, a signal, a program for the kernel to run.
type Operation struct {
	// Name of the request: the system call or its command in lower case
	// ("unshare", "bind", "prog_load"), for signals the signal ("SIGKILL").
	Name string `json:"name"`
	// Object it was about: a mount's source, the name of a module or program.
	Object string `json:"object,omitempty"`
	// Type of the object: a file system, a type of BPF program or of socket.
	Type string `json:"type,omitempty"`
	// Flags are the parts of the request by name, in the order of their bits:
	// namespaces, capabilities gained, mount options.
	Flags []string `json:"flags,omitempty"`
}

// ViaRing is Event.Via where a request reached the kernel through io_uring.
const ViaRing = "io_uring"
