package sigma

import (
	"testing"
	"testing/fstest"
)

// FuzzLoad feeds the loader anything. What loads must be matched, whole, and
// as the oracle does.
func FuzzLoad(f *testing.F) {
	for _, c := range semantics {
		f.Add([]byte(rule(c.detection)), "bash x", "10.0.0.1")
	}
	f.Add([]byte("a: &x [*x]\n---\n*y"), "", "")
	f.Add([]byte("{{{{"), "", "")
	f.Fuzz(func(t *testing.T, data []byte, a, b string) {
		set, report := Load(fstest.MapFS{"r.yml": {Data: data}})
		if report.Files != 1 || report.Loaded+len(report.Unsupported)+len(report.Invalid) != 1 {
			t.Fatalf("counts: %+v", report)
		}
		rec := flat{"a": a, "b": []any{b, 3, nil}}
		got, want := set.Match(rec, nil), oracle(set, rec)
		if len(got) != len(want) {
			t.Fatalf("matched %v, want %v", keys(got), keys(want))
		}
	})
}
