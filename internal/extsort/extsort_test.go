package extsort

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	_ "baize/test/rapidseed" // the same cases each time
)

func read(t interface{ Fatal(...any) }, s *Sorter) []string {
	var got []string
	for r := range s.All() {
		got = append(got, string(r.Key)+"="+string(r.Value))
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return got
}

// TestAgainstSort compares with a stable sort in memory, at budgets that spill
// never, sometimes and for every record.
func TestAgainstSort(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		s := New(dir).WithBudget(rapid.SampledFrom([]int{1, 500, 1 << 20}).Draw(rt, "budget"))
		defer s.Close()
		type pair struct{ key, value string }
		var want []pair
		for i := range rapid.IntRange(0, 300).Draw(rt, "records") {
			p := pair{rapid.StringMatching("[a-c]{0,2}").Draw(rt, "key"), fmt.Sprint(i)}
			want = append(want, p)
			if err := s.Add([]byte(p.key), []byte(p.value)); err != nil {
				rt.Fatal(err)
			}
		}
		slices.SortStableFunc(want, func(a, b pair) int { return bytes.Compare([]byte(a.key), []byte(b.key)) })
		for range 2 {
			got := read(rt, s)
			if len(got) != len(want) {
				rt.Fatalf("%d records, want %d", len(got), len(want))
			}
			for i := range want {
				if got[i] != want[i].key+"="+want[i].value {
					rt.Fatalf("record %d: %s, want %v", i, got[i], want[i])
				}
			}
		}
	})
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Fatalf("files left: %v, %v", left, err)
	}
}

func TestStoppingEarly(t *testing.T) {
	s := New(t.TempDir()).WithBudget(1)
	defer s.Close()
	for i := range 10 {
		if err := s.Add([]byte{byte(i)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	for r := range s.All() {
		if r.Key[0] == 3 {
			break
		}
	}
	if got := read(t, s); len(got) != 10 {
		t.Fatalf("%d records after stopping early", len(got))
	}
}

func TestAMissingDirectoryIsAnError(t *testing.T) {
	if err := New(t.TempDir()+"/none").WithBudget(1).Add(nil, nil); err == nil {
		t.Fatal("spilled to nowhere")
	}
}

func TestACutRunIsAnError(t *testing.T) {
	for _, content := range [][]byte{{3}, {3, 5}, {3, 5, 'k'}} {
		c := &cursor{in: bufio.NewReader(bytes.NewReader(content))}
		if err := c.next(); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%v: %v", content, err)
		}
	}
}
