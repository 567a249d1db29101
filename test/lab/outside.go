package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"baize/test/lab/beacon"
)

// outside talks to the program of that name in the outer namespace.
type outside struct {
	command *exec.Cmd
	done    chan struct{}

	mu      sync.Mutex
	in      io.WriteCloser
	next    int
	waiting map[int]chan reply
}

// reply is what the attacked service answered.
type reply struct {
	Kind   string        `json:"kind"`
	ID     int           `json:"id"`
	Status int           `json:"status"`
	Body   string        `json:"body"`
	Error  string        `json:"error"`
	Name   string        `json:"name"`
	Local  string        `json:"local"`
	Hello  *beacon.Hello `json:"hello"`
}

func startOutside(dir, namespace string, labels *recorder) (*outside, error) {
	var c2 []string
	for _, round := range Rounds {
		c2 = append(c2, round.C2)
	}
	line := command(namespace, filepath.Join(dir, "outside"), "-downloads", filepath.Join(dir, "downloads"),
		"-c2", strings.Join(c2, ","), "-dns", nameServer+":53", "-answer", Rounds[0].Download,
		"-names", DNSLog+"="+dnslogAddress)
	o := &outside{command: exec.Command(line[0], line[1:]...), done: make(chan struct{}), waiting: map[int]chan reply{}}
	o.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	o.command.Stderr = os.Stderr
	var err error
	if o.in, err = o.command.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := o.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := o.command.Start(); err != nil {
		return nil, fmt.Errorf("start the outside world: %w", err)
	}
	ready := make(chan struct{})
	go o.read(stdout, labels, ready)
	select {
	case <-ready:
		return o, nil
	case <-o.done:
		return o, errors.New("the outside world ended at once")
	case <-time.After(20 * time.Second):
		return o, errors.New("the outside world does not listen after 20 seconds")
	}
}

func (o *outside) read(stdout io.Reader, labels *recorder, ready chan<- struct{}) {
	defer close(o.done)
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r reply
		if json.Unmarshal(lines.Bytes(), &r) != nil {
			continue
		}
		switch r.Kind {
		case "ready":
			close(ready)
		case "reply":
			o.deliver(r)
		case "beacon":
			labels.addBeacon(*r.Hello, r.Local)
		case "download":
			labels.addDownload(r.Name)
		case "query":
			labels.addQuery(strings.TrimSuffix(r.Name, "."))
		}
	}
	_ = o.command.Wait() // ends with its stdin; a signal is an end like any other
}

func (o *outside) deliver(r reply) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if ch := o.waiting[r.ID]; ch != nil {
		ch <- r
		delete(o.waiting, r.ID)
	}
}

// attack sends payload from a source to the hole at target, in a parameter, and waits
// for the answer.
func (o *outside) attack(ctx context.Context, source, target, parameter, payload string) (string, error) {
	ch, err := o.send(source, target, parameter, payload)
	if err != nil {
		return "", err
	}
	select {
	case r := <-ch:
		if r.Error != "" || r.Status != 200 {
			return r.Body, fmt.Errorf("request to %s: status %d %s", target, r.Status, r.Error)
		}
		return r.Body, nil
	case <-o.done:
		return "", errors.New("the outside world has ended")
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (o *outside) send(source, target, parameter, payload string) (<-chan reply, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.next++
	ch := make(chan reply, 1)
	o.waiting[o.next] = ch
	return ch, json.NewEncoder(o.in).Encode(map[string]any{
		"id": o.next, "target": target, "parameter": parameter, "payload": payload, "source": source,
	})
}

func (o *outside) stop() error {
	o.in.Close()
	return end(o.command.Process, o.done)
}
