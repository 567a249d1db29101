package engine

import (
	"fmt"
	"testing"
	"time"

	"baize/internal/engine/enginetest"
	"baize/internal/incident"
)

// TestAForgottenIncidentKeepsItsAlerts: an alert that repeats after the merger
// let its incident go still belongs to it.
func TestAForgottenIncidentKeepsItsAlerts(t *testing.T) {
	w, events := enginetest.Record()
	h := w.Host("web-1")
	trojan := h.Login().Spawn("/dev/shm/first")
	trojan.Connect("203.0.113.9", 443)
	for i := range 10 {
		h.Login().Spawn(fmt.Sprintf("/dev/shm/other-%d", i))
	}
	w.Advance(2 * time.Second)
	trojan.Connect("203.0.113.9", 443)
	w.Advance(2 * time.Second)
	w.Tick()
	s := collect(t, New(Config{Rules: testRules(t), Merger: incident.Config{OpenLevel: "medium", Alerts: 4, Keys: 100}}), *events)
	for _, a := range s.alerts {
		if a.Incident == "" {
			t.Errorf("alert of %s, counted %d times, lost its incident", a.Event.Process.Executable, a.Count)
		}
	}
}
