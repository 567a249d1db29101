package hotspot

import (
	"context"
	"debug/elf"
	"io"
	"path"
	"strings"

	"baize/internal/agent/probe/target"
)

// Name is what a Java VM is called in events and commands.
const Name = "jvm"

const (
	// oldest is the first release that a probe exists for.
	oldest = 8
	// firstSockets is the first release that has unix sockets.
	firstSockets = 16
)

// Runtime is the Java VM. The zero value is ready.
type Runtime struct{}

// Name implements target.Runtime.
func (Runtime) Name() string { return Name }

// Identify implements target.Runtime. Java VMs of other kinds are found, too,
// with the reason why they take no probe.
func (Runtime) Identify(p *target.Process, mapped []target.Mapping) (target.Facts, bool) {
	facts := target.Facts{Runtime: Name}
	if mapping, found := Library(mapped); found {
		vm, err := Inspect(p, mapping)
		if err != nil {
			facts.Problem = target.Fail(target.NoRuntime, err)
			return facts, true
		}
		facts.Version, facts.Sockets, facts.Problem = vm.Version, vm.Feature >= firstSockets, vm.problem()
		return facts, true
	}
	switch {
	case hasOpenJ9(mapped):
		facts.Problem = target.Fail(target.OpenJ9, nil)
	case isNativeImage(p):
		facts.Problem = target.Fail(target.NativeImage, nil)
	default:
		return facts, false
	}
	return facts, true
}

// problem is why the VM takes no probe, nil if it does.
func (v *VM) problem() error {
	switch {
	case v.Feature < oldest:
		return target.Failf(target.Version, "%q, at least %d", v.Version, oldest)
	case v.AttachDisabled():
		return target.Fail(target.AttachDisabled, nil)
	case v.LoadingDisabled():
		return target.Fail(target.LoadingDisabled, nil)
	}
	return nil
}

// Load implements target.Runtime.
func (Runtime) Load(ctx context.Context, p *target.Process, file, arguments string) error {
	return Load(ctx, p, file, arguments)
}

// hasOpenJ9 looks for OpenJ9's VM, whose library carries its version (libj9vm29.so).
func hasOpenJ9(mapped []target.Mapping) bool {
	for _, m := range mapped {
		if base := path.Base(m.Path); strings.HasPrefix(base, "libj9vm") && strings.HasSuffix(base, ".so") {
			return true
		}
	}
	return false
}

// imageHeap is the section in which GraalVM's native images keep the objects
// that were made when they were built.
const imageHeap = ".svm_heap"

// maxExecutable bounds what of an executable is looked at, in bytes: its table
// of sections is at its end.
const maxExecutable = 1 << 30

func isNativeImage(p *target.Process) (found bool) {
	// What is parsed belongs to the target.
	defer func() { _ = recover() }()
	file, err := p.OpenExecutable()
	if err != nil {
		return false
	}
	defer file.Close()
	image, err := elf.NewFile(io.NewSectionReader(file, 0, maxExecutable))
	return err == nil && image.Section(imageHeap) != nil
}
