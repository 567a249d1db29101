package sensor

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

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
	// Watches are the files whose opens are reported; nil means Watches.
	Watches []Watch
	// Window is how often coverage is stated; 0 means 10 s.
	Window time.Duration
	// Rate is how many records a second of one kind that exists for rules alone a
	// cgroup may cause, with bursts of burstFor as much; 0 means 500.
	Rate int
}

const (
	defaultRing   = 8 << 20
	defaultFlush  = 50 * time.Millisecond
	defaultWindow = 10 * time.Second
	defaultRate   = 500
	burstFor      = 5 * time.Second
	// lossCheck is how soon a loss is stated.
	lossCheck = time.Second
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
	if o.Watches == nil {
		o.Watches = Watches
	}
	if o.Window == 0 {
		o.Window = defaultWindow
	}
	if o.Rate == 0 {
		o.Rate = defaultRate
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
	tier    int
	// hooksMu guards the elements of hooks, which a guard may change.
	hooksMu sync.Mutex
	guard   *guard
	// measured is the programs' latest cost, nil before the first.
	measured atomic.Pointer[[]Cost]
	reader   *ringbuf.Reader
	position *position
	counts   *counters
	orders   *orders
	iterator *link.Iter
	// iterating serialises the iterator, which has one buffer.
	iterating sync.Mutex
	joiner    *joiner
	settler   *settler
	// writes is nil where fanotify is refused, for the reason in writesErr.
	writes    *writes
	writesErr error

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
	s.guard = &guard{sensor: s, flock: &flock{silent: map[int]int{}}}
	if s.loader, err = newLoader(o, sc); err != nil {
		return nil, err
	}
	if s.reader, err = ringbuf.NewReader(s.loader.maps[sensorMapRing]); err != nil {
		return nil, errors.Join(fmt.Errorf("map the ring: %w", err), s.Close())
	}
	s.position = &position{reader: s.reader}
	s.counts = &counters{table: s.loader.maps[sensorMapCounters]}
	s.orders = newOrders(s.loader, o)
	if err := s.start(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// start arms everything and learns who lives.
func (s *Sensor) start() error {
	if err := pushWatches(s.loader.maps[sensorMapWatches], s.options.Watches); err != nil {
		return err
	}
	if err := s.orders.put(); err != nil {
		return err
	}
	s.joiner = &joiner{
		table: newTable(), watches: s.options.Watches, counts: s.counts,
		ns: ownPIDNamespace(), limited: s.scope.limited, discards: s.loader.maps[sensorMapDiscards],
	}
	if err := s.armAll(); err != nil {
		return err
	}
	var err error
	if s.settler, err = newSettler(s.loader); err != nil {
		return err
	}
	s.joiner.mounted = func(uint32) {}
	if s.writes, s.writesErr = openWrites(s.loader, s.counts, s.position); s.writesErr == nil {
		s.joiner.mounted = s.writes.mounted
	}
	return s.iterate(context.Background(), func(batch []Record) {
		for i := range batch {
			s.joiner.table.learn(&batch[i])
		}
	})
}

// armAll attaches the hooks and reports an error if the first, without which no
// process is known, is refused.
func (s *Sensor) armAll() error {
	// Without it the system call hooks fail, each saying so.
	_ = mountTracefs()
	if err := s.armOne(hooks[0]); err != nil {
		return err
	}
	place, err := s.mediate()
	if err != nil {
		return err
	}
	if s.tier = tierTraced; place.complete() {
		s.tier = tierMediated
	}
	rest := slices.DeleteFunc(slices.Clone(hooks[1:]), func(h hook) bool { return place.needless[h.name()] })
	s.loader.preload(rest)
	for _, h := range rest {
		_ = s.armOne(h) // its state says why not
	}
	return s.armIterator()
}

// armOne attaches a hook and notes its state.
func (s *Sensor) armOne(h hook) error {
	l, err := s.loader.arm(h, s.scope.path)
	if errors.Is(err, errNoCall) {
		return nil
	}
	state := Hook{Name: h.name(), Class: h.class, Tier: tierTraced, Attached: err == nil}
	if err != nil {
		state.Error = short(err)
	} else {
		s.links = append(s.links, l)
		s.guard.watch(h, len(s.hooks), l)
	}
	s.hooks = append(s.hooks, state)
	return err
}

func (s *Sensor) armIterator() error {
	p, err := s.loader.load(sensorProgOnTask)
	if err != nil {
		return err
	}
	if s.iterator, err = link.AttachIter(link.IterOptions{Program: p}); err != nil {
		return fmt.Errorf("attach %s: %w", sensorProgOnTask, err)
	}
	return nil
}

// Close detaches everything and ends a Run.
func (s *Sensor) Close() error {
	var errs []error
	s.closing.Do(func() {
		errs = append(errs, closeAll(s.links))
		if s.settler != nil {
			errs = append(errs, s.settler.close())
		}
		if s.writes != nil {
			errs = append(errs, s.writes.close())
		}
		if s.iterator != nil {
			errs = append(errs, s.iterator.Close())
		}
		if s.reader != nil {
			errs = append(errs, s.reader.Close())
		}
		errs = append(errs, s.loader.close())
	})
	return errors.Join(errs...)
}

// closeAll closes links side by side, as each waits for a grace period.
func closeAll(links []link.Link) error {
	errs := make([]error, len(links))
	var all sync.WaitGroup
	for i, l := range links {
		all.Go(func() { errs[i] = l.Close() })
	}
	all.Wait()
	return errors.Join(errs...)
}
