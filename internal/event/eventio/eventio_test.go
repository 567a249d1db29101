package eventio

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"baize/internal/event"
)

func sample(n int) []*event.Event {
	var events []*event.Event
	for i := range n {
		events = append(events, &event.Event{
			Host: event.Host{ID: "h1"}, Boot: "b1", Seq: uint64(i + 1), Kind: event.ProcessExec,
			Time:    time.Date(2026, 1, 2, 3, 4, 5, i, time.UTC),
			Process: &event.Process{Key: event.ProcessKey{Host: "h1", Boot: "b1", PID: 7, Start: uint64(i)}, Args: []string{"a<b>", "é\u2028"}},
		})
	}
	return events
}

func encode(t *testing.T, events []*event.Event) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out)
	for _, ev := range events {
		if err := w.Write(ev); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// readAll returns every event, every bad line's number, and what ended it.
func readAll(t *testing.T, in io.Reader) (events []*event.Event, bad []int, end error) {
	t.Helper()
	r, err := NewReader(in)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	for {
		ev, err := r.Next()
		line, isLine := errors.AsType[*LineError](err)
		switch {
		case err == nil:
			events = append(events, ev)
		case isLine:
			bad = append(bad, line.Line)
			if line.Line != r.Line() {
				t.Fatalf("error of line %d at line %d", line.Line, r.Line())
			}
		default:
			return events, bad, err
		}
	}
}

func compressed(t *testing.T, plain []byte) map[string][]byte {
	t.Helper()
	var gz bytes.Buffer
	g := gzip.NewWriter(&gz)
	if _, err := g.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"plain": plain, "gzip": gz.Bytes(), "zstd": z.EncodeAll(plain, nil)}
}

func TestRoundTripInEveryForm(t *testing.T) {
	events := sample(100)
	for form, data := range compressed(t, encode(t, events)) {
		got, bad, end := readAll(t, bytes.NewReader(data))
		if !reflect.DeepEqual(got, events) || bad != nil || !errors.Is(end, io.EOF) {
			t.Errorf("%s: %d events, bad lines %v, end %v", form, len(got), bad, end)
		}
	}
}

func TestBadLinesAreNumberedAndSkipped(t *testing.T) {
	good := string(bytes.TrimSpace(encode(t, sample(1))))
	lines := []string{
		good, "{", "", good, `{"kind":"process.exec"}`, `[1]`, "  \t", `{"kind":3,"time":"2026-01-02T03:04:05Z"}`,
		strings.Replace(good, "h1/b1/7/0", "h1/7", 1), good, "\xff\xfe", strings.Repeat("x", MaxLine+1), good,
	}
	got, bad, end := readAll(t, strings.NewReader(strings.Join(lines, "\r\n")))
	if want := []int{2, 5, 6, 8, 9, 11, 12}; !reflect.DeepEqual(bad, want) {
		t.Errorf("bad lines %v, want %v", bad, want)
	}
	if len(got) != 4 || !errors.Is(end, io.EOF) {
		t.Errorf("%d events, end %v", len(got), end)
	}
}

func TestReasonsAreNamed(t *testing.T) {
	for text, want := range map[string]error{
		strings.Repeat("x", MaxLine+1) + "\n":                                                ErrTooLong,
		strings.Repeat("x", 5*MaxLine):                                                       ErrTooLong,
		`{"time":"2026-01-02T03:04:05Z"}`:                                                    ErrMissing,
		`{"kind":"x","time":"9999-12-31T23:59:59-01:00"}`:                                    ErrMissing,
		`{"kind":"process.exec","time":"2026-01-02T03:04:05Z","process":{"key":"nonsense"}}`: event.ErrKey,
	} {
		r, err := NewReader(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Next()
		if !errors.Is(err, want) || !strings.HasPrefix(err.Error(), "line 1: ") {
			t.Errorf("%.20s…: %v, want %v", text, err, want)
		}
	}
}

func TestTheLongestLineIsRead(t *testing.T) {
	line := `{"kind":"x","time":"2026-01-02T03:04:05Z","message":""}`
	line = strings.Replace(line, `""`, `"`+strings.Repeat("m", MaxLine-len(line))+`"`, 1)
	got, bad, _ := readAll(t, strings.NewReader(line+"\n"+line))
	if len(line) != MaxLine || len(got) != 2 || bad != nil {
		t.Fatalf("line of %d: %d events, bad %v", len(line), len(got), bad)
	}
}

func TestTruncatedCompressionIsAnError(t *testing.T) {
	for form, data := range compressed(t, encode(t, sample(1000))) {
		_, bad, end := readAll(t, bytes.NewReader(data[:len(data)/2]))
		if form == "plain" {
			if len(bad) != 1 || !errors.Is(end, io.EOF) {
				t.Errorf("plain: bad %v, end %v", bad, end)
			}
		} else if end == nil || errors.Is(end, io.EOF) {
			t.Errorf("%s: end %v", form, end)
		}
	}
	if _, _, err := readAll(t, strings.NewReader("\x1f\x8bxx")); err == nil {
		t.Error("a broken gzip header was read")
	}
}

func TestAFailingInputEnds(t *testing.T) {
	broken := errors.New("broken")
	_, _, end := readAll(t, io.MultiReader(bytes.NewReader(encode(t, sample(3))), &failing{broken}))
	if !errors.Is(end, broken) {
		t.Fatalf("end %v", end)
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

func TestEmptyInput(t *testing.T) {
	if got, bad, end := readAll(t, strings.NewReader("")); got != nil || bad != nil || !errors.Is(end, io.EOF) {
		t.Fatal(got, bad, end)
	}
}

func FuzzReader(f *testing.F) {
	for _, ev := range []string{`{"kind":"process.exec","time":"2026-01-02T03:04:05Z"}`, "{}\n{}", "\x1f\x8b", "\x28\xb5\x2f\xfd"} {
		f.Add([]byte(ev))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data))
		if err != nil {
			return
		}
		defer r.Close()
		for range 1000 {
			ev, err := r.Next()
			if _, bad := errors.AsType[*LineError](err); bad {
				continue
			}
			if err != nil {
				return
			}
			if err := NewWriter(io.Discard).Write(ev); err != nil {
				t.Fatal(fmt.Errorf("read but cannot be written: %w", err))
			}
		}
	})
}
