package gateway

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	baizev1 "baize/proto/baize/v1"
)

func beat(seen, full, odd uint64) *baizev1.Heartbeat {
	return &baizev1.Heartbeat{Classes: []*baizev1.ClassHealth{
		{Class: "process", Seen: seen, Losses: []*baizev1.Loss{{Reason: "ring full", Count: full}, {Reason: "made up", Count: odd}}, Throttled: 2 * full},
		{Class: "invented", Seen: seen},
	}}
}

func TestObservationsOfAllHostsAreCounted(t *testing.T) {
	h := newHealth()
	now := time.Now()
	h.add("a", beat(1000, 10, 0), now) // from here on
	h.add("a", beat(1500, 13, 2), now)
	h.add("b", beat(7, 0, 0), now)
	h.add("b", beat(9, 0, 0), now)
	h.add("a", beat(100, 1, 0), now) // the agent began anew
	h.forget("b")
	h.add("b", beat(5000, 0, 0), now) // another session
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(h.observed)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			name := family.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			got[name] = m.GetCounter().GetValue()
		}
	}
	want := map[string]float64{
		"baize_agent_observations_total process": 602, "baize_agent_observations_total other": 602,
		"baize_agent_observations_lost_total process ring full": 4, "baize_agent_observations_lost_total process other": 2,
		"baize_agent_observations_spared_total process throttled": 8,
	}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestHeartbeatsAreBounded(t *testing.T) {
	long := strings.Repeat("x", maxHealthText+1)
	for name, b := range map[string]*baizev1.Heartbeat{
		"losses":   {Classes: []*baizev1.ClassHealth{{Losses: make([]*baizev1.Loss, maxLosses+1)}}},
		"reason":   {Classes: []*baizev1.ClassHealth{{Losses: []*baizev1.Loss{{Reason: long}}}}},
		"programs": {Programs: make([]*baizev1.ProgramCost, maxHooks+1)},
		"program":  {Programs: []*baizev1.ProgramCost{{Name: long}}},
	} {
		if checkHeartbeat(b) == nil {
			t.Errorf("%s: not refused", name)
		}
	}
}
