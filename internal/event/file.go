package event

// File is a file as an event carries it.
type File struct {
	// Path in the mount namespace of the process that acted.
	Path string `json:"path,omitempty"`
	// Origin is the path within the file's own file system, of a watched file that
	// was reached by another name, as through a bind mount.
	Origin string  `json:"origin,omitempty"`
	Inode  FileKey `json:"inode,omitzero"`
	// Type is dir, symlink, device, pipe or socket; empty for a regular file,
	// and where it is not known.
	Type string `json:"type,omitempty"`
	Size uint64 `json:"size,omitempty"`
	// Mode is the permission bits in octal with a leading zero, for example "0755".
	Mode string `json:"mode,omitempty"`
	// Mount is the file system type, for example "tmpfs".
	Mount string `json:"mount,omitempty"`
	Hash  *Hash  `json:"hash,omitempty"`
	// FromUser says that Path was read from user memory, which the process
	// could have changed before the kernel read it.
	FromUser bool `json:"from_user,omitempty"`
	// Target is the new name of a rename or link.
	Target *File `json:"target,omitempty"`
	// Access is what an open was for: read, write or read_write.
	Access string `json:"access,omitempty"`
	// Change is what file.attributes changed: mode, owner, xattr or size.
	Change string `json:"change,omitempty"`
	// Attribute is the name of the extended attribute that was set.
	Attribute string `json:"attribute,omitempty"`
	// Sensitive is the class of a watched file (credentials, ssh_key, …).
	Sensitive string `json:"sensitive,omitempty"`
	// Diff is what changed in a definition file; of a rename or link onto one
	// Target has it.
	Diff *Diff `json:"diff,omitempty"`
}

// Diff states.
const (
	// DiffOK : Added and Removed are what changed.
	DiffOK = "ok"
	// DiffPending : being read; file.diff carries it.
	DiffPending = "pending"
	// DiffWhole : what was there before is not known, and Added is all there is.
	DiffWhole = "whole"
	// DiffTooLarge : the file is over the agent's size limit.
	DiffTooLarge = "too_large"
	// DiffBinary : the content is not lines of text.
	DiffBinary = "binary"
	// DiffFailed : the file could not be read any more, or what it had is not known.
	DiffFailed = "failed"
)

// Diff is what changed in the lines of a file, in the file's order, without
// blank lines and without secrets. A line that only moved did not change. Of a
// symbolic link the one line is "-> " and where it leads.
type Diff struct {
	State   string   `json:"state"`
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
	// Truncated says that more lines changed than are here, or that one was cut.
	Truncated bool `json:"truncated,omitempty"`
}

// Changed is what changed in the lines of the file that an event is about, by
// whichever of its names; nil where nothing is said of it.
func (f *File) Changed() *Diff {
	switch {
	case f == nil:
		return nil
	case f.Target != nil && f.Target.Diff != nil:
		return f.Target.Diff
	}
	return f.Diff
}

// Container metadata states.
const (
	// ContainerOK : name and image are known.
	ContainerOK = "ok"
	// ContainerPending : the runtime has not answered yet.
	ContainerPending = "pending"
	// ContainerAbsent : no runtime on this host knows the container.
	ContainerAbsent = "absent"
)

// Container a process runs in. It is never left out silently: State says
// whether name and image are known.
type Container struct {
	State string `json:"state"`
	// ID is the runtime's id, read from the cgroup.
	ID      string `json:"id,omitempty"`
	Name    string `json:"name,omitempty"`
	Runtime string `json:"runtime,omitempty"`
	Image   *Name  `json:"image,omitempty"`
	// Pod is the Kubernetes pod that the container belongs to, nil for none.
	Pod *Pod `json:"pod,omitempty"`
	// Labels that people gave it, without their secrets; in container.start alone.
	Labels map[string]string `json:"labels,omitempty"`
}

// Pod is a Kubernetes pod, as the labels of its containers name it.
type Pod struct {
	Name      string `json:"name,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	UID       string `json:"uid,omitempty"`
}

// Name is an image reference.
type Name struct {
	Name   string `json:"name,omitempty"`
	Digest string `json:"digest,omitempty"`
}
