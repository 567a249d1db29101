package story

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"baize/internal/agent/procfs"
	"baize/internal/event"
	"baize/internal/response"
	"baize/test/lab"
)

// Probing is what came of looking into the running services while the intruder goes
// on through their holes.
type Probing struct {
	// Problem is why it could not be played to the end, "" where it was.
	Problem string
	Probes  []Attached
	// Answers that the services gave while probes went in and out, and Refused, which
	// are those that they did not give.
	Answers, Refused int
	// Facts of the end, with the log.
	Facts *Facts
}

// Attached is a probe that was put into a service and taken out again.
type Attached struct {
	Host string
	// Before, In and Out are its states; Hooks those that are live.
	Before, In, Out string
	Hooks           int
	Took            time.Duration
	// Same says that the service's process was the same one throughout.
	Same bool
}

// secrets are files that hold some on every system.
const (
	shadow  = "/etc/shadow"
	environ = "/proc/self/environ"
)

// traversal leads from the directory of the reports to the root.
const traversal = "../../.."

// Probe puts a probe into each running service, has the intruder go on, and takes the
// probes out when the lines of the probes hold, at the latest after patience.
func (s *Stage) Probe(ctx context.Context, patience time.Duration) *Probing {
	p := &Probing{}
	if err := s.probe(ctx, p, patience); err != nil {
		p.Problem = err.Error()
	}
	return p
}

func (s *Stage) probe(ctx context.Context, p *Probing, patience time.Duration) error {
	clients := s.clients(ctx)
	err := s.within(ctx, p, patience)
	p.Answers, p.Refused = clients()
	return err
}

// within is what happens while the services have other clients, too.
func (s *Stage) within(ctx context.Context, p *Probing, patience time.Duration) error {
	var all []*visit
	for _, h := range s.hosts {
		i, err := s.attach(ctx, h)
		if err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
		all = append(all, i)
	}
	if err := s.goOn(ctx); err != nil {
		return err
	}
	if err := s.told(ctx, p, patience); err != nil {
		return err
	}
	for _, i := range all {
		if err := s.leave(ctx, i); err != nil {
			return fmt.Errorf("%s: %w", i.Host, err)
		}
		p.Probes = append(p.Probes, i.Attached)
	}
	return nil
}

// visit is a probe in a service.
type visit struct {
	Attached
	host, pid string
	start     uint64
}

// attach puts a probe into the service of a host.
func (s *Stage) attach(ctx context.Context, h lab.Host) (*visit, error) {
	if err := s.allow(h); err != nil {
		return nil, err
	}
	host, err := s.host(ctx, h.Name)
	if err != nil {
		return nil, err
	}
	pid := s.Lab.Services()[h.Name]
	i := &visit{Attached: Attached{Host: h.Name}, host: host.ID, pid: strconv.Itoa(pid)}
	if i.start, err = (procfs.FS{}).Start(uint32(pid)); err != nil {
		return nil, err
	}
	before, err := s.probes(ctx, i, "list")
	if err != nil {
		return nil, err
	}
	i.Before = before.State
	began := time.Now()
	in, err := s.probes(ctx, i, "attach", "--pid", i.pid)
	if err != nil {
		return nil, err
	}
	i.Took, i.In = time.Since(began), in.State
	for _, hook := range in.Hooks {
		if hook.State == "live" {
			i.Hooks++
		}
	}
	return i, nil
}

// allow has the owner of a host allow what the story does to it.
func (s *Stage) allow(h lab.Host) error {
	home := s.Home()
	if h.Name != lab.Web {
		home = filepath.Join(home, h.Name)
	}
	const policy = "allow: [observe, collect, contain, kill, clean, probe]\n"
	return os.WriteFile(filepath.Join(home, "agent", "policy.yaml"), []byte(policy), 0o600)
}

// probes asks a host about the probe of a service.
func (s *Stage) probes(ctx context.Context, i *visit, verb string, args ...string) (response.Probe, error) {
	out, err := s.Baize(ctx, append([]string{"probe", verb, "--host", i.host, "--json"}, args...)...)
	if err != nil {
		return response.Probe{}, err
	}
	for line := range bytes.Lines(out) {
		var p response.Probe
		if err := json.Unmarshal(line, &p); err != nil {
			return p, err
		}
		if strconv.FormatUint(uint64(p.Process.PID), 10) == i.pid {
			return p, nil
		}
	}
	return response.Probe{}, fmt.Errorf("process %s is not among the probes: %s", i.pid, out)
}

// leave takes the probe out.
func (s *Stage) leave(ctx context.Context, i *visit) error {
	out, err := s.probes(ctx, i, "detach", "--pid", i.pid)
	if err != nil {
		return err
	}
	i.Out = out.State
	start, err := (procfs.FS{}).Start(uint32(s.Lab.Services()[i.Host]))
	i.Same = err == nil && start == i.start
	return nil
}

// goOn is the intruder, who reads through both holes and goes through one of them to
// another.
func (s *Stage) goOn(ctx context.Context) error {
	var all []error
	add := func(_ string, err error) { all = append(all, err) }
	for _, path := range []string{shadow, environ} {
		add(s.Lab.Fetch(ctx, "file://"+path))
	}
	add(s.Lab.FetchCommand(ctx, lab.Web, "id -a"))
	for _, host := range []string{lab.Web, lab.Second} {
		add(s.Lab.Report(ctx, host, traversal+shadow))
	}
	return errors.Join(all...)
}

// told waits until the lines of the probes hold.
func (s *Stage) told(ctx context.Context, p *Probing, patience time.Duration) error {
	for deadline := time.Now().Add(patience); ; {
		facts, err := s.Gather(ctx)
		if err != nil {
			return err
		}
		if facts.Log, err = s.Export(ctx); err != nil {
			return err
		}
		p.Facts = &facts
		if p.hold() || time.Now().After(deadline) {
			return nil
		}
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
	}
}

// hold says whether the lines hold that the probes' events show.
func (p *Probing) hold() bool {
	var v verdict
	for _, judge := range []func(*Probing, *verdict){seenStack, sharedStack} {
		judge(p, &v)
	}
	return len(v.objections) == 0
}

// clients ask the services whether they are well until the function is called, which
// returns how many answers came and how many did not.
func (s *Stage) clients(ctx context.Context) func() (answers, refused int) {
	ctx, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	var answers, refused int
	go func() {
		defer close(done)
		for pause(ctx, 20*time.Millisecond) == nil {
			for _, h := range s.hosts {
				switch err := s.Lab.Health(ctx, h.Name); {
				case err == nil:
					answers++
				case ctx.Err() == nil:
					refused++
				}
			}
		}
	}()
	return func() (int, int) {
		stop()
		<-done
		return answers, refused
	}
}

// acts are the events of a hook on a host that the log has.
func (p *Probing) acts(host, hook string) []*event.Event {
	var found []*event.Event
	for _, ev := range p.Facts.Log {
		if ev.Kind == event.ProbeCall && ev.Host.Name == host && ev.Probe != nil && ev.Probe.Hook == hook && ev.Stack != nil {
			found = append(found, ev)
		}
	}
	return found
}
