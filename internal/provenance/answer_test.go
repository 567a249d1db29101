package provenance_test

import (
	"slices"
	"testing"
	"time"

	"baize/internal/provenance"
)

func TestJoin(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	yes := provenance.Answer{State: provenance.Yes, Evidence: []string{"x"}, AsOf: at.Add(time.Minute)}
	no := provenance.Answer{State: provenance.NotSeen, AsOf: at}
	unknown := provenance.Answer{State: provenance.Unknown, Evidence: []string{"lost"}, Incomplete: []string{"file"}}
	still := provenance.Answer{State: provenance.NotSeen, Evidence: []string{"/tmp/b, still there"}, AsOf: at}
	for name, c := range map[string]struct {
		question string
		a, b     provenance.Answer
		want     provenance.Answer
	}{
		"one saw it":               {provenance.Files, no, yes, provenance.Answer{State: provenance.Yes, Evidence: []string{"x"}, AsOf: at}},
		"nobody knows":             {provenance.Files, no, unknown, provenance.Answer{State: provenance.Unknown, Evidence: []string{"lost"}, Incomplete: []string{"file"}}},
		"at least":                 {provenance.Files, yes, unknown, provenance.Answer{State: provenance.Yes, Evidence: []string{"x"}, Incomplete: []string{"file"}}},
		"the same twice":           {provenance.Files, yes, yes, yes},
		"one trojan is left":       {provenance.Deleted, yes, still, provenance.Answer{State: provenance.NotSeen, Evidence: []string{"/tmp/b, still there", "x"}, AsOf: at}},
		"one had none":             {provenance.Deleted, yes, no, provenance.Answer{State: provenance.Yes, Evidence: []string{"x"}, AsOf: at}},
		"one may be left":          {provenance.Deleted, yes, unknown, provenance.Answer{State: provenance.Unknown, Evidence: []string{"lost", "x"}, Incomplete: []string{"file"}}},
		"another may be, one is":   {provenance.Deleted, still, unknown, provenance.Answer{State: provenance.NotSeen, Evidence: []string{"/tmp/b, still there", "lost"}, Incomplete: []string{"file"}}},
		"all of the others' gone ": {provenance.Deleted, yes, yes, yes},
	} {
		for order, got := range map[string]provenance.Answer{"": provenance.Join(c.question, c.a, c.b), "turned": provenance.Join(c.question, c.b, c.a)} {
			if got.State != c.want.State || !slices.Equal(got.Evidence, c.want.Evidence) || !slices.Equal(got.Incomplete, c.want.Incomplete) || !got.AsOf.Equal(c.want.AsOf) {
				t.Errorf("%s%s: %+v, want %+v", name, order, got, c.want)
			}
		}
	}
}
