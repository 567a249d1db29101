package correlate

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"baize/internal/sigma"
)

const (
	// maxText bounds a value that is remembered, in bytes; of a longer one the
	// digest is, with its beginning for people.
	maxText = 128
	// maxShown bounds the beginning.
	maxShown = 80
)

// shorten makes b a text of bounded length that differs where b differs.
func shorten(b []byte) []byte {
	if len(b) <= maxText {
		return b
	}
	sum := sha256.Sum256(b)
	return hex.AppendEncode(append(b[:maxShown], "…"...), sum[:16])
}

// short is shorten of a text, which it copies.
func short(s string) string { return string(shorten([]byte(s))) }

// read returns the values of a field; the texts are good until the next read.
func (m *Machine) read(rec sigma.Record, field string) *sigma.Values {
	m.values.Reset()
	if field != "" && rec != nil {
		rec.Field(rec.Schema().ID(field), field, &m.values)
	}
	return &m.values
}

// appendJoined appends the values of a field to b, with their length before
// them; false if there is none.
func (m *Machine) appendJoined(b []byte, rec sigma.Record, field string) ([]byte, bool) {
	values := m.read(rec, field)
	m.text = m.text[:0]
	there := false
	for i := range values.Len() {
		v := values.At(i)
		if v.IsNull() || v.Text() == "" {
			continue
		}
		if there {
			m.text = append(m.text, ' ')
		}
		m.text, there = append(m.text, v.Text()...), true
	}
	m.text = shorten(m.text)
	b = strconv.AppendInt(b, int64(len(m.text)), 10)
	return append(append(b, ':'), m.text...), there
}

// keyOf makes m.key that of the group of an event that satisfies the given
// reference; false if it is in none.
func (m *Machine) keyOf(r *rule, s *signal, p place) bool {
	c := r.def.Correlation
	m.key = append(m.key[:0], s.org...)
	for _, name := range c.GroupBy {
		var there bool
		m.key = append(m.key, 0)
		if m.key, there = m.appendJoined(m.key, p.record, c.Field(name, int(p.at))); !there {
			return false
		}
	}
	return true
}

// valuesOf are the values of the group-by fields.
func (m *Machine) valuesOf(r *rule, p place) []string {
	c := r.def.Correlation
	values := make([]string, len(c.GroupBy))
	for i, name := range c.GroupBy {
		m.appendJoined(nil, p.record, c.Field(name, int(p.at)))
		values[i] = string(m.text)
	}
	return values
}

// content is what an event adds to a group, before it has a number there.
type content struct {
	place int32
	text  string
	sum   float64
}

// itemsOf is what an event adds to its group: nothing if it lacks the field of
// the condition.
func (m *Machine) itemsOf(r *rule, p place) []content {
	c := r.def.Correlation
	switch {
	case len(c.Fields) == 0:
		return []content{{place: p.at}}
	case len(c.Fields) > 1:
		return m.tuple(r, p)
	}
	values := m.read(p.record, c.Field(c.Fields[0], int(p.at)))
	var all []content
	for i := range values.Len() {
		v := values.At(i)
		if v.IsNull() {
			continue
		}
		if !r.numeric() {
			all = append(all, content{place: p.at, text: short(v.Text())})
		} else if n, ok := v.Number(); ok {
			all = append(all, content{place: p.at, sum: n})
		}
	}
	return all
}

// tuple is the value of several fields together.
func (m *Machine) tuple(r *rule, p place) []content {
	c := r.def.Correlation
	var all []byte
	for _, name := range c.Fields {
		var there bool
		if all, there = m.appendJoined(all, p.record, c.Field(name, int(p.at))); !there {
			return nil
		}
	}
	return []content{{place: p.at, text: string(shorten(all))}}
}

// numeric reports whether the values are numbers rather than texts.
func (r *rule) numeric() bool {
	switch c := r.def.Correlation; c.Type {
	case sigma.ValueSum, sigma.ValueAvg:
		return true
	case sigma.ValuePercentile:
		return c.Percentile != nil
	}
	return false
}

// carried is an event of which only some fields are left.
type carried struct {
	Names, Texts []string
}

// carriedOf keeps the fields of an event that are asked for later; nil where
// none are.
func (m *Machine) carriedOf(r *rule, rec sigma.Record) *carried {
	if !r.silent || len(r.carried) == 0 {
		return nil
	}
	c := &carried{}
	for _, name := range r.carried {
		values := m.read(rec, name)
		for i := range values.Len() {
			if v := values.At(i); !v.IsNull() {
				c.Names = append(c.Names, name)
				c.Texts = append(c.Texts, short(v.Text()))
			}
		}
	}
	return c
}

// Logsource implements sigma.Record.
func (c *carried) Logsource() sigma.Logsource { return sigma.Logsource{} }

// Schema implements sigma.Record.
func (c *carried) Schema() *sigma.Schema { return nil }

// Field implements sigma.Record.
func (c *carried) Field(_ int, name string, out *sigma.Values) {
	if c == nil {
		return
	}
	for i, have := range c.Names {
		if have == name {
			out.String(c.Texts[i])
		}
	}
}

// Strings implements sigma.Record: keywords are not asked of it.
func (c *carried) Strings(*sigma.Values) {}
