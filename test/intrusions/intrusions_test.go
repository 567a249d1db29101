package intrusions

import (
	"slices"
	"testing"

	"baize/internal/alert"
	"baize/internal/provenance"
	"baize/internal/replay"
)

// What the set is held to.
const (
	leastShapes    = 20
	leastRecall    = 0.95
	leastPrecision = 0.6
	mostShown      = 50
)

// TestLabelledIntrusions: each intrusion of the set raises one kill-chain alert,
// which leads to its entry and shows nearly all of it and little else.
func TestLabelledIntrusions(t *testing.T) {
	recordings, err := Load("recordings")
	if err != nil {
		t.Fatal(err)
	}
	if len(recordings) < leastShapes {
		t.Errorf("%d recordings, want %d at least", len(recordings), leastShapes)
	}
	cfg := rules(t)
	var sum verdict
	var shown []int
	entries, single, intrusions := 0, 0, 0
	for k := range recordings {
		r := &recordings[k]
		s := tell(t, cfg, r)
		chains := s.chains()
		for n := range r.Intrusions {
			i := &r.Intrusions[n]
			mine := of(s, chains, i)
			intrusions++
			if len(mine) != 1 {
				t.Errorf("%s on %s: %d kill-chain alerts of %d in all", r.Name, i.Host, len(mine), len(chains))
			}
			if len(mine) == 0 {
				sum.Critical += len(i.critical())
				continue
			}
			p := s.provenance[mine[0].ID]
			v := i.judge(&p)
			if !v.Entry {
				t.Errorf("%s on %s: the entry is %+v, want process %d", r.Name, i.Host, p.Entry, i.Entry.PID)
			} else {
				entries++
			}
			if len(mine) == 1 {
				single++
			}
			answers(t, r, i, &p)
			t.Logf("%-22s %-6s %s", r.Name, i.Host, v.String())
			sum.Found, sum.Critical, sum.Right, sum.Shown = sum.Found+v.Found, sum.Critical+v.Critical, sum.Right+v.Right, sum.Shown+v.Shown
			shown = append(shown, v.Shown)
		}
		if len(chains) != len(r.Intrusions) {
			t.Errorf("%s: %d kill-chain alerts for %d intrusions", r.Name, len(chains), len(r.Intrusions))
		}
	}
	conclude(t, &sum, shown)
	t.Logf("%d recordings, %d intrusions: %d with one kill-chain alert, %d with the right entry", len(recordings), intrusions, single, entries)
}

// answers must be yes where the labels say so, and nowhere else; where a
// recording has no gap, that is a claim.
func answers(t *testing.T, r *Recording, i *Intrusion, p *replay.Provenance) {
	t.Helper()
	no := provenance.NotSeen
	if len(r.Advanced) > 0 {
		no = provenance.Unknown // nobody vouches for the hours that did not pass
	}
	for question, yes := range map[string]bool{
		provenance.Files: len(i.Files) > 0, provenance.Persistence: i.persists(), provenance.Lateral: i.lateral(),
	} {
		want := no
		if yes {
			want = provenance.Yes
		}
		if got := p.Answers[question]; got.State != want {
			t.Errorf("%s on %s: %s is %s, want %s: %v %v", r.Name, i.Host, question, got.State, want, got.Incomplete, got.Evidence)
		}
	}
}

// of are the alerts that show something of an intrusion.
func of(s *told, chains []alert.Alert, i *Intrusion) []alert.Alert {
	return slices.DeleteFunc(slices.Clone(chains), func(a alert.Alert) bool {
		p := s.provenance[a.ID]
		return a.Host.ID != i.Host || !i.touches(&p)
	})
}

func conclude(t *testing.T, sum *verdict, shown []int) {
	t.Helper()
	if len(shown) == 0 {
		t.Fatal("nothing was shown")
	}
	slices.Sort(shown)
	median := shown[len(shown)/2]
	recall, precision := float64(sum.Found)/float64(sum.Critical), float64(sum.Right)/float64(sum.Shown)
	t.Logf("recall %d/%d = %.3f, precision %d/%d = %.3f, median %d nodes, most %d", sum.Found, sum.Critical, recall, sum.Right, sum.Shown, precision, median, shown[len(shown)-1])
	if recall < leastRecall {
		t.Errorf("recall %.3f, want %.2f", recall, leastRecall)
	}
	if precision < leastPrecision {
		t.Errorf("precision %.3f, want %.2f", precision, leastPrecision)
	}
	if median > mostShown {
		t.Errorf("median of %d nodes shown, want at most %d", median, mostShown)
	}
}
