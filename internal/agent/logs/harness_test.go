package logs

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"baize/internal/event"
	"baize/internal/logline"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// run is a source at work, as an agent's run would have it.
type run struct {
	t      *testing.T
	stop   context.CancelFunc
	ended  sync.WaitGroup
	mu     sync.Mutex
	items  []Item
	cursor Marks
}

// start runs a source that goes on at marks; nil are a first start.
func start(t *testing.T, config Config, marks Marks) *run {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r := &run{t: t, stop: stop, cursor: Marks{}}
	for log, mark := range marks {
		r.cursor[log] = mark
	}
	items := make(chan Item)
	source := New(config, clone(r.cursor), marks == nil, items, slog.New(slog.DiscardHandler))
	r.ended.Go(func() { source.Run(ctx) })
	r.ended.Go(func() {
		for {
			select {
			case item := <-items:
				r.take(item)
			case <-ctx.Done():
				return
			}
		}
	})
	t.Cleanup(func() { r.end() })
	return r
}

func (r *run) take(item Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.items = append(r.items, item)
	if item.Coverage == nil {
		r.cursor[item.Log] = item.Mark
	}
}

// end stops the source and returns where it was.
func (r *run) end() Marks {
	r.stop()
	r.ended.Wait()
	return clone(r.cursor)
}

// lines are the messages so far.
func (r *run) lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, item := range r.items {
		if item.Event != nil {
			all = append(all, item.Event.Message)
		}
	}
	return all
}

// said are the states of coverage so far.
func (r *run) said(state string) (reasons []string, lost uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, item := range r.items {
		if c := item.Coverage; c != nil && c.State == state {
			reasons, lost = append(reasons, c.Reason), lost+c.Lost
		}
	}
	return reasons, lost
}

// begun waits until a log is followed.
func (r *run) begun(log string) {
	r.t.Helper()
	r.until("the start of "+log, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return slices.ContainsFunc(r.items, func(i Item) bool { return i.Log == log })
	})
}

// want waits for exactly these lines, in this order.
func (r *run) want(lines ...string) {
	r.t.Helper()
	r.until(fmt.Sprintf("%d lines", len(lines)), func() bool { return len(r.lines()) >= len(lines) })
	if got := r.lines(); !slices.Equal(got, lines) {
		r.t.Fatalf("lines %q\nwant  %q", got, lines)
	}
}

func (r *run) until(what string, holds func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			lines := r.lines()
			r.t.Fatalf("%s did not come; last lines %q", what, lines[max(0, len(lines)-20):])
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// plain is the configuration that reads one file, whose lines are as they are.
func plain(path string) Config {
	c := Silent()
	c.Files = []File{{Path: path, Format: logline.Plain, Service: "app"}}
	return c
}

func write(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func logFile(t *testing.T) string { return filepath.Join(t.TempDir(), "app.log") }

// complete waits until the source says that lines are read.
func (r *run) complete() {
	r.t.Helper()
	r.until("coverage", func() bool { reasons, _ := r.said(event.CoverageComplete); return len(reasons) > 0 })
}
