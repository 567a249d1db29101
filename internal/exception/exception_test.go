package exception

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// executed is an exec of a command on a host.
func executed(host, image, command string) *event.Event {
	return &event.Event{
		Kind: event.ProcessExec, Time: now, Host: event.Host{ID: host, Name: host + ".example"},
		Process: &event.Process{Executable: image, CommandLine: command, Parent: &event.Process{Executable: "/usr/sbin/cron"}},
	}
}

func valid() Exception {
	return Exception{
		ID: "x1", Owner: "ann", Reason: "the backup does this", Created: now, Expires: now.Add(time.Hour),
		Rules: []string{"r1"}, Selection: "Image|endswith: /curl\nCommandLine|contains: backup",
	}
}

func TestCheckNamesWhatIsWrong(t *testing.T) {
	if x := valid(); x.Check(now) != nil {
		t.Fatal(x.Check(now))
	}
	for want, spoil := range map[string]func(*Exception){
		"owner":                   func(x *Exception) { x.Owner = "" },
		"reason":                  func(x *Exception) { x.Reason = " \n" },
		"in the future":           func(x *Exception) { x.Expires = now },
		"within 90 days":          func(x *Exception) { x.Expires = now.Add(MaxLife + 1) },
		"hide every alert":        func(x *Exception) { x.Rules, x.Selection = nil, " " },
		"at most 50 rules":        func(x *Exception) { x.Rules = make([]string, MaxScope+1) },
		"2048 bytes":              func(x *Exception) { x.Selection = "Image: " + strings.Repeat("x", MaxSelection) },
		"UTF-8":                   func(x *Exception) { x.Reason = "\xff" },
		"no id or name":           func(x *Exception) { x.Rules = []string{""} },
		"only * is":               func(x *Exception) { x.Hosts = []string{"web-[1"} },
		"x1, line 2":              func(x *Exception) { x.Selection = "Image: a\nCommandLine|nonsense: b" },
		"of exception x1, line 1": func(x *Exception) { x.Selection = "Image: [" },
		"line 1: detection":       func(x *Exception) { x.Selection = "{}" },
	} {
		x := valid()
		spoil(&x)
		if err := x.Check(now); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

// A selection stays a selection, whatever it says.
func TestASelectionCannotLeaveItsPlace(t *testing.T) {
	for _, text := range []string{
		"Image: /bin/nothing\n---\ntitle: another\nlogsource: {product: linux}\ndetection:\n  s: {Image: '*'}\n  condition: s",
		"Image: /bin/nothing\ncondition: not selection",
		"Image: /bin/nothing\n  condition: not selection",
		"Image: /bin/nothing\nfilter: x",
		"|\n  Image: '*'",
	} {
		x := valid()
		x.Selection = text
		set, err := Compile([]Exception{x})
		if err == nil && set.Find("r1", executed("h1", "/usr/bin/curl", "curl"), now) != nil {
			t.Errorf("%q hides what it does not name", text)
		}
	}
}

func TestFind(t *testing.T) {
	ev := executed("h1", "/usr/bin/curl", "curl backup")
	for name, c := range map[string]struct {
		change func(*Exception)
		rule   string
		at     time.Time
		found  bool
	}{
		"covered":            {func(*Exception) {}, "r1", now, true},
		"another rule":       {func(*Exception) {}, "r2", now, false},
		"any rule":           {func(x *Exception) { x.Rules = nil }, "r2", now, true},
		"just before expiry": {func(*Exception) {}, "r1", now.Add(time.Hour - 1), true},
		"at expiry":          {func(*Exception) {}, "r1", now.Add(time.Hour), false},
		"host by id":         {func(x *Exception) { x.Hosts = []string{"h0", "h1"} }, "r1", now, true},
		"host by name":       {func(x *Exception) { x.Hosts = []string{"h1.*"} }, "r1", now, true},
		"another host":       {func(x *Exception) { x.Hosts = []string{"h11"} }, "r1", now, false},
		"other values":       {func(x *Exception) { x.Selection = "Image: /bin/sh" }, "r1", now, false},
		"no selection":       {func(x *Exception) { x.Selection = "" }, "r1", now, true},
		"a list of maps":     {func(x *Exception) { x.Selection = "- Image: /bin/sh\n- Image|endswith: curl" }, "r1", now, true},
		"enriched field":     {func(x *Exception) { x.Selection = "ParentImage|endswith: /cron" }, "r1", now, true},
	} {
		x := valid()
		c.change(&x)
		set, err := Compile([]Exception{{ID: "x0", Rules: []string{"none"}, Expires: now.Add(time.Hour)}, x})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := set.Find(c.rule, ev, c.at); (got != nil) != c.found || got != nil && got.ID != "x1" {
			t.Errorf("%s: found %v", name, got)
		}
	}
	var none *Set
	if none.Find("r1", ev, now) != nil || none.List() != nil {
		t.Error("no set hides something")
	}
}

func raised(rule, level string, count uint64, ev *event.Event) *alert.Alert {
	return &alert.Alert{ID: fmt.Sprint(rule, ev.Host.ID, ev.Time), Kind: alert.KindRule, Rule: &alert.Rule{ID: rule, Title: "T " + rule, Level: level}, Time: ev.Time, Last: ev.Time.Add(time.Minute), Host: ev.Host, Count: count, Event: ev}
}

func TestPreviewCountsAndShows(t *testing.T) {
	x := valid()
	x.Rules = nil
	p, err := NewPreviewer(x)
	if err != nil {
		t.Fatal(err)
	}
	p.Add(raised("r2", "low", 0, executed("h2", "/usr/bin/curl", "curl backup")))
	for i := range 12 {
		p.Add(raised("r1", "low", 2, executed("h1", "/usr/bin/curl", fmt.Sprint("curl backup ", i))))
	}
	sensor := raised("r1", "low", 1, executed("h1", "/usr/bin/curl", "curl backup"))
	sensor.Kind = alert.KindSensor
	for _, a := range []*alert.Alert{sensor, raised("r1", "low", 1, executed("h1", "/usr/bin/wget", "wget backup"))} {
		if p.Add(a) {
			t.Errorf("hidden: %+v", a)
		}
	}
	got := p.Result()
	if got.Scanned != 15 || got.Alerts != 13 || got.Firings != 25 || len(got.Samples) != maxSamples || got.Samples[0].Rule.ID != "r2" {
		t.Errorf("%+v", got)
	}
	if want := (Count{ID: "r1", Name: "T r1", Alerts: 12, Firings: 24}); len(got.Rules) != 2 || got.Rules[0] != want || got.Hosts[1].ID != "h2" {
		t.Errorf("rules %+v hosts %+v", got.Rules, got.Hosts)
	}
	if _, err := NewPreviewer(Exception{Selection: "["}); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
}

func TestAPreviewIsBounded(t *testing.T) {
	x := valid()
	p, err := NewPreviewer(x)
	if err != nil {
		t.Fatal(err)
	}
	for i := range maxCounted + 5 {
		p.Add(raised("r1", "low", 1, executed(fmt.Sprint("h", i), "/usr/bin/curl", "backup")))
	}
	got := p.Result()
	if len(got.Hosts) != maxCounted+1 || got.Hosts[0] != (Count{Name: "others", Alerts: 5, Firings: 5}) {
		t.Errorf("%d hosts, first %+v", len(got.Hosts), got.Hosts[0])
	}
}
