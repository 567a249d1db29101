package graph

import (
	"cmp"
	"slices"
	"strconv"

	"baize/internal/event"
	"baize/internal/provenance"
)

// view is a graph on its way to be shown.
type view struct {
	h  *host
	of uint32
	// roles of the nodes that must be shown, in the order in which they were found.
	order []nodeID
	roles map[nodeID][]string
	// candidates are the others.
	candidates []nodeID
	// ways of the processes that were asked for, and the steps that they are made of.
	ways    map[nodeID]way
	steps   map[step]way
	entryID nodeID
	stopped string
}

func newView(h *host) *view {
	return &view{h: h, roles: map[nodeID][]string{}, ways: map[nodeID]way{}, steps: map[step]way{}}
}

// mark says that a node is shown, and as what.
func (v *view) mark(id nodeID, role string) {
	roles, known := v.roles[id]
	if !known {
		v.order = append(v.order, id)
	}
	if !slices.Contains(roles, role) {
		v.roles[id] = append(roles, role)
	}
}

// rank is how much a node of an intrusion tells.
func (v *view) rank(id nodeID) int {
	x := v.h.nodes[id]
	switch {
	case x.file != nil:
		return fileRank(x.file)
	case x.peer != nil:
		if x.peer.Key.Name != "" {
			return 6
		}
		return 7
	case x.process != nil && x.process.Brought:
		return 8
	}
	return 2
}

func fileRank(f *version) int {
	switch {
	case f.rare().Persists != "" && f.Written:
		return 9
	case f.Executable && f.Written:
		return 10
	case f.rare().Sensitive != "":
		return 7
	}
	return 4
}

// role of a node by what it is.
func (v *view) role(id nodeID) string {
	x := v.h.nodes[id]
	switch {
	case x.peer != nil:
		return provenance.RolePeer
	case x.file == nil:
		return ""
	case x.file.rare().Persists != "" && x.file.Written:
		return provenance.RolePersistence
	case x.file.Written:
		return provenance.RoleBrought
	case x.file.rare().Sensitive != "":
		return provenance.RoleSensitive
	}
	return ""
}

// choose takes candidates in, the most telling first, each with the processes
// that lead to it, as long as there is room.
func (v *view) choose() (left int) {
	slices.SortStableFunc(v.candidates, func(a, b nodeID) int { return cmp.Or(cmp.Compare(v.rank(b), v.rank(a)), cmp.Compare(a, b)) })
	groups := map[group]bool{}
	for _, id := range v.order {
		groups[v.group(id)] = true
	}
	for _, id := range v.candidates {
		if _, shown := v.roles[id]; shown {
			continue
		}
		need := []nodeID{id}
		if v.h.nodes[id].process == nil {
			need = append(need, v.actors(id)...)
		}
		fresh := map[group]bool{}
		for _, n := range need {
			if key := v.group(n); !groups[key] {
				fresh[key] = true
			}
		}
		if len(groups)+len(fresh) > maxShown {
			left++
			continue
		}
		for _, n := range need {
			v.mark(n, v.role(n))
			groups[v.group(n)] = true
		}
	}
	return left
}

// actors are the intruder's processes that touched a node: the first and the
// last of them, with those above.
func (v *view) actors(id nodeID) []nodeID {
	n := v.h.nodes[id].base()
	var first, last *edge
	visit := func(e *edge) bool {
		if p := v.h.nodes[e.actor()].process; p != nil && p.Node.weight(v.of, e.last()) > 0 {
			if first == nil || e.First < first.First {
				first = e
			}
			if last == nil || e.First > last.First {
				last = e
			}
		}
		return true
	}
	v.h.in(n, visit)
	v.h.out(n, visit)
	var list []nodeID
	for _, e := range []*edge{first, last} {
		if e != nil {
			list = append(list, v.above(e.actor())...)
		}
	}
	return list
}

// above are a process and those above it, as far as they are the intruder's.
func (v *view) above(id nodeID) []nodeID {
	var list []nodeID
	for p := v.h.nodes[id].process; p != nil && len(list) < maxSteps; p = v.h.get(p.Parent) {
		if p.Node.weight(v.of, p.Born) == 0 && len(list) > 0 {
			break
		}
		list = append(list, p.Node.ID)
	}
	return list
}

// group is what is one node when it is shown: a node by itself, or the processes of
// one way.
type group struct {
	Node nodeID
	Way  way
}

// way numbers an image below a way; 0 is the way of what is not the intruder's.
type way uint32

// step is an image below a way.
type step struct {
	Above way
	Exe   string
}

// group of a node: a process that did not matter by itself goes with those of its
// image below the same kind of parent.
func (v *view) group(id nodeID) group {
	p := v.h.nodes[id].process
	if p == nil || id == v.entryID || !plain(v.roles[id]) {
		return group{Node: id}
	}
	return group{Way: v.way(p)}
}

// way of a process, found once for each: an intruder's processes may stand below
// one another by the thousand.
func (v *view) way(p *process) way {
	var line []*process
	at := way(0)
	for p != nil {
		known, done := v.ways[p.Node.ID]
		if at = known; done {
			break
		}
		line = append(line, p)
		v.ways[p.Node.ID] = 0 // a process is not above itself, whatever events say
		parent := v.h.get(p.Parent)
		if parent != nil && parent.Node.weight(v.of, p.Born) == 0 {
			break
		}
		p = parent
	}
	for _, q := range slices.Backward(line) {
		s := step{at, q.Exe}
		if v.steps[s] == 0 {
			v.steps[s] = way(len(v.steps) + 1)
		}
		at = v.steps[s]
		v.ways[q.Node.ID] = at
	}
	return at
}

