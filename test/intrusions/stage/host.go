package stage

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"baize/test/group"
)

// Names of the hosts.
const (
	Web      = "web-1"
	Database = "db-1"
)

// WebUser is who services run as.
const WebUser = 33 // www-data on every Debian system

// HostOptions say what one host is.
type HostOptions struct {
	Name string
	// Address on the wire that joins the hosts.
	Address string
	// Service : it runs the web service; as root where Careless, in a container
	// where Contained.
	Service, Careless, Contained bool
	// Scheduler : it runs cron.
	Scheduler bool
	// Key is the one that root has there, see Kit; "" is that of databases.
	Key string
}

// Host is one machine of the stage: a tree of processes in a control group of
// its own, behind mounts of its own.
type Host struct {
	HostOptions

	// hole and sessions keep what comes in at once apart. Whoever goes through one
	// host into another takes the other's first.
	hole, sessions sync.Mutex
	// web is the web service's process, daemons are others by name.
	web     int
	daemons map[string]int

	group   string
	tree    *tree
	command *exec.Cmd
	in      io.WriteCloser
	done    chan struct{}

	mu      sync.Mutex
	next    int
	started map[int]chan reply
	ended   map[int]int
	printed []string
	ready   bool
}

// reply is what the host's init says.
type reply struct {
	ID    int    `json:"id"`
	PID   int    `json:"pid"`
	Ended int    `json:"ended"`
	Code  int    `json:"code"`
	Error string `json:"error"`
	Ready bool   `json:"ready"`
}

// startHost makes a host and waits until it stands.
func startHost(ctx context.Context, opts HostOptions, kit *Kit, tree *tree) (*Host, error) {
	h := &Host{HostOptions: opts, tree: tree, done: make(chan struct{}), started: map[int]chan reply{}, ended: map[int]int{}, daemons: map[string]int{}}
	name := opts.Name
	var err error
	if h.group, err = group.Make(space(name)); err != nil {
		return nil, err
	}
	empty := filepath.Join(kit.Dir, "mount-"+name)
	if err := os.MkdirAll(empty, 0o755); err != nil {
		return h, err
	}
	h.command = within(context.Background(), name, kit.victim, "-name", name, "-group", h.group, "-work", empty, "-files", kit.files)
	h.command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS, Setsid: true}
	if h.in, err = h.command.StdinPipe(); err != nil {
		return h, err
	}
	out, err := h.command.StdoutPipe()
	if err != nil {
		return h, err
	}
	printed, err := h.command.StderrPipe()
	if err != nil {
		return h, err
	}
	if err := h.command.Start(); err != nil {
		return h, fmt.Errorf("start host %s: %w", name, err)
	}
	go h.listen(printed)
	go h.read(out)
	return h, until(ctx, "host "+name, func() (bool, error) {
		select {
		case <-h.done:
			return false, fmt.Errorf("host %s ended at once: %s", name, h.output())
		default:
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.ready, nil
	})
}

func (h *Host) read(out io.Reader) {
	defer close(h.done)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var r reply
		if json.Unmarshal(lines.Bytes(), &r) == nil {
			h.take(r)
		}
	}
	_ = h.command.Wait() // it ends with its stdin
}

func (h *Host) take(r reply) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case r.Ready:
		h.ready = true
	case r.Ended != 0:
		h.ended[r.Ended] = r.Code
	default:
		if ch := h.started[r.ID]; ch != nil {
			ch <- r
			delete(h.started, r.ID)
		}
	}
}

// listen keeps what services print.
func (h *Host) listen(printed io.Reader) {
	for lines := bufio.NewScanner(printed); lines.Scan(); {
		h.mu.Lock()
		if len(h.printed) < 1000 {
			h.printed = append(h.printed, lines.Text())
		}
		h.mu.Unlock()
	}
}

func (h *Host) output() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.printed[max(0, len(h.printed)-20):], "\n")
}

// Service is what a host is told to start.
type Service struct {
	Unit string   `json:"unit"`
	Args []string `json:"args,omitempty"`
	UID  uint32   `json:"uid,omitempty"`
	Dir  string   `json:"dir,omitempty"`
	Env  []string `json:"env,omitempty"`
	// Definition is a unit file that says what to start, instead of Args.
	Definition string `json:"definition,omitempty"`
}

// Start starts a service.
func (h *Host) Start(ctx context.Context, s Service) (int, error) {
	h.mu.Lock()
	h.next++
	ch := make(chan reply, 1)
	h.started[h.next] = ch
	err := json.NewEncoder(h.in).Encode(struct {
		ID int `json:"id"`
		Service
	}{h.next, s})
	h.mu.Unlock()
	if err != nil {
		return 0, fmt.Errorf("start %s on %s: %w", s.Unit, h.Name, err)
	}
	select {
	case r := <-ch:
		if r.Error != "" {
			return 0, fmt.Errorf("host %s: %s", h.Name, r.Error)
		}
		return r.PID, nil
	case <-h.done:
		return 0, fmt.Errorf("host %s has ended: %s", h.Name, h.output())
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// Run starts a service and waits for its end.
func (h *Host) Run(ctx context.Context, s Service) (int, error) {
	pid, err := h.Start(ctx, s)
	if err != nil {
		return 0, err
	}
	return pid, h.end(ctx, s.Unit, pid)
}

func (h *Host) end(ctx context.Context, what string, pid int) error {
	return until(ctx, "the end of "+what, func() (bool, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		code, ended := h.ended[pid]
		if ended && code != 0 {
			return true, fmt.Errorf("%s ended with status %d: %s", what, code, strings.Join(h.printed[max(0, len(h.printed)-5):], "\n"))
		}
		return ended, nil
	})
}

// url of a page of its web service.
func (h *Host) url(page string) string { return "http://" + h.Address + ":8080/" + page }

// path is where a file of the host can be reached from outside.
func (h *Host) path(name string) string {
	return filepath.Join("/proc", strconv.Itoa(h.command.Process.Pid), "root", name)
}

// close ends every process of the host.
func (h *Host) close() error {
	if h.command == nil || h.command.Process == nil {
		return group.Remove(space(h.Name))
	}
	if err := os.WriteFile(filepath.Join(h.group, "cgroup.kill"), []byte("1"), 0); err != nil {
		return err
	}
	h.in.Close()
	<-h.done
	return group.Remove(space(h.Name))
}
