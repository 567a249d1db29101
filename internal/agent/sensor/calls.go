package sensor

// pathCall is a system call on paths: which argument is what, by position from
// 1; 0 means that it has none.
type pathCall struct {
	name   string
	kind   uint8
	change uint8
	// dir and path are a directory descriptor and a path below it; without dir
	// the path starts from the working directory. newDir and newPath likewise.
	dir, path, newDir, newPath uint8
	// fd is a descriptor of the file itself.
	fd uint8
	// attribute is an extended attribute's name, text a symbolic link's target.
	attribute, text uint8
	// mode is the permission bits that are set.
	mode uint8
}

// Values of change in bpf/abi.h.
const (
	changeNone = iota
	changeMode
	changeOwner
	changeXattr
	changeSize
)

var pathCalls = []pathCall{
	{name: "rename", kind: kindFileRename, path: 1, newPath: 2},
	{name: "renameat", kind: kindFileRename, dir: 1, path: 2, newDir: 3, newPath: 4},
	{name: "renameat2", kind: kindFileRename, dir: 1, path: 2, newDir: 3, newPath: 4},
	{name: "link", kind: kindLink, path: 1, newPath: 2},
	{name: "linkat", kind: kindLink, dir: 1, path: 2, newDir: 3, newPath: 4},
	{name: "unlink", kind: kindUnlink, path: 1},
	{name: "unlinkat", kind: kindUnlink, dir: 1, path: 2},
	{name: "rmdir", kind: kindUnlink, path: 1},
	{name: "symlink", kind: kindCreate, path: 2, text: 1},
	{name: "symlinkat", kind: kindCreate, dir: 2, path: 3, text: 1},
	{name: "mkdir", kind: kindCreate, path: 1},
	{name: "mkdirat", kind: kindCreate, dir: 1, path: 2},
	{name: "mknod", kind: kindCreate, path: 1},
	{name: "mknodat", kind: kindCreate, dir: 1, path: 2},
	{name: "chmod", kind: kindAttributes, change: changeMode, path: 1, mode: 2},
	{name: "fchmod", kind: kindAttributes, change: changeMode, fd: 1, mode: 2},
	{name: "fchmodat", kind: kindAttributes, change: changeMode, dir: 1, path: 2, mode: 3},
	{name: "fchmodat2", kind: kindAttributes, change: changeMode, dir: 1, path: 2, mode: 3},
	{name: "chown", kind: kindAttributes, change: changeOwner, path: 1},
	{name: "lchown", kind: kindAttributes, change: changeOwner, path: 1},
	{name: "fchown", kind: kindAttributes, change: changeOwner, fd: 1},
	{name: "fchownat", kind: kindAttributes, change: changeOwner, dir: 1, path: 2},
	{name: "setxattr", kind: kindAttributes, change: changeXattr, path: 1, attribute: 2},
	{name: "lsetxattr", kind: kindAttributes, change: changeXattr, path: 1, attribute: 2},
	{name: "fsetxattr", kind: kindAttributes, change: changeXattr, fd: 1, attribute: 2},
	{name: "setxattrat", kind: kindAttributes, change: changeXattr, dir: 1, path: 2, attribute: 4},
	{name: "removexattr", kind: kindAttributes, change: changeXattr, path: 1, attribute: 2},
	{name: "lremovexattr", kind: kindAttributes, change: changeXattr, path: 1, attribute: 2},
	{name: "fremovexattr", kind: kindAttributes, change: changeXattr, fd: 1, attribute: 2},
	{name: "removexattrat", kind: kindAttributes, change: changeXattr, dir: 1, path: 2, attribute: 4},
	{name: "truncate", kind: kindAttributes, change: changeSize, path: 1},
	{name: "ftruncate", kind: kindAttributes, change: changeSize, fd: 1},
}

// openCalls are the calls that open files: mode is the flags, for opens that
// were refused.
var openCalls = []pathCall{
	{name: "open", kind: kindOpen, path: 1, mode: 2},
	{name: "creat", kind: kindOpen, path: 1},
	{name: "openat", kind: kindOpen, dir: 1, path: 2, mode: 3},
	{name: "openat2", kind: kindOpen, dir: 1, path: 2},
	{name: "open_by_handle_at", kind: kindOpen},
}

// mountCalls are the calls that change a mount tree: change is the request,
// mode its flags, attribute the file system's type and text what is mounted.
var mountCalls = []pathCall{
	{name: "mount", kind: kindMount, change: uint8(MountMount), path: 2, text: 1, attribute: 3, mode: 4},
	{name: "move_mount", kind: kindMount, change: uint8(MountMove), dir: 3, path: 4, newDir: 1, newPath: 2, mode: 5},
	{name: "pivot_root", kind: kindMount, change: uint8(MountPivot), path: 1, newPath: 2},
	{name: "umount", kind: kindMount, change: uint8(MountUmount), path: 1, mode: 2},
	{name: "fsmount", kind: kindMount, change: uint8(MountDetached)},
}

// cookie packs the call for the program, as the COOKIE macros of bpf/fileop.h
// read it.
func (c pathCall) cookie() uint64 {
	out := uint64(c.kind) | uint64(c.change)<<8
	for i, position := range []uint8{c.dir, c.path, c.newDir, c.newPath, c.fd, c.attribute, c.text, c.mode} {
		out |= uint64((position-1)&0xf) << (16 + 4*i)
	}
	return out
}
