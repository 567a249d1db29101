package wire

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"
	"unicode/utf8"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"

	"baize/internal/event"
)

// DecodeList decodes an EventList that arrived from origin. An event that is
// malformed is left out and named in the error, which joins one *EventError
// each (at most maxReported); the others are returned. Where the list itself
// is broken, what came before the break is returned.
func DecodeList(list []byte, origin Origin) ([]*event.Event, error) {
	d := decoders.Get().(*decoder)
	defer d.release()
	d.origin, d.left = origin, MaxMemory
	return d.list(list)
}

// MaxEvents bounds the events of one list: an empty event is two bytes on the
// wire and some hundred in memory.
const MaxEvents = 1 << 16

// MaxMemory bounds what the events of one list take once they are decoded, in
// bytes: an empty part of an event is two bytes on the wire and some hundred in
// memory. Twelve times the list is more than any honest one takes.
const MaxMemory = 12 * MaxList

// What the parts of an event take beside their text, roughly, in bytes.
var (
	eventCost   = int(unsafe.Sizeof(event.Event{}))
	processCost = int(unsafe.Sizeof(event.Process{}))
)

const (
	messageCost = 128
	elementCost = 32
)

// maxReported bounds how many malformed events one error names.
const maxReported = 16

// decoder reads events of one origin and remembers what a batch repeats.
type decoder struct {
	origin Origin
	trail  trail
	// left is what is left of MaxMemory.
	left      int
	strings   map[string]string
	processes map[string]*event.Process
	ancestors map[string][]event.Process
	contexts  map[string]*event.Context
	users     map[string]*event.User
	boxes     map[string]*event.Container
	hashes    map[string]*event.Hash
}

var decoders = sync.Pool{New: func() any {
	return &decoder{
		strings:   map[string]string{},
		processes: map[string]*event.Process{},
		ancestors: map[string][]event.Process{},
		contexts:  map[string]*event.Context{},
		users:     map[string]*event.User{},
		boxes:     map[string]*event.Container{},
		hashes:    map[string]*event.Hash{},
	}
}}

// release forgets what belongs to the origin. Strings are kept for the next
// batch, within bounds, because hosts say the same things.
func (d *decoder) release() {
	clear(d.processes)
	clear(d.ancestors)
	clear(d.contexts)
	clear(d.users)
	clear(d.boxes)
	clear(d.hashes)
	if len(d.strings) > maxStrings {
		clear(d.strings)
	}
	d.origin, d.trail.depth = Origin{}, 0
	decoders.Put(d)
}

// Bounds of the strings remembered between batches: 4096 of 256 bytes, 1 MiB.
const (
	maxStrings = 4096
	maxString  = 256
)

func (d *decoder) list(list []byte) ([]*event.Event, error) {
	var events []*event.Event
	var bad []error
	c := cursor{rest: list}
	for index := 0; ; {
		ok, err := c.next()
		if err != nil {
			return events, errors.Join(append(bad, &EventError{Index: index, Err: fmt.Errorf("the list is broken: %w", err)})...)
		}
		if !ok {
			return events, errors.Join(bad...)
		}
		if c.field != 1 || c.typ != protowire.BytesType {
			continue
		}
		if index == MaxEvents {
			return events, errors.Join(append(bad, &EventError{Index: index, Err: fmt.Errorf("more than %d events in one list", MaxEvents)})...)
		}
		ev, err := d.decode(c.raw)
		switch {
		case err == nil:
			events = append(events, ev)
		case errors.Is(err, ErrTooLarge):
			return events, errors.Join(append(bad, at(err, index))...)
		case len(bad) < maxReported:
			bad = append(bad, at(err, index))
		}
		index++
	}
}

// spend takes n bytes from what the list may take.
func (d *decoder) spend(n int) error {
	if d.left -= n; d.left < 0 {
		return fmt.Errorf("the list takes more than %d bytes of memory: %w", MaxMemory, ErrTooLarge)
	}
	return nil
}

