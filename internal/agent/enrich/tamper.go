package enrich

import (
	"path"
	"strings"
	"time"

	"baize/internal/agent/sensor"
	"baize/internal/event"
)

const (
	// tamperEvery is how soon the same is reported again of the same process.
	tamperEvery = 10 * time.Second
	// maxTampers bounds what is remembered of it; beyond, all is reported as
	// done by anybody.
	maxTampers = 256
)

// tampers are the reports of this period, with how often each was repeated.
type tampers struct {
	began time.Time
	told  map[tamperKey]*event.Event
}

type tamperKey struct {
	process event.ProcessKey
	message string
}

// guard reports what others do to the agent: to its processes, and to the files
// that it is made of. b is the container that ev comes from: the same path is
// another file there.
func (e *Enricher) guard(now time.Time, ev *event.Event, b *box) {
	if ev.Kind == event.SensorTamper || ev.Process == nil || ev.Process.Agent {
		return
	}
	var what string
	switch {
	case ev.Target != nil && ev.Target.Agent && !readsOnly(ev):
		what = string(ev.Kind) + " of the agent"
	case ev.File != nil && b == nil && e.changesOurs(ev):
		what = string(ev.Kind) + " of the agent's files"
	default:
		return
	}
	e.tampered(now, &event.Event{Time: ev.Time, Process: ev.Process, Target: ev.Target, File: ev.File, Result: ev.Result, Message: what})
}

// readsOnly tells whether an event is about a look at the agent as any list of
// processes takes one. Its memory is another matter: its keys are in there.
func readsOnly(ev *event.Event) bool {
	return ev.Kind == event.FileOpen && ev.File != nil && ev.File.Access == "read" && path.Base(ev.File.Path) == "environ"
}

// changesOurs reports whether an event changes a protected file.
func (e *Enricher) changesOurs(ev *event.Event) bool {
	switch ev.Kind {
	case event.FileCreate, event.FileCloseWrite, event.FileRename, event.FileLink, event.FileUnlink, event.FileAttributes:
	default:
		return false
	}
	return e.protected(ev.File.Path) || ev.File.Target != nil && e.protected(ev.File.Target.Path)
}

// mountsOurs reports whether a mount, within the agent's own tree of mounts, hides
// or uncovers a protected file, or makes it another path under which its changes
// would not show.
func (e *Enricher) mountsOurs(rec *sensor.Record) bool {
	at := rec.File.Path
	for _, own := range e.config.Protected {
		if strings.HasPrefix(own, at+"/") {
			return true
		}
	}
	return e.protected(at) || e.protected(rec.Object)
}

func (e *Enricher) protected(path string) bool {
	for _, own := range e.config.Protected {
		if rest, ok := strings.CutPrefix(path, own); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// tampered queues a report, or counts it to the one of the same process and
// period, which has not left yet or goes out at the period's end.
func (e *Enricher) tampered(now time.Time, ev *event.Event) {
	t := &e.tampers
	if t.told == nil {
		t.told, t.began = map[tamperKey]*event.Event{}, now
	}
	ev.Kind, ev.Count = event.SensorTamper, 1
	key := tamperKey{message: ev.Message}
	if ev.Process != nil && len(t.told) < maxTampers {
		key.process = ev.Process.Key
	}
	if more := t.told[key]; more != nil {
		more.Count++
		return
	}
	again := *ev
	again.Count = 0
	t.told[key] = &again
	e.queue(now, ev, nil, nil)
}

// repeats ends a period: what came again in it is reported once more, with how
// often.
func (e *Enricher) repeats(now time.Time) {
	t := &e.tampers
	if t.told == nil || now.Sub(t.began) < tamperEvery {
		return
	}
	for _, again := range t.told {
		if again.Count > 0 {
			e.queue(now, again, nil, nil)
		}
	}
	t.told = nil
}
