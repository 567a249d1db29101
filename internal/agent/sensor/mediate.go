package sensor

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"baize/internal/event"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
)

// inPlace is what the mediations that were put in place make needless, and see.
type inPlace struct {
	needless map[string]bool
	// ring has a bit for each operation of io_uring that is seen.
	ring uint64
	// missing are classes of which something is left to tier 2.
	missing map[event.Class]bool
}

// complete tells whether every mediation is in place.
func (p *inPlace) complete() bool { return len(p.missing) == 0 }

// mediate puts in place what the kernel allows, act by act.
func (s *Sensor) mediate() (*inPlace, error) {
	place := &inPlace{needless: map[string]bool{}, missing: map[event.Class]bool{}}
	refused := probeTrampolines()
	if refused == nil {
		s.loader.preload(firstWays())
	}
	for _, m := range mediations() {
		if refused != nil {
			s.standBy(m, refused)
			place.missing[m.class] = true
			continue
		}
		if !s.mediateOne(m) {
			place.missing[m.class] = true
			continue
		}
		for _, name := range m.instead {
			place.needless[name] = true
		}
		for _, operation := range m.ring {
			place.ring |= 1 << operation
		}
	}
	s.counts.skips = s.skips
	return place, errors.Join(
		s.loader.set(sensorVarMediated, place.ring),
		s.loader.set(sensorVarCompatSeen, place.compatSeen()),
	)
}

// compatSeen has a bit for each class of which nothing of what 32-bit code does
// is left to the tracepoints of system calls.
func (p *inPlace) compatSeen() uint32 {
	out := uint32(0)
	// Elsewhere than on amd64 some calls on files show nowhere.
	if !p.missing[event.ClassFile] && runtime.GOARCH == "amd64" {
		out |= 1 << classFile
	}
	if !p.missing[event.ClassNetwork] {
		out |= 1 << classNetwork
	}
	return out
}

// skips adds up what the kernel counted of programs on its functions.
func (s *Sensor) skips() (out [classCount]uint64) {
	for _, m := range mediations() {
		for _, h := range slices.Concat(m.ways...) {
			if stats, err := s.loader.loaded(h.name()); err == nil {
				out[slices.Index(classes, h.class)] += stats.RecursionMisses
			}
		}
	}
	return out
}

// firstWays are the hooks that are tried first.
func firstWays() (list []hook) {
	for _, m := range mediations() {
		list = append(list, m.ways[0]...)
	}
	return list
}

// mediateOne attaches all hooks of a way, or none.
func (s *Sensor) mediateOne(m mediation) bool {
	var err error
	for _, way := range m.ways {
		var links []link.Link
		if links, err = s.armTogether(way); err == nil {
			for i, l := range links {
				s.links = append(s.links, l)
				s.guard.watch(way[i], len(s.hooks), l)
				s.hooks = append(s.hooks, Hook{Name: way[i].name(), Class: way[i].class, Tier: tierMediated, Attached: true})
			}
			return true
		}
		if !noFunction(err) {
			break
		}
	}
	if m.narrow && noFunction(err) {
		return true
	}
	s.standBy(m, err)
	return false
}

// noFunction tells whether the kernel has no function of that name.
func noFunction(err error) bool {
	return errors.Is(err, btf.ErrNotFound) || errors.Is(err, ebpf.ErrNotSupported)
}

// armTogether attaches hooks; if one is refused, none stays.
func (s *Sensor) armTogether(way []hook) ([]link.Link, error) {
	var links []link.Link
	for _, h := range way {
		l, err := s.loader.arm(h, s.scope.path)
		if err != nil {
			return nil, errors.Join(err, closeAll(links))
		}
		links = append(links, l)
	}
	return links, nil
}

// standBy says why hooks are not attached. Those of tier 2 are in their place.
func (s *Sensor) standBy(m mediation, err error) {
	for _, h := range m.ways[0] {
		s.hooks = append(s.hooks, Hook{Name: h.name(), Class: h.class, Tier: tierMediated, Error: short(err)})
	}
}

// attachFunction puts a program on a function of the kernel.
func attachFunction(p *ebpf.Program, section string, h hook) (link.Link, error) {
	end := ebpf.AttachTraceFExit
	if strings.HasPrefix(section, "fentry/") {
		end = ebpf.AttachTraceFEntry
	}
	l, err := link.AttachTracing(link.TracingOptions{Program: p, AttachType: end, Cookie: h.cookie})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h.function, err)
	}
	return l, nil
}
