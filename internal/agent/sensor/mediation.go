package sensor

import (
	"errors"
	"fmt"

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
