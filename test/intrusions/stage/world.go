package stage

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"baize/test/lab/beacon"
)

// world is everything outside: servers, names, and who sends requests. It is
// the laboratory's program of that name.
type world struct {
	command *exec.Cmd
	in      io.WriteCloser
	done    chan struct{}

	mu      sync.Mutex
	next    int
	waiting map[int]chan sight
	beacons []beacon.Hello
}

// sight is what the program reports.
type sight struct {
	Kind   string        `json:"kind"`
	ID     int           `json:"id"`
	Status int           `json:"status"`
	Body   string        `json:"body"`
	Error  string        `json:"error"`
	Hello  *beacon.Hello `json:"hello"`
}

// startWorld starts it with the C2 of implants, and names that lead elsewhere than
// to Drop.
func startWorld(kit *Kit, c2 []string, addresses map[string]string) (*world, error) {
	w := &world{done: make(chan struct{}), waiting: map[int]chan sight{}}
	var elsewhere []string
	for name, address := range addresses {
		elsewhere = append(elsewhere, name+"="+address)
	}
	w.command = within(context.Background(), outside, kit.outside, "-downloads", kit.downloads, "-c2", strings.Join(c2, ","),
		"-dns", names+":53", "-answer", Drop, "-names", strings.Join(elsewhere, ","))
	w.command.Stderr = os.Stderr
	var err error
	if w.in, err = w.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := w.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := w.command.Start(); err != nil {
		return nil, fmt.Errorf("start the outside world: %w", err)
	}
	ready := make(chan struct{})
	go w.read(out, ready)
	select {
	case <-ready:
		return w, nil
	case <-w.done:
		return nil, errors.New("the outside world ended at once")
	case <-time.After(20 * time.Second):
		return w, errors.New("the outside world does not listen")
	}
}

func (w *world) read(out io.Reader, ready chan<- struct{}) {
	defer close(w.done)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var s sight
		if json.Unmarshal(lines.Bytes(), &s) != nil {
			continue
		}
		switch s.Kind {
		case "ready":
			close(ready)
		case "reply":
			w.deliver(s)
		case "beacon":
			w.mu.Lock()
			w.beacons = append(w.beacons, *s.Hello)
			w.mu.Unlock()
		}
	}
	_ = w.command.Wait() // it ends with its stdin
}

func (w *world) deliver(s sight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ch := w.waiting[s.ID]; ch != nil {
		ch <- s
		delete(w.waiting, s.ID)
	}
}

// request sends a payload to the hole of a service, from an address, and waits
// for the answer.
func (w *world) request(ctx context.Context, target, payload, source string) (string, error) {
	w.mu.Lock()
	w.next++
	ch := make(chan sight, 1)
	w.waiting[w.next] = ch
	err := json.NewEncoder(w.in).Encode(map[string]any{"id": w.next, "target": target, "payload": payload, "source": source})
	w.mu.Unlock()
	if err != nil {
		return "", fmt.Errorf("send a request: %w", err)
	}
	select {
	case s := <-ch:
		if s.Error != "" || s.Status != 200 {
			return s.Body, fmt.Errorf("request to %s: status %d %s", target, s.Status, s.Error)
		}
		return s.Body, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// called waits until n implants whose image or name has that path spoke.
func (w *world) called(ctx context.Context, path string, n int) error {
	return until(ctx, fmt.Sprintf("%d implants at %s", n, path), func() (bool, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		seen := map[int]bool{}
		for _, hello := range w.beacons {
			if strings.HasPrefix(hello.Path, path) {
				seen[hello.PID] = true
			}
		}
		return len(seen) >= n, nil
	})
}

func (w *world) close() error {
	w.in.Close()
	select {
	case <-w.done:
		return nil
	case <-time.After(5 * time.Second):
		return w.command.Process.Kill()
	}
}

// until polls until something holds.
func until(ctx context.Context, what string, holds func() (bool, error)) error {
	for {
		ok, err := holds()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
