package api

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/incident"
	"baize/internal/server/state"
	"baize/test/seed/story"
)

func dropAudit(tx *sql.Tx) error {
	_, err := tx.Exec(`DROP TABLE audit`)
	return err
}

func forgetChanges(tx *sql.Tx) error {
	_, err := tx.Exec(`DELETE FROM changes WHERE cursor < 4`)
	return err
}

func tell(t *testing.T, b *bench, steps int) *story.Teller {
	t.Helper()
	teller, err := story.New(t.Context(), b.state, began)
	must(t, err)
	must(t, teller.Tell(t.Context(), steps))
	return teller
}

func TestListsAreCompletePageByPage(t *testing.T) {
	b := start(t)
	tell(t, b, 100)
	viewer := b.login("viewer")
	for _, c := range []struct {
		query string
		want  int
	}{
		{"", 10},
		{"host=" + story.DatabaseHost, 1},
		{"incident=" + story.Intrusion, 9},
		{"since=2026-01-02T03:10:00Z", 4},
		{"since=1s", 0},
		{"order=newest", 10},
	} {
		count, cursor := 0, ""
		for {
			page := decode[items[alert.Alert]](viewer.call(http.MethodGet, "/alerts?limit=4&cursor="+url.QueryEscape(cursor)+"&"+c.query, nil))
			count += len(page.Items)
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if count != c.want {
			t.Errorf("%q gave %d alerts, want %d", c.query, count, c.want)
		}
	}
}

func TestIncidentIsReadWhole(t *testing.T) {
	b := start(t)
	tell(t, b, 100)
	viewer := b.login("viewer")
	incidents := decode[items[incident.Incident]](viewer.call(http.MethodGet, "/incidents?status=open", nil))
	if len(incidents.Items) != 2 || incidents.Items[0].ID != story.Intrusion {
		t.Fatalf("incidents are %+v", incidents)
	}
	inc := decode[incident.Incident](viewer.call(http.MethodGet, "/incidents/"+story.Intrusion, nil))
	members := decode[items[alert.Alert]](viewer.call(http.MethodGet, "/incidents/"+story.Intrusion+"/alerts", nil))
	if len(members.Items) != len(inc.Alerts) || members.Items[0].Event == nil {
		t.Errorf("%d members of %d", len(members.Items), len(inc.Alerts))
	}
	one := decode[alert.Alert](viewer.call(http.MethodGet, "/alerts/"+inc.Alerts[0], nil))
	if one.Incident != inc.ID {
		t.Errorf("alert %+v", one)
	}
	for _, missing := range []string{"/incidents/nix", "/incidents/nix/alerts", "/incidents/nix/processes", "/alerts/nix", "/hosts/nix"} {
		viewer.call(http.MethodGet, missing, nil).problem(http.StatusNotFound)
	}
}

func TestForestHoldsEveryChain(t *testing.T) {
	b := start(t)
	tell(t, b, 100)
	forest := decode[items[Process]](b.login("viewer").call(http.MethodGet, "/incidents/"+story.Intrusion+"/processes", nil))
	place := map[string]int{}
	var lines []string
	for i, p := range forest.Items {
		place[p.Key] = i
		lines = append(lines, fmt.Sprintf("%d %s %v", p.PID, p.Executable, p.Alerts))
		if parent, known := place[p.Parent]; p.Parent != "" && (!known || parent >= i) {
			t.Errorf("%s comes before its parent", p.Executable)
		}
	}
	want := []string{
		"1 /usr/lib/systemd/systemd []",
		"2210 /usr/lib/jvm/java-17/bin/java []",
		"31007 /bin/sh [a-0001]",
		"31009 /usr/bin/curl [a-0002]",
		"31015 /dev/shm/kworker [a-0003 a-0004 a-0005]",
		"40221 /bin/sh [a-0007]",
		"40230 /dev/shm/databus00000000017 [a-0008 a-0009]",
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("forest is\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	trojan := forest.Items[4]
	if trojan.CommandLine != "[kworker/14:1]" || trojan.User != "app" || trojan.Container == nil || trojan.Context.Kind != event.ContextWebShell {
		t.Errorf("trojan is %+v", trojan)
	}
}

func TestForestIsBounded(t *testing.T) {
	f := newForest()
	for i := range maxProcesses + 10 {
		p := &event.Process{Key: event.ProcessKey{Host: "h", Boot: "b", PID: uint32(i + 1), Start: uint64(i)}}
		f.add(&alert.Alert{ID: fmt.Sprint(i), Event: &event.Event{Process: p}})
	}
	if len(f.list()) != maxProcesses {
		t.Errorf("%d processes", len(f.list()))
	}
}

func TestStatusSumsUp(t *testing.T) {
	b := start(t)
	tell(t, b, 3)
	status := decode[Status](b.login("viewer").call(http.MethodGet, "/status", nil))
	if status.Hosts.Armed != 1 || status.Lost != 3 || status.Coverage[0].State != event.CoverageLost || status.Tiers[2] != 1 {
		t.Errorf("hosts in %+v", status)
	}
	if status.Engine.Lag != 2 || status.Alerts != 4 || status.Incidents.Open != 1 {
		t.Errorf("engine in %+v", status)
	}
}

func TestWorstCoverageWins(t *testing.T) {
	var s Status
	for _, state := range []string{event.CoverageComplete, event.CoverageThrottled, event.CoverageFiltered} {
		s.addClass(Class{Class: "file", State: state, Seen: 1})
	}
	if len(s.Coverage) != 1 || s.Coverage[0].State != event.CoverageThrottled || s.Coverage[0].Seen != 3 {
		t.Errorf("coverage is %+v", s.Coverage)
	}
	if !worse("invented", event.CoverageUnavailable) {
		t.Error("an unknown state is trusted")
	}
}

func TestHostsAndCommands(t *testing.T) {
	b := start(t)
	admin := b.login("admin")
	if hosts := decode[items[Host]](admin.call(http.MethodGet, "/hosts", nil)); len(hosts.Items) != 1 {
		t.Errorf("hosts are %+v", hosts)
	}
	if result := decode[Result](admin.call(http.MethodPost, "/hosts/h1/ping", nil)); result.State != "done" {
		t.Errorf("result is %+v", result)
	}
	admin.call(http.MethodPost, "/hosts/h1/revoke", nil).want(http.StatusNoContent)
	if got := strings.Join(b.fleet.log, "; "); got != "ping by admin; revoke h1 by admin" {
		t.Errorf("fleet was asked %q", got)
	}
}

func TestExportIsTheLog(t *testing.T) {
	b := start(t)
	b.log.events = 1000
	a := b.login("analyst").call(http.MethodGet, "/export", nil).want(http.StatusOK)
	lines := bufio.NewScanner(bytes.NewReader(a.body))
	var seq uint64
	for lines.Scan() {
		var e event.Event
		must(t, json.Unmarshal(lines.Bytes(), &e))
		if seq++; e.Seq != seq {
			t.Fatalf("event %d has sequence %d", seq, e.Seq)
		}
	}
	if seq != 1000 {
		t.Errorf("%d events", seq)
	}
}

// A client can tell a log that broke off from one that ended.
func TestBrokenExportDoesNotEnd(t *testing.T) {
	b := start(t)
	b.log.events, b.log.fail = 5000, errBroken
	if a := b.login("analyst").call(http.MethodGet, "/export", nil); a.err == nil {
		t.Error("a broken export ended like a whole one")
	}
	audit := decode[items[state.AuditEntry]](b.local().call(http.MethodGet, "/audit?order=newest&limit=1", nil))
	if e := audit.Items[0]; e.Action != "export-log" || !strings.Contains(e.Detail, "broke off") {
		t.Errorf("audit says %+v", e)
	}
}

func TestOpenAPIDescribesTheServer(t *testing.T) {
	a := start(t).anonymous().call(http.MethodGet, "//openapi.json", nil).want(http.StatusOK)
	var document struct {
		OpenAPI string
		Paths   map[string]map[string]struct{ Security []map[string][]string }
	}
	must(t, json.Unmarshal(a.body, &document))
	if document.OpenAPI != "3.1.0" || len(document.Paths["/api/v1/incidents/{id}/processes"]["get"].Security) != 2 {
		t.Errorf("document %.300s", a.body)
	}
}

func TestBadInputIsNamed(t *testing.T) {
	b := start(t)
	viewer := b.login("viewer")
	for _, query := range []string{"limit=0", "limit=501", "limit=x", "cursor=%25", "cursor=" + strings.Repeat("a", 2000), "since=yesterday", "order=sideways", "nix=1"} {
		viewer.call(http.MethodGet, "/alerts?"+query, nil).problem(http.StatusUnprocessableEntity)
	}
	viewer.call(http.MethodGet, "/nix", nil).problem(http.StatusNotFound)
	huge := map[string]string{"user": strings.Repeat("x", maxBody), "password": "x"}
	if a := b.anonymous().call(http.MethodPost, "/login", huge); a.status < 400 || a.status >= 500 {
		t.Errorf("a huge body gave %d", a.status)
	}
}

func TestHeadersAreStrict(t *testing.T) {
	a := start(t).anonymous().call(http.MethodGet, "/me", nil)
	if a.header.Get("Content-Security-Policy") != "default-src 'none'; frame-ancestors 'none'" || a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers are %v", a.header)
	}
}

func TestSince(t *testing.T) {
	for text, want := range map[string]time.Time{"": {}, "90m": began.Add(-90 * time.Minute), "2026-01-02T00:00:00+01:00": began.Truncate(24 * time.Hour).Add(-time.Hour)} {
		got, err := parseSince(text, began)
		if err != nil || !got.Equal(want) {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"-1h", "soon", "1"} {
		if _, err := parseSince(text, began); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}
