package wire

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

var errRange = errors.New("out of range")

// cursor walks the fields of one message.
type cursor struct {
	rest []byte
	// from is rest as it was before the current field.
	from []byte
	// The current field: its number, type, and value (number or bytes).
	field protowire.Number
	typ   protowire.Type
	num   uint64
	raw   []byte
}

// next steps to the next field; false at the end.
func (c *cursor) next() (bool, error) {
	if len(c.rest) == 0 {
		return false, nil
	}
	field, typ, n := protowire.ConsumeTag(c.rest)
	if n < 0 {
		return false, fmt.Errorf("tag: %w", protowire.ParseError(n))
	}
	c.from = c.rest
	c.field, c.typ, c.num, c.raw = field, typ, 0, nil
	c.rest = c.rest[n:]
	switch typ {
	case protowire.VarintType:
		c.num, n = protowire.ConsumeVarint(c.rest)
	case protowire.BytesType:
		c.raw, n = protowire.ConsumeBytes(c.rest)
	default:
		n = protowire.ConsumeFieldValue(field, typ, c.rest)
	}
	if n < 0 {
		return false, protowire.ParseError(n)
	}
	c.rest = c.rest[n:]
	return true, nil
}

// run steps over the fields of the current number that follow without a break
// and returns the bytes of all of them, tags included.
func (c *cursor) run() []byte {
	for {
		field, typ, n := protowire.ConsumeTag(c.rest)
		if n < 0 || field != c.field || typ != protowire.BytesType {
			break
		}
		_, size := protowire.ConsumeBytes(c.rest[n:])
		if size < 0 {
			break // the caller's next reports it
		}
		c.rest = c.rest[n+size:]
	}
	return c.from[:len(c.from)-len(c.rest)]
}

func (c *cursor) want(typ protowire.Type) error {
	if c.typ != typ {
		return fmt.Errorf("wire type %d, want %d", c.typ, typ)
	}
	return nil
}

func (c *cursor) bytes() ([]byte, error) { return c.raw, c.want(protowire.BytesType) }

func (c *cursor) uint64(dst *uint64) error {
	*dst = c.num
	return c.want(protowire.VarintType)
}

func (c *cursor) uint32(dst *uint32) error {
	if c.num > math.MaxUint32 {
		return fmt.Errorf("%d does not fit 32 bits: %w", c.num, errRange)
	}
	*dst = uint32(c.num)
	return c.want(protowire.VarintType)
}

func (c *cursor) uint16(dst *uint16) error {
	if c.num > math.MaxUint16 {
		return fmt.Errorf("%d does not fit 16 bits: %w", c.num, errRange)
	}
	*dst = uint16(c.num)
	return c.want(protowire.VarintType)
}

// int reads a signed number that may be absent.
func (c *cursor) int(dst **int) error {
	v := int(int64(c.num))
	*dst = &v
	return c.want(protowire.VarintType)
}

func (c *cursor) int32(dst **int) error {
	if v := int64(c.num); v < math.MinInt32 || v > math.MaxInt32 {
		return fmt.Errorf("%d does not fit 32 bits: %w", v, errRange)
	}
	return c.int(dst)
}

func (c *cursor) bool(dst *bool) error {
	*dst = c.num != 0
	return c.want(protowire.VarintType)
}
