package bus

import "sync"

// tail is the sequence of the newest durable message, and wakes those who wait
// for a newer one. Every message goes through this process, so that readers
// need no consumer in the server, with its own buffers and timeouts: they read
// the log by sequence.
type tail struct {
	mu   sync.Mutex
	last uint64
	more chan struct{}
}

// get returns the newest sequence and a channel that is closed by the next.
func (t *tail) get() (last uint64, more <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.more == nil {
		t.more = make(chan struct{})
	}
	return t.last, t.more
}

func (t *tail) advance(to uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if to <= t.last {
		return
	}
	t.last = to
	if t.more != nil {
		close(t.more)
		t.more = nil
	}
}
