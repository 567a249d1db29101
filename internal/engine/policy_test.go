package engine

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"baize/internal/engine/enginetest"
	"baize/internal/event"
	"baize/internal/exception"
)

// ruleFor is a rule that fires when image is executed.
func ruleFor(id, image string) RuleFile {
	return RuleFile{Path: "pack/" + id + ".yml", Text: fmt.Sprintf("title: T %s\nid: %s\nlevel: medium\nlogsource: {product: linux, category: process_creation}\ndetection:\n  s: {Image: %s}\n  condition: s\n", id, id, image)}
}

func revision(t testing.TB, files ...RuleFile) ([]*event.Event, string) {
	t.Helper()
	events, digest, err := RuleRevision(files, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return events, digest
}

func exceptions(t testing.TB, list ...exception.Exception) *event.Event {
	t.Helper()
	ev, err := ExceptionRecord(list, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

// stage is an engine with a host that executes images.
type stage struct {
	t      testing.TB
	engine *Engine
	world  *enginetest.World
	shell  *enginetest.Process
	out    Output
}

func newStage(t testing.TB, cfg Config) *stage {
	s := &stage{t: t, engine: New(cfg)}
	s.world = enginetest.New(func(ev *event.Event) { s.feed(ev) })
	s.world.Bus = 1
	s.shell = s.world.Host("h1").Login()
	return s
}

func (s *stage) feed(events ...*event.Event) {
	for _, ev := range events {
		out := s.engine.Process(ev)
		s.out.Alerts = append(s.out.Alerts, out.Alerts...)
		s.out.Hidden = append(s.out.Hidden, out.Hidden...)
	}
}

// fired executes image and returns the rules that raised an alert.
func (s *stage) fired(image string, args ...string) string {
	s.out = Output{}
	s.shell.Spawn(append([]string{image}, args...)...)
	var ids []string
	for _, a := range s.out.Alerts {
		ids = append(ids, a.Rule.ID)
	}
	return strings.Join(ids, " ")
}

func TestTheLogPutsRulesInForceWhole(t *testing.T) {
	s := newStage(t, Config{})
	first, digest := revision(t, ruleFor("a", "/bin/a"), ruleFor("b", "/bin/b"))
	if s.fired("/bin/a") != "" {
		t.Fatal("an engine without rules fired")
	}
	s.feed(first[:len(first)-1]...)
	if s.fired("/bin/a") != "" {
		t.Fatal("half a revision is in force")
	}
	s.feed(first[len(first)-1])
	if s.fired("/bin/a") != "a" || s.fired("/bin/b") != "b" || s.engine.RuleDigest() != digest {
		t.Fatalf("revision %s is not in force", digest)
	}
	second, _ := revision(t, ruleFor("b", "/bin/b"), ruleFor("c", "/bin/a"), RuleFile{Path: DisabledFile, Text: "b\n"})
	s.feed(second...)
	if s.fired("/bin/a") != "c" || s.fired("/bin/b") != "" {
		t.Fatal("the second revision is not in force alone")
	}
}

func TestWhatIsNotWholeIsNotFollowed(t *testing.T) {
	s := newStage(t, Config{})
	good, digest := revision(t, ruleFor("a", "/bin/a"))
	s.feed(good...)
	other, _ := revision(t, ruleFor("b", "/bin/b"), ruleFor("c", "/bin/c"))
	s.feed(other[1:]...)
	if !strings.Contains(s.engine.Problem(), "not whole") || s.engine.RuleDigest() != digest || s.fired("/bin/a") != "a" {
		t.Fatalf("problem %q, rules %s", s.engine.Problem(), s.engine.RuleDigest())
	}
	for _, ev := range []*event.Event{
		{Kind: event.EngineRuleFile, Message: "{"},
		{Kind: event.EngineExceptions, Message: "{"},
		exceptions(t, exception.Exception{ID: "x", Selection: "["}), exceptions(t, make([]exception.Exception, exception.MaxActive+1)...),
	} {
		s.engine.problem = ""
		s.feed(ev)
		if s.engine.Problem() == "" {
			t.Errorf("followed: %.80s", ev.Message)
		}
	}
	huge := &event.Event{Kind: event.EngineRuleFile, Message: `{"path":"p","text":"` + strings.Repeat("x", MaxRuleBytes/4) + `"}`}
	for range 9 {
		s.feed(huge)
	}
	if len(s.engine.staged) > 4 {
		t.Errorf("%d files of %d bytes are kept", len(s.engine.staged), MaxRuleBytes/4)
	}
}

func TestPinnedRulesStay(t *testing.T) {
	s := newStage(t, Config{Rules: testRules(t), PinRules: true})
	events, digest := revision(t, ruleFor("a", "/bin/a"))
	s.feed(events...)
	if s.fired("/bin/a") != "" || s.fired("/usr/bin/curl") == "" || s.engine.RuleDigest() != digest {
		t.Fatal("pinned rules were replaced")
	}
}

func TestExceptionsHideCountAndEnd(t *testing.T) {
	s := newStage(t, Config{})
	events, _ := revision(t, ruleFor("a", "/bin/a"))
	s.feed(events...)
	x := exception.Exception{ID: "x", Rules: []string{"a"}, Selection: "CommandLine|contains: known", Expires: s.world.Now.Add(time.Hour)}
	s.feed(exceptions(t, x))
	if s.fired("/bin/a", "known") != "" || len(s.out.Hidden) != 1 || s.out.Hidden[0].Hits != 1 || s.out.Hidden[0].Rule.ID != "a" {
		t.Fatalf("%+v", s.out)
	}
	if s.fired("/bin/a", "unknown-not") != "" || s.fired("/bin/a", "other") != "a" {
		t.Fatal("the selection is not what decides")
	}
	s.feed(exceptions(t, exception.Exception{ID: "y", Rules: []string{"z"}, Expires: x.Expires}, x))
	if s.fired("/bin/a", "known") != "" || s.out.Hidden[0].Hits != 3 {
		t.Fatalf("hits were not kept: %+v", s.out.Hidden)
	}
	s.world.Advance(time.Hour)
	if s.fired("/bin/a", "known") != "a" {
		t.Fatal("an expired exception hides")
	}
	s.feed(exceptions(t))
	if len(s.engine.hits) != 0 {
		t.Error("hits of an exception that is gone are kept")
	}
}

// TestPolicySurvivesASnapshot cuts a log with pushes and exceptions between
// any two events, and compares with the engine that never stopped.
func TestPolicySurvivesASnapshot(t *testing.T) {
	log := policyScript(t)
	want := feed(t, New(Config{}), log)
	if !bytes.Contains(want, []byte(`"Hidden"`)) || !bytes.Contains(want, []byte(`"id":"c"`)) {
		t.Fatalf("the script does not do what it is for: %s", want)
	}
	for cut := range log {
		whole := New(Config{})
		head := feed(t, whole, log[:cut])
		var snapshot bytes.Buffer
		if err := whole.Snapshot(&snapshot); err != nil {
			t.Fatal(err)
		}
		again := New(Config{})
		if err := again.Restore(&snapshot); err != nil {
			t.Fatal(err)
		}
		if got := append(head, feed(t, again, log[cut:])...); !bytes.Equal(got, want) {
			t.Fatalf("cut at %d of %d:\n got %s\nwant %s", cut, len(log), got, want)
		}
	}
}

func policyScript(t testing.TB) []*event.Event {
	w, events := enginetest.Record()
	w.Bus = 1
	shell := w.Host("h1").Login()
	act := func() {
		shell.Spawn("/bin/a", "known")
		shell.Spawn("/bin/b")
		w.Advance(time.Second)
		w.Tick()
	}
	act()
	one, _ := revision(t, ruleFor("a", "/bin/a"), ruleFor("b", "/bin/b"))
	*events = append(*events, one...)
	act()
	*events = append(*events, exceptions(t, exception.Exception{ID: "x", Rules: []string{"a"}, Expires: w.Now.Add(3 * time.Second)}))
	for range 5 {
		act()
	}
	two, _ := revision(t, ruleFor("c", "/bin/a"))
	*events = append(*events, two...)
	act()
	return *events
}