func (d *decoder) decode(raw []byte) (*event.Event, error) {
	if err := d.spend(eventCost); err != nil {
		return nil, err
	}
	ev := &event.Event{Org: d.origin.Org, Host: d.origin.Host, Boot: d.origin.Boot}
	d.trail.depth = 0
	return ev, d.event(raw, ev)
}

// fields calls set for every field of the message raw. The error names the
// field by its path.
func (d *decoder) fields(raw []byte, set func(c *cursor) error) error {
	c := cursor{rest: raw}
	for {
		ok, err := c.next()
		if err == nil && ok {
			err = set(&c)
		}
		if err != nil {
			return d.place(c.field, err)
		}
		if !ok {
			return nil
		}
	}
}

// place wraps err with the path of the field, unless a field within it did.
func (d *decoder) place(n protowire.Number, err error) error {
	if _, placed := errors.AsType[*EventError](err); placed {
		return err
	}
	return &EventError{Field: d.trail.path(n), Err: err}
}

// message enters the message in the cursor's field and sets its fields.
func (d *decoder) message(c *cursor, set func(c *cursor) error) error {
	raw, err := c.bytes()
	if err != nil {
		return err
	}
	if err := d.spend(messageCost); err != nil {
		return err
	}
	if !d.trail.push(c.field) {
		return fmt.Errorf("nested deeper than %d", maxDepth)
	}
	if err := d.fields(raw, set); err != nil {
		return err
	}
	d.trail.pop()
	return nil
}

// shared returns what an equal message of this batch decoded to, or decodes it.
func shared[T any](d *decoder, c *cursor, known map[string]T, decode func() (T, error)) (T, error) {
	raw, err := c.bytes()
	if err != nil {
		return *new(T), err
	}
	if v, ok := known[string(raw)]; ok {
		return v, nil
	}
	v, err := decode()
	if err == nil {
		known[string(raw)] = v
	}
	return v, err
}

// text reads a string, which is one value for equal bytes.
func (d *decoder) text(c *cursor, dst *string) error {
	raw, err := c.bytes()
	if err != nil {
		return err
	}
	if s, ok := d.strings[string(raw)]; ok {
		*dst = s
		return nil
	}
	if err := d.spend(len(raw)); err != nil {
		return err
	}
	*dst = string(raw)
	if !utf8.Valid(raw) {
		*dst = valid(*dst)
	}
	if len(raw) <= maxString && len(d.strings) <= maxStrings {
		d.strings[string(raw)] = *dst
	}
	return nil
}

func (d *decoder) texts(c *cursor, dst *[]string) error {
	if err := d.spend(elementCost); err != nil {
		return err
	}
	var s string
	err := d.text(c, &s)
	*dst = append(*dst, s)
	return err
}

func (c *cursor) time(dst *time.Time) error {
	if c.num != 0 {
		*dst = time.Unix(0, int64(c.num)).UTC()
	}
	return c.want(protowire.VarintType)
}

func (c *cursor) addr(dst *netip.Addr) error {
	a, ok := netip.AddrFromSlice(c.raw)
	if !ok {
		return fmt.Errorf("address of %d bytes, want 4 or 16", len(c.raw))
	}
	*dst = a
	return c.want(protowire.BytesType)
}

func (c *cursor) digest(dst *string) error {
	if len(c.raw) != 32 {
		return fmt.Errorf("digest of %d bytes, want 32", len(c.raw))
	}
	*dst = hex.EncodeToString(c.raw)
	return c.want(protowire.BytesType)
}

func (d *decoder) processKey(c *cursor, k *event.ProcessKey) error {
	k.Host, k.Boot = d.origin.Host.ID, d.origin.Boot
	return d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return c.uint32(&k.PID)
		case 2:
			return c.uint64(&k.Start)
		}
		return nil
	})
}

func (d *decoder) fileKey(c *cursor, k *event.FileKey) error {
	k.Host = d.origin.Host.ID
	return d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return c.uint32((*uint32)(&k.Device))
		case 2:
			return c.uint64(&k.Inode)
		case 3:
			return c.uint32(&k.Gen)
		}
		return nil
	})
}
