package replay

import (
	"strconv"
	"time"

	"baize/internal/engine"
	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/incident"
)

// Provenance is the way from an alert to its entry point, as it was known when
// the alert was raised.
type Provenance struct {
	Alert string `json:"alert"`
	// Entry is the first process of the lineage; nil where it was forgotten or
	// the alert has no process.
	Entry   *Process                   `json:"entry"`
	Nodes   []Node                     `json:"nodes"`
	Edges   []Edge                     `json:"edges"`
	Answers map[string]incident.Answer `json:"answers"`
}

// Process is the entry point.
type Process struct {
	Key         event.ProcessKey `json:"key"`
	PID         uint32           `json:"pid"`
	Executable  string           `json:"executable"`
	CommandLine string           `json:"command_line"`
	User        string           `json:"user,omitempty"`
	Context     string           `json:"context,omitempty"`
}

// Node of a provenance: a process, file, socket or domain.
type Node struct {
	ID    string `json:"id"`
	Type  string `json:"type"`
	Label string `json:"label"`
}

// Edge of a provenance. Bytes is 0 where they were not counted.
type Edge struct {
	From  string    `json:"from"`
	To    string    `json:"to"`
	Op    string    `json:"op"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	Count uint64    `json:"count"`
	Bytes uint64    `json:"bytes"`
}

// provenanceOf writes a trace out. The five answers are unknown: what they
// rest on is not kept yet.
func provenanceOf(t *engine.Trace) *Provenance {
	p := &Provenance{Alert: t.Alert, Nodes: []Node{}, Edges: []Edge{}, Answers: incident.Unanswered()}
	for i := range t.Steps {
		p.process(&t.Steps[i])
		if i > 0 {
			p.spawned(&t.Steps[i], &t.Steps[i-1])
		}
	}
	if n := len(t.Steps); n > 0 && t.Whole {
		p.entry(&t.Steps[n-1])
		if !t.Hub.Key.IsZero() {
			p.process(&t.Hub)
			p.spawned(&t.Hub, &t.Steps[n-1])
		}
	}
	p.object(t.Event)
	return p
}

func (p *Provenance) entry(s *graph.Step) {
	p.Entry = &Process{Key: s.Key, PID: s.Key.PID, Executable: s.Exe, CommandLine: s.Command, User: s.User, Context: s.Context}
}

// process adds a process, and the file that brought its image.
func (p *Provenance) process(s *graph.Step) {
	label := s.Command
	if label == "" {
		label = s.Exe
	}
	p.Nodes = append(p.Nodes, Node{ID: s.Key.String(), Type: "process", Label: label})
	if s.Flow == nil {
		return
	}
	file := "file:" + s.Key.Host + ":" + s.Flow.Path
	at := time.Unix(0, s.First).UTC()
	p.Nodes = append(p.Nodes, Node{ID: file, Type: "file", Label: s.Flow.Path}, Node{ID: s.Flow.By.String(), Type: "process", Label: s.Flow.From})
	p.Edges = append(p.Edges,
		Edge{From: s.Flow.By.String(), To: file, Op: "write", First: at, Last: at, Count: 1},
		Edge{From: file, To: s.Key.String(), Op: "exec", First: at, Last: at, Count: 1})
}

func (p *Provenance) spawned(parent, child *graph.Step) {
	at := time.Unix(0, child.First).UTC()
	p.Edges = append(p.Edges, Edge{From: parent.Key.String(), To: child.Key.String(), Op: "fork", First: at, Last: at, Count: 1})
}

// object adds what the alert's event was done to.
func (p *Provenance) object(ev *event.Event) {
	var n Node
	switch {
	case ev.Process == nil:
		return
	case ev.DNS != nil:
		n = Node{ID: "domain:" + ev.DNS.Question.Name, Type: "domain", Label: ev.DNS.Question.Name}
	case ev.File != nil:
		n = Node{ID: "file:" + ev.Host.ID + ":" + ev.File.Path, Type: "file", Label: ev.File.Path}
	case ev.Destination != nil:
		label := ev.Destination.IP.String() + " " + strconv.Itoa(int(ev.Destination.Port))
		n = Node{ID: "socket:" + label, Type: "socket", Label: label}
	default:
		return
	}
	e := Edge{From: ev.Process.Key.String(), To: n.ID, Op: string(ev.Kind), First: ev.Time, Last: ev.Time, Count: ev.Repeats()}
	if ev.Network != nil {
		e.Bytes = ev.Network.BytesIn + ev.Network.BytesOut
	}
	p.Nodes, p.Edges = append(p.Nodes, n), append(p.Edges, e)
}
