package container

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"baize/internal/event"
)

// Sockets where runtimes listen. A missing one is looked for again at every
// question, so that a runtime may come later.
type Sockets struct {
	Docker     []string
	Containerd []string
}

// DefaultSockets are the usual places.
func DefaultSockets() Sockets {
	return Sockets{
		Docker: []string{"/run/docker.sock", "/run/podman/podman.sock"},
		Containerd: []string{
			"/run/containerd/containerd.sock", "/run/k3s/containerd/containerd.sock",
			"/run/docker/containerd/containerd.sock",
		},
	}
}

const (
	askTimeout = 2 * time.Second
	queueSize  = 256
)

// retries are the waits before a runtime that did not answer is asked again;
// after the last the container is absent.
var retries = []time.Duration{100 * time.Millisecond, 500 * time.Millisecond, 2 * time.Second, 10 * time.Second, 30 * time.Second}

// runtime is one socket.
type runtime interface {
	name() string
	inspect(ctx context.Context, id string) (*event.Container, error)
	close()
}

// Resolver asks the runtimes about containers, one question at a time, off the
// path of the events. Run it, send it ids, drain Found.
type Resolver struct {
	sockets  Sockets
	runtimes map[string]runtime
	asked    chan ID
	found    chan *event.Container
}

// NewResolver returns a resolver that does not run yet.
func NewResolver(sockets Sockets) *Resolver {
	return &Resolver{
		sockets: sockets, runtimes: map[string]runtime{},
		asked: make(chan ID, queueSize), found: make(chan *event.Container, queueSize),
	}
}

// Found is where answers arrive: ok, or absent where no runtime knows it.
func (r *Resolver) Found() <-chan *event.Container { return r.found }

// Ask never blocks; false means that the queue is full and the container stays
// as it is.
func (r *Resolver) Ask(id ID) bool {
	select {
	case r.asked <- id:
		return true
	default:
		return false
	}
}

// Run answers until the context ends. Questions that must be repeated wait in
// goroutines of their own, at most as many as the queue is long.
func (r *Resolver) Run(ctx context.Context) {
	var waiting sync.WaitGroup
	again := make(chan question)
	slots := make(chan struct{}, queueSize)
	defer r.close()
	defer waiting.Wait()
	for {
		var q question
		select {
		case <-ctx.Done():
			return
		case id := <-r.asked:
			q = question{id: id}
		case q = <-again:
		}
		answer, err := r.inspect(ctx, q.id)
		if err == nil {
			r.answer(ctx, answer)
			continue
		}
		if q.attempt >= len(retries) || !take(slots) {
			r.answer(ctx, &event.Container{State: event.ContainerAbsent, ID: q.id.ID, Runtime: q.id.Runtime})
			continue
		}
		waiting.Go(func() {
			defer func() { <-slots }()
			q.later(ctx, again)
		})
	}
}

func take(slots chan struct{}) bool {
	select {
	case slots <- struct{}{}:
		return true
	default:
		return false
	}
}

// question is an id and how often it was asked in vain.
type question struct {
	id      ID
	attempt int
}

func (q question) later(ctx context.Context, again chan<- question) {
	timer := time.NewTimer(retries[q.attempt])
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return
	case <-timer.C:
	}
	q.attempt++
	select {
	case <-ctx.Done():
	case again <- q:
	}
}

func (r *Resolver) answer(ctx context.Context, box *event.Container) {
	select {
	case r.found <- box:
	case <-ctx.Done():
	}
}

// inspect asks every runtime that is there. An error means that one of them
// could not answer, so that "unknown" cannot be said.
func (r *Resolver) inspect(ctx context.Context, id ID) (*event.Container, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var failed error
	for _, rt := range r.present() {
		box, err := rt.inspect(ctx, id.ID)
		if err == nil && id.Runtime != "" {
			box.Runtime = id.Runtime // podman answers in Docker's language
		}
		if err == nil {
			return box, nil
		}
		if !errors.Is(err, ErrUnknown) {
			failed = err
		}
	}
	if failed != nil {
		return nil, failed
	}
	return &event.Container{State: event.ContainerAbsent, ID: id.ID, Runtime: id.Runtime}, nil
}

func (r *Resolver) present() []runtime {
	var all []runtime
	for _, socket := range r.sockets.Docker {
		all = r.add(all, socket, func() (runtime, error) { return newDocker(socket), nil })
	}
	for _, socket := range r.sockets.Containerd {
		all = r.add(all, socket, func() (runtime, error) { return newContainerd(socket) })
	}
	return all
}

func (r *Resolver) add(all []runtime, socket string, connect func() (runtime, error)) []runtime {
	if _, err := os.Stat(socket); err != nil {
		return all
	}
	if r.runtimes[socket] == nil {
		rt, err := connect()
		if err != nil {
			return all
		}
		r.runtimes[socket] = rt
	}
	return append(all, r.runtimes[socket])
}

func (r *Resolver) close() {
	for _, rt := range r.runtimes {
		rt.close()
	}
}
