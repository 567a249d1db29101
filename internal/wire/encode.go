package wire

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"baize/internal/event"
)

// AppendEvent appends ev to an encoded EventList. Lists may be concatenated:
// a spool keeps the pieces and sends their concatenation as one batch. The
// error, an *EventError with index 0, leaves dst as it was.
func AppendEvent(dst []byte, ev *event.Event) ([]byte, error) {
	e := encoder{buf: dst, host: ev.Host.ID, boot: ev.Boot}
	start := e.open(1)
	e.trail.pop()
	e.event(ev)
	if e.err != nil {
		return dst, e.err
	}
	e.seal(start)
	return e.buf, nil
}

// EncodeList encodes events as an EventList.
func EncodeList(events []*event.Event) ([]byte, error) {
	var buf []byte
	for i, ev := range events {
		var err error
		if buf, err = AppendEvent(buf, ev); err != nil {
			return nil, at(err, i)
		}
	}
	return buf, nil
}

// at gives an EventError its index in the list.
func at(err error, index int) error {
	if place, ok := errors.AsType[*EventError](err); ok {
		place.Index = index
	}
	return err
}

// encoder appends one event; the first thing that cannot be written sticks.
type encoder struct {
	buf        []byte
	host, boot string
	trail      trail
	err        *EventError
}

func (e *encoder) fail(n protowire.Number, format string, args ...any) {
	if e.err == nil {
		e.err = &EventError{Field: e.trail.path(n), Err: fmt.Errorf(format, args...)}
	}
}

// open begins message field n with one byte for its length; seal widens it.
func (e *encoder) open(n protowire.Number) int {
	if !e.trail.push(n) {
		e.fail(n, "nested deeper than %d", maxDepth)
		e.trail.depth++ // its close pops
	}
	e.buf = append(protowire.AppendTag(e.buf, n, protowire.BytesType), 0)
	return len(e.buf)
}

func (e *encoder) close(start int) {
	e.trail.pop()
	e.seal(start)
}

func (e *encoder) seal(start int) {
	size := len(e.buf) - start
	extra := protowire.SizeVarint(uint64(size)) - 1
	if extra > 0 {
		e.buf = slices.Grow(e.buf, extra)[:len(e.buf)+extra]
		copy(e.buf[start+extra:], e.buf[start:start+size])
	}
	protowire.AppendVarint(e.buf[:start-1], uint64(size))
}

func (e *encoder) uint(n protowire.Number, v uint64) {
	if v != 0 {
		e.present(n, v)
	}
}

// present writes a number even where it is zero.
func (e *encoder) present(n protowire.Number, v uint64) {
	e.buf = protowire.AppendVarint(protowire.AppendTag(e.buf, n, protowire.VarintType), v)
}

func (e *encoder) flag(n protowire.Number, v bool) {
	if v {
		e.present(n, 1)
	}
}

func (e *encoder) text(n protowire.Number, v string) {
	if v != "" {
		e.presentText(n, v)
	}
}

func (e *encoder) presentText(n protowire.Number, v string) {
	e.buf = protowire.AppendString(protowire.AppendTag(e.buf, n, protowire.BytesType), valid(v))
}

func (e *encoder) bytes(n protowire.Number, v []byte) {
	e.buf = protowire.AppendBytes(protowire.AppendTag(e.buf, n, protowire.BytesType), v)
}

// valid replaces each byte that is not part of UTF-8 by U+FFFD.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}

// earliest and latest are the times that Unix nanoseconds in 64 bits can say.
var (
	earliest = time.Unix(0, math.MinInt64)
	latest   = time.Unix(0, math.MaxInt64)
)

// time writes Unix nanoseconds; the zero time is left out.
func (e *encoder) time(n protowire.Number, t time.Time) {
	switch {
	case t.IsZero():
	case t.Before(earliest) || t.After(latest):
		e.fail(n, "year %d is outside 1678 to 2261", t.Year())
	default:
		e.uint(n, uint64(t.UnixNano()))
	}
}

func (e *encoder) int32(n protowire.Number, v *int) {
	switch {
	case v == nil:
	case *v < math.MinInt32 || *v > math.MaxInt32:
		e.fail(n, "%d does not fit 32 bits", *v)
	default:
		e.present(n, uint64(int64(*v)))
	}
}

func (e *encoder) addr(n protowire.Number, a netip.Addr) {
	switch {
	case !a.IsValid():
	case a.Zone() != "":
		e.fail(n, "address %s has a zone", a)
	default:
		e.bytes(n, a.AsSlice())
	}
}

func (e *encoder) digest(n protowire.Number, text string) {
	if text == "" {
		return
	}
	var sum [32]byte
	if len(text) != 64 || strings.ToLower(text) != text {
		e.fail(n, "%q is not a SHA-256 in lower-case hexadecimal", text)
		return
	}
	if _, err := hex.Decode(sum[:], []byte(text)); err != nil {
		e.fail(n, "%q: %w", text, err)
	}
	e.bytes(n, sum[:])
}

// pairs are written in the order of the names, so that equal events are equal bytes.
func (e *encoder) pairs(n protowire.Number, pairs map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		start := e.open(n)
		e.text(1, name)
		e.text(2, pairs[name])
		e.close(start)
	}
}

func (e *encoder) processKey(n protowire.Number, k event.ProcessKey) {
	if k.IsZero() {
		return
	}
	if k.Host != e.host || k.Boot != e.boot {
		e.fail(n, "process %s is not of host %s, boot %s", k, e.host, e.boot)
	}
	start := e.open(n)
	e.uint(1, uint64(k.PID))
	e.uint(2, k.Start)
	e.close(start)
}

func (e *encoder) fileKey(n protowire.Number, k event.FileKey) {
	if k.IsZero() {
		return
	}
	if k.Host != e.host {
		e.fail(n, "file %s is not of host %s", k, e.host)
	}
	start := e.open(n)
	e.uint(1, uint64(k.Device))
	e.uint(2, k.Inode)
	e.uint(3, uint64(k.Gen))
	e.close(start)
}
