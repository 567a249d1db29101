package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dir string, options Options) *Spool {
	t.Helper()
	s, err := Open(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// batch is 10 events of one second, numbered from first.
func batch(boot string, first uint64) *Batch {
	return &Batch{
		Boot: boot, First: first, Count: 10,
		Oldest: time.Unix(int64(first), 0).UTC(), Newest: time.Unix(int64(first)+1, 0).UTC(),
		Tally: Tally{1, 2, 3, 4, 5, 6}, Payload: fmt.Appendf(nil, "payload of %d", first),
	}
}

func fill(t *testing.T, s *Spool, boot string, from uint64, batches int) []Loss {
	t.Helper()
	var lost []Loss
	for i := range batches {
		more, err := s.Append(batch(boot, from+uint64(10*i)))
		if err != nil {
			t.Fatal(err)
		}
		lost = append(lost, more...)
	}
	return lost
}

// drain returns the first sequence numbers of everything that is there.
func drain(t *testing.T, s *Spool, boot string, after uint64) []uint64 {
	t.Helper()
	r := s.NewReader(boot, after)
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // Next waits only at the end
	var firsts []uint64
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, context.Canceled) {
			return firsts
		}
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("payload of %d", b.First); string(b.Payload) != want || b.Tally != (Tally{1, 2, 3, 4, 5, 6}) {
			t.Fatalf("batch %d holds %q, %v", b.First, b.Payload, b.Tally)
		}
		firsts = append(firsts, b.First)
	}
}

func sequence(from, n uint64) []uint64 {
	var out []uint64
	for i := range n {
		out = append(out, from+10*i)
	}
	return out
}

func expect(t *testing.T, got, want []uint64) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got %v\nwant %v", got, want)
	}
}

func TestAppendedBatchesAreThereAfterReopening(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{Segment: 300})
	fill(t, s, "b1", 1, 20)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Options{Segment: 300})
	defer s.Close()
	expect(t, drain(t, s, "", 0), sequence(1, 20))
	if next := s.NextSeq("b1"); next != 201 {
		t.Errorf("NextSeq(b1) = %d, want 201", next)
	}
	if next := s.NextSeq("b2"); next != 1 {
		t.Errorf("NextSeq(b2) = %d, want 1", next)
	}
	if want := time.Unix(192, 0); !s.Newest().Equal(want) {
		t.Errorf("Newest() = %v, want %v", s.Newest(), want)
	}
}

func TestUseAfterCloseIsRefused(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(batch("b", 1)); !errors.Is(err, ErrClosed) {
		t.Errorf("Append = %v, want ErrClosed", err)
	}
	if _, err := s.NewReader("", 0).Next(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("Next = %v, want ErrClosed", err)
	}
}

func TestEveryTornTailCostsTheTornBatchOnly(t *testing.T) {
	whole := t.TempDir()
	s := open(t, whole, Options{})
	fill(t, s, "b1", 1, 3)
	third := s.segments[0].size
	fill(t, s, "b1", 31, 1)
	end := s.segments[0].size
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile(segmentPath(whole, 0))
	if err != nil {
		t.Fatal(err)
	}
	for cut := third; cut < end; cut++ {
		dir := t.TempDir()
		if err := os.WriteFile(segmentPath(dir, 0), image[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, dir, Options{})
		fill(t, s, "b1", s.NextSeq("b1"), 1)
		expect(t, drain(t, s, "", 0), sequence(1, 4))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCorruptMiddleCostsTheRestOfItsSegment(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{Segment: 300})
	fill(t, s, "b1", 1, 9)
	perSegment := s.segments[0].count / 10
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := segmentPath(dir, 1)
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	image[len(image)-1] ^= 1
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Options{Segment: 300})
	defer s.Close()
	missing := 1 + 10*(2*perSegment-1)
	for _, first := range drain(t, s, "", 0) {
		if first == missing {
			t.Fatalf("batch %d has a wrong checksum and was returned", first)
		}
	}
	if got := len(drain(t, s, "", 0)); got != 8 {
		t.Fatalf("%d batches left, want 8", got)
	}
}

func TestHeaderlessSegmentIsSetAside(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(segmentPath(dir, 7), []byte("BZSP"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, Options{})
	defer s.Close()
	fill(t, s, "b1", 1, 1)
	expect(t, drain(t, s, "", 0), sequence(1, 1))
	if _, err := os.Stat(segmentPath(dir, 7) + ".bad"); err != nil {
		t.Error(err)
	}
}

func TestTrimTakesWhatIsDurableAndKeepsTheNewestSegment(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{Segment: 300})
	fill(t, s, "b1", 1, 10)
	fill(t, s, "b2", 1, 10)
	s.Trim("b1", 45)
	got := drain(t, s, "", 0)
	if got[0] > 51 || got[0] == 1 {
		t.Errorf("after Trim(b1, 45) the first is %d", got[0])
	}
	s.Trim("b1", 100)
	expect(t, drain(t, s, "", 0), sequence(1, 10)) // b2's
	s.Trim("b2", 100)
	if next := s.NextSeq("b2"); next != 101 {
		t.Errorf("NextSeq after trimming all = %d, want 101", next)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Options{})
	defer s.Close()
	if next := s.NextSeq("b2"); next != 101 {
		t.Errorf("NextSeq after reopening = %d, want 101", next)
	}
	if files, _ := filepath.Glob(dir + "/*.seg"); len(files) != 1 {
		t.Errorf("%d segments left, want 1", len(files))
	}
}

func TestQuotaTakesTheOldestAndSaysWhat(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{Segment: 300, Quota: 1000})
	defer s.Close()
	lost := fill(t, s, "b1", 1, 50)
	kept := drain(t, s, "", 0)
	if len(lost) == 0 || lost[0].First != 1 || lost[len(lost)-1].Last != kept[0]-1 {
		t.Fatalf("lost %+v, kept from %d", lost, kept[0])
	}
	var counted uint32
	for i, l := range lost {
		counted += l.Tally[0]
		if i > 0 && l.First != lost[i-1].Last+1 {
			t.Errorf("hole between %+v and %+v", lost[i-1], l)
		}
	}
	if int(counted)+len(kept) != 50 {
		t.Errorf("%d batches lost + %d kept, want 50", counted, len(kept))
	}
	if s.Bytes() > 1000 {
		t.Errorf("%d bytes kept, quota 1000", s.Bytes())
	}
}

