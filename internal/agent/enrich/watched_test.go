package enrich

import (
	"testing"

	"baize/internal/event"
)

func TestWatchedFilesCarryAncestors(t *testing.T) {
	for want, f := range map[bool]*event.File{
		false: {Path: "/tmp/x", Target: &event.File{Path: "/tmp/y"}},
		true:  {Path: "/tmp/x", Target: &event.File{Path: "/etc/crontab", Sensitive: definition}},
	} {
		if watched(f) != want {
			t.Errorf("%+v: watched is not %t", f, want)
		}
	}
	e := &Enricher{}
	p := &process{image: &image{}, ancestors: []event.Process{{PID: 7}}}
	if got := e.descended(p); len(got.Ancestors) != 1 || len(e.short(p).Ancestors) != 0 {
		t.Errorf("ancestors %v; those of the shared form %v", got.Ancestors, e.short(p).Ancestors)
	}
}
