package story

import (
	"strings"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/graph"
	"baize/internal/incident"
	"baize/internal/provenance"
)

// scene is what the hosts of the story saw, and the graph over it.
type scene struct {
	graph *graph.Graph
	// now is the time of the newest event, vouched how far the web host's sensor
	// has vouched for what it saw.
	now, vouched time.Time
	seqs         map[string]uint64
	inodes       map[string]event.FileKey
	// blind : the sensor lost events of the kernel class since it last vouched.
	blind bool
	// events since the last step.
	events []*event.Event
}

func newScene() scene {
	return scene{graph: graph.New(graph.DefaultLimits()), seqs: map[string]uint64{}, inodes: map[string]event.FileKey{}}
}

// see numbers an event and takes it in.
func (s *scene) see(ev *event.Event) {
	s.seqs[ev.Host.ID]++
	ev.Seq = s.seqs[ev.Host.ID]
	if ev.Time.After(s.now) {
		s.now = ev.Time
	}
	s.events = append(s.events, ev)
	if ev.Coverage != nil {
		s.graph.Cover(ev, s.now.UnixNano())
		return
	}
	s.graph.Observe(ev, s.now.UnixNano())
}

// root tells the graph of an alert, and the alert where it came from.
func (s *scene) root(a *alert.Alert) {
	r := graph.Root{Alert: a.ID, At: a.Event.Time, Title: a.Rule.Title, Opens: true, Stages: stages[a.Rule.ID]}
	for _, e := range a.Entities {
		if e.Type == alert.EntityCommand {
			r.Marks = append(r.Marks, graph.Mark{Kind: "command", Value: incident.CommandTemplate(e.Value)})
		}
	}
	a.Intrusion = s.graph.Root(a.Event, &r)
	path := s.graph.Trace(a.Event, a.Intrusion)
	a.Path = &path
}

// stages that the alerts of a rule show.
var stages = map[string][]string{
	downloaded.ID: {provenance.Download}, calledOut.ID: {provenance.CommandControl}, keyAdded.ID: {provenance.Persist},
}

// classes that the web host's sensor vouches for.
var classes = []event.Class{event.ClassDNS, event.ClassFile, event.ClassKernel, event.ClassNetwork, event.ClassProcess}

// vouch says what the web host's sensor saw of each class until now, once in a
// while.
func (s *scene) vouch() {
	from := s.vouched
	if s.now.Sub(from) < 10*time.Second && !s.blind {
		return
	}
	s.vouched = s.now
	for _, class := range classes {
		c := &event.Coverage{Class: class, From: from, To: s.now, State: event.CoverageComplete}
		if class == event.ClassKernel && s.blind {
			c.State, c.Lost = event.CoverageLost, 12
		}
		s.see(&event.Event{Org: "default", Host: webHost, Boot: boot, Time: s.now, Kind: event.SensorCoverage, Coverage: c})
	}
	s.blind = false
}

// changed are the intrusions that changed since the last step.
func (s *scene) changed() []provenance.Intrusion {
	s.vouch()
	return s.graph.Changed(true, s.now.UnixNano())
}

func (s *scene) take() []*event.Event {
	events := s.events
	s.events = nil
	return events
}

// inode of a file of the web host, made at first use.
func (s *scene) inode(path string) event.FileKey {
	k, known := s.inodes[path]
	if !known {
		device := event.MakeDevice(254, 1)
		if strings.HasPrefix(path, "/dev/shm/") {
			device = event.MakeDevice(0, 24)
		}
		k = event.FileKey{Host: WebHost, Device: device, Inode: 131_000 + uint64(len(s.inodes))}
		s.inodes[path] = k
	}
	return k
}
