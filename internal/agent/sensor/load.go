package sensor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
)

// loader loads programs one by one over shared maps, so that one which this
// kernel refuses takes only its own events away.
type loader struct {
	spec *ebpf.CollectionSpec
	maps map[string]*ebpf.Map
	// variables of the programs, as they are in the kernel.
	variables map[string]*ebpf.Variable
	// told is what was set of them while the programs run.
	told  map[string][]byte
	cache *btf.Cache

	// mu guards programs while several are loaded at a time.
	mu       sync.Mutex
	programs map[string]*ebpf.Program
}

// newLoader makes the maps. The caller closes them.
func newLoader(o Options, scope *scope) (*loader, error) {
	spec, err := loadSensor()
	if err != nil {
		return nil, err
	}
	if err := setVariables(spec, o, scope); err != nil {
		return nil, err
	}
	l := &loader{spec: spec, cache: btf.NewCache(), programs: map[string]*ebpf.Program{}, told: map[string][]byte{}}
	only := &ebpf.CollectionSpec{Maps: spec.Maps, Variables: spec.Variables, Types: spec.Types, ByteOrder: spec.ByteOrder}
	coll, err := ebpf.NewCollectionWithOptions(only, ebpf.CollectionOptions{Cache: l.cache})
	if err != nil {
		return nil, fmt.Errorf("create maps: %w", err)
	}
	l.maps, l.variables = coll.Maps, coll.Variables
	if err := l.claimMaps(); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// What struct our of bpf/request.h is about.
const (
	ourMap = iota + 1
	ourLink
)

// bpfOurs in the flags of a bpf call says that it was about one of those.
const bpfOurs = 1

// our is a map or link of the sensor, as struct our.
type our struct{ What, ID uint32 }

// claim has the programs tell of who reaches for a map or link.
func (l *loader) claim(what, id uint32) error {
	if err := l.maps[sensorMapOurs].Put(our{what, id}, uint32(1)); err != nil {
		return fmt.Errorf("note an id: %w", err)
	}
	return nil
}

// claimMaps claims all maps. Kernels that do not tell their ids do not hand them
// out by id either.
func (l *loader) claimMaps() error {
	for _, m := range l.maps {
		info, err := m.Info()
		if err != nil {
			continue
		}
		id, ok := info.ID()
		if !ok {
			continue
		}
		if err := l.claim(ourMap, uint32(id)); err != nil {
			return err
		}
	}
	return nil
}

func setVariables(spec *ebpf.CollectionSpec, o Options, scope *scope) error {
	spec.Maps[sensorMapRing].MaxEntries = uint32(o.RingBytes)
	values := map[string]any{
		sensorVarRingBytes: uint64(o.RingBytes), sensorVarThrottleBurst: uint64(burstFor),
		sensorVarThrottleEach: uint64(time.Second) / uint64(o.Rate),
	}
	if ownPIDNamespace() == 0 {
		values[sensorVarAgentPid] = uint32(os.Getpid())
	}
	if scope.limited {
		values[sensorVarScoped] = true
		values[sensorVarScopeCgroup] = scope.id
	}
	for name, v := range values {
		if err := spec.Variables[name].Set(v); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	return nil
}

// load loads one program over the shared maps, once: it may go on many hooks.
func (l *loader) load(name string) (*ebpf.Program, error) {
	return l.loadOnce(name, name, l.spec.Programs[name])
}

// loadFor loads the program of a hook. One on a function is loaded for that.
func (l *loader) loadFor(h hook) (*ebpf.Program, error) {
	if h.function == "" {
		return l.load(h.program)
	}
	spec := l.spec.Programs[h.program].Copy()
	spec.AttachTo = h.function
	return l.loadOnce(h.name(), h.program, spec)
}

func (l *loader) loadOnce(key, name string, spec *ebpf.ProgramSpec) (*ebpf.Program, error) {
	l.mu.Lock()
	p := l.programs[key]
	l.mu.Unlock()
	if p != nil {
		return p, nil
	}
	p, err := l.loadSpec(name, spec)
	missing := errors.Is(err, btf.ErrNotFound) || errors.Is(err, ebpf.ErrNotSupported)
	if point := formerly[spec.AttachTo]; missing && point != "" {
		spec = spec.Copy()
		spec.AttachTo = point
		p, err = l.loadSpec(name, spec)
	}
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", key, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.programs[key] = p
	return p, nil
}

// loaded is what the kernel counted of a program that is loaded.
func (l *loader) loaded(key string) (*ebpf.ProgramStats, error) {
	l.mu.Lock()
	p := l.programs[key]
	l.mu.Unlock()
	if p == nil {
		return nil, fmt.Errorf("%s: %w", key, os.ErrNotExist)
	}
	return p.Stats()
}

// preload loads the programs of hooks side by side: the kernel looks through each
// for milliseconds. One that it refuses says so when its hook is armed.
func (l *loader) preload(list []hook) {
	todo := make(chan hook)
	var workers sync.WaitGroup
	for range runtime.NumCPU() {
		workers.Go(func() {
			for h := range todo {
				_, _ = l.loadFor(h)
			}
		})
	}
	queued := map[string]bool{}
	for _, h := range list {
		// One on a system call is loaded once for all of them.
		key := h.program + h.function
		if !queued[key] {
			queued[key] = true
			todo <- h
		}
	}
	close(todo)
	workers.Wait()
}

// formerly are the names that tracepoints had in older kernels.
var formerly = map[string]string{"io_uring_submit_req": "io_uring_submit_sqe"} // until 6.2

func (l *loader) loadSpec(name string, spec *ebpf.ProgramSpec) (*ebpf.Program, error) {
	one := &ebpf.CollectionSpec{
		Maps: l.spec.Maps, Types: l.spec.Types, ByteOrder: l.spec.ByteOrder,
		Programs: map[string]*ebpf.ProgramSpec{name: spec},
	}
	coll, err := ebpf.NewCollectionWithOptions(one, ebpf.CollectionOptions{MapReplacements: l.maps, Cache: l.cache})
	if err != nil {
		return nil, err
	}
	defer coll.Close()
	return coll.DetachProgram(name), nil
}

// arm loads and attaches one hook.
func (l *loader) arm(h hook, cgroup string) (link.Link, error) {
	p, err := l.loadFor(h)
	if err != nil {
		return nil, err
	}
	at, err := attach(p, l.spec.Programs[h.program].SectionName, cgroup, h)
	if err != nil {
		return nil, fmt.Errorf("attach %s: %w", h.name(), err)
	}
	return at, nil
}

func (l *loader) close() error {
	var errs []error
	for _, p := range l.programs {
		errs = append(errs, p.Close())
	}
	for _, m := range l.maps {
		errs = append(errs, m.Close())
	}
	return errors.Join(errs...)
}

// short is an error without the verifier's log.
func short(err error) string {
	var refused *ebpf.VerifierError
	if errors.As(err, &refused) {
		return fmt.Sprintf("refused by the verifier: %v", refused)
	}
	return err.Error()
}

// set writes a variable of the programs while they run.
func (l *loader) set(name string, value any) error {
	told, err := binary.Append(nil, order, value)
	if err == nil {
		err = l.variables[name].Set(told)
	}
	if err != nil {
		return fmt.Errorf("set %s: %w", name, err)
	}
	l.told[name] = told
	return nil
}