func TestReaderStartsBehindTheMarkAndFollowsTheWriter(t *testing.T) {
	s := open(t, t.TempDir(), Options{Segment: 300})
	defer s.Close()
	fill(t, s, "old", 1, 2)
	fill(t, s, "b1", 1, 4)
	expect(t, drain(t, s, "b1", 20), []uint64{1, 11, 21, 31})

	r := s.NewReader("b1", 40)
	defer r.Close()
	got := make(chan uint64)
	go func() {
		defer close(got)
		for {
			b, err := r.Next(t.Context())
			if err != nil {
				return
			}
			got <- b.First
			if b.First == 231 {
				return
			}
		}
	}()
	if first := <-got; first != 1 {
		t.Fatalf("first batch %d, want the other boot's", first)
	}
	<-got
	fill(t, s, "b1", 41, 20)
	want := uint64(41)
	for first := range got {
		if first != want {
			t.Fatalf("got %d, want %d", first, want)
		}
		want += 10
	}
	if want != 241 {
		t.Fatalf("stopped before %d", want)
	}
}

func TestSkipRaisesTheNumbering(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	fill(t, s, "b1", 1, 1)
	if err := s.Skip("b1", 5); err != nil || s.NextSeq("b1") != 11 {
		t.Fatalf("Skip below the end: %v, next %d", err, s.NextSeq("b1"))
	}
	if err := s.Skip("b1", 500); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Options{})
	defer s.Close()
	fill(t, s, "b1", s.NextSeq("b1"), 1)
	expect(t, drain(t, s, "", 0), []uint64{1, 501})
}

func TestBatchesOutOfOrderAndOversizeAreRefused(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	fill(t, s, "b1", 11, 1)
	if _, err := s.Append(batch("b1", 11)); err == nil {
		t.Error("a repeated sequence number was accepted")
	}
	big := batch("b1", 21)
	big.Payload = make([]byte, MaxRecord)
	if _, err := s.Append(big); err == nil {
		t.Error("an oversize batch was accepted")
	}
	if _, err := s.Append(&Batch{Boot: "b1"}); err == nil {
		t.Error("an empty batch was accepted")
	}
	expect(t, drain(t, s, "", 0), []uint64{11})
}

// FuzzSegment feeds the reader bytes as a damaged disk may return them: it
// must neither panic nor return what fails its checksum.
func FuzzSegment(f *testing.F) {
	record, err := appendRecord(nil, batch("b1", 1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(encodeHeader("b1", 1), record...))
	f.Add(encodeHeader("b1", 1))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, image []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(segmentPath(dir, 0), image, 0o600); err != nil {
			t.Fatal(err)
		}
		seg, torn, err := loadSegment(dir, 0)
		if err != nil {
			return
		}
		if seg.size+torn != int64(len(image)) {
			t.Fatalf("%d good + %d torn of %d bytes", seg.size, torn, len(image))
		}
	})
}

// FuzzBody checks that whatever decodes encodes back to the same bytes.
func FuzzBody(f *testing.F) {
	record, err := appendRecord(nil, batch("b1", 1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(record[frameSize:])
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := decodeBody(body)
		if err != nil {
			return
		}
		again, err := appendRecord(nil, &b)
		if err != nil || !bytes.Equal(again[frameSize:], body) {
			t.Fatalf("%v: %x became %x", err, body, again)
		}
	})
}
