package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/engine/enginetest"
	"baize/internal/event"
	"baize/internal/incident"
	"baize/internal/label"
)

func assigned(kind, match string, l label.Labels) label.Assignment {
	a := label.Assignment{Org: "default", Kind: kind, Match: match, Labels: l, By: "ann"}
	a.Identify()
	return a
}

// labels is the record that puts assignments in force.
func labels(list ...label.Assignment) *event.Event {
	ev, err := LabelRecord(list, time.Unix(0, 0))
	if err != nil {
		panic(err)
	}
	return ev
}

func inContainer(image string) *event.Container {
	return &event.Container{State: event.ContainerOK, ID: "c-" + image, Image: &event.Name{Name: image}}
}

// shop is three hosts, of which two are labelled, and what an engine tells of them.
type shop struct {
	*enginetest.World
	engine    *Engine
	alerts    map[string]alert.Alert
	incidents map[string]incident.Incident
}

func newShop(t *testing.T) *shop {
	s := &shop{engine: New(Config{Rules: testRules(t)}), alerts: map[string]alert.Alert{}, incidents: map[string]incident.Incident{}}
	s.World = enginetest.New(func(ev *event.Event) {
		out := s.engine.Process(ev)
		for _, a := range out.Alerts {
			if s.alerts[a.ID].Revision >= a.Revision {
				t.Errorf("alert %s of revision %d again", a.ID, a.Revision)
			}
			s.alerts[a.ID] = a
		}
		for _, i := range out.Incidents {
			s.incidents[i.ID] = i
		}
	})
	s.Bus = 1
	return s
}

// beat lets what waits come out.
func (s *shop) beat() {
	s.Advance(time.Second)
	s.Tick()
}

// said is what the incidents say, that of the most alerts first.
func (s *shop) said(t *testing.T) string {
	t.Helper()
	s.beat()
	var most incident.Incident
	for _, i := range s.incidents {
		if i.MergedInto == "" && len(i.Alerts) > len(most.Alerts) {
			most = i
		}
	}
	return fmt.Sprint(most.Labels, most.Siblings)
}

// TestLabelsComeOfTheLog: alerts, kill chains and incidents have the labels in force, also
// those that were there before; an incident names the other hosts of its service.
func TestLabelsComeOfTheLog(t *testing.T) {
	s := newShop(t)
	web := s.Host("h1")
	service := web.Service("app.service", "/usr/bin/java")
	s.Host("h2").Login()
	pods := s.Host("h3")
	pods.Container = inContainer("reg.example/shop:2")
	pods.Service("app.service", "/usr/bin/java")
	s.Host("h4").Login()
	s.Say(labels(assigned(label.KindHost, "h1", label.Labels{Service: "shop", Owner: "ann", Group: "retail"})))
	enginetest.First.Round(service)
	if got, want := s.said(t), "[{shop ann retail}] []"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	s.Say(labels(
		assigned(label.KindHost, "h2*", label.Labels{Service: "shop"}), assigned(label.KindHost, "h1.*", label.Labels{Service: "shop", Owner: "bob"}),
		assigned(label.KindImage, "*/shop:*", label.Labels{Service: "shop", Owner: "eve"}),
	))
	if got, want := s.said(t), "[{shop bob }] [{{h2 h2.example} shop} {{h3 h3.example} shop}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	kinds := map[string]int{}
	for _, a := range s.alerts {
		if a.Host.ID != "h1" || a.Labels != (label.Labels{Service: "shop", Owner: "bob"}) {
			t.Errorf("%s on %s: %+v", a.Rule.Title, a.Host.ID, a.Labels)
		}
		kinds[a.Kind]++
	}
	if kinds[alert.KindChain] != 1 || kinds[alert.KindRule] < 2 {
		t.Errorf("%v", kinds)
	}
	s.Host("h2-new").Login()
	if got := s.said(t); !strings.Contains(got, "h2-new") {
		t.Errorf("a host that came is no sibling: %s", got)
	}
	s.Say(&event.Event{Kind: event.EngineLabels, Message: "{"})
	if s.engine.Problem() == "" {
		t.Error("followed what is none")
	}
	s.engine.problem = ""
	s.Say(labels(label.Assignment{ID: "l", Kind: label.KindHost, Match: "*"}))
	if got := s.said(t); s.engine.Problem() == "" || !strings.HasPrefix(got, "[{shop bob }]") {
		t.Errorf("%q; %s", s.engine.Problem(), got)
	}
	s.Say(labels())
	if got := s.said(t); got != "[] []" {
		t.Errorf("without labels: %s", got)
	}
}

// TestAnImagesLabelsCount: what happens in a container has the labels of its image, with
// its kill chain.
func TestAnImagesLabelsCount(t *testing.T) {
	s := newShop(t)
	h := s.Host("h1")
	h.Container = inContainer("reg.example/shop:2")
	service := h.Service("app.service", "/usr/bin/java")
	s.Say(labels(assigned(label.KindHost, "*", label.Labels{Service: "cluster", Owner: "ops"}), assigned(label.KindImage, "*/shop:*", label.Labels{Service: "shop"})))
	enginetest.First.Round(service)
	s.beat()
	if len(s.alerts) < 3 {
		t.Fatalf("%d alerts", len(s.alerts))
	}
	for _, a := range s.alerts {
		if a.Image != "reg.example/shop:2" || a.Labels != (label.Labels{Service: "shop"}) {
			t.Errorf("%s %s: %q %+v", a.Kind, a.Rule.Title, a.Image, a.Labels)
		}
	}
	if got := s.said(t); got != "[{shop  }] []" {
		t.Errorf("%s", got)
	}
}
