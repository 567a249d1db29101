package sigma

import (
	"math"
	"net/netip"
	"strconv"
)

// valueKind tells what a Value holds.
type valueKind uint8

const (
	kindNull valueKind = iota
	kindString
	kindNumber
	kindBool
)

// Value is one value of a field. Every value has a text, which is what string
// patterns are compared with; numbers have their number too.
type Value struct {
	kind valueKind
	text string
	num  float64
}

// Text is the value as a pattern sees it; "" for null.
func (v Value) Text() string { return v.text }

// IsNull reports whether the field is there without a value.
func (v Value) IsNull() bool { return v.kind == kindNull }

// Number returns the value as a number: its own, or the one its text spells.
func (v Value) Number() (float64, bool) {
	switch v.kind {
	case kindNumber:
		return v.num, true
	case kindString:
		n, err := strconv.ParseFloat(v.text, 64)
		return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
	}
	return 0, false
}

// Values collects the values of fields. It owns one buffer for texts that have
// to be composed, so that a record can answer without allocating. The zero
// value is ready; Reset keeps the memory.
type Values struct {
	list []Value
	buf  []byte
}

// Reset forgets the values and keeps the memory. Texts handed out before are
// no longer valid.
func (v *Values) Reset() {
	v.list = v.list[:0]
	v.buf = v.buf[:0]
}

// Len is the number of values collected.
func (v *Values) Len() int { return len(v.list) }

// At returns the i-th value.
func (v *Values) At(i int) Value { return v.list[i] }

// Null adds a field that is there without a value.
func (v *Values) Null() { v.list = append(v.list, Value{}) }

// String adds a text.
func (v *Values) String(s string) {
	v.list = append(v.list, Value{kind: kindString, text: s})
}

// NonEmpty adds a text unless it is empty, which stands for "not there".
func (v *Values) NonEmpty(s string) {
	if s != "" {
		v.String(s)
	}
}

// Bool adds a truth value, whose text is "true" or "false".
func (v *Values) Bool(b bool) {
	v.list = append(v.list, Value{kind: kindBool, text: strconv.FormatBool(b)})
}

// Int adds a whole number.
func (v *Values) Int(n int64) {
	start := len(v.buf)
	v.buf = strconv.AppendInt(v.buf, n, 10)
	v.list = append(v.list, Value{kind: kindNumber, text: view(v.buf[start:]), num: float64(n)})
}

// Float adds a number.
func (v *Values) Float(n float64) {
	start := len(v.buf)
	v.buf = appendFloat(v.buf, n)
	v.list = append(v.list, Value{kind: kindNumber, text: view(v.buf[start:]), num: n})
}

// Join adds the concatenation of parts as one text.
func (v *Values) Join(parts ...string) {
	start := len(v.buf)
	for _, p := range parts {
		v.buf = append(v.buf, p...)
	}
	v.list = append(v.list, Value{kind: kindString, text: view(v.buf[start:])})
}

// AddrPort adds an address, and its port after a colon unless that is 0.
func (v *Values) AddrPort(a netip.Addr, port uint16) {
	start := len(v.buf)
	if port == 0 {
		v.buf = a.AppendTo(v.buf)
	} else {
		v.buf = netip.AddrPortFrom(a, port).AppendTo(v.buf)
	}
	v.list = append(v.list, Value{kind: kindString, text: view(v.buf[start:])})
}

// appendFloat writes whole numbers without exponent or fraction, as a rule
// spells them, and others in the shortest form that reads back the same.
func appendFloat(b []byte, n float64) []byte {
	if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
		return strconv.AppendInt(b, int64(n), 10)
	}
	return strconv.AppendFloat(b, n, 'g', -1, 64)
}
