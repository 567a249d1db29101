package api

import (
	"cmp"
	"slices"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
)

// maxProcesses bounds the forest of one incident; what the console can show is
// far below.
const maxProcesses = 5000

// Process is a node of an incident's forest.
type Process struct {
	Key string `json:"key"`
	// Parent is the key of the parent, which may be outside of the forest.
	Parent      string           `json:"parent"`
	PID         uint32           `json:"pid"`
	Executable  string           `json:"executable"`
	CommandLine string           `json:"command_line"`
	User        string           `json:"user"`
	Start       time.Time        `json:"start,omitzero"`
	Host        event.Host       `json:"host"`
	Context     *event.Context   `json:"context,omitempty"`
	Container   *event.Container `json:"container,omitempty"`
	// Alerts are the ids of those that the process itself raised.
	Alerts []string `json:"alerts" nullable:"false"`

	exec uint32
	// born is Start's place in the kernel's clock, which ancestors have too.
	born uint64
}

// forest collects processes from the evidence of alerts: the one that acted,
// its target, its parent and ancestors.
type forest struct{ nodes map[event.ProcessKey]*Process }

func newForest() *forest { return &forest{nodes: map[event.ProcessKey]*Process{}} }

func (f *forest) full() bool { return len(f.nodes) >= maxProcesses }

func (f *forest) add(a *alert.Alert) {
	if a.Event == nil || a.Event.Process == nil {
		return
	}
	f.chain(a.Event.Process, a)
	if node := f.nodes[a.Event.Process.Key]; node != nil {
		node.Alerts = append(node.Alerts, a.ID)
		if a.Event.Container != nil {
			node.Container = a.Event.Container
		}
	}
	if a.Event.Target != nil {
		f.chain(a.Event.Target, a)
	}
}

// chain adds p and everything above it.
func (f *forest) chain(p *event.Process, a *alert.Alert) {
	line := []*event.Process{p}
	if p.Parent != nil {
		line = append(line, p.Parent)
	}
	for i := range p.Ancestors {
		line = append(line, &p.Ancestors[i])
	}
	for i, member := range line {
		node := f.learn(member, a)
		if node != nil && i+1 < len(line) && node.Parent == "" {
			node.Parent = line[i+1].Key.String()
		}
	}
}

// learn adds a process, or what is newly known of one: an exec replaces image
// and command line, and a sparse mention never hides a full one.
func (f *forest) learn(p *event.Process, a *alert.Alert) *Process {
	if p.Key.IsZero() {
		return nil
	}
	node := f.nodes[p.Key]
	if node == nil {
		if f.full() {
			return nil
		}
		node = &Process{Key: p.Key.String(), PID: p.Key.PID, Host: a.Host, Alerts: []string{}, born: p.Key.Start}
		f.nodes[p.Key] = node
	}
	if p.Exec >= node.exec || node.Executable == "" {
		node.exec = p.Exec
		node.Executable = cmp.Or(p.Executable, node.Executable)
		node.CommandLine = cmp.Or(p.CommandLine, node.CommandLine)
	}
	node.describe(p)
	return node
}

func (n *Process) describe(p *event.Process) {
	if p.User != nil {
		n.User = cmp.Or(p.User.Name, n.User)
	}
	if n.Start.IsZero() {
		n.Start = p.Start
	}
	if p.Context != nil {
		n.Context = p.Context
	}
}

// list returns the nodes, older ones first, so that a parent precedes its children.
func (f *forest) list() []Process {
	nodes := make([]Process, 0, len(f.nodes))
	for _, n := range f.nodes {
		nodes = append(nodes, *n)
	}
	slices.SortFunc(nodes, func(a, b Process) int {
		return cmp.Or(cmp.Compare(a.Host.ID, b.Host.ID), cmp.Compare(a.born, b.born), cmp.Compare(a.Key, b.Key))
	})
	return nodes
}
