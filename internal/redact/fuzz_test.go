package redact

import (
	"strings"
	"testing"
)

// Whatever comes in, what comes out differs in tokens only: the bytes around
// them are those of the input, in order, and nothing that is replaced could
// have been acted upon by a shell.
func FuzzArgs(f *testing.F) {
	for _, name := range []string{"secrets.txt", "readable.txt"} {
		for _, line := range lines(f, name) {
			f.Add(strings.NewReplacer("«", "", "»", "").Replace(line))
		}
	}
	r := newRedactor(f, Config{})
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(line, "[redacted") {
			return
		}
		for _, args := range [][]string{{line}, strings.Split(line, " ")} {
			got, _ := r.Args(args, false)
			for i := range got {
				checkReplaced(t, args[i], got[i])
			}
		}
	})
}

func checkReplaced(t *testing.T, before, after string) {
	t.Helper()
	at := 0
	places := tokens.FindAllStringIndex(after, -1)
	for n, place := range places {
		kept := after[at:place[0]]
		if !strings.HasPrefix(before, kept) {
			t.Fatalf("%q became %q", before, after)
		}
		before = before[len(kept):]
		end := len(after)
		if n+1 < len(places) {
			end = places[n+1][0]
		}
		// The shortest secret that makes the rest fit.
		next := strings.Index(before, after[place[1]:end])
		if next < 0 {
			t.Fatalf("%q became %q", before, after)
		}
		if hidden := before[:next]; strings.ContainsAny(hidden, "`\n") || strings.Contains(hidden, "$(") || strings.Contains(hidden, "/dev/tcp/") {
			t.Fatalf("%q is hidden in %q", hidden, after)
		}
		before, at = before[next:], place[1]
	}
}
