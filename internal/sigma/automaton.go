package sigma

// maxDense bounds the entries (4 bytes each) of an automaton's transition
// table. Nodes are numbered by depth; those that fit have a row there, the
// deeper ones keep their edges and follow fails, at 20 bytes each. With 5,000
// rules a quarter of this size made one step in ten a slow one, and scanning a
// fifth slower.
const maxDense = 1 << 20

// emits marks a state at which facts end. State numbers stay below it.
const emits = 1 << 31

// automaton finds all literals of one field in one pass.
//
// A state is the offset of its row in table, or, from sparseBase on,
// sparseBase plus its place among the nodes without a row.
type automaton struct {
	letters    *alphabet
	table      []uint32
	sparseBase uint32
	// begin is the state after symbolBegin.
	begin uint32
	// Of the nodes without row, and those of their edges that are not the first.
	deep  []deepNode
	edges []edge
	// Of node i: facts outAt[i] to outAt[i+1], and the next node of the chain.
	outAt []uint32
	outs  []int32
	link  []uint32
	// dense is the number of nodes with a row.
	dense uint32
}

// newAutomaton builds the automaton that reports facts[i] where literals[i]
// occurs. Literals are folded.
func newAutomaton(literals []anchored, facts []int32, maxEntries int) *automaton {
	letters := newAlphabet(literals)
	nodes := buildTrie(letters, literals, facts)
	a := &automaton{letters: letters, dense: uint32(max(1, min(len(nodes), maxEntries/letters.size)))}
	a.sparseBase = a.dense * uint32(letters.size)
	a.fillTable(nodes)
	a.fillSparse(nodes)
	a.fillOutputs(nodes)
	a.begin = a.table[symbolBegin]
	return a
}

// state is the number by which transitions name a node.
func (a *automaton) state(nodes []trieNode, node uint32) uint32 {
	s := a.sparseBase + node - a.dense
	if node < a.dense {
		s = node * uint32(a.letters.size)
	}
	if len(nodes[node].facts) > 0 || nodes[node].link != 0 {
		s |= emits
	}
	return s
}

// fillTable writes the rows. A node fails to a shallower one, whose row is
// complete by then.
func (a *automaton) fillTable(nodes []trieNode) {
	size := uint32(a.letters.size)
	a.table = make([]uint32, a.sparseBase)
	for i := range nodes[:a.dense] {
		row := a.table[uint32(i)*size:][:size]
		if i > 0 {
			copy(row, a.table[nodes[i].fail*size:][:size])
		}
		for _, e := range nodes[i].edges {
			row[e.symbol] = a.state(nodes, e.to)
		}
	}
}

// deepNode is a node without row, in one piece: nearly all of them have one
// edge, and each memory access here is likely to miss the cache.
type deepNode struct {
	first edge
	fail  uint32
	// The other edges.
	from, to uint32
}

// fillSparse keeps the edges and fails of the nodes without a row.
func (a *automaton) fillSparse(nodes []trieNode) {
	a.deep = make([]deepNode, 0, len(nodes)-int(a.dense))
	for i := range nodes[a.dense:] {
		node := &nodes[a.dense:][i]
		deep := deepNode{fail: a.state(nodes, node.fail) &^ emits, from: uint32(len(a.edges))}
		for j, e := range node.edges {
			e.to = a.state(nodes, e.to)
			if j == 0 {
				deep.first = e
			} else {
				a.edges = append(a.edges, e)
			}
		}
		deep.to = uint32(len(a.edges))
		a.deep = append(a.deep, deep)
	}
}

func (a *automaton) fillOutputs(nodes []trieNode) {
	a.outAt = append(a.outAt, 0)
	for i := range nodes {
		a.outs = append(a.outs, nodes[i].facts...)
		a.outAt = append(a.outAt, uint32(len(a.outs)))
		a.link = append(a.link, nodes[i].link)
	}
}

// bytes is the memory the automaton holds.
func (a *automaton) bytes() int {
	return 4*(len(a.table)+len(a.outAt)+len(a.outs)+len(a.link)) + 8*len(a.edges) + 20*len(a.deep)
}

// find reports the facts of every literal in text, which is folded or ASCII.
func (a *automaton) find(text string, m *matcher) {
	s := a.begin
	if s&emits != 0 {
		m.emit(a, s&^emits)
	}
	s &^= emits
	for i := 0; i < len(text); i++ {
		s = a.step(s, a.letters.symbol[text[i]])
		if s&emits != 0 {
			s &^= emits
			m.emit(a, s)
		}
	}
	if s = a.step(s, symbolEnd); s&emits != 0 {
		m.emit(a, s&^emits)
	}
}

// step is the next state, marked if facts end there.
func (a *automaton) step(s uint32, symbol uint8) uint32 {
	if s < a.sparseBase {
		// Fast path: the node has a row.
		return a.table[s+uint32(symbol)]
	}
	return a.stepSparse(s, symbol)
}

func (a *automaton) stepSparse(s uint32, symbol uint8) uint32 {
	for s >= a.sparseBase {
		node := &a.deep[s-a.sparseBase]
		if node.first.symbol == symbol {
			return node.first.to
		}
		for _, e := range a.edges[node.from:node.to] {
			if e.symbol == symbol {
				return e.to
			}
		}
		s = node.fail
	}
	return a.table[s+uint32(symbol)]
}

// node is the number of a state's node.
func (a *automaton) node(s uint32) uint32 {
	if s < a.sparseBase {
		return s / uint32(a.letters.size)
	}
	return s - a.sparseBase + a.dense
}
