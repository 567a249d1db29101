package engine_test

import (
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"baize/internal/engine"
	"baize/internal/event"
	"baize/internal/logline"
	"baize/internal/sigma"
	"baize/internal/taxonomy"
)

// foreignRules is the directory of other people's rules for Linux.
func foreignRules(t *testing.T) string {
	t.Helper()
	for _, dir := range []string{os.Getenv("BAIZE_TEST_DATA"), "../../../shared/data", "../../../../shared/data"} {
		dir = filepath.Join(dir, "sigma-linux/rules")
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir
		}
	}
	t.Skip("the foreign rules are not at hand (set BAIZE_TEST_DATA)")
	return ""
}

// The figures: all of them parse, and this many can be evaluated.
const (
	foreignCount = 210
	foreignReach = 180
)

func TestForeignRulesAreWithinReach(t *testing.T) {
	set, report := sigma.Load(os.DirFS(foreignRules(t)))
	if report.Files < foreignCount || report.Loaded != report.Files {
		t.Fatalf("%d of %d files load: %+v %+v", report.Loaded, report.Files, report.Unsupported, report.Invalid)
	}
	evaluable := 0
	for _, rule := range set.Rules() {
		need := taxonomy.Needs(rule)
		if need.Evaluable {
			evaluable++
			continue
		}
		if need.Reason == "" {
			t.Errorf("%s: no reason", need.File)
		}
		t.Logf("%s: %s", need.File, need.Reason)
	}
	t.Logf("%d of %d evaluable", evaluable, len(set.Rules()))
	if evaluable < foreignReach {
		t.Errorf("%d evaluable, want at least %d", evaluable, foreignReach)
	}
}

// TestForeignRulesFire feeds what testdata/foreign.txt describes through the
// engine: each rule must raise its alert, and be one that Needs calls evaluable.
func TestForeignRulesFire(t *testing.T) {
	dir := foreignRules(t)
	set, _ := sigma.Load(os.DirFS(dir))
	byFile := map[string]*sigma.Rule{}
	for _, rule := range set.Rules() {
		byFile[strings.TrimSuffix(path.Base(rule.File), ".yml")] = rule
	}
	rules, _, err := engine.LoadRules(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/foreign.txt")
	if err != nil {
		t.Fatal(err)
	}
	fired := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		file, what, _ := strings.Cut(strings.TrimSpace(line), " ")
		if file == "" || file == "#" {
			continue
		}
		rule := byFile[file]
		if rule == nil {
			t.Errorf("no rule %s", file)
			continue
		}
		if need := taxonomy.Needs(rule); !need.Evaluable {
			t.Errorf("%s is called not evaluable: %s", file, need.Reason)
		}
		if !raises(rules, happening(t, what), rule.Key()) {
			t.Errorf("%s does not fire on: %s", file, what)
			continue
		}
		fired[file] = true
	}
	t.Logf("%d rules fired", len(fired))
	if len(fired) < 60 {
		t.Errorf("only %d rules fired", len(fired))
	}
}

// raises feeds one event to a new engine.
func raises(rules engine.Rules, ev *event.Event, id string) bool {
	e := engine.New(engine.Config{Rules: rules})
	out := e.Process(ev)
	for _, a := range out.Alerts {
		if a.Rule != nil && a.Rule.ID == id {
			return true
		}
	}
	return false
}

// words splits at blanks outside single quotation marks.
func words(text string) []string {
	var list []string
	for i, part := range strings.Split(text, "'") {
		if i%2 == 1 {
			list = append(list, part)
		} else {
			list = append(list, strings.Fields(part)...)
		}
	}
	return list
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// happening makes the event that a line of foreign.txt describes.
func happening(t *testing.T, what string) *event.Event {
	t.Helper()
	w := words(what)
	verb, w := w[0], w[1:]
	ev := &event.Event{Time: noon}
	switch verb {
	case "exec":
		ev.Kind, ev.Process = event.ProcessExec, executed(w)
	case "write", "create", "open", "mknod":
		ev.Kind = map[string]event.Kind{"write": event.FileCloseWrite, "create": event.FileCreate, "open": event.FileOpen, "mknod": event.FileCreate}[verb]
		ev.Process, ev.File = executed(w[1:]), &event.File{Path: w[0]}
		if verb == "mknod" {
			ev.File.Type = "device"
		}
	case "connect":
		port, _ := strconv.ParseUint(w[1], 10, 16)
		ev.Kind, ev.Process = event.NetworkConnect, executed(w[2:])
		ev.Destination = &event.Endpoint{IP: netip.MustParseAddr(w[0]), Port: uint16(port)}
		ev.Network, ev.Result = &event.Network{Transport: "tcp", Initiated: true}, new(int)
	case "line":
		text := "Nov 24 12:00:00 web-1 " + w[0] + "[7]: " + strings.Join(w[1:], " ")
		ev = logline.Parse(logline.Line{Format: logline.Syslog, Text: text, Log: event.Log{Source: event.LogFile}}, noon)
	case "own":
		format := logline.Plain
		if w[0] == "nginx" {
			format = logline.Web
		}
		ev = logline.Parse(logline.Line{Format: format, Text: strings.Join(w[1:], " "), Log: event.Log{Source: event.LogFile, Service: w[0]}}, noon)
	default:
		t.Fatalf("unknown verb %s", verb)
	}
	ev.Org, ev.Host, ev.Boot = "default", event.Host{ID: "h", Name: "h"}, "b"
	return ev
}

// executed is a process that runs w: "… as NAME" gives its comm, "… by UID"
// its user.
func executed(w []string) *event.Process {
	user := &event.User{Name: "root"}
	comm := path.Base(w[0])
	if n := len(w); n > 2 && w[n-2] == "as" {
		comm, w = w[n-1], w[:n-2]
	} else if n > 2 && w[n-2] == "by" {
		id, _ := strconv.ParseUint(w[n-1], 10, 32)
		user, w = &event.User{ID: uint32(id), Name: "www-data"}, w[:n-2]
	}
	image := w[0]
	if !strings.HasPrefix(image, "/") {
		image = "/usr/bin/" + image
	}
	return &event.Process{
		Key: event.ProcessKey{Host: "h", Boot: "b", PID: 9, Start: 1}, PID: 9, Name: comm, Executable: image, Args: w, CommandLine: strings.Join(w, " "),
		WorkingDirectory: "/", User: user, Parent: &event.Process{Key: event.ProcessKey{Host: "h", Boot: "b", PID: 8, Start: 1}, PID: 8, Executable: "/bin/bash"},
	}
}
