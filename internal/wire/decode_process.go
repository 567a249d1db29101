package wire

import (
	"fmt"
	"slices"
	"strings"

	"baize/internal/event"
)

// process decodes a process, or finds it: the events of one process repeat it.
func (d *decoder) process(c *cursor) (*event.Process, error) {
	return shared(d, c, d.processes, func() (*event.Process, error) {
		p := &event.Process{}
		return p, d.processInto(c, p)
	})
}

func (d *decoder) processInto(c *cursor, p *event.Process) error {
	if err := d.spend(processCost); err != nil {
		return err
	}
	var rewritten bool
	err := d.message(c, func(c *cursor) error {
		switch {
		case c.field <= 10:
			rewritten = rewritten || c.field == 9
			return d.processIdentity(c, p)
		case c.field <= 20:
			return d.processExec(c, p)
		default:
			return d.processState(c, p)
		}
	})
	if !rewritten {
		p.CommandLine = strings.Join(p.Args, " ")
	}
	return err
}

// processIdentity sets fields 1 to 10.
func (d *decoder) processIdentity(c *cursor, p *event.Process) error {
	switch c.field {
	case 1:
		return d.processKey(c, &p.Key)
	case 2:
		return c.uint32(&p.PID)
	case 3:
		return c.uint32(&p.Exec)
	case 4:
		return c.time(&p.Start)
	case 5:
		return d.text(c, &p.Name)
	case 6:
		return d.text(c, &p.Executable)
	case 7:
		return d.texts(c, &p.Args)
	case 8:
		return c.bool(&p.ArgsTruncated)
	case 9:
		return d.text(c, &p.CommandLine)
	case 10:
		return d.text(c, &p.WorkingDirectory)
	}
	return nil
}

// processExec sets fields 11 to 20.
func (d *decoder) processExec(c *cursor, p *event.Process) (err error) {
	switch c.field {
	case 11:
		p.User, err = d.user(c)
	case 12:
		p.EffectiveUser, err = d.user(c)
	case 13:
		p.Hash, err = d.hash(c)
	case 14:
		return d.text(c, &p.TTY)
	case 15:
		p.Exe, err = d.image(c)
	case 16:
		return d.text(c, &p.Script)
	case 17:
		p.Stdin, err = d.descriptor(c)
	case 18:
		p.Stdout, err = d.descriptor(c)
	case 19:
		p.Stderr, err = d.descriptor(c)
	case 20:
		return d.pair(c, &p.Env)
	}
	return err
}

// processState sets fields from 21 on.
func (d *decoder) processState(c *cursor, p *event.Process) (err error) {
	switch c.field {
	case 21:
		return c.bool(&p.KernelThread)
	case 22:
		return c.bool(&p.Server)
	case 23:
		return c.bool(&p.Agent)
	case 24:
		return c.uint32(&p.Session)
	case 25:
		p.Login = new(uint32)
		return c.uint32(p.Login)
	case 26:
		return c.int32(&p.ExitCode)
	case 27:
		return d.text(c, &p.OldName)
	case 28:
		return d.text(c, &p.OldCommandLine)
	case 29:
		p.Parent, err = d.process(c)
	case 30:
		return d.lineage(c, p)
	case 31:
		p.Context, err = d.context(c)
	case 32:
		return c.uint32(&p.Redacted)
	}
	return err
}

// lineage decodes the run of ancestors that begins here, or finds it. The
// whole run is the key, as every event below it repeats all of it.
func (d *decoder) lineage(c *cursor, p *event.Process) error {
	run := c.run()
	if p.Ancestors == nil {
		if known, ok := d.ancestors[string(run)]; ok {
			p.Ancestors = known
			return nil
		}
	}
	list := slices.Clip(p.Ancestors)
	for inner := (cursor{rest: run}); ; {
		ok, err := inner.next()
		if err != nil {
			return err
		}
		if !ok {
			if p.Ancestors == nil {
				d.ancestors[string(run)] = list
			}
			p.Ancestors = list
			return nil
		}
		if len(list) == event.MaxAncestors {
			return fmt.Errorf("more than %d ancestors", event.MaxAncestors)
		}
		list = append(list, event.Process{})
		if err := d.processInto(&inner, &list[len(list)-1]); err != nil {
			return err
		}
	}
}

func (d *decoder) user(c *cursor) (*event.User, error) {
	return shared(d, c, d.users, func() (*event.User, error) {
		u := &event.User{}
		return u, d.message(c, func(c *cursor) error {
			switch c.field {
			case 1:
				return c.uint32(&u.ID)
			case 2:
				return d.text(c, &u.Name)
			}
			return nil
		})
	})
}

func (d *decoder) image(c *cursor) (*event.Image, error) {
	i := &event.Image{}
	return i, d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return d.fileKey(c, &i.Inode)
		case 2:
			return c.bool(&i.Deleted)
		case 3:
			return c.bool(&i.Memfd)
		case 4:
			return c.bool(&i.Tmpfs)
		case 5:
			return c.bool(&i.Detached)
		case 6:
			return c.bool(&i.Foreign)
		}
		return nil
	})
}

func (d *decoder) descriptor(c *cursor) (*event.Descriptor, error) {
	f := &event.Descriptor{}
	return f, d.message(c, func(c *cursor) (err error) {
		switch c.field {
		case 1:
			return d.text(c, &f.Type)
		case 2:
			return d.text(c, &f.Path)
		case 3:
			f.Remote, err = d.endpoint(c)
		}
		return err
	})
}

// pair reads one entry of a map.
func (d *decoder) pair(c *cursor, dst *map[string]string) error {
	var name, value string
	err := d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return d.text(c, &name)
		case 2:
			return d.text(c, &value)
		}
		return nil
	})
	if *dst == nil {
		*dst = map[string]string{}
	}
	(*dst)[name] = value
	return err
}

func (d *decoder) context(c *cursor) (*event.Context, error) {
	return shared(d, c, d.contexts, func() (*event.Context, error) {
		x := &event.Context{}
		var parent event.Context
		err := d.message(c, func(c *cursor) error {
			switch c.field {
			case 1:
				return d.text(c, &x.Kind)
			case 2:
				return d.processKey(c, &x.Root)
			case 3:
				return d.text(c, &parent.Kind)
			case 4:
				return d.processKey(c, &parent.Root)
			case 5:
				return d.text(c, &x.Service)
			}
			return nil
		})
		x.ID = contextID(x.Kind, x.Root)
		x.Parent = contextID(parent.Kind, parent.Root)
		return x, err
	})
}
