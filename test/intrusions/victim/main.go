// Command victim is the init of a host that exists for one recording: it covers
// what an intruder may change with file systems of its own, starts services in
// control groups as a system manager does, and adopts what they leave behind.
//
// It reads one JSON order a line on stdin and writes one JSON report a line on
// stdout; what its services print goes to stderr. It ends with its stdin.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// order to start something.
type order struct {
	ID int `json:"id"`
	// Unit is the service; with Definition it is read from that file.
	Unit       string   `json:"unit"`
	Definition string   `json:"definition,omitempty"`
	Args       []string `json:"args,omitempty"`
	UID        uint32   `json:"uid,omitempty"`
	Dir        string   `json:"dir,omitempty"`
	Env        []string `json:"env,omitempty"`
}

// report of a start, or of an end.
type report struct {
	ID    int    `json:"id,omitempty"`
	PID   int    `json:"pid,omitempty"`
	Ended int    `json:"ended,omitempty"`
	Code  int    `json:"code,omitempty"`
	Error string `json:"error,omitempty"`
	Ready bool   `json:"ready,omitempty"`
}

// system is the running host.
type system struct {
	group string
	mu    sync.Mutex
	out   *json.Encoder
}

func main() {
	name := flag.String("name", "", "the host's `NAME`")
	group := flag.String("group", "", "its control group, a `DIR`")
	work := flag.String("work", "", "an empty `DIR` for a moment")
	files := flag.String("files", "", "what /srv has, a `DIR`")
	flag.Parse()
	s := &system{group: *group, out: json.NewEncoder(os.Stdout)}
	if err := s.begin(*name, *work, *files); err != nil {
		fmt.Fprintln(os.Stderr, "victim:", err)
		os.Exit(1)
	}
	s.say(report{Ready: true})
	s.obey(os.Stdin)
}

// begin makes this process the init of a host.
func (s *system) begin(name, work, files string) error {
	if err := unix.Sethostname([]byte(name)); err != nil {
		return fmt.Errorf("name the host: %w", err)
	}
	if err := furnish(work, files); err != nil {
		return err
	}
	if err := syslog(name); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("adopt orphans: %w", err)
	}
	ends := make(chan os.Signal, 64)
	signal.Notify(ends, syscall.SIGCHLD)
	go s.reap(ends)
	scope, err := groupDir(s.group, "init.scope")
	if err != nil {
		return err
	}
	return os.WriteFile(scope+"/cgroup.procs", []byte("0"), 0)
}

func (s *system) say(r report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.out.Encode(r) // whoever does not read any more has ended us
}

// reap reports the end of every child, adopted ones included.
func (s *system) reap(ends <-chan os.Signal) {
	for range ends {
		for {
			var status syscall.WaitStatus
			pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
			if pid <= 0 || err != nil {
				break
			}
			s.say(report{Ended: pid, Code: status.ExitStatus()})
		}
	}
}

func (s *system) obey(in io.Reader) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var o order
		r := report{}
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			r.Error = err.Error()
		} else if r.PID, err = s.start(&o); err != nil {
			r.Error = err.Error()
		}
		r.ID = o.ID
		s.say(r)
	}
}
