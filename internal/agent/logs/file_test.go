package logs

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"baize/internal/event"
)

func TestWhatWasThereBeforeIsPassedOver(t *testing.T) {
	path := logFile(t)
	write(t, path, "old\n")
	r := start(t, plain(path), nil)
	r.begun(path)
	write(t, path, "one\ntwo")
	r.want("one")
	write(t, path, " and a half\r\n\nthree\n")
	r.want("one", "two and a half", "three")
}

func TestAFileThatAppearsLaterIsReadFromItsBeginning(t *testing.T) {
	path := logFile(t)
	r := start(t, plain(path), nil)
	r.until("unavailable", func() bool { reasons, _ := r.said(event.CoverageUnavailable); return len(reasons) == 1 })
	write(t, path, "one\n")
	r.want("one")
	r.complete()
}

func TestRotationByRenaming(t *testing.T) {
	path := logFile(t)
	write(t, path, "")
	r := start(t, plain(path), nil)
	r.begun(path)
	write(t, path, "one\n")
	r.want("one")
	rename(t, path, path+".1")
	write(t, path+".1", "two, by a writer that has not reopened\n")
	write(t, path, "three\n")
	write(t, path+".1", "unfinished")
	r.want("one", "two, by a writer that has not reopened", "unfinished", "three")
	rename(t, path, path+".2")
	write(t, path, "four\n")
	r.want("one", "two, by a writer that has not reopened", "unfinished", "three", "four")
}

func TestRotationByCopying(t *testing.T) {
	path := logFile(t)
	write(t, path, "zero\n")
	r := start(t, plain(path), nil)
	r.begun(path)
	write(t, path, "one\n")
	r.want("one")
	// Lines that come between the last look and the copy are in the copy.
	write(t, path, "two\nthree\n")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path+".1", string(text))
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	r.want("one", "two", "three")
	write(t, path, "four\n")
	r.want("one", "two", "three", "four")
	if reasons, _ := r.said(event.CoverageLost); reasons != nil {
		t.Errorf("lost: %q", reasons)
	}
}

// TestRestartsNeitherLoseNorRepeat stops and starts the reader while lines
// come and the file is rotated, in every order.
func TestRestartsNeitherLoseNorRepeat(t *testing.T) {
	path := logFile(t)
	write(t, path, "")
	r := start(t, plain(path), nil)
	r.begun(path)
	var all, got []string
	next := func(n int) {
		for range n {
			all = append(all, fmt.Sprintf("line %d", len(all)))
			write(t, path, all[len(all)-1]+"\n")
		}
	}
	restart := func(while func()) {
		r.until("all lines", func() bool { return len(got)+len(r.lines()) >= len(all) })
		marks := r.end()
		got = append(got, r.lines()...)
		while()
		r = start(t, plain(path), marks)
	}
	next(3)
	restart(func() { next(2) })
	restart(func() { next(2); rename(t, path, path+".1"); next(3) })
	restart(func() {})
	restart(func() { // copied and truncated while nobody looked
		next(2)
		text, _ := os.ReadFile(path)
		write(t, path+".2", string(text))
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		next(1)
	})
	next(4)
	restart(func() {})
	r.end()
	got = append(got, r.lines()...)
	if strings.Join(got, "|") != strings.Join(all, "|") {
		t.Fatalf("%q\nwant %q", got, all)
	}
}

func TestAFileThatIsGoneIsALoss(t *testing.T) {
	path := logFile(t)
	write(t, path, "")
	r := start(t, plain(path), nil)
	r.begun(path)
	write(t, path, "one\n")
	r.want("one")
	marks := r.end()
	write(t, path, "never read\n")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, path, "another file altogether\n")
	r = start(t, plain(path), marks)
	r.want("another file altogether")
	if reasons, _ := r.said(event.CoverageLost); len(reasons) != 1 {
		t.Errorf("losses %q", reasons)
	}
}

