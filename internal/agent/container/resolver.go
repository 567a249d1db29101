package container

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"baize/internal/event"
)

// Sockets where runtimes listen, and directories where they keep what they know.
// A missing one is looked for again at every question, so that a runtime may come
// later.
type Sockets struct {
	Docker     []string
	Containerd []string
	// Storage are roots of containers/storage.
	Storage []string
}

// DefaultSockets are the usual places.
func DefaultSockets() Sockets {
	return Sockets{
		Docker: []string{"/run/docker.sock", "/run/podman/podman.sock"},
		Containerd: []string{
			"/run/containerd/containerd.sock", "/run/k3s/containerd/containerd.sock",
			"/run/docker/containerd/containerd.sock",
		},
		Storage: []string{defaultStorage},
	}
}

// HostSockets are the usual places and those that the environment names, in the
// variables that the runtimes' own clients follow.
func HostSockets(getenv func(string) string) Sockets {
	s := DefaultSockets()
	if socket, found := strings.CutPrefix(getenv("DOCKER_HOST"), "unix://"); found && !slices.Contains(s.Docker, socket) {
		s.Docker = append(s.Docker, socket)
	}
	if socket := getenv("CONTAINERD_ADDRESS"); socket != "" && !slices.Contains(s.Containerd, socket) {
		s.Containerd = append(s.Containerd, socket)
	}
	if root := storageRoot(cmp.Or(getenv("CONTAINERS_STORAGE_CONF"), storageConfig)); root != defaultStorage {
		s.Storage = append(s.Storage, root)
	}
	return s
}

const (
	askTimeout = 2 * time.Second
	queueSize  = 256
	atOnce     = 8
)

// retries are the waits before a runtime that did not answer is asked again;
// after the last the container is absent.
var retries = []time.Duration{100 * time.Millisecond, 500 * time.Millisecond, 2 * time.Second, 10 * time.Second, 30 * time.Second}

// runtime is one socket or directory.
type runtime interface {
	name() string
	inspect(ctx context.Context, id string) (*event.Container, error)
	close()
}

// Resolver asks the runtimes about containers, off the path of the events. Run it, send it ids, drain Found.
type Resolver struct {
	sockets Sockets

	mu       sync.Mutex
	runtimes map[string]runtime

	asked chan ID
	found chan *event.Container
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

// Run answers until the context ends, at most atOnce questions at a time: one
// that waits for a slow runtime holds up no other.
func (r *Resolver) Run(ctx context.Context) {
	var asking sync.WaitGroup
	defer r.close()
	defer asking.Wait()
	slots := make(chan struct{}, atOnce)
	for {
		select {
		case <-ctx.Done():
			return
		case slots <- struct{}{}:
		}
		select {
		case <-ctx.Done():
			return
		case id := <-r.asked:
			asking.Go(func() {
				defer func() { <-slots }()
				r.resolve(ctx, id)
			})
		}
	}
}

// resolve asks until the runtimes answer or the retries are used up.
func (r *Resolver) resolve(ctx context.Context, id ID) {
	for attempt := 0; ctx.Err() == nil; attempt++ {
		box, err := r.inspect(ctx, id)
		if err != nil && attempt < len(retries) {
			pause(ctx, retries[attempt])
			continue
		}
		if err != nil {
			box = &event.Container{State: event.ContainerAbsent, ID: id.ID, Runtime: id.Runtime}
		}
		r.answer(ctx, box)
		return
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
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
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []runtime
	for _, socket := range r.sockets.Docker {
		all = r.addLocked(all, socket, func() (runtime, error) { return newDocker(socket), nil })
	}
	for _, socket := range r.sockets.Containerd {
		all = r.addLocked(all, socket, func() (runtime, error) { return newContainerd(socket) })
	}
	for _, root := range r.sockets.Storage {
		all = r.addLocked(all, root, func() (runtime, error) { return &storage{root}, nil })
	}
	return all
}

func (r *Resolver) addLocked(all []runtime, socket string, connect func() (runtime, error)) []runtime {
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
