package graph

import "math"

// op is what an edge says: who did what to whom, or what came from where.
type op uint8

const (
	opFork    op = iota + 1 // process to its child
	opExec                  // file to the process that runs it
	opWrite                 // process to a file that it wrote or created
	opRename                // process to a file that it renamed or linked
	opUnlink                // process to a file that it removed
	opChange                // process to a file of which it changed mode, owner, …
	opRead                  // sensitive or definition file to its reader
	opConnect               // process to a peer that it called
	opTry                   // the same, without success
	opAccept                // peer to the process that it called
	opAsk                   // process to a name that it asked for
	opInject                // process to one that it traced or wrote into
	opStart                 // definition file to what was started because of it
	opMaybe                 // the same, where it may have been another file
	opAdmit                 // file of keys to a session that it may have let in
)

var opNames = [...]string{
	opFork: "fork", opExec: "exec", opWrite: "write", opRename: "rename", opUnlink: "unlink", opChange: "attributes", opRead: "read",
	opConnect: "connect", opTry: "connect_failed", opAccept: "accept", opAsk: "dns", opInject: "inject", opStart: "start",
	opMaybe: "start", opAdmit: "admit",
}

// nodeID names a node of one host; 0 names none.
type nodeID uint32

// edge between two nodes of one host, in 48 bytes: a busy host has 150,000.
type edge struct {
	From, To nodeID
	// First is when it was first seen, in the host's time in nanoseconds, and Span
	// how many microseconds later last.
	First int64
	Bytes uint64
	Span  uint32
	Count uint32
	// Seq are the low bits of the number of the first event behind it.
	Seq uint32
	// NextOut and NextIn are how many edges before this one the one before it is
	// at From and at To; 0 for none.
	NextOut, NextIn uint32
	Op              op
}

// last is when an edge was last seen, to the microsecond above.
func (x *edge) last() int64 { return x.First + int64(x.Span)*1000 }

// reaches reports whether an edge can last until a time: longer than 71 minutes
// it cannot, and another one goes on.
func (x *edge) reaches(at int64) bool { return (at-x.First)/1000 < math.MaxUint32 }

// until makes an edge last until a time that it reaches.
func (x *edge) until(at int64) {
	if at > x.last() {
		x.Span = uint32((at - x.First + 999) / 1000)
	}
}

// back is the way from one edge to an earlier one, 0 where there is none.
func back(from, to edgeNumber) uint32 {
	if to == 0 || from-to > math.MaxUint32 {
		return 0
	}
	return uint32(from - to)
}

// before is the edge that a way leads back to, 0 for none.
func before(from edgeNumber, way uint32) edgeNumber {
	if way == 0 || edgeNumber(way) >= from {
		return 0
	}
	return from - edgeNumber(way)
}

// edgeNumber numbers the edges of one list, from 1; 0 is none.
type edgeNumber uint64

// chunkSize is how many edges are allocated at once: a quiet host has few.
const chunkSize = 128

// edges is a list that grows at one end and is forgotten at the other. What
// points to a forgotten edge is recognised by its number, so that nothing has
// to be unlinked.
type edges struct {
	chunks []*[chunkSize]edge
	// first is the number of the oldest edge, next that of the next.
	first, next edgeNumber
	limit       int
}

func newEdges(limit int) *edges { return &edges{first: 1, next: 1, limit: limit} }

// Len is how many edges are held.
func (e *edges) Len() int { return int(e.next - e.first) }

// at returns an edge, nil for one that is forgotten.
func (e *edges) at(n edgeNumber) *edge {
	if n < e.first || n >= e.next {
		return nil
	}
	base := (e.first - 1) / chunkSize
	return &e.chunks[(n-1)/chunkSize-base][(n-1)%chunkSize]
}

// add appends an edge and returns its number.
func (e *edges) add(x edge) edgeNumber {
	n := e.next
	if base := (e.first - 1) / chunkSize; (n-1)/chunkSize-base == edgeNumber(len(e.chunks)) {
		e.chunks = append(e.chunks, new([chunkSize]edge))
	}
	e.next++
	*e.at(n) = x
	return n
}

// DropOldest forgets the oldest edge.
func (e *edges) DropOldest() {
	if e.first == e.next {
		return
	}
	e.first++
	if (e.first-1)%chunkSize == 0 {
		e.chunks[0] = nil
		e.chunks = e.chunks[1:]
	}
}

// list copies the edges, oldest first.
func (e *edges) list() []edge {
	out := make([]edge, 0, e.Len())
	for n := e.first; n < e.next; n++ {
		out = append(out, *e.at(n))
	}
	return out
}

// restore puts back what list returned; the oldest has the number first.
func (e *edges) restore(first edgeNumber, list []edge) {
	e.first, e.next = first, first
	e.chunks = nil
	for i := range list {
		e.add(list[i])
	}
}
