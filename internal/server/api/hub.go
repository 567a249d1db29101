package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"baize/internal/server/state"
)

// Bounds of what the hub keeps for subscribers that are behind.
const (
	maxRing      = 4096
	maxRingBytes = 32 << 20
	// changePage is how many changes are read at once; those of one object
	// within a page are sent once, as the object is now.
	changePage = 256
	// foreignPoll is how often the feed is looked at for what another process
	// wrote. What this process writes wakes the hub at once.
	foreignPoll = 50 * time.Millisecond
	// stallWait is how long to wait before a read that failed is tried again.
	stallWait = time.Second
)

// message is one server-sent event, rendered once for all subscribers.
type message struct {
	cursor uint64
	text   []byte
}

// rendered is what a change is told as: an event's name, and JSON.
type rendered struct {
	name string
	data []byte
}

// render loads what changed; nothing for what is no more.
type render func(context.Context, state.Change) ([]rendered, error)

// hub follows the change feed and keeps the latest messages in a ring that all
// subscribers read at their own speed: a slow one costs no memory, and falls
// off the ring's end.
type hub struct {
	state  *state.DB
	render render
	logger *slog.Logger

	mu sync.Mutex
	// floor is the cursor after which the ring is complete, head where the hub is.
	floor, head uint64
	ring        []message
	bytes       int
	waiting     chan struct{}
	subscribers int
	// users counts the subscribers of each user.
	users map[string]int
}

// enter counts a new subscriber, and refuses it at the bounds.
func (h *hub) enter(user string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.subscribers >= maxSubscribers || h.users[user] >= maxStreamsEach {
		return false
	}
	h.subscribers++
	h.users[user]++
	return true
}

func (h *hub) leave(user string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subscribers--
	if h.users[user]--; h.users[user] == 0 {
		delete(h.users, user)
	}
}

func newHub(db *state.DB, r render, logger *slog.Logger) *hub {
	return &hub{state: db, render: r, logger: logger, waiting: make(chan struct{}), users: map[string]int{}}
}

// run follows the feed until ctx ends.
func (h *hub) run(ctx context.Context) error {
	head, err := h.state.Cursor(ctx)
	if err != nil && ctx.Err() == nil {
		return err
	}
	h.jump(head)
	for ctx.Err() == nil {
		h.step(ctx)
	}
	return nil
}

// step reads what there is, or waits for more.
func (h *hub) step(ctx context.Context) {
	changed, wait := h.state.Changed(), foreignPoll
	more, err := h.follow(ctx)
	if more {
		return
	}
	if err != nil && ctx.Err() == nil {
		h.logger.Error("live stream stalled", "error", err)
		changed, wait = nil, stallWait
	}
	select {
	case <-ctx.Done():
	case <-changed:
	case <-time.After(wait):
	}
}

// follow reads one page of changes and says whether there was any.
func (h *hub) follow(ctx context.Context) (bool, error) {
	messages, last, err := h.read(ctx, h.position())
	if errors.Is(err, state.ErrGone) { // this process slept through the whole feed
		last, err = h.state.Cursor(ctx)
		if err == nil {
			h.jump(last)
		}
		return false, err
	}
	if err != nil || last == h.position() {
		return false, err
	}
	h.publish(messages, last)
	return true, nil
}

// read renders the next page of changes after a cursor, and returns the cursor
// it reaches.
func (h *hub) read(ctx context.Context, after uint64) ([]message, uint64, error) {
	changes, err := h.state.Changes(ctx, after, changePage)
	if err != nil {
		return nil, after, err
	}
	latest := map[state.Change]uint64{}
	for _, c := range changes {
		latest[state.Change{Kind: c.Kind, ID: c.ID}] = c.Cursor
		after = c.Cursor
	}
	var messages []message
	for _, c := range changes {
		if latest[state.Change{Kind: c.Kind, ID: c.ID}] != c.Cursor {
			continue
		}
		told, err := h.render(ctx, c)
		if err != nil {
			return nil, after, fmt.Errorf("load %s %s: %w", c.Kind, c.ID, err)
		}
		if len(told) > 0 {
			messages = append(messages, message{cursor: c.Cursor, text: frames(c.Cursor, told)})
		}
	}
	return messages, after, nil
}

// frames are the events of one change. The last has the cursor: a client that has
// lost the connection before gets all of them again.
func frames(cursor uint64, told []rendered) []byte {
	var b bytes.Buffer
	last := len(told) - 1
	for _, r := range told[:last] {
		fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", r.name, r.data)
	}
	b.Write(frame(told[last].name, cursor, told[last].data))
	return b.Bytes()
}

// frame is a server-sent event. JSON has no line breaks of its own.
func frame(name string, cursor uint64, data []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "id: %d\nevent: %s\ndata: %s\n\n", cursor, name, data)
	return b.Bytes()
}

func (h *hub) position() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.head
}

// jump moves to a cursor without what is between.
func (h *hub) jump(cursor uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.floor, h.head, h.ring, h.bytes = cursor, cursor, nil, 0
	h.wakeLocked()
}

func (h *hub) publish(messages []message, last uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range messages {
		h.ring = append(h.ring, m)
		h.bytes += len(m.text)
	}
	for len(h.ring) > maxRing || h.bytes > maxRingBytes {
		h.floor = h.ring[0].cursor
		h.bytes -= len(h.ring[0].text)
		h.ring[0].text = nil
		h.ring = h.ring[1:]
	}
	h.head = last
	h.wakeLocked()
}

func (h *hub) wakeLocked() {
	close(h.waiting)
	h.waiting = make(chan struct{})
}

// since returns the messages after a cursor, where the hub is after them, and
// a channel that is closed when there are more. ok is false for a cursor that
// the ring does not reach.
func (h *hub) since(cursor uint64) (messages []message, head uint64, more <-chan struct{}, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if cursor < h.floor || cursor > h.head {
		return nil, h.head, h.waiting, false
	}
	first := len(h.ring)
	for first > 0 && h.ring[first-1].cursor > cursor {
		first--
	}
	return h.ring[first:len(h.ring):len(h.ring)], h.head, h.waiting, true
}
