package wire

import (
	"google.golang.org/protobuf/encoding/protowire"

	"baize/internal/event"
)

func (e *encoder) operation(n protowire.Number, o *event.Operation) {
	if o == nil {
		return
	}
	start := e.open(n)
	e.text(1, o.Name)
	e.text(2, o.Object)
	e.text(3, o.Type)
	for _, flag := range o.Flags {
		e.presentText(4, flag)
	}
	e.close(start)
}

func (d *decoder) operation(c *cursor) (*event.Operation, error) {
	o := &event.Operation{}
	return o, d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return d.text(c, &o.Name)
		case 2:
			return d.text(c, &o.Object)
		case 3:
			return d.text(c, &o.Type)
		case 4:
			return d.texts(c, &o.Flags)
		}
		return nil
	})
}
