// Package stage is where intrusions are played for a recording: hosts, the world
// outside them, the sensor of each host, and the kernel's notices from which the
// labels come.
package stage

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"baize/internal/event"
	"baize/test/intrusions"
)

// Options of a Stage.
type Options struct {
	// Kit has the programs and files, made by Build.
	Kit *Kit
	// Hosts in the order in which they are started; Single where there are none.
	Hosts []HostOptions
	// C2 are called by implants, addresses with ports.
	C2 []string
	// Outer are addresses of the world outside that are used beside those with a name
	// here; Names lead to one of them.
	Outer []string
	Names map[string]string
}

// Single is the host with the web service.
func Single() HostOptions { return HostOptions{Name: Web, Address: WebAddress, Service: true} }

// Stage is set for one intrusion, or several at once.
type Stage struct {
	// Web is the first host.
	Web   *Host
	Hosts map[string]*Host

	opts      Options
	tree      *tree
	notices   *notices
	world     *world
	recorders []*recorder
	intruders []*Intruder
	advances  []intrusions.Advance
	mu        sync.Mutex
}

// Open builds the stage and arms the sensors. Close ends it, also after an error.
func Open(ctx context.Context, opts Options) (s *Stage, err error) {
	if len(opts.Hosts) == 0 {
		opts.Hosts = []HostOptions{Single()}
	}
	s = &Stage{opts: opts, tree: newTree(), Hosts: map[string]*Host{}}
	if err := wire(ctx, &opts); err != nil {
		return s, err
	}
	if s.notices, err = hear(s.tree); err != nil {
		return s, err
	}
	if s.world, err = startWorld(opts.Kit, append([]string{C2, OtherC2}, opts.C2...), opts.Names); err != nil {
		return s, err
	}
	for _, h := range opts.Hosts {
		if err := s.host(ctx, h); err != nil {
			return s, err
		}
	}
	s.Web = s.Hosts[opts.Hosts[0].Name]
	return s, nil
}

// host makes a host with its sensor and its services.
func (s *Stage) host(ctx context.Context, opts HostOptions) error {
	h, err := startHost(ctx, opts, s.opts.Kit, s.tree)
	if h != nil {
		s.Hosts[opts.Name] = h
	}
	if err != nil {
		return err
	}
	if err := s.keys(h); err != nil {
		return err
	}
	r, err := record(ctx, s.opts.Kit, h)
	if r != nil {
		s.recorders = append(s.recorders, r)
	}
	if err != nil {
		return err
	}
	if err := s.daemon(ctx, h, "sshd", Service{Unit: "ssh", Args: []string{"/usr/sbin/sshd", "-D"}}); err != nil {
		return err
	}
	if opts.Scheduler {
		if err := s.daemon(ctx, h, "cron", Service{Unit: "cron", Args: []string{"/usr/sbin/cron", "-f"}}); err != nil {
			return err
		}
	}
	if !opts.Service {
		return nil
	}
	return s.serve(ctx, h)
}

// keys lets the keys in that are let in before anybody intrudes, and gives the
// web host one for the database.
func (s *Stage) keys(h *Host) error {
	allowed, err := os.ReadFile(filepath.Join(s.opts.Kit.Dir, "keys", "allowed"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(h.path("/root/.ssh/authorized_keys"), allowed, 0o600); err != nil {
		return err
	}
	key, err := os.ReadFile(s.opts.Kit.Key("host"))
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(h.path("/srv/keys"), 0o755), os.WriteFile(h.path("/srv/keys/host"), key, 0o600),
		s.secret(h, "/root/.ssh/id_ed25519"))
}

func (s *Stage) secret(h *Host, name string) error {
	key, err := os.ReadFile(s.opts.Kit.Key(cmp.Or(h.Key, "database")))
	if err != nil {
		return err
	}
	return os.WriteFile(h.path(name), key, 0o600)
}

func (s *Stage) daemon(ctx context.Context, h *Host, name string, service Service) error {
	pid, err := h.Start(ctx, service)
	h.daemons[name] = pid
	return err
}

// serve starts the web service of a host, and waits until it listens.
func (s *Stage) serve(ctx context.Context, h *Host) error {
	service := Service{Unit: "shop", UID: WebUser, Args: []string{s.opts.Kit.java, "-Xmx64m", "-XX:+UseSerialGC", "-cp", "/srv/shop", "LookupService", h.Address, "8080"}}
	if h.Careless {
		service.UID = 0
	}
	if h.Contained {
		var err error
		if service, err = s.contain(h, service); err != nil {
			return err
		}
	}
	var err error
	if h.web, err = h.Start(ctx, service); err != nil {
		return err
	}
	return until(ctx, "the web service of "+h.Name, func() (bool, error) {
		return slices.Contains(strings.Split(h.output(), "\n"), "listening"), nil
	})
}

// service is the process of a host's web service; in a container it is below the
// runtime's.
func (s *Stage) service(h *Host) *branch {
	b, ok := s.tree.find(h.web)
	if !ok || !h.Contained {
		return b
	}
	return s.tree.running(b, s.opts.Kit.java)
}

// Advance lets hours pass without waiting for them: the recording is told so.
func (s *Stage) Advance(ctx context.Context, by time.Duration) error {
	if err := pause(ctx, 300*time.Millisecond); err != nil {
		return err
	}
	s.mu.Lock()
	s.advances = append(s.advances, intrusions.Advance{At: time.Now().UTC(), By: by})
	s.mu.Unlock()
	return pause(ctx, 300*time.Millisecond)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// Finish waits for the sensors' word on everything, and returns events and labels.
func (s *Stage) Finish(ctx context.Context) (events []*event.Event, labels intrusions.Labels, err error) {
	end := time.Now()
	for _, r := range s.recorders {
		if err := r.vouched(ctx, end); err != nil {
			return nil, labels, err
		}
	}
	for _, r := range s.recorders {
		seen, err := r.stop()
		if err != nil {
			return nil, labels, err
		}
		events = append(events, seen...)
	}
	s.recorders = nil
	if err := s.notices.close(); err != nil {
		return nil, labels, err
	}
	labels.Advanced = s.advances
	for _, i := range s.intruders {
		l, err := i.labels()
		if err != nil {
			return nil, labels, err
		}
		labels.Intrusions = append(labels.Intrusions, l)
	}
	return later(events, s.advances), labels, nil
}

// Close ends everything.
func (s *Stage) Close() error {
	var all []error
	for _, r := range s.recorders {
		_, err := r.stop()
		all = append(all, err)
	}
	for _, h := range s.Hosts {
		all = append(all, h.close())
	}
	if s.world != nil {
		all = append(all, s.world.close())
	}
	if s.notices != nil {
		all = append(all, s.notices.close())
	}
	return errors.Join(append(all, unwire(&s.opts))...)
}

// ssh runs a command on a host over ssh from an outside address.
func (s *Stage) ssh(ctx context.Context, from, key string, h *Host, command, input string) error {
	c := within(ctx, outside, "ssh", "-F", "none", "-q", "-b", from, "-i", s.opts.Kit.Key(key), "-o", "StrictHostKeyChecking=no",
		"-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "root@"+h.Address, command)
	c.Stdin = strings.NewReader(input)
	return run(c)
}
