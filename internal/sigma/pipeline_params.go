package sigma

import (
	"cmp"
	"slices"
)

// params reads the parameters of a transformation or condition. The first
// fault is kept, and a parameter that nobody read is one.
type params struct {
	*node
	what string
	read map[string]bool
	err  error
}

func (q *params) fail(err error) { q.err = cmp.Or(q.err, err) }

// take returns a parameter, nil if it is not given.
func (q *params) take(name string) *node {
	q.read[name] = true
	return q.get(name)
}

// need returns a parameter that must be given.
func (q *params) need(name string) *node {
	n := q.take(name)
	if n == nil {
		q.fail(malformed(q.line, "%s needs %s", q.what, name))
		return &node{line: q.line}
	}
	return n
}

// text reads a text; given what it is without.
func (q *params) text(name, without string) string {
	if n := q.take(name); n != nil && n.shape != shapeNull {
		q.fail(text(n, name, &without))
	}
	return without
}

// needText reads a text that must be there.
func (q *params) needText(name string) string {
	q.need(name)
	return q.text(name, "")
}

// choice reads one of several words, the first where it is not given.
func (q *params) choice(name string, words ...string) string {
	word := q.text(name, words[0])
	if !slices.Contains(words, word) {
		q.fail(malformed(q.at(name), "%s %q is not one of %q", name, word, words))
	}
	return word
}

// flag reads a truth value, false where it is not given.
func (q *params) flag(name string) bool {
	n := q.take(name)
	if n == nil {
		return false
	}
	if n.shape != shapeBool {
		q.fail(malformed(n.line, "%s must be true or false", name))
	}
	return n.text == "true"
}

// list reads a list of texts; nil where it is not given.
func (q *params) list(name string) []string {
	var out []string
	if n := q.take(name); n != nil {
		q.fail(texts(n, name, &out))
		if out == nil {
			out = []string{}
		}
	}
	return out
}

// mapped is an entry of a mapping.
type mapped struct {
	from string
	to   []string
}

// mapping reads a map from texts to texts or lists of them, in its order.
func (q *params) mapping(name string) []mapped {
	n := q.need(name)
	if n.shape != shapeMap {
		q.fail(malformed(n.line, "%s must be a map", name))
	}
	var out []mapped
	for i, k := range n.keys {
		m := mapped{from: k.name}
		q.fail(texts(n.items[i], k.name, &m.to))
		out = append(out, m)
	}
	return out
}

// done returns the first fault; one is a parameter that does not exist.
func (q *params) done() error {
	for _, k := range q.keys {
		if !q.read[k.name] {
			q.fail(malformed(k.line, "%s has no parameter %q", q.what, k.name))
		}
	}
	return q.err
}
