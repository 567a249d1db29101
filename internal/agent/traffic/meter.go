// Package traffic reads how much open TCP connections have carried so far. The
// sensor tells that when a connection closes; of those that matter before, the
// enrichment asks. The kernel is asked for one connection at a time, by its
// addresses and its cookie, in its own network namespace: what that costs
// depends on how many are asked about, not on how many there are.
package traffic

import (
	"context"
	"errors"
	"net/netip"

	"baize/internal/agent/procfs"
)

// Flow is an open connection.
type Flow struct {
	Cookie        uint64
	NetNS         uint32
	Local, Remote netip.AddrPort
	// PIDs are processes that may be in its network namespace.
	PIDs []uint32
}

// Reading is what a connection has carried, in bytes of payload.
type Reading struct {
	Cookie  uint64
	Out, In uint64
	// Gone : it is not open any more.
	Gone bool
}

// Meter reads connections, off the path of the events. Make it with New, run it
// with Run.
type Meter struct {
	proc  procfs.FS
	asked chan []Flow
	done  chan []Reading
}

// New returns a meter that does not run yet.
func New(proc procfs.FS) *Meter {
	return &Meter{proc: proc, asked: make(chan []Flow, 1), done: make(chan []Reading, 1)}
}

// Submit asks about connections and never blocks; false means that it is still
// busy with those before. Nothing is kept of namespaces that none of them is in.
func (m *Meter) Submit(flows []Flow) bool {
	select {
	case m.asked <- flows:
		return true
	default:
		return false
	}
}

// Done is where one answer arrives for each question; it must be drained.
func (m *Meter) Done() <-chan []Reading { return m.done }

// Run reads until the context ends.
func (m *Meter) Run(ctx context.Context) {
	sockets := map[uint32]*diag{}
	defer func() {
		for _, d := range sockets {
			d.close()
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case flows := <-m.asked:
			answer := m.read(flows, sockets)
			select {
			case m.done <- answer:
			case <-ctx.Done():
				return
			}
		}
	}
}

// read answers for what can be read. A connection whose namespace cannot be
// entered, or where the kernel does not answer, is left out: it may be later.
func (m *Meter) read(flows []Flow, sockets map[uint32]*diag) []Reading {
	readings := make([]Reading, 0, len(flows))
	used := map[uint32]bool{}
	for i := range flows {
		f := &flows[i]
		used[f.NetNS] = true
		d := sockets[f.NetNS]
		if d == nil {
			if d = m.enter(f); d == nil {
				continue
			}
			sockets[f.NetNS] = d
		}
		out, in, err := d.count(f)
		if gone := errors.Is(err, errGone); gone || err == nil {
			readings = append(readings, Reading{Cookie: f.Cookie, Out: out, In: in, Gone: gone})
		}
	}
	for ns, d := range sockets {
		if !used[ns] {
			d.close()
			delete(sockets, ns)
		}
	}
	return readings
}

func (m *Meter) enter(f *Flow) *diag {
	for _, pid := range f.PIDs {
		if d, err := open(m.proc, pid, f.NetNS); err == nil {
			return d
		} else if d != nil {
			d.close()
		}
	}
	return nil
}
