package redact

import (
	"strings"
	"testing"
)

func benchmark(b *testing.B, args []string) {
	r := newRedactor(b, Config{})
	b.ReportAllocs()
	b.SetBytes(int64(len(strings.Join(args, " "))))
	for b.Loop() {
		r.Args(args, false)
	}
}

func BenchmarkNoSecret(b *testing.B) {
	benchmark(b, []string{"/usr/lib/gcc/x86_64-linux-gnu/12/cc1", "-quiet", "-imultiarch", "x86_64-linux-gnu", "a.c", "-dumpbase", "a.c", "-o", "/tmp/ccAbCd12.s"})
}

func BenchmarkShell(b *testing.B) {
	benchmark(b, []string{"sh", "-c", "cd /srv/app && ./manage.py migrate --noinput 2>&1 | tee -a /var/log/migrate.log"})
}

func BenchmarkPassword(b *testing.B) { benchmark(b, []string{"mysql", "-uroot", "-phunter2", "shop"}) }

// What is longest, and what was made to be slow.
func BenchmarkLongest(b *testing.B) {
	for name, piece := range map[string]string{"plain": "argument ", "names": "password=", "urls": "://a:b@", "quotes": `"a 'b `, "shapes": "eyJ.AKIA", "options": "-p mysql "} {
		b.Run(name, func(b *testing.B) { benchmark(b, []string{strings.Repeat(piece, 8192/len(piece))}) })
	}
}
