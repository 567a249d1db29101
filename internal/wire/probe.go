package wire

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"baize/internal/event"
)

// Bounds of what a probe says in one event, so that a list of events cannot
// take more memory than it has bytes, by far.
const (
	maxFrames    = 512
	maxOrigins   = 512
	maxArguments = 1024
)

func (e *encoder) probe(n protowire.Number, p *event.Probe) {
	if p == nil {
		return
	}
	start := e.open(n)
	e.text(1, p.ID)
	e.text(2, p.Runtime)
	e.text(3, p.Version)
	e.text(4, p.State)
	e.text(5, p.Reason)
	e.text(6, p.Hook)
	e.text(7, p.Point)
	e.uint(8, p.Number)
	e.probeArguments(9, p.Arguments)
	e.probeArguments(10, p.Breadcrumbs)
	if t := p.Thread; t != nil {
		inner := e.open(11)
		e.uint(1, uint64(t.ID))
		e.text(2, t.Name)
		e.flag(3, t.Virtual)
		e.close(inner)
	}
	e.flag(12, p.Overflow)
	e.close(start)
}

func (e *encoder) probeArguments(n protowire.Number, list []event.ProbeArgument) {
	if len(list) > maxArguments {
		e.fail(n, "%d, at most %d", len(list), maxArguments)
		return
	}
	for i := range list {
		start := e.open(n)
		e.text(1, list[i].Name)
		e.text(2, list[i].Value)
		e.close(start)
	}
}

func (e *encoder) stack(n protowire.Number, s *event.Stack) {
	if s == nil {
		return
	}
	start := e.open(n)
	e.text(1, s.Hash)
	e.text(2, s.BusinessHash)
	if len(s.Frames) > maxFrames || len(s.Origins) > maxOrigins {
		e.fail(3, "%d frames of %d origins, at most %d of %d", len(s.Frames), len(s.Origins), maxFrames, maxOrigins)
	}
	for i := range s.Frames {
		e.frame(3, &s.Frames[i])
	}
	e.uint(4, uint64(s.Dropped))
	for i := range s.Origins {
		e.classOrigin(5, &s.Origins[i])
	}
	e.close(start)
}

func (e *encoder) frame(n protowire.Number, f *event.Frame) {
	start := e.open(n)
	e.text(1, f.Class)
	e.text(2, f.Method)
	e.text(3, f.Descriptor)
	e.text(4, f.File)
	if f.Line != 0 {
		e.int32(5, &f.Line)
	}
	e.uint(6, uint64(f.Origin))
	e.flag(7, f.Business)
	e.close(start)
}

func (e *encoder) classOrigin(n protowire.Number, o *event.Origin) {
	start := e.open(n)
	e.text(1, o.Kind)
	e.text(2, o.Source)
	e.text(3, o.Loader)
	e.text(4, o.Resource)
	for _, line := range o.Evidence {
		e.presentText(5, line)
	}
	e.close(start)
}

func (d *decoder) probe(c *cursor) (*event.Probe, error) {
	p := &event.Probe{}
	texts := map[int]*string{1: &p.ID, 2: &p.Runtime, 3: &p.Version, 4: &p.State, 5: &p.Reason, 6: &p.Hook, 7: &p.Point}
	return p, d.message(c, func(c *cursor) (err error) {
		switch c.field {
		case 8:
			return c.uint64(&p.Number)
		case 9:
			return d.probeArgument(c, &p.Arguments)
		case 10:
			return d.probeArgument(c, &p.Breadcrumbs)
		case 11:
			p.Thread, err = d.thread(c)
		case 12:
			return c.bool(&p.Overflow)
		default:
			if dst := texts[int(c.field)]; dst != nil {
				return d.text(c, dst)
			}
		}
		return err
	})
}

func (d *decoder) probeArgument(c *cursor, list *[]event.ProbeArgument) error {
	if len(*list) >= maxArguments {
		return fmt.Errorf("more than %d arguments", maxArguments)
	}
	*list = append(*list, event.ProbeArgument{})
	a := &(*list)[len(*list)-1]
	return d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return d.text(c, &a.Name)
		case 2:
			return d.text(c, &a.Value)
		}
		return nil
	})
}

func (d *decoder) thread(c *cursor) (*event.Thread, error) {
	t := &event.Thread{}
	return t, d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return c.uint32(&t.ID)
		case 2:
			return d.text(c, &t.Name)
		case 3:
			return c.bool(&t.Virtual)
		}
		return nil
	})
}

func (d *decoder) stack(c *cursor) (*event.Stack, error) {
	s := &event.Stack{}
	return s, d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return d.text(c, &s.Hash)
		case 2:
			return d.text(c, &s.BusinessHash)
		case 3:
			return d.frame(c, s)
		case 4:
			return c.uint32(&s.Dropped)
		case 5:
			return d.classOrigin(c, s)
		}
		return nil
	})
}

func (d *decoder) frame(c *cursor, s *event.Stack) error {
	if len(s.Frames) >= maxFrames {
		return fmt.Errorf("more than %d frames", maxFrames)
	}
	s.Frames = append(s.Frames, event.Frame{})
	f := &s.Frames[len(s.Frames)-1]
	return d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return d.text(c, &f.Class)
		case 2:
			return d.text(c, &f.Method)
		case 3:
			return d.text(c, &f.Descriptor)
		case 4:
			return d.text(c, &f.File)
		case 5:
			line := &f.Line
			err := c.int32(&line)
			f.Line = *line
			return err
		case 6:
			return c.uint32(&f.Origin)
		case 7:
			return c.bool(&f.Business)
		}
		return nil
	})
}

func (d *decoder) classOrigin(c *cursor, s *event.Stack) error {
	if len(s.Origins) >= maxOrigins {
		return fmt.Errorf("more than %d origins", maxOrigins)
	}
	s.Origins = append(s.Origins, event.Origin{})
	o := &s.Origins[len(s.Origins)-1]
	return d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return d.text(c, &o.Kind)
		case 2:
			return d.text(c, &o.Source)
		case 3:
			return d.text(c, &o.Loader)
		case 4:
			return d.text(c, &o.Resource)
		case 5:
			return d.texts(c, &o.Evidence)
		}
		return nil
	})
}
