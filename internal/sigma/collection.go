package sigma

import "slices"

// Collections of Sigma 1: several documents of one file that share parts.
//
//	action: global  what follows gets the content of this document
//	action: reset   forgets the global documents
//	action: repeat  the document before again, with this one's content
//
// Global documents add up, and where both name a key the global one wins, as
// in the converters that introduced them.

// maxCollection bounds the nodes that collections of one file may grow to:
// every repetition copies what it repeats.
const maxCollection = 10 * maxNodes

// collection resolves the actions of one file's documents.
type collection struct {
	global, previous *node
	// nodes counts what merging made.
	nodes int
}

// document is one rule, filter or correlation of a file.
type document struct {
	*node
	// collected : made of several documents, which share an id.
	collected bool
}

// add takes the next document of the file; ok is false for one that is not a
// rule by itself.
func (c *collection) add(n *node) (doc document, ok bool, err error) {
	action := n.get("action")
	if action == nil {
		doc = document{n, c.global != nil}
		if c.global != nil {
			doc.node, err = c.merge(n, c.global)
		}
		c.previous = doc.node
		return doc, true, err
	}
	n = n.without("action")
	switch action.text {
	case "global":
		c.global, err = c.merge(orEmpty(c.global, n.line), n)
		return doc, false, err
	case "reset":
		c.global = nil
		return doc, false, nil
	case "repeat":
		if c.previous == nil {
			return doc, false, malformed(action.line, "action: repeat without a rule before it")
		}
		c.previous, err = c.merge(c.previous, n)
		if err == nil {
			// The repetition begins where it is written.
			c.previous.line = n.line
		}
		return document{c.previous, true}, true, err
	}
	return doc, false, unsupported(action.line, "action %q", action.text)
}

func orEmpty(n *node, line int) *node {
	if n == nil {
		return &node{shape: shapeMap, line: line}
	}
	return n
}

// without returns the map without one key.
func (n *node) without(name string) *node {
	out := *n
	out.keys, out.items = nil, nil
	for i, k := range n.keys {
		if k.name != name {
			out.keys, out.items = append(out.keys, k), append(out.items, n.items[i])
		}
	}
	return &out
}

// merge returns base with the content of top: maps are merged key by key,
// anything else is replaced.
func (c *collection) merge(base, top *node) (*node, error) {
	if c.nodes += len(base.keys) + len(top.keys); c.nodes > maxCollection {
		return nil, malformed(top.line, "collection grows beyond %d nodes", maxCollection)
	}
	if base.shape != shapeMap || top.shape != shapeMap {
		return top, nil
	}
	out := &node{shape: shapeMap, line: base.line, keys: slices.Clone(base.keys), items: slices.Clone(base.items)}
	at := make(map[string]int, len(out.keys))
	for i, k := range out.keys {
		at[k.name] = i
	}
	for i, k := range top.keys {
		place, known := at[k.name]
		if !known {
			out.keys, out.items = append(out.keys, k), append(out.items, top.items[i])
			continue
		}
		merged, err := c.merge(out.items[place], top.items[i])
		if err != nil {
			return nil, err
		}
		out.keys[place], out.items[place] = k, merged
	}
	return out, nil
}
