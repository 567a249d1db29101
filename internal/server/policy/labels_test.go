package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"baize/internal/event"
	"baize/internal/label"
	"baize/internal/server/state"
)

func shop(kind, match string) label.Assignment {
	return label.Assignment{Org: "default", Kind: kind, Match: match, By: "ann", Labels: label.Labels{Service: "shop", Owner: "bob"}}
}

// TestLabelsComeIntoForceByTheLog labels a host whose incident is open, another one of
// the service appears, and labels are changed and removed: what is stored is what a replay of the
// log gives, each time.
func TestLabelsComeIntoForceByTheLog(t *testing.T) {
	s := startStream(t)
	_, err := s.push("local", "a.yml", ruleText("a", "/bin/a"), "b.yml", ruleText("b", "/bin/b"))
	must(t, err)
	s.shell.Spawn("/bin/a", "one")
	one := func() string {
		t.Helper()
		for _, inc := range s.incidents() {
			s.same()
			return fmt.Sprint(inc.Labels, inc.Siblings)
		}
		t.Fatal("no incident")
		return ""
	}
	if got := one(); got != "[] []" {
		t.Errorf("before: %s", got)
	}
	made, err := s.Assign(t.Context(), shop(label.KindHost, "h*"))
	must(t, err)
	if got := one(); made.ID == "" || made.At.IsZero() || got != "[{shop bob }] []" {
		t.Errorf("%+v: %s", made, got)
	}
	for _, a := range s.alerts() {
		if a.Labels != made.Labels {
			t.Errorf("alert %s: %+v", a.ID, a.Labels)
		}
	}
	s.world.Host("h2").Login()
	if got := one(); got != "[{shop bob }] [{{h2 h2.example} shop}]" {
		t.Errorf("another host: %s", got)
	}
	other := shop(label.KindHost, "h*")
	other.Owner = "eve"
	again, err := s.Assign(t.Context(), other)
	must(t, err)
	if all, err := s.cfg.State.Labels(t.Context()); err != nil || again.ID != made.ID || len(all) != 1 || all[0].Owner != "eve" {
		t.Errorf("%v: %+v", err, all)
	}
	if got := one(); got != "[{shop eve }] [{{h2 h2.example} shop}]" || s.Labels().Of("default", event.Host{ID: "h9"}, "").Owner != "eve" {
		t.Errorf("another owner: %s", got)
	}
	s.open() // as after a restart
	if told := s.announced(event.EngineLabels); len(told) != 3 {
		t.Errorf("told %d times", len(told))
	}
	removed, err := s.Unassign(t.Context(), made.ID)
	must(t, err)
	if got := one(); removed.Owner != "eve" || got != "[] []" {
		t.Errorf("removed: %s", got)
	}
}

func TestLabelsThatAreRefused(t *testing.T) {
	b := start(t)
	for want, a := range map[string]label.Assignment{"neither": shop("moon", "x"), "must match": shop(label.KindHost, ""), "required": {Kind: label.KindHost, Match: "x"}} {
		if _, err := b.Assign(t.Context(), a); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := b.Unassign(t.Context(), "l-none"); !errors.Is(err, state.ErrNotFound) {
		t.Error(err)
	}
	long := strings.Repeat("x", 90)
	for i := range label.MaxAssignments + 1 {
		a := shop(label.KindHost, fmt.Sprintf("host-%04d-%s", i, long))
		a.Identify()
		must(t, b.cfg.State.PutLabels(t.Context(), &a))
		if i == label.MaxAssignments-1 {
			_, err := b.Assign(t.Context(), shop(label.KindHost, "one more"))
			if !errors.Is(err, ErrLimit) {
				t.Error(err)
			}
		}
	}
}
