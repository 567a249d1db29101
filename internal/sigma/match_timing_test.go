package sigma

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// Rules shaped like the public ones (a tool, some options, some paths, a
// parent or a filter now and then), as many as wanted: the public corpus has
// too few for the larger sets. The generator is seeded, so sets are the same
// in every run.
var tools = strings.Fields(`bash sh curl wget python3 perl nc ncat socat base64 chmod chown crontab systemctl useradd
	usermod passwd iptables nft docker kubectl tar gzip find grep sed awk xxd openssl ssh scp rsync git make gcc ld
	strace gdb mount umount modprobe insmod rmmod dmesg sysctl hostname ip ss netstat ps kill pkill nohup at
	rm mv cp ln touch dd shred history env id whoami uname last w who uptime df du ls cat head tail less vi nano`)

const letters = "abcdefghijklmnopqrstuvwxyz0123456789_-"

func syntheticRules(n int) []string {
	random := rand.New(rand.NewPCG(1, uint64(n)))
	word := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = letters[random.IntN(len(letters))]
		}
		return string(b)
	}
	literal := func() string {
		switch random.IntN(4) {
		case 0:
			return " -" + word(1+random.IntN(2))
		case 1:
			return "--" + word(4+random.IntN(8))
		case 2:
			return "/" + word(3) + "/" + word(4+random.IntN(10))
		}
		return word(6 + random.IntN(14))
	}
	var rules []string
	for i := range n {
		var b strings.Builder
		fmt.Fprintf(&b, "title: r\nid: r%05d\nlogsource: {product: linux, category: process_creation}\ndetection:\n  img:\n    Image|endswith:\n", i)
		for range 1 + random.IntN(4) {
			fmt.Fprintf(&b, "      - '/%s'\n", tools[random.IntN(len(tools))])
		}
		fmt.Fprintf(&b, "  cli:\n    CommandLine|contains%s:\n", []string{"", "|all"}[random.IntN(2)])
		for range 2 + random.IntN(10) {
			fmt.Fprintf(&b, "      - '%s'\n", literal())
		}
		condition := "img and cli"
		switch random.IntN(10) {
		case 0:
			fmt.Fprintf(&b, "  re:\n    CommandLine|re: '%s[0-9]+\\s+%s'\n", word(6), word(3))
			condition = "img and (cli or re)"
		case 1:
			fmt.Fprintf(&b, "  filter:\n    ParentImage|endswith: '/%s'\n", word(8))
			condition = "img and cli and not 1 of filter*"
		}
		rules = append(rules, b.String()+"  condition: "+condition+"\n")
	}
	return rules
}

// benignRecords are what a busy host does; the public rules and the
// synthetic ones leave most of them alone.
func benignRecords() []Record {
	var out []Record
	for _, line := range []string{
		"/usr/bin/ls|ls --color=auto -la /var/log|/usr/bin/bash|-bash",
		"/usr/bin/grep|grep -rn panic --include=*.go ./internal/server/state|/usr/bin/bash|-bash",
		"/usr/lib/gcc/x86_64-linux-gnu/12/cc1|/usr/lib/gcc/x86_64-linux-gnu/12/cc1 -quiet -imultiarch x86_64-linux-gnu main.c -quiet -dumpbase main.c -mtune=generic -O2 -o /tmp/ccX8a.s|/usr/bin/gcc|gcc -O2 -c main.c",
		"/usr/bin/git|git status --porcelain=v2 --branch|/usr/bin/zsh|zsh",
		"/usr/bin/dpkg|/usr/bin/dpkg --status-fd 19 --no-triggers --unpack --auto-deconfigure /var/cache/apt/archives/libc6_2.36-9_amd64.deb|/usr/bin/apt-get|apt-get install -y libc6",
		"/usr/bin/python3.11|/usr/bin/python3 /usr/bin/gunicorn --workers 4 --bind 0.0.0.0:8000 shop.wsgi:application|/usr/lib/systemd/systemd|/sbin/init",
		"/usr/local/go/pkg/tool/linux_amd64/compile|/usr/local/go/pkg/tool/linux_amd64/compile -o /tmp/go-build1/b002/_pkg_.a -trimpath /tmp/go-build1/b002=> -p internal/abi -lang=go1.26 -complete -buildid x -goversion go1.26|/usr/local/go/bin/go|go build ./...",
		"/usr/bin/dash|/bin/sh -c command -v debian-sa1 > /dev/null && debian-sa1 1 1|/usr/sbin/cron|/usr/sbin/CRON -f",
		"/usr/bin/curl|curl -fsS -m 5 http://127.0.0.1:8080/healthz|/usr/bin/dash|sh -c curl -fsS http://127.0.0.1:8080/healthz",
		"/usr/bin/date|date +%s|/usr/bin/bash|bash /opt/backup/run.sh",
	} {
		part := strings.Split(line, "|")
		out = append(out, fixed{part[0], part[1], part[2], part[3]})
	}
	return out
}

