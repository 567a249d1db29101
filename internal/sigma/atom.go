package sigma

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"
)

// predicate is what an atom asks of a field.
type predicate uint8

const (
	askPattern predicate = iota // a text pattern
	askRegexp
	askCIDR
	askCompare // a number, or a part of a time
	askExists
	askNull
	askField // equality with another field
)

// comparison operators.
type comparison uint8

const (
	equal comparison = iota
	less
	lessEqual
	greater
	greaterEqual
)

func (c comparison) holds(a, b float64) bool {
	switch c {
	case less:
		return a < b
	case lessEqual:
		return a <= b
	case greater:
		return a > b
	case greaterEqual:
		return a >= b
	}
	return a == b
}

// atom is the smallest question: one predicate on one field. It holds if any
// value of the field satisfies it.
type atom struct {
	// field asked; "" stands for every string of the record (keywords).
	field string
	ask   predicate

	pattern pattern
	cased   bool
	glob    *glob

	re *regexp.Regexp
	// needs are folded literals of which one occurs in whatever re matches;
	// nil where none are known.
	needs []string

	prefix  netip.Prefix
	compare comparison
	number  float64
	part    timePart
	// other field of askField, and startswith, endswith, contains or "" for equal.
	other    string
	relation string

	line int
}

// key tells atoms apart: atoms of equal key ask the same.
func (a *atom) key() string {
	var what string
	switch a.ask {
	case askPattern:
		what = a.pattern.String()
		if !a.cased {
			what = fold(what)
		}
	case askRegexp:
		what = a.re.String()
	case askCIDR:
		what = a.prefix.String()
	case askCompare:
		what = fmt.Sprint(a.compare, a.number, a.part)
	case askField:
		what = a.relation + "\x00" + a.other
	}
	return fmt.Sprintf("%s\x00%d%t\x00%s", a.field, a.ask, a.cased, what)
}

// holds decides the atom from the values of its field, and of the other field
// for askField.
func (a *atom) holds(values, others []Value) bool {
	switch a.ask {
	case askExists:
		return len(values) > 0
	case askNull:
		return isNull(values)
	}
	for _, v := range values {
		if v.kind != kindNull && a.accepts(v, others) {
			return true
		}
	}
	return false
}

// isNull reports whether a field is missing or has no value but null.
func isNull(values []Value) bool {
	for _, v := range values {
		if v.kind != kindNull {
			return false
		}
	}
	return true
}

func (a *atom) accepts(v Value, others []Value) bool {
	switch a.ask {
	case askPattern:
		return a.glob.match(v.text)
	case askRegexp:
		return a.re.MatchString(v.text)
	case askCIDR:
		addr, err := netip.ParseAddr(v.text)
		return err == nil && a.prefix.Contains(addr.Unmap().WithZone(""))
	case askCompare:
		n, ok := a.part.of(v)
		return ok && a.compare.holds(n, a.number)
	case askField:
		return a.agrees(v, others)
	}
	return false
}

// agrees compares v with the values of the other field.
func (a *atom) agrees(v Value, others []Value) bool {
	for _, o := range others {
		if o.kind != kindNull && a.related(v.text, o.text) {
			return true
		}
	}
	return false
}

// related compares two texts as a |fieldref asks.
func (a *atom) related(mine, theirs string) bool {
	if a.relation == "" && !a.cased {
		return strings.EqualFold(mine, theirs)
	}
	if !a.cased {
		mine, theirs = fold(mine), fold(theirs)
	}
	switch a.relation {
	case "startswith":
		return strings.HasPrefix(mine, theirs)
	case "endswith":
		return strings.HasSuffix(mine, theirs)
	case "contains":
		return strings.Contains(mine, theirs)
	}
	return mine == theirs
}

// timePart is a part of a time in UTC, by the name of its modifier; "" is the
// value itself as a number.
type timePart string

var timeParts = map[timePart]func(time.Time) int{
	"minute": time.Time.Minute,
	"hour":   time.Time.Hour,
	"day":    time.Time.Day,
	"week":   func(t time.Time) int { _, w := t.ISOWeek(); return w },
	"month":  func(t time.Time) int { return int(t.Month()) },
	"year":   time.Time.Year,
}

// partRange are the least and the greatest number of a part.
var partRange = map[timePart][2]float64{
	"minute": {0, 59}, "hour": {0, 23}, "day": {1, 31}, "week": {1, 53}, "month": {1, 12},
}

// timeLayouts are the spellings of a time; one without zone is in UTC.
var timeLayouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02T15:04:05"}

// of returns the part of a time that v spells.
func (p timePart) of(v Value) (float64, bool) {
	if p == "" {
		return v.Number()
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, v.text); err == nil {
			return float64(timeParts[p](t.UTC())), true
		}
	}
	return 0, false
}
