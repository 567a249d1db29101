package agent_test

import (
	"strings"
	"testing"

	"baize/internal/event"
	baizev1 "baize/proto/baize/v1"
)

// What no rule asks for is counted and said, by revision; what provenance rests on
// comes whatever is said.
func TestWhatNoRuleAsksForIsFilteredByRevision(t *testing.T) {
	h := newHost(t)
	h.gateway.Interests <- &baizev1.Interest{Revision: "r9"}
	var filtered *event.Event
	h.eventually("a filtered window", func() bool {
		h.sh("setpriv --inh-caps +net_raw --ambient-caps +net_raw true")
		for _, ev := range h.gateway.Events() {
			if c := ev.Coverage; c != nil && c.Class == event.ClassKernel && c.Filtered > 0 {
				filtered = ev
			}
		}
		return filtered != nil
	})
	c := filtered.Coverage
	if c.State != event.CoverageFiltered || !strings.Contains(c.Reason, "r9") || !strings.Contains(c.Reason, "process.control") || c.Lost != 0 {
		t.Errorf("%+v", c)
	}
	h.find("an exec", executed("/usr/bin/setpriv"))
}
