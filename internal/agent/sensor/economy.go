package sensor

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"baize/internal/event"

	"github.com/cilium/ebpf"
)

// ordersData is the section of struct orders of bpf/scratch.h.
const ordersData = ".data.orders"

// orders are what the programs are told while they run.
type orders struct {
	table *ebpf.Map
	// full is how full the ring of a busy reader may be before it is woken.
	full uint64

	mu       sync.Mutex
	now      struct{ Wake, Unasked uint64 }
	revision string
	unasked  []string
}

func newOrders(l *loader, o Options) *orders {
	q := &orders{table: l.maps[ordersData], full: uint64(o.RingBytes / 8)}
	q.now.Wake = q.full
	return q
}

// put gives the first orders.
func (q *orders) put() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.putLocked()
}

func (q *orders) putLocked() error {
	if err := q.table.Put(uint32(0), q.now); err != nil {
		return fmt.Errorf("order the programs: %w", err)
	}
	return nil
}

// wakeAt has the reader woken once there are so many bytes in the ring.
func (q *orders) wakeAt(bytes uint64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.now.Wake == bytes {
		return nil
	}
	q.now.Wake = bytes
	return q.putLocked()
}

// reason says which kinds are filtered, by which revision of the rules.
func (q *orders) reason() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return "rules " + q.revision + " ask for no " + strings.Join(q.unasked, ", ")
}

// forRules are the kinds that exist for rules alone, so that they need not be
// collected where no rule asks for them. Opens of watched files are not among
// them: they tie a job to its author.
var forRules = map[event.Kind]uint64{
	event.ProcessSignal: kindSignal, event.ProcessControl: kindControl, event.NetworkSocket: kindSocket,
}

// Ask says which kinds the rules of a revision ask for. Of those that are not
// asked for, the kinds that exist for rules alone are no more delivered, only
// counted; all others are what provenance rests on. Until it is called all kinds
// are asked for.
func (s *Sensor) Ask(revision string, kinds []event.Kind) error {
	q := s.orders
	q.mu.Lock()
	defer q.mu.Unlock()
	q.revision, q.unasked, q.now.Unasked = revision, nil, 0
	for kind, bit := range forRules {
		if !slices.Contains(kinds, kind) {
			q.now.Unasked |= 1 << bit
			q.unasked = append(q.unasked, string(kind))
		}
	}
	slices.Sort(q.unasked)
	return q.putLocked()
}

const (
	// batchLeast and batchMost bound a batch: it grows with what comes. The reader
	// may have to hold eight of them.
	batchLeast = 256
	batchMost  = 1024
	// idleWait bounds a wait for the first record.
	idleWait = 100 * time.Millisecond
)

// pace fits batches to what comes. A busy reader looks for itself every flush
// time, and wakes cost nobody anything; an idle one is woken by the first record.
type pace struct {
	orders *orders
	idle   bool
	most   int
}

// had notes the size of a batch.
func (p *pace) had(n int) {
	switch {
	case n >= p.most:
		p.most = min(2*p.most, batchMost)
	case n < p.most/2:
		p.most = max(p.most/2, batchLeast)
	}
	if n == 0 && p.orders.wakeAt(0) == nil {
		p.idle = true
	}
}

// busy ends an idle time.
func (p *pace) busy() error {
	p.idle = false
	return p.orders.wakeAt(p.orders.full)
}
