package fleet

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"baize/test/intrusions"
)

// What the lab is held to. BAIZE_FLEET is another directory of recordings, and
// BAIZE_FLEET_SEEDS how many it has.
const (
	allSeeds       = 20
	hardSharing    = 0.3
	hardNoLineage  = 0.6
	leastRand      = 0.95
	leastPrecision = 0.98
)

// mean of several scores.
type mean struct {
	sum Score
	low Score
	n   int
}

func (m *mean) add(s Score) {
	if m.n == 0 {
		m.low = s
	}
	m.n++
	m.sum.Rand, m.sum.Precision, m.sum.Recall = m.sum.Rand+s.Rand, m.sum.Precision+s.Precision, m.sum.Recall+s.Recall
	m.low.Rand, m.low.Precision, m.low.Recall = min(m.low.Rand, s.Rand), min(m.low.Precision, s.Precision), min(m.low.Recall, s.Recall)
}

func (m *mean) of() Score {
	n := float64(m.n)
	return Score{Rand: m.sum.Rand / n, Precision: m.sum.Precision / n, Recall: m.sum.Recall / n}
}

// TestFleet: five intruders or more at once on six hosts, 20 times: each is one
// incident, and none is with another. The fleet is hard: alerts that share anything, or
// the merger without lineage, do badly at the same time. That all hosts are of one
// service glues nobody; it is judged on every fourth recording.
func TestFleet(t *testing.T) {
	dir := "recordings"
	if other := os.Getenv("BAIZE_FLEET"); other != "" {
		dir = other
	}
	recordings, err := intrusions.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := allSeeds
	if text := os.Getenv("BAIZE_FLEET_SEEDS"); text != "" {
		if want, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	if len(recordings) != want {
		t.Errorf("%d recordings, want %d", len(recordings), want)
	}
	cfg := rules(t)
	without := cfg
	without.Merger.Without = lineage
	oneService := labelled(t)
	var ours, bare, shared, service mean
	for k := range recordings {
		r := &recordings[k]
		s := tell(t, cfg, r)
		g := grade(r, s)
		o, sh := g.score(s.of), g.score(sharing(g.alerts))
		if k%4 == 0 {
			of := tell(t, cfg, r, oneService)
			service.add(grade(r, of).score(of.of))
		}
		poor := tell(t, without, r)
		b := grade(r, poor).score(poor.of)
		ours.add(o)
		shared.add(sh)
		bare.add(b)
		t.Logf("%s: %d alerts; ours %v; without lineage %.3f; any shared entity %.3f", r.Name, len(g.alerts), o, b.Rand, sh.Rand)
		for actor, ids := range g.spread(s.of) {
			if !strings.HasPrefix(actor, worker) && len(ids) > 1 {
				t.Logf("  %s is %d incidents", actor, len(ids))
			}
		}
	}
	if ours.n == 0 {
		t.Fatal("nothing was judged")
	}
	t.Logf("ours: %v (worst %v)", ours.of(), ours.low)
	t.Logf("ours, where all hosts are of one service: %v (worst %v), %d recordings", service.of(), service.low, service.n)
	t.Logf("without lineage: %v; any shared entity: %v", bare.of(), shared.of())
	if s := shared.of(); s.Rand > hardSharing {
		t.Errorf("merging what shares anything scores %.3f: the lab is too easy", s.Rand)
	}
	if s := bare.of(); s.Rand > hardNoLineage {
		t.Errorf("the merger without lineage scores %.3f: the lab is too easy", s.Rand)
	}
	for what, m := range map[string]mean{"ours": ours, "ours, where all hosts are of one service": service} {
		if s := m.of(); s.Rand < leastRand || s.Precision < leastPrecision {
			t.Errorf("%s: %v", what, s)
		}
	}
}
