package api

import (
	"net/http"
	"strings"
	"testing"

	"baize/internal/server/state"
)

func TestEventsAroundAPlace(t *testing.T) {
	b := start(t)
	analyst := b.login("analyst")
	got := decode[NearbyEvents](analyst.call(http.MethodGet, "/hosts/h1/events?around=8&boot=b1&before=3&after=4", nil).want(http.StatusOK))
	if len(got.Items) != 3 || got.At != 1 || got.Items[1].Seq != 8 || !got.Earlier || got.Later {
		t.Errorf("%+v", got)
	}
	if p := b.log.asked[0]; p.Host != "h1" || p.Boot != "b1" || p.Seq != 8 || p.Before != 3 || p.After != 4 || p.Keep != nil {
		t.Errorf("asked for %+v", p)
	}
	got = decode[NearbyEvents](analyst.call(http.MethodGet, "/hosts/h1/events?around=2026-01-02T03:04:05.5Z&process=h1/b1/1/5", nil).want(http.StatusOK))
	if len(got.Items) != 1 || got.Items[0].Seq != 9 {
		t.Errorf("of one process: %+v", got)
	}
	if p := b.log.asked[1]; p.Seq != 0 || p.Time.Nanosecond() != 5e8 || p.Before != 50 || p.After != 50 {
		t.Errorf("asked for %+v", p)
	}
}

func TestEventsAroundNoPlace(t *testing.T) {
	b := start(t)
	analyst := b.login("analyst")
	for _, query := range []string{"", "?around=yesterday", "?around=0", "?around=8&boot=b1&process=x", "?around=8&before=501", "?around=8&after=-1", "?around=8&until=9"} {
		analyst.call(http.MethodGet, "/hosts/h1/events"+query, nil).problem(http.StatusUnprocessableEntity)
	}
	analyst.call(http.MethodGet, "/hosts/nobody/events?around=8&boot=b1", nil).problem(http.StatusNotFound)
	if len(b.log.asked) != 0 {
		t.Errorf("the log was asked for %+v", b.log.asked)
	}
}

// Raw events are evidence: who may only look may not, and who looked is written down.
func TestRawEventsAreForAnalystsAndAudited(t *testing.T) {
	b := start(t)
	b.login("viewer").call(http.MethodGet, "/hosts/h1/events?around=8&boot=b1", nil).problem(http.StatusForbidden)
	b.login("analyst").call(http.MethodGet, "/hosts/h1/events?around=8&boot=b1", nil).want(http.StatusOK)
	entries := decode[items[state.AuditEntry]](b.local().call(http.MethodGet, "/audit?order=newest&limit=1", nil)).Items
	e := entries[0]
	if e.Action != "list-host-events" || e.Actor != "analyst" || e.Target != "h1" || e.Status != http.StatusOK || !strings.HasPrefix(e.Detail, "3 events around 8") {
		t.Errorf("audit says %+v", e)
	}
}
