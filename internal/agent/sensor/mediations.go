package sensor

import (
	"runtime"
	"slices"

	"baize/internal/event"
)

// Operations of io_uring, as in bpf/uring.h.
const (
	opAccept    = 13
	opOpenat    = 18
	opOpenat2   = 28
	opRenameat  = 35
	opUnlinkat  = 36
	opMkdirat   = 37
	opSymlinkat = 38
	opLinkat    = 39
	opSocket    = 45
)

// What the first argument of a function that on_changed is on is: enum in
// bpf/names.h.
const (
	byPath = iota
	byFile
	byDescriptor
)

// nameless is OPENED_NAMELESS of bpf/names.h.
const nameless = 1

// withText says in the cookie of on_done that the name's text follows.
const withText = 1 << 8

// mediations lists what tier 1 sees.
func mediations() []mediation {
	return slices.Concat(nameMediations(), changeMediations(), otherMediations(), narrowMediations())
}

// mediatedClasses are those that rest on programs on functions at tier 1.
func mediatedClasses() []event.Class {
	var out []event.Class
	for _, m := range mediations() {
		if !slices.Contains(out, m.class) {
			out = append(out, m.class)
		}
	}
	return out
}

// narrowMediations see system calls of 32-bit code that have no function of their
// own behind them. Elsewhere than on amd64 both widths share the functions.
func narrowMediations() (list []mediation) {
	for _, c := range pathCalls {
		if c.change == changeXattr && runtime.GOARCH == "amd64" {
			m := all(event.ClassFile, on("__ia32_sys_"+c.name, sensorProgOnPath32, event.ClassFile, c.cookie()))
			m.narrow = true
			list = append(list, m)
		}
	}
	return list
}

func nameMediations() []mediation {
	return []mediation{
		named("rename", sensorProgOnIntentRename, []string{"vfs_rename"}, kindFileRename).
			forCalls(sensorProgOnPath, "rename", "renameat", "renameat2").forRing(opRenameat),
		named("link", sensorProgOnIntentLink, []string{"vfs_link"}, kindLink).
			forCalls(sensorProgOnPath, "link", "linkat").forRing(opLinkat),
		merged(
			named("unlink", sensorProgOnIntent, []string{"vfs_unlink"}, kindUnlink),
			named("rmdir", sensorProgOnIntent, []string{"vfs_rmdir"}, kindUnlink),
		).forCalls(sensorProgOnPath, "unlink", "unlinkat", "rmdir").forRing(opUnlinkat),
		named("mkdir", sensorProgOnIntent, []string{"vfs_mkdir"}, kindCreate).
			forCalls(sensorProgOnPath, "mkdir", "mkdirat").forRing(opMkdirat),
		named("mknod", sensorProgOnIntent, []string{"vfs_mknod", "vfs_create"}, kindCreate).
			forCalls(sensorProgOnPath, "mknod", "mknodat"),
		named("symlink", sensorProgOnIntent, []string{"vfs_symlink"}, kindCreate|withText).
			forCalls(sensorProgOnPath, "symlink", "symlinkat").forRing(opSymlinkat),
		// Called do_filp_open until 7.0.
		either(event.ClassFile, on("do_filp_open", sensorProgOnOpened, event.ClassFile, 0), on("do_file_open", sensorProgOnOpened, event.ClassFile, 0)).
			forCalls(sensorProgOnOpen, "open", "creat", "openat", "openat2").forRing(opOpenat, opOpenat2),
		all(event.ClassFile, on("do_file_open_root", sensorProgOnOpened, event.ClassFile, nameless)).
			forCalls(sensorProgOnOpen, "open_by_handle_at"),
	}
}

func changeMediations() []mediation {
	changed := func(function string, change, first uint64) hook {
		return on(function, sensorProgOnChanged, event.ClassFile, change|first<<8)
	}
	return []mediation{
		all(event.ClassFile, changed("chmod_common", changeMode, byPath)).
			forCalls(sensorProgOnPath, "chmod", "fchmod", "fchmodat", "fchmodat2"),
		all(event.ClassFile, changed("chown_common", changeOwner, byPath)).
			forCalls(sensorProgOnPath, "chown", "lchown", "fchown", "fchownat"),
		all(event.ClassFile, changed("vfs_truncate", changeSize, byPath)).forCalls(sensorProgOnPath, "truncate"),
		// The first takes the descriptor where it is there.
		either(event.ClassFile, changed("do_sys_ftruncate", changeSize, byDescriptor), changed("do_ftruncate", changeSize, byFile)).
			forCalls(sensorProgOnPath, "ftruncate"),
		all(event.ClassFile,
			on("shmem_file_setup", sensorProgOnMemfdMade, event.ClassFile, 0),
			on("hugetlb_file_setup", sensorProgOnMemfdMade, event.ClassFile, 0),
		).forCalls(sensorProgOnMemfd, "memfd_create"),
	}
}

func otherMediations() []mediation {
	return []mediation{
		all(event.ClassNetwork, on("do_accept", sensorProgOnAccepted, event.ClassNetwork, 0)).
			forCalls(sensorProgOnAccept, "accept", "accept4").forRing(opAccept),
		all(event.ClassNetwork, on("__sys_connect_file", sensorProgOnConnected, event.ClassNetwork, 0)).
			forCalls(sensorProgOnConnect, "connect"),
		all(event.ClassNetwork, on("security_socket_post_create", sensorProgOnMadeSocket, event.ClassNetwork, 0)).
			forCalls(sensorProgOnSocket, "socket").forRing(opSocket),
		all(event.ClassProcess, on("commit_creds", sensorProgOnCommitted, event.ClassProcess, 0)).
			forCalls(sensorProgOnSetid, setidCalls...),
		all(event.ClassProcess,
			on("ptrace_attach", sensorProgOnTraced, event.ClassProcess, 0),
			on("arch_ptrace", sensorProgOnTraced, event.ClassProcess, 0),
			on("compat_arch_ptrace", sensorProgOnTraced, event.ClassProcess, 0),
		).forCalls(sensorProgOnPtrace, "ptrace"),
	}
}