func TestLongAndOddLines(t *testing.T) {
	path := logFile(t)
	write(t, path, "")
	r := start(t, plain(path), nil)
	r.begun(path)
	long := strings.Repeat("x", 5*MaxLine)
	write(t, path, long+"\nafter\n\xff\xfe\x00bytes\n"+strings.Repeat("y", 200<<10)+"\nlast\n")
	r.want(long[:MaxLine], "after", "\xff\xfe\x00bytes", strings.Repeat("y", MaxLine), "last")
	cut := 0
	for _, item := range r.items {
		if item.Event != nil && item.Event.Log.Truncated {
			cut++
		}
	}
	if cut != 2 {
		t.Errorf("%d lines are marked as cut", cut)
	}
}

func TestABacklogIsPassedOverAndCounted(t *testing.T) {
	path := logFile(t)
	write(t, path, "first\n")
	r := start(t, plain(path), nil)
	r.begun(path)
	write(t, path, "one\n")
	r.want("one")
	marks := r.end()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewWriter(f)
	line := strings.Repeat("z", 1023) + "\n"
	const extra = 100
	for range MaxBacklog/len(line) + extra {
		_, _ = out.WriteString(line)
	}
	_ = out.Flush()
	_ = f.Close()
	config := plain(path)
	config.LinesPerSecond = 10
	r = start(t, config, marks)
	r.until("lines", func() bool { return len(r.lines()) > 10 })
	if reasons, lost := r.said(event.CoverageLost); len(reasons) != 1 || lost < extra || lost > extra+2 {
		t.Errorf("%d lost: %q", lost, reasons)
	}
}

func TestTooManyLinesAreReadLater(t *testing.T) {
	path := logFile(t)
	write(t, path, "")
	config := plain(path)
	config.LinesPerSecond = 20
	r := start(t, config, nil)
	r.begun(path)
	var want []string
	for i := range 20*burstSeconds + 15 {
		want = append(want, fmt.Sprint("line ", i))
	}
	write(t, path, strings.Join(want, "\n")+"\n")
	r.want(want...)
	r.until("throttled", func() bool { reasons, _ := r.said(event.CoverageThrottled); return len(reasons) > 0 })
	if reasons, _ := r.said(event.CoverageLost); reasons != nil {
		t.Errorf("lost: %q", reasons)
	}
}

// TestLogrotate lets the real program rotate, in both of its ways.
func TestLogrotate(t *testing.T) {
	program, err := exec.LookPath("logrotate")
	if err != nil {
		t.Skip("logrotate is not installed")
	}
	for _, how := range []string{"create", "copytruncate"} {
		t.Run(how, func(t *testing.T) {
			path := logFile(t)
			dir := filepath.Dir(path)
			write(t, path, "")
			write(t, filepath.Join(dir, "conf"), path+" {\n  rotate 3\n  "+how+"\n}\n")
			r := start(t, plain(path), nil)
			r.begun(path)
			var want []string
			for i := range 4 {
				want = append(want, fmt.Sprint("line ", i))
				write(t, path, want[i]+"\n")
				r.want(want...)
				out, err := exec.Command(program, "-f", "-s", filepath.Join(dir, "state"), filepath.Join(dir, "conf")).CombinedOutput()
				if err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			}
			write(t, path, "last\n")
			r.want(append(want, "last")...)
			if reasons, _ := r.said(event.CoverageLost); reasons != nil {
				t.Errorf("lost: %q", reasons)
			}
		})
	}
}

func TestCountLines(t *testing.T) {
	for text, want := range map[string]int64{"a\nbb\nccc\n": 5, "no end": 6, "x\n\n": 3} {
		lines, end, err := countLines(strings.NewReader(text), 0, 3)
		if err != nil || end != want || int(lines) != strings.Count(text[:end], "\n") {
			t.Errorf("%q: %d lines to %d, %v", text, lines, end, err)
		}
	}
	if _, end, err := countLines(strings.NewReader(""), 0, 1); err != nil || end != 0 {
		t.Error(end, err, io.EOF)
	}
}
