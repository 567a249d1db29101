package wire

import "baize/internal/event"

func (d *decoder) event(raw []byte, ev *event.Event) error {
	return d.fields(raw, func(c *cursor) (err error) {
		switch c.field {
		case 1:
			return c.uint64(&ev.Seq)
		case 2:
			return c.time(&ev.Time)
		case 3:
			return d.text(c, (*string)(&ev.Kind))
		case 4:
			ev.Process, err = d.process(c)
		case 5:
			ev.Target, err = d.process(c)
		case 6:
			ev.File, err = d.file(c)
		case 7:
			ev.Source, err = d.endpoint(c)
		case 8:
			ev.Destination, err = d.endpoint(c)
		case 9:
			ev.Network, err = d.network(c)
		case 10:
			ev.DNS, err = d.dns(c)
		case 11:
			ev.Container, err = shared(d, c, d.boxes, func() (*event.Container, error) { return d.container(c) })
		case 12:
			ev.Coverage, err = d.coverage(c)
		case 13:
			ev.Action, err = d.action(c)
		case 14:
			return c.int(&ev.Result)
		case 15:
			return c.uint64(&ev.Count)
		case 16:
			return d.text(c, &ev.Message)
		case 30:
			ev.Log, err = d.log(c)
		case 31:
			ev.Access, err = d.access(c)
		case 32:
			ev.Change, err = d.change(c)
		case 33:
			return d.web(c, ev)
		case 40:
			ev.Operation, err = d.operation(c)
		case 41:
			return d.text(c, &ev.Via)
		case 50:
			ev.Probe, err = d.probe(c)
		case 51:
			ev.Stack, err = d.stack(c)
		}
		return err
	})
}

func (d *decoder) file(c *cursor) (*event.File, error) {
	f := &event.File{}
	return f, d.message(c, func(c *cursor) (err error) {
		switch c.field {
		case 1:
			return d.text(c, &f.Path)
		case 2:
			return d.fileKey(c, &f.Inode)
		case 3:
			return c.uint64(&f.Size)
		case 4:
			return d.text(c, &f.Mode)
		case 5:
			return d.text(c, &f.Mount)
		case 6:
			f.Hash, err = d.hash(c)
		case 7:
			return c.bool(&f.FromUser)
		case 8:
			f.Target, err = d.file(c)
		case 9:
			return d.text(c, &f.Change)
		case 10:
			return d.text(c, &f.Attribute)
		case 11:
			return d.text(c, &f.Sensitive)
		case 12:
			return d.text(c, &f.Type)
		case 13:
			return d.text(c, &f.Access)
		case 14:
			return d.text(c, &f.Origin)
		case 15:
			f.Diff, err = d.diff(c)
		}
		return err
	})
}

func (d *decoder) diff(c *cursor) (*event.Diff, error) {
	f := &event.Diff{}
	return f, d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return d.text(c, &f.State)
		case 2:
			return d.texts(c, &f.Added)
		case 3:
			return d.texts(c, &f.Removed)
		case 4:
			return c.bool(&f.Truncated)
		}
		return nil
	})
}

func (d *decoder) hash(c *cursor) (*event.Hash, error) {
	return shared(d, c, d.hashes, func() (*event.Hash, error) {
		h := &event.Hash{}
		return h, d.message(c, func(c *cursor) error {
			switch c.field {
			case 1:
				return c.digest(&h.SHA256)
			case 2:
				return d.text(c, &h.State)
			}
			return nil
		})
	})
}

func (d *decoder) endpoint(c *cursor) (*event.Endpoint, error) {
	p := &event.Endpoint{}
	return p, d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return c.addr(&p.IP)
		case 2:
			return c.uint16(&p.Port)
		}
		return nil
	})
}

func (d *decoder) network(c *cursor) (*event.Network, error) {
	w := &event.Network{}
	return w, d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return d.text(c, &w.Transport)
		case 2:
			return c.uint64(&w.Cookie)
		case 3:
			return c.uint64(&w.NetNS)
		case 4:
			return c.uint64(&w.BytesOut)
		case 5:
			return c.uint64(&w.BytesIn)
		case 6:
			return c.bool(&w.Initiated)
		}
		return nil
	})
}

func (d *decoder) dns(c *cursor) (*event.DNS, error) {
	q := &event.DNS{}
	return q, d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return d.text(c, &q.Question.Name)
		case 2:
			return d.text(c, &q.Question.Type)
		case 3:
			return d.texts(c, &q.Answers)
		case 4:
			return c.int32(&q.Rcode)
		}
		return nil
	})
}

func (d *decoder) container(c *cursor) (*event.Container, error) {
	box := &event.Container{}
	image, pod := &event.Name{}, &event.Pod{}
	err := d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return d.text(c, &box.State)
		case 2:
			return d.text(c, &box.ID)
		case 3:
			return d.text(c, &box.Name)
		case 4:
			return d.text(c, &box.Runtime)
		case 5:
			return d.text(c, &image.Name)
		case 6:
			return d.text(c, &image.Digest)
		case 7:
			return d.text(c, &pod.Name)
		case 8:
			return d.text(c, &pod.Namespace)
		case 9:
			return d.text(c, &pod.UID)
		case 10:
			return d.pair(c, &box.Labels)
		}
		return nil
	})
	if *pod != (event.Pod{}) {
		box.Pod = pod
	}
	if *image != (event.Name{}) {
		box.Image = image
	}
	return box, err
}

func (d *decoder) coverage(c *cursor) (*event.Coverage, error) {
	v := &event.Coverage{}
	return v, d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return d.text(c, (*string)(&v.Class))
		case 2:
			return c.time(&v.From)
		case 3:
			return c.time(&v.To)
		case 4:
			return d.text(c, &v.State)
		case 5:
			return c.uint64(&v.Lost)
		case 6:
			return d.text(c, &v.Reason)
		case 7:
			return c.uint64(&v.Coalesced)
		case 8:
			return c.uint64(&v.Filtered)
		case 9:
			return c.uint64(&v.Throttled)
		}
		return nil
	})
}

func (d *decoder) action(c *cursor) (*event.Action, error) {
	a := &event.Action{}
	return a, d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return d.text(c, &a.ID)
		case 2:
			return d.text(c, &a.Name)
		case 3:
			return d.text(c, &a.State)
		case 4:
			return d.text(c, &a.Detail)
		}
		return nil
	})
}
