// Package stage is where intrusions are played for a recording: two hosts, the
// world outside them, the sensor of each host, and the kernel's notices from
// which the labels come.
package stage

import (
	"context"
	"errors"
	"fmt"
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
	// RootService runs the web service as root, as a careless owner does.
	RootService bool
	// Cron runs a scheduler on the web host.
	Cron bool
	// Second is the database host.
	Second bool
	// Container puts the web service into one.
	Container bool
}

// Stage is set for one intrusion, or several at once.
type Stage struct {
	// Web is the host with the web service, Database the one behind it.
	Web, Database *Host

	opts      Options
	tree      *tree
	notices   *notices
	world     *world
	recorders []*recorder
	intruders []*Intruder
	advances  []intrusions.Advance
	// web is the web service's process, daemons are others by host and name.
	web     int
	daemons map[string]int
	// hole and sessions keep what comes in at once apart.
	hole, sessions sync.Mutex
	rounds         int
}

// Open builds the stage and arms the sensors. Close ends it, also after an error.
func Open(ctx context.Context, opts Options) (s *Stage, err error) {
	s = &Stage{opts: opts, tree: newTree(), daemons: map[string]int{}}
	if err := wire(ctx); err != nil {
		return s, err
	}
	if s.notices, err = hear(s.tree); err != nil {
		return s, err
	}
	if s.world, err = startWorld(opts.Kit.outside, opts.Kit.downloads); err != nil {
		return s, err
	}
	if s.Web, err = s.host(ctx, Web); err != nil {
		return s, err
	}
	if opts.Second {
		if s.Database, err = s.host(ctx, Database); err != nil {
			return s, err
		}
	}
	return s, s.serve(ctx)
}

// host makes a host with its sensor and its login daemon.
func (s *Stage) host(ctx context.Context, name string) (*Host, error) {
	h, err := startHost(ctx, name, s.opts.Kit.victim, s.opts.Kit.Dir, s.opts.Kit.files, s.tree)
	if err != nil {
		return h, err
	}
	if err := s.keys(h); err != nil {
		return h, err
	}
	r, err := record(ctx, s.opts.Kit.Agent, h)
	if r != nil {
		s.recorders = append(s.recorders, r)
	}
	if err != nil {
		return h, err
	}
	return h, s.daemon(ctx, h, "sshd", Service{Unit: "ssh", Args: []string{"/usr/sbin/sshd", "-D", "-e"}})
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
	key, err := os.ReadFile(s.opts.Kit.Key("database"))
	if err != nil {
		return err
	}
	return os.WriteFile(h.path(name), key, 0o600)
}

func (s *Stage) daemon(ctx context.Context, h *Host, name string, service Service) error {
	pid, err := h.Start(ctx, service)
	s.daemons[h.Name+"/"+name] = pid
	return err
}

// serve starts what the web host serves, and waits until it does.
func (s *Stage) serve(ctx context.Context) error {
	if s.opts.Cron {
		if err := s.daemon(ctx, s.Web, "cron", Service{Unit: "cron", Args: []string{"/usr/sbin/cron", "-f"}}); err != nil {
			return err
		}
	}
	service := Service{Unit: "shop", UID: WebUser, Args: []string{s.opts.Kit.java, "-Xmx64m", "-XX:+UseSerialGC", "-cp", "/srv/shop", "LookupService", WebAddress, "8080"}}
	if s.opts.RootService {
		service.UID = 0
	}
	if s.opts.Container {
		var err error
		if service, err = s.contain(service); err != nil {
			return err
		}
	}
	var err error
	if s.web, err = s.Web.Start(ctx, service); err != nil {
		return err
	}
	return until(ctx, "the web service", func() (bool, error) {
		return slices.Contains(strings.Split(s.Web.output(), "\n"), "listening"), nil
	})
}

// service is the process of the web service; in a container it is below the
// runtime's.
func (s *Stage) service() *branch {
	b, ok := s.tree.find(s.web)
	if !ok || !s.opts.Container {
		return b
	}
	return s.tree.running(b, s.opts.Kit.java)
}

// Advance lets hours pass without waiting for them: the recording is told so.
func (s *Stage) Advance(ctx context.Context, by time.Duration) error {
	if err := pause(ctx, 300*time.Millisecond); err != nil {
		return err
	}
	s.advances = append(s.advances, intrusions.Advance{At: time.Now().UTC(), By: by})
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
	for _, h := range []*Host{s.Web, s.Database} {
		if h != nil {
			all = append(all, h.close())
		}
	}
	if s.world != nil {
		all = append(all, s.world.close())
	}
	if s.notices != nil {
		all = append(all, s.notices.close())
	}
	return errors.Join(append(all, uncontain(), unwire())...)
}

// ssh runs a command on a host over ssh from an outside address.
func (s *Stage) ssh(ctx context.Context, from, key string, h *Host, command, input string) error {
	c := within(ctx, outside, "ssh", "-F", "none", "-q", "-b", from, "-i", s.opts.Kit.Key(key), "-o", "StrictHostKeyChecking=no",
		"-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "root@"+WebAddress, command)
	if h.Name != Web {
		return fmt.Errorf("host %s has no way in from outside", h.Name)
	}
	c.Stdin = strings.NewReader(input)
	return run(c)
}
