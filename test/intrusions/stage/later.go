package stage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Kit is what the stage was built with.
func (s *Stage) Kit() *Kit { return s.opts.Kit }

// Implant is the content of one.
func (k *Kit) Implant(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(k.downloads, name))
	return string(text), err
}

// Job waits until a scheduler of the host has run the program, which calls its
// C2.
func (i *Intruder) Job(ctx context.Context, daemon, program string) error {
	return i.ran(ctx, i.Host.daemons[daemon], program, true, func() error { return nil })
}

// Unit has the host's init start a unit.
func (i *Intruder) Unit(ctx context.Context, definition string) error {
	pid, err := i.Host.Run(ctx, Service{Definition: definition})
	if err != nil {
		return err
	}
	return i.root(pid, i.Host.command.Process.Pid)
}

// Victim logs in as an administrator and runs a command, by which the intruder's
// program is run.
func (i *Intruder) Victim(ctx context.Context, command, program string) error {
	i.Host.sessions.Lock()
	defer i.Host.sessions.Unlock()
	return i.ran(ctx, i.Host.daemons["sshd"], program, false, func() error {
		return i.stage.ssh(ctx, Bastion, "admin", i.Host, command, "")
	})
}

// ran notes what runs a program below a daemon once something was done: all of
// the job, or the program alone where the job is somebody else's.
func (i *Intruder) ran(ctx context.Context, daemon int, program string, whole bool, do func() error) error {
	since := sinceBoot()
	if err := do(); err != nil {
		return err
	}
	if err := i.stage.world.called(ctx, program, 1); err != nil {
		return err
	}
	hub, ok := i.stage.tree.find(daemon)
	if !ok {
		return fmt.Errorf("the kernel told nothing of daemon %d", daemon)
	}
	found := false
	for _, job := range i.stage.tree.jobs(hub, since) {
		if top := i.stage.tree.running(job, program); top != nil {
			found = true
			if whole {
				top = job
			}
			i.roots = append(i.roots, top)
			i.behind = append(i.behind, hub)
			i.label.Behind = append(i.label.Behind, i.stage.tree.behind(top, hub)...)
		}
	}
	if !found {
		return errors.New("nobody ran " + program)
	}
	return nil
}

// running is the process of a job, or below it, that runs a program.
func (t *tree) running(job *branch, program string) *branch {
	t.mu.Lock()
	defer t.mu.Unlock()
	queue := []*branch{job}
	for len(queue) > 0 {
		b := queue[0]
		queue = append(queue[1:], b.children...)
		if strings.TrimSuffix(b.Program, " (deleted)") == program {
			return b
		}
	}
	return nil
}

// Through does something on this host from another one, on which the intruder is
// already: the sessions that this starts here are his.
func (i *Intruder) Through(ctx context.Context, do func(context.Context) error) error {
	i.Host.sessions.Lock()
	defer i.Host.sessions.Unlock()
	since := sinceBoot()
	if err := do(ctx); err != nil {
		return err
	}
	i.label.Sources = add(i.label.Sources, i.From)
	return i.jobs(i.Host.daemons["sshd"], since)
}
