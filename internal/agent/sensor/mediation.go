package sensor

import (
	"errors"
	"fmt"
	"runtime"
	"slices"

	"baize/internal/event"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// mediation is an act that programs on the kernel's own functions see whole: by
// a system call of either width and through io_uring, with its result. Where it
// is in place, the hooks of tier 2 for the same act are not.
type mediation struct {
	class event.Class
	// ways are sets of hooks that do it, for kernels that differ. The first
	// whose functions are all there is taken.
	ways [][]hook
	// instead are the names of the hooks that it makes needless.
	instead []string
	// ring are the operations of io_uring that it sees.
	ring []uint8
	// narrow says that it sees a system call of 32-bit code, which some kernels
	// do not have: then nothing is missed.
	narrow bool
}

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

// withText says in the cookie of on_done that the name's text follows.
const withText = 1 << 8

// mediations lists what tier 1 sees.
func mediations() []mediation {
	return slices.Concat(nameMediations(), changeMediations(), otherMediations(), narrowMediations())
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

// on is a hook at a function of the kernel.
func on(function, program string, class event.Class, cookie uint64) hook {
	return hook{program: program, class: class, function: function, cookie: cookie}
}

// named is the mediation of an act on a name.
func named(act, intent string, functions []string, cookie uint64) mediation {
	way := []hook{on("security_path_"+act, intent, event.ClassFile, 0)}
	for _, f := range functions {
		way = append(way, on(f, sensorProgOnDone, event.ClassFile, cookie))
	}
	return mediation{class: event.ClassFile, ways: [][]hook{way}}
}

func (m mediation) forCalls(program string, calls ...string) mediation {
	for _, c := range calls {
		m.instead = append(m.instead, hook{program: program, call: c}.name())
	}
	return m
}

func (m mediation) forRing(operations ...uint8) mediation {
	m.ring = operations
	return m
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

// all is a mediation by several hooks together.
func all(class event.Class, hooks ...hook) mediation {
	return mediation{class: class, ways: [][]hook{hooks}}
}

// either is a mediation by one of several hooks.
func either(class event.Class, hooks ...hook) mediation {
	m := mediation{class: class}
	for _, h := range hooks {
		m.ways = append(m.ways, []hook{h})
	}
	return m
}

// merged is the mediation of acts that the same calls ask for.
func merged(list ...mediation) mediation {
	m := mediation{class: list[0].class, ways: [][]hook{nil}}
	for _, part := range list {
		m.ways[0] = append(m.ways[0], part.ways[0]...)
	}
	return m
}

// errNoTrampolines says that this kernel attaches no programs to its functions.
var errNoTrampolines = errors.New("programs on functions of the kernel are refused")

// probeTrampolines attaches a program that does nothing to a function that
// nobody calls: nil, an error that wraps ebpf.ErrNotSupported where the kernel
// cannot, or another one.
func probeTrampolines() error {
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "probe", Type: ebpf.Tracing, AttachType: ebpf.AttachTraceFExit, AttachTo: "bpf_fentry_test1", License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	})
	if errors.Is(err, unix.EPERM) {
		err = unix.EPERM // without a guess at the reason
	}
	if err != nil {
		return fmt.Errorf("%w: load: %w", errNoTrampolines, err)
	}
	defer p.Close()
	l, err := link.AttachTracing(link.TracingOptions{Program: p})
	if err != nil {
		return fmt.Errorf("%w: %w", errNoTrampolines, err)
	}
	return l.Close()
}
