package sensor

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
)

// loader loads programs one by one over shared maps, so that one which this
// kernel refuses takes only its own events away.
type loader struct {
	spec  *ebpf.CollectionSpec
	maps  map[string]*ebpf.Map
	cache *btf.Cache

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
	l := &loader{spec: spec, cache: btf.NewCache(), programs: map[string]*ebpf.Program{}}
	only := &ebpf.CollectionSpec{Maps: spec.Maps, Variables: spec.Variables, Types: spec.Types, ByteOrder: spec.ByteOrder}
	coll, err := ebpf.NewCollectionWithOptions(only, ebpf.CollectionOptions{Cache: l.cache})
	if err != nil {
		return nil, fmt.Errorf("create maps: %w", err)
	}
	l.maps = coll.Maps
	return l, nil
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
	if p := l.programs[name]; p != nil {
		return p, nil
	}
	spec := l.spec.Programs[name]
	p, err := l.loadSpec(name, spec)
	missing := errors.Is(err, btf.ErrNotFound) || errors.Is(err, ebpf.ErrNotSupported)
	if point := formerly[spec.AttachTo]; missing && point != "" {
		spec = spec.Copy()
		spec.AttachTo = point
		p, err = l.loadSpec(name, spec)
	}
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", name, err)
	}
	l.programs[name] = p
	return p, nil
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
	p, err := l.load(h.program)
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
