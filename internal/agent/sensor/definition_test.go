package sensor

import (
	"path"
	"strings"
	"testing"
)

// The index gives what trying each pattern gives.
func TestDefinesIsWhatThePatternsSay(t *testing.T) {
	var names []string
	for _, w := range Watches {
		name := strings.NewReplacer("**/", "/home/o/", "*.d", "x.d", "*", "x").Replace(w.Pattern)
		names = append(names, "", "x", "/", name, path.Dir(name), name+"/x", name+"x", "/x"+name, strings.TrimPrefix(name, "/"), "/etc/systemd/system/x.wants/"+path.Base(name))
	}
	for _, name := range names {
		want := false
		for _, pattern := range DefinitionPatterns() {
			want = want || matches(pattern, name)
		}
		if got := Defines(name); got != want {
			t.Errorf("%s: defines %v, want %v", name, got, want)
		}
	}
}

func BenchmarkDefines(b *testing.B) {
	for _, name := range []string{"/home/user/src/project/build/object-files/part.o", "/var/lib/postgresql/15/main/base/16384/2619", "/home/user/.cache/x/y"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Defines(name)
			}
		})
	}
}