// plain reports whether the roles say no more than that a node is there, or that
// it is one of several entries: retries are one node.
func plain(roles []string) bool {
	return !slices.ContainsFunc(roles, func(r string) bool { return r != "" && r != provenance.RoleEntry })
}

// finish writes the graph out.
func (v *view) finish(out provenance.Graph) provenance.Graph {
	out.Left = v.choose()
	if out.Stopped == "" {
		out.Stopped = v.stopped
	}
	heads := map[group]int{}
	of := map[nodeID]string{}
	for _, id := range v.order {
		key := v.group(id)
		if at, known := heads[key]; known {
			v.join(&out.Nodes[at], id)
			of[id] = out.Nodes[at].ID
			continue
		}
		n, ok := v.node(id)
		if !ok {
			continue
		}
		heads[key], of[id] = len(out.Nodes), n.ID
		out.Nodes = append(out.Nodes, n)
	}
	out.Entry = of[v.entryID]
	out.Edges = v.edges(of)
	return out
}

// join adds a process to the node that stands for it.
func (v *view) join(n *provenance.Node, id nodeID) {
	p := v.h.nodes[id].process
	if n.Count == 0 {
		n.Count, n.Members = 1, []event.ProcessKey{n.Process}
	}
	n.Count++
	if len(n.Members) < provenance.MaxMembers {
		n.Members = append(n.Members, p.Key)
	}
	n.Exited = n.Exited && p.Exited
}

func (v *view) node(id nodeID) (provenance.Node, bool) {
	x := v.h.nodes[id]
	var roles []string
	for _, r := range v.roles[id] {
		if r != "" {
			roles = append(roles, r)
		}
	}
	switch {
	case x.process != nil:
		p := x.process
		return provenance.Node{
			ID: p.Key.String(), Type: provenance.NodeProcess, Label: p.text(), Roles: roles, Time: stamp(p.Born), Process: p.Key,
			Executable: p.Exe, User: p.User, Context: p.Context, Exited: p.Exited,
		}, true
	case x.file != nil:
		f := x.file
		inode := f.inode(v.h.id)
		return provenance.Node{
			ID: fileID(f, inode), Type: provenance.NodeFile, Label: f.Path, Roles: roles, Path: f.Path, Inode: inode, Gone: f.Gone,
		}, true
	case x.peer != nil:
		n := provenance.Node{ID: "socket:" + x.peer.text(), Type: provenance.NodeSocket, Label: x.peer.text(), Roles: roles}
		if x.peer.Key.Name != "" {
			n.ID, n.Type = "domain:"+x.peer.Key.Name, provenance.NodeDomain
		}
		return n, true
	}
	return provenance.Node{}, false
}

// fileID names a file, and one that is gone apart from the next that has its
// inode.
func fileID(f *version, inode event.FileKey) string {
	id := "file:" + inode.String()
	if f.Gone {
		id += "@" + strconv.FormatInt(f.rare().GoneAt, 10)
	}
	return id
}

// edgeKey tells shown edges apart.
type edgeKey struct {
	From, To string
	Op       op
}

// edges are those between shown nodes, several of them between the same two as
// one.
func (v *view) edges(of map[nodeID]string) []provenance.Edge {
	out := []provenance.Edge{}
	at := map[edgeKey]int{}
	add := func(e *edge) {
		from, to := of[e.From], of[e.To]
		if from == "" || to == "" || from == to {
			return
		}
		key := edgeKey{from, to, e.Op}
		k, known := at[key]
		if !known {
			at[key] = len(out)
			out = append(out, provenance.Edge{
				From: from, To: to, Op: opNames[e.Op], First: stamp(e.First), Last: stamp(e.last()), Count: uint64(e.Count), Bytes: e.Bytes, Seq: uint64(e.Seq),
			})
			return
		}
		x := &out[k]
		x.Count, x.Bytes = x.Count+uint64(e.Count), x.Bytes+e.Bytes
		if first := stamp(e.First); first.Before(x.First) {
			x.First, x.Seq = first, uint64(e.Seq)
		}
		if last := stamp(e.last()); last.After(x.Last) {
			x.Last = last
		}
	}
	for _, id := range v.order {
		n := v.h.nodes[id].base()
		if n == nil {
			continue
		}
		v.h.out(n, func(e *edge) bool { add(e); return true })
		if p := v.h.nodes[id].process; p != nil {
			v.spawned(p, of, add)
		}
	}
	slices.SortStableFunc(out, func(a, b provenance.Edge) int { return a.First.Compare(b.First) })
	return out
}

// spawned adds the edge from the parent where that was not seen or is forgotten.
func (v *view) spawned(p *process, of map[nodeID]string, add func(*edge)) {
	parent := v.h.get(p.Parent)
	if parent == nil || of[parent.Node.ID] == "" {
		return
	}
	seen := false
	v.h.in(&p.Node, func(e *edge) bool {
		seen = seen || e.Op == opFork
		return !seen
	})
	if !seen {
		add(&edge{From: parent.Node.ID, To: p.Node.ID, Op: opFork, Count: 1, First: p.Born})
	}
}
