package intrusions

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"baize/internal/event"
	"baize/internal/provenance"
	"baize/internal/replay"
)

// verdict on what one alert shows of one intrusion.
type verdict struct {
	// Found of Critical nodes are shown; Right of Shown nodes belong there.
	Found, Critical, Right, Shown int
	// Missing and Wrong name the others.
	Missing, Wrong []string
	// Entry is right.
	Entry bool
}

// critical are the nodes that an analyst must see: the processes that executed
// something, files, sensitive reads, peers. key names each for people.
func (i *Intrusion) critical() map[string]func(*provenance.Node) bool {
	list := map[string]func(*provenance.Node) bool{}
	for k := range i.Processes {
		p := &i.Processes[k]
		if p.Program == "" {
			continue
		}
		list[fmt.Sprintf("process %d %s", p.PID, p.Program)] = func(n *provenance.Node) bool {
			return n.Type == provenance.NodeProcess && (p.Is(n.Process) || slices.ContainsFunc(n.Members, p.Is))
		}
	}
	for k := range i.Files {
		f := &i.Files[k]
		list["file "+f.Paths[0]] = f.is
	}
	for _, name := range i.Reads {
		list["read "+name] = func(n *provenance.Node) bool { return n.Type == provenance.NodeFile && n.Path == name }
	}
	for _, name := range slices.Concat(i.Peers, i.Names) {
		list["peer "+name] = func(n *provenance.Node) bool { return n.Label == name && n.Type != provenance.NodeFile }
	}
	return list
}

// is reports whether a node is the file: by its inode, or by a name that it had.
func (f *File) is(n *provenance.Node) bool {
	if n.Type != provenance.NodeFile {
		return false
	}
	if f.Inode != 0 && n.Inode.Inode == f.Inode && n.Inode.Device.String() == f.Device {
		return true
	}
	return slices.ContainsFunc(f.Paths, func(name string) bool { return path.Clean(name) == n.Path })
}

// right reports whether a node belongs to the story of an intrusion.
func (i *Intrusion) right(n *provenance.Node) bool {
	if n.Type == provenance.NodeProcess {
		members := n.Members
		if len(members) == 0 {
			members = []event.ProcessKey{n.Process}
		}
		return !slices.ContainsFunc(members, func(key event.ProcessKey) bool { return !i.Has(key) && !among(i.Behind, key) })
	}
	for _, is := range i.critical() {
		if is(n) {
			return true
		}
	}
	return slices.Contains(i.Sources, n.Label)
}

// judge compares what is shown with the labels.
func (i *Intrusion) judge(p *replay.Provenance) verdict {
	var v verdict
	for name, is := range i.critical() {
		v.Critical++
		if slices.ContainsFunc(p.Nodes, func(n provenance.Node) bool { return is(&n) }) {
			v.Found++
		} else {
			v.Missing = append(v.Missing, name)
		}
	}
	for k := range p.Nodes {
		v.Shown++
		if i.right(&p.Nodes[k]) {
			v.Right++
		} else {
			v.Wrong = append(v.Wrong, p.Nodes[k].Type+" "+p.Nodes[k].Label)
		}
	}
	slices.Sort(v.Missing)
	v.Entry = p.Entry != nil && i.Entry.Is(p.Entry.Key)
	return v
}

// touches reports whether a graph shows anything of an intrusion's own processes.
func (i *Intrusion) touches(p *replay.Provenance) bool {
	return slices.ContainsFunc(p.Nodes, func(n provenance.Node) bool {
		return n.Type == provenance.NodeProcess && (i.Has(n.Process) || slices.ContainsFunc(n.Members, func(key event.ProcessKey) bool { return i.Has(key) }))
	})
}

func (v *verdict) String() string {
	text := fmt.Sprintf("critical %d/%d, right %d/%d", v.Found, v.Critical, v.Right, v.Shown)
	if len(v.Missing) > 0 {
		text += "; missing: " + strings.Join(v.Missing, ", ")
	}
	if len(v.Wrong) > 0 {
		text += "; wrong: " + strings.Join(v.Wrong, ", ")
	}
	return text
}
