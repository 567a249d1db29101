package logs

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"baize/internal/event"
)

// Item is a line as an event, with the place behind it; a place alone, where a
// log begins to be read; or what is to be said of the completeness of lines.
type Item struct {
	Event *event.Event
	// PID of the writer, 0 if it is not known. Verified says that the journal
	// vouches for it.
	PID      uint32
	Verified bool
	// Log and Mark are the place behind the line.
	Log  string
	Mark Mark

	Coverage *event.Coverage
}

const (
	// poll is how often logs are looked at for new lines: far below the second
	// in which an alert is due.
	poll = 200 * time.Millisecond
	// search is how often new files are looked for.
	search = 2 * time.Second
	// maxFiles bounds the files followed.
	maxFiles = 256
	// MaxLine bounds a line in bytes; the rest is cut off.
	MaxLine = 8 << 10
	// MaxBacklog is how far behind its end a file is read, in bytes.
	MaxBacklog = 64 << 20
)

// Source reads the logs of a host.
type Source struct {
	config Config
	items  chan<- Item
	log    *slog.Logger
	marks  Marks
	// history : lines from before the first start are not told.
	history bool

	mu     sync.Mutex
	known  map[string]bool
	reader sync.WaitGroup
	said   string
}

// New returns a source that goes on at marks. first says that nothing was read
// before: then what is in the logs already is passed over.
func New(config Config, marks Marks, first bool, items chan<- Item, log *slog.Logger) *Source {
	return &Source{config: config, items: items, log: log, marks: marks, history: !first, known: map[string]bool{}}
}

// Run reads until the context ends.
func (s *Source) Run(ctx context.Context) {
	timer := time.NewTicker(search)
	defer timer.Stop()
	defer s.reader.Wait()
	for start := true; ; start = false {
		s.find(ctx, start)
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
	}
}

// find starts a reader for each log that has none.
func (s *Source) find(ctx context.Context, start bool) {
	journals := s.config.journals()
	for _, dir := range journals {
		s.launch(ctx, "journal:"+dir, func() { s.journal(ctx, dir, start && !s.history) })
	}
	for _, f := range s.config.files(len(journals) > 0) {
		names, _ := filepath.Glob(f.Path)
		for _, name := range names {
			if rotated(name) {
				continue
			}
			s.launch(ctx, name, func() { s.file(ctx, f, name, start && !s.history) })
		}
	}
	s.standing(ctx)
}

// rotated reports whether a name is that of a log that was put away.
func rotated(name string) bool {
	for _, suffix := range []string{".gz", ".xz", ".bz2", ".zst", ".old"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

func (s *Source) launch(ctx context.Context, log string, read func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[log] || len(s.known) >= maxFiles || ctx.Err() != nil {
		return
	}
	s.known[log] = true
	s.reader.Go(func() {
		read()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.known, log)
	})
}

// recall is the place to go on at in a log.
func (s *Source) recall(log string) (Mark, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mark, known := s.marks[log]
	return mark, known
}

// remember notes where a reader ended, for the next one of the log.
func (s *Source) remember(log string, mark Mark) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.marks[log] = mark
}

// standing says whether any log is read, when that changes.
func (s *Source) standing(ctx context.Context) {
	s.mu.Lock()
	state, reason := event.CoverageComplete, ""
	if len(s.known) == 0 {
		state, reason = event.CoverageUnavailable, "no log is read"
	}
	changed := state != s.said
	s.said = state
	s.mu.Unlock()
	if changed {
		s.say(ctx, state, 0, reason)
	}
}

// say reports the completeness of lines.
func (s *Source) say(ctx context.Context, state string, lost uint64, reason string) {
	s.emit(ctx, Item{Coverage: &event.Coverage{Class: event.ClassLog, State: state, Lost: lost, Reason: reason}})
}

// emit hands an item over; false if the context ended first.
func (s *Source) emit(ctx context.Context, item Item) bool {
	select {
	case s.items <- item:
		return true
	case <-ctx.Done():
		return false
	}
}
