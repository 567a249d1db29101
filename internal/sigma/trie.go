package sigma

import "slices"

// Symbols beyond bytes: the beginning and the end of a value. A pattern that
// is anchored there begins or ends with one, so one automaton serves all four
// kinds of match.
const (
	symbolOther = iota // every byte that is in no pattern
	symbolBegin
	symbolEnd
	firstByteSymbol
)

// alphabet numbers the bytes that patterns use; all others share a symbol.
// Upper-case ASCII has the symbol of lower case.
type alphabet struct {
	symbol [256]uint8
	size   int
}

// newAlphabet numbers the bytes of folded literals. There are at most 230 of
// them, since folded text has no upper-case ASCII.
func newAlphabet(literals []anchored) *alphabet {
	a := &alphabet{size: firstByteSymbol}
	for _, l := range literals {
		for i := range len(l.lit) {
			if c := l.lit[i]; a.symbol[c] == symbolOther {
				a.symbol[c] = uint8(a.size)
				a.size++
			}
		}
	}
	for c := byte('A'); c <= 'Z'; c++ {
		a.symbol[c] = a.symbol[c+'a'-'A']
	}
	return a
}

// spell returns the symbols of a literal.
func (a *alphabet) spell(l anchored) []uint8 {
	var word []uint8
	if l.start {
		word = append(word, symbolBegin)
	}
	for i := range len(l.lit) {
		word = append(word, a.symbol[l.lit[i]])
	}
	if l.end {
		word = append(word, symbolEnd)
	}
	return word
}

// edge leads from a trie node to a child.
type edge struct {
	symbol uint8
	to     uint32
}

// trieNode is a node while the automaton is being built.
type trieNode struct {
	edges []edge
	fail  uint32
	// facts that end here.
	facts []int32
	// link is the nearest node on the way of fails at which facts end; 0 for none.
	link uint32
}

func (n *trieNode) child(symbol uint8) (uint32, bool) {
	for _, e := range n.edges {
		if e.symbol == symbol {
			return e.to, true
		}
	}
	return 0, false
}

// buildTrie makes the trie of all literals, with facts[i] at the end of
// literals[i], numbered breadth first, root 0.
func buildTrie(letters *alphabet, literals []anchored, facts []int32) []trieNode {
	nodes := make([]trieNode, 1)
	for i, l := range literals {
		at := uint32(0)
		for _, symbol := range letters.spell(l) {
			next, ok := nodes[at].child(symbol)
			if !ok {
				next = uint32(len(nodes))
				nodes[at].edges = append(nodes[at].edges, edge{symbol, next})
				nodes = append(nodes, trieNode{})
			}
			at = next
		}
		nodes[at].facts = append(nodes[at].facts, facts[i])
	}
	nodes = breadthFirst(nodes)
	setFails(nodes)
	return nodes
}

// breadthFirst renumbers nodes by depth, so that shallow ones, where most of
// the time is spent, lie close together.
func breadthFirst(nodes []trieNode) []trieNode {
	order := make([]uint32, 1, len(nodes))
	for i := 0; i < len(order); i++ {
		edges := nodes[order[i]].edges
		slices.SortFunc(edges, func(a, b edge) int { return int(a.symbol) - int(b.symbol) })
		for _, e := range edges {
			order = append(order, e.to)
		}
	}
	number := make([]uint32, len(nodes))
	for i, old := range order {
		number[old] = uint32(i)
	}
	out := make([]trieNode, len(nodes))
	for i, old := range order {
		out[i] = nodes[old]
		for j := range out[i].edges {
			out[i].edges[j].to = number[out[i].edges[j].to]
		}
	}
	return out
}

// setFails computes, in breadth-first order, where each node goes on when no
// edge fits: the longest proper suffix that is in the trie.
func setFails(nodes []trieNode) {
	for at := range nodes {
		for _, e := range nodes[at].edges {
			nodes[e.to].fail = suffix(nodes, uint32(at), e.symbol)
			if f := nodes[e.to].fail; len(nodes[f].facts) > 0 {
				nodes[e.to].link = f
			} else {
				nodes[e.to].link = nodes[f].link
			}
		}
	}
}

func suffix(nodes []trieNode, at uint32, symbol uint8) uint32 {
	for at != 0 {
		at = nodes[at].fail
		if to, ok := nodes[at].child(symbol); ok {
			return to
		}
	}
	return 0
}
