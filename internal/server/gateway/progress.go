package gateway

import (
	"context"
	"fmt"
	"sync"

	"baize/internal/server/bus"
	"baize/internal/server/state"
)

// progress knows how far each host's boots are durable.
//
// The log is the truth: its newest batch of a boot says up to which number the
// boot is settled. Marks in state are a copy, kept each second and not on the
// way of a batch, for when retention has dropped that batch. So the order is
// publish, then acknowledge, and a crash between any two steps costs nothing:
// the next gateway reads the tail, and drops what the agent sends again.
//
// The log refuses a batch that is not behind the tail its publisher knows.
// Whoever is surprised (a publish whose outcome was not learnt, another
// gateway) forgets what it believed and reads the tail again.
type progress struct {
	state *state.DB
	bus   *bus.Bus

	mu    sync.Mutex
	boots map[bootKey]*bootProgress
	dirty map[bootKey]state.Mark
}

type bootKey struct{ host, boot string }

// bootProgress is one boot; whoever appends to it holds its lock.
type bootProgress struct {
	mu sync.Mutex
	// known is whether seq and tail are what the log says.
	known bool
	// seq is the last number that is settled.
	seq uint64
	// tail is the sequence of the boot's newest message, for the fence.
	tail uint64
}

func newProgress(db *state.DB, b *bus.Bus) *progress {
	return &progress{state: db, bus: b, boots: map[bootKey]*bootProgress{}, dirty: map[bootKey]state.Mark{}}
}

// hold locks the progress of a boot, reading it where it is not known, and
// passes it to do.
func (p *progress) hold(ctx context.Context, key bootKey, do func(*bootProgress) error) error {
	p.mu.Lock()
	b := p.boots[key]
	if b == nil {
		b = &bootProgress{}
		p.boots[key] = b
	}
	p.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.known {
		if err := p.learn(ctx, key, b); err != nil {
			return fmt.Errorf("progress of host %s boot %s: %w", key.host, key.boot, err)
		}
	}
	return do(b)
}

// learn asks the log, and state for what the log has dropped. What is known to
// be settled never goes back.
func (p *progress) learn(ctx context.Context, key bootKey, b *bootProgress) error {
	tail, err := p.bus.Tail(ctx, key.host, key.boot)
	if err != nil {
		return err
	}
	marks, err := p.state.Marks(ctx, key.host)
	if err != nil {
		return err
	}
	b.seq, b.tail = max(b.seq, tail.Seq), tail.Sequence
	for _, m := range marks {
		if m.Boot == key.boot {
			b.seq = max(b.seq, m.Seq)
		}
	}
	b.known = true
	return nil
}

// seq is the durable mark of a boot.
func (p *progress) seq(ctx context.Context, key bootKey) (seq uint64, err error) {
	err = p.hold(ctx, key, func(b *bootProgress) error {
		seq = b.seq
		return nil
	})
	return seq, err
}

// append publishes a batch behind what b knows. The caller holds b.
func (p *progress) append(ctx context.Context, key bootKey, b *bootProgress, batch bus.Batch) error {
	sequence, err := p.bus.Publish(ctx, batch, b.tail)
	if err != nil {
		b.known = false
		return err
	}
	b.seq, b.tail = batch.Last, sequence
	p.mu.Lock()
	p.dirty[key] = state.Mark{Host: key.host, Boot: key.boot, Seq: b.seq, Bus: sequence}
	p.mu.Unlock()
	return nil
}

// save keeps the marks that moved since the last save.
func (p *progress) save(ctx context.Context) error {
	p.mu.Lock()
	var marks []state.Mark
	for _, m := range p.dirty {
		marks = append(marks, m)
	}
	clear(p.dirty)
	p.mu.Unlock()
	if len(marks) == 0 {
		return nil
	}
	err := p.state.SaveMarks(ctx, marks)
	if err != nil {
		p.again(marks)
	}
	return err
}

// again puts back marks that could not be kept, unless they moved on.
func (p *progress) again(marks []state.Mark) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range marks {
		key := bootKey{m.Host, m.Boot}
		if _, newer := p.dirty[key]; !newer {
			p.dirty[key] = m
		}
	}
}

// forget drops the memory of a host that left; the log and state know.
func (p *progress) forget(host string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key := range p.boots {
		if key.host == host {
			delete(p.boots, key)
		}
	}
}