// fixed is a record with a schema, as events have.
type fixed struct{ image, commandLine, parentImage, parentCommandLine string }

var fixedSchema = NewSchema("Image", "CommandLine", "ParentImage", "ParentCommandLine")

func (fixed) Logsource() Logsource {
	return Logsource{Product: "linux", Category: "process_creation", Service: "process"}
}
func (fixed) Schema() *Schema { return fixedSchema }

func (f fixed) Field(id int, _ string, out *Values) {
	switch id {
	case 0:
		out.String(f.image)
	case 1:
		out.String(f.commandLine)
	case 2:
		out.String(f.parentImage)
	case 3:
		out.String(f.parentCommandLine)
	}
}

func (f fixed) Strings(out *Values) {
	for id := range 4 {
		f.Field(id, "", out)
	}
}

// BenchmarkMatch is line 6 of the performance table: cost per event by number
// of rules, with the automata's memory.
func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{150, 500, 1500, 5000} {
		set, report := Load(files(syntheticRules(n)...))
		if report.Rules != n {
			b.Fatalf("%d rules of %d: %+v", report.Rules, n, report.Invalid)
		}
		records := benignRecords()
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			var dst []*Rule
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				dst = set.Match(records[i%len(records)], dst[:0])
			}
			stats := set.Stats()
			b.ReportMetric(float64(stats.Bytes)/1e6, "MB")
			b.ReportMetric(float64(stats.Literals), "literals")
		})
	}
}

// BenchmarkTenTimesTheRules is the other half of line 6: what ten times the
// rules cost. Both sets are matched in turn, in slices short enough to escape
// the scheduler, and the best slices are compared.
func BenchmarkTenTimesTheRules(b *testing.B) {
	few := func(n int) func() []string { return func() []string { return syntheticRules(n) } }
	public := func(n int) func() []string {
		return func() []string { return variedRules(b, os.DirFS(corpus(b)), n) }
	}
	for _, c := range []struct {
		name       string
		one, tenth func() []string
	}{
		{"synthetic=150,1500", few(1500), few(150)},
		{"synthetic=500,5000", few(5000), few(500)},
		{"public=210,2100", public(10), public(1)},
	} {
		b.Run(c.name, func(b *testing.B) {
			large, _ := Load(files(c.one()...))
			small, _ := Load(files(c.tenth()...))
			records := benignRecords()
			var dst []*Rule
			best := [2]time.Duration{time.Hour, time.Hour}
			b.ResetTimer()
			for b.Loop() {
				for i, set := range []*Set{small, large} {
					start := time.Now()
					for _, rec := range records {
						dst = set.Match(rec, dst[:0])
					}
					best[i] = min(best[i], time.Since(start)/time.Duration(len(records)))
				}
			}
			b.ReportMetric(float64(best[0]), "ns/event")
			b.ReportMetric(float64(best[1]), "ns/event-of-10x")
			b.ReportMetric(float64(best[1])/float64(best[0]), "ratio")
		})
	}
}

// BenchmarkCompile is the time from texts to a set in force.
func BenchmarkCompile(b *testing.B) {
	fsys := files(syntheticRules(3000)...)
	for b.Loop() {
		if set, _ := Load(fsys); len(set.Rules()) != 3000 {
			b.Fatal(len(set.Rules()))
		}
	}
}

// BenchmarkOracle is the naive interpreter on the smallest set, for the ratio.
func BenchmarkOracle(b *testing.B) {
	set, _ := Load(files(syntheticRules(150)...))
	records := benignRecords()
	for i := 0; b.Loop(); i++ {
		for _, r := range set.rules {
			r.cond.eval(func(a *atom) bool {
				var v Values
				rec := records[i%len(records)]
				rec.Field(fixedSchema.ID(a.field), a.field, &v)
				return a.holds(v.list, nil)
			})
		}
	}
}
