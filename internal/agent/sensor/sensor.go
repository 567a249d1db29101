package sensor

import (
	"errors"
	"fmt"
	"math/bits"
	"os"
	"sync"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
)

// Options of a sensor. The zero value sees the whole host.
type Options struct {
	// ScopeCgroup confines the sensor to a v2 cgroup subtree: a directory of
	// the hierarchy, absolute or relative to its root.
	ScopeCgroup string
	// RingBytes is the size of the ring buffer, a power of two; 0 means 8 MiB.
	RingBytes int
	// Flush is how long a record may wait for its batch; 0 means 50 ms.
	Flush time.Duration
	// Window is how often coverage is stated; 0 means 10 s.
	Window time.Duration
}

const (
	defaultRing   = 8 << 20
	defaultFlush  = 50 * time.Millisecond
	defaultWindow = 10 * time.Second
	// lossCheck is how soon a loss is stated.
	lossCheck = time.Second
	// batchMax bounds a batch.
	batchMax = 512
)

func (o Options) withDefaults() (Options, error) {
	if o.RingBytes == 0 {
		o.RingBytes = defaultRing
	}
	if o.RingBytes < os.Getpagesize() || bits.OnesCount(uint(o.RingBytes)) != 1 {
		return o, fmt.Errorf("ring of %d bytes: want a power of two of at least a page", o.RingBytes)
	}
	if o.Flush == 0 {
		o.Flush = defaultFlush
	}
	if o.Window == 0 {
		o.Window = defaultWindow
	}
	return o, nil
}

// Sensor is an armed sensor. From Open on the kernel collects; Run delivers.
type Sensor struct {
	options Options
	scope   *scope
	loader  *loader
	links   []link.Link
	hooks   []Hook
	reader  *ringbuf.Reader
	counts  *counters
	// iterator is nil where the kernel refused it.
	iterator *link.Iter

	closing sync.Once
}

// Open loads and attaches everything that this kernel takes. It fails only if
// processes cannot be seen at all; Health tells what else is missing. The caller
// closes the sensor.
func Open(o Options) (*Sensor, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	sc, err := findScope(o.ScopeCgroup)
	if err != nil {
		return nil, err
	}
	s := &Sensor{options: o, scope: sc}
	if s.loader, err = newLoader(o, sc); err != nil {
		return nil, err
	}
	if s.reader, err = ringbuf.NewReader(s.loader.maps[sensorMapRing]); err != nil {
		return nil, errors.Join(fmt.Errorf("map the ring: %w", err), s.Close())
	}
	s.counts = &counters{table: s.loader.maps[sensorMapCounters]}
	if err := s.armAll(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// armAll attaches the hooks and reports an error if the first, without which no
// process is known, is refused.
func (s *Sensor) armAll() error {
	for i, h := range hooks {
		l, err := s.loader.arm(h, s.scope.path)
		state := Hook{Name: h.program, Class: h.class, Attached: err == nil}
		if err != nil {
			state.Error = short(err)
		} else {
			s.links = append(s.links, l)
		}
		s.hooks = append(s.hooks, state)
		if i == 0 && err != nil {
			return err
		}
	}
	return s.armIterator()
}

func (s *Sensor) armIterator() error {
	p, err := s.loader.load(sensorProgOnTask)
	if err != nil {
		return err
	}
	defer p.Close()
	if s.iterator, err = link.AttachIter(link.IterOptions{Program: p}); err != nil {
		return fmt.Errorf("attach %s: %w", sensorProgOnTask, err)
	}
	return nil
}

// Close detaches everything and ends a Run.
func (s *Sensor) Close() error {
	var errs []error
	s.closing.Do(func() {
		for _, l := range s.links {
			errs = append(errs, l.Close())
		}
		if s.iterator != nil {
			errs = append(errs, s.iterator.Close())
		}
		if s.reader != nil {
			errs = append(errs, s.reader.Close())
		}
		errs = append(errs, closeMaps(s.loader.maps))
	})
	return errors.Join(errs...)
}

func closeMaps(maps map[string]*ebpf.Map) error {
	var errs []error
	for _, m := range maps {
		errs = append(errs, m.Close())
	}
	return errors.Join(errs...)
}
