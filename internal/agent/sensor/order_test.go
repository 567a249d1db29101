package sensor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"baize/internal/event"
)

// What a file was written with comes before its exec, however far the reader is
// behind, however much comes between, and though fanotify is asked only afterwards.
func TestWritesComeBeforeExecsToAReaderThatIsBehind(t *testing.T) {
	needKernel(t)
	s, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, sensor: s, log: &log{changed: make(chan struct{})}}
	ctx, cancel := context.WithCancel(context.Background())
	behind, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- s.Run(ctx, func(batch []Record) { <-behind; l.take(batch) }) }()
	defer func() {
		cancel()
		if err := errors.Join(<-done, s.Close()); err != nil {
			t.Error(err)
		}
	}()
	release := sync.OnceFunc(func() { close(behind) })
	defer release()
	const rounds = 20
	dir := t.TempDir()
	copied, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	s.writes.draining.Lock()
	tell := sync.OnceFunc(s.writes.draining.Unlock)
	defer tell()
	for i := range rounds {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, copied, 0o755); err != nil {
			t.Fatal(err)
		}
		run(t, path)
		run(t, "sh", "-c", "i=0; while [ $i -lt 60 ]; do (:); i=$((i+1)); done")
	}
	tell()
	release()
	ours := func(kind event.Kind) func(*Record) bool {
		return func(r *Record) bool {
			return r.Kind == kind && strings.HasPrefix(pathOf(r), dir)
		}
	}
	l.await("the last exec", func(r *Record) bool {
		return ours(event.ProcessExec)(r) && pathOf(r) == filepath.Join(dir, fmt.Sprint(rounds-1))
	})
	written := map[string]bool{}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.records {
		r := &l.records[i]
		switch {
		case ours(event.FileCloseWrite)(r):
			written[pathOf(r)] = true
		case ours(event.ProcessExec)(r) && !written[pathOf(r)]:
			t.Errorf("%s was executed before it was written", pathOf(r))
		}
	}
}

// pathOf is the file that a record is about.
func pathOf(r *Record) string {
	switch {
	case r.Exec != nil:
		return r.Exec.Image.Path
	case r.File != nil:
		return r.File.Path
	}
	return ""
}
