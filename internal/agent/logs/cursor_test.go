package logs

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestTheSpoolTellsWhichPlacesHold: killed before the batch was in the spool,
// or behind it.
func TestTheSpoolTellsWhichPlacesHold(t *testing.T) {
	dir := t.TempDir()
	spooled := uint64(0)
	open := func() *Cursor {
		c, _, err := OpenCursor(dir, func(boot string) uint64 {
			if boot != "b" {
				t.Errorf("boot %q", boot)
			}
			return spooled
		})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c, first, err := OpenCursor(dir, nil)
	if err != nil || !first {
		t.Fatal(first, err)
	}
	c.Begin("/a", Mark{Offset: 5})
	c.Await("/a", Mark{Offset: 10})
	c.Await("/a", Mark{Offset: 20})
	c.Recorded()
	if err := c.Commit("b", 7); err != nil {
		t.Fatal(err)
	}
	spooled = 7
	if got := open().Marks(); !reflect.DeepEqual(got, Marks{"/a": {Offset: 10}}) {
		t.Errorf("behind the batch: %v", got)
	}
	c.Recorded()
	if err := c.Commit("b", 9); err != nil {
		t.Fatal(err)
	}
	if got := open().Marks(); got["/a"].Offset != 10 {
		t.Errorf("before the batch: %v", got)
	}
	spooled = 9
	if got := open().Marks(); got["/a"].Offset != 20 {
		t.Errorf("behind the next: %v", got)
	}
}

func TestACursorThatCannotBeReadStartsAnew(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "logs.cursor"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, first, err := OpenCursor(dir, nil)
	if err == nil || !first || len(c.Marks()) != 0 {
		t.Error(c.Marks(), first, err)
	}
}

func TestPruning(t *testing.T) {
	here := filepath.Join(t.TempDir(), "here.log")
	write(t, here, "")
	c := NewCursor()
	for _, log := range []string{here, "/nowhere/x.log", journalLog("a"), journalLog("b")} {
		c.Begin(log, Mark{})
	}
	c.Prune(map[string]bool{"a": true})
	if got := c.Marks(); !reflect.DeepEqual(got, Marks{here: {}, journalLog("a"): {}}) {
		t.Errorf("%v", got)
	}
}

func TestConfigs(t *testing.T) {
	dir := t.TempDir()
	if c, err := Load(dir); err != nil || !isOn(c.Journal) || !isOn(c.Defaults) {
		t.Errorf("without a file: %+v, %v", c, err)
	}
	for text, want := range map[string]string{
		"journal: false\ndefaults: false\nlines_per_second: 5\nfiles:\n  - {path: /srv/app/*.log, format: plain, service: app}\n": "",
		"files:\n  - {path: app.log, format: plain}\n":     "is not absolute",
		"files:\n  - {path: /app.log, format: pretty}\n":   `format "pretty"`,
		"files:\n  - {path: '/app[.log', format: plain}\n": "syntax error in pattern",
		"lines_per_second: -1\n":                           "lines_per_second is -1",
		"jornal: false\n":                                  "jornal",
		"[":                                                "the default logs are read",
	} {
		if err := os.WriteFile(filepath.Join(dir, ConfigFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load(dir)
		switch {
		case want == "" && (err != nil || isOn(c.Journal) || len(c.files(false)) != 1):
			t.Errorf("%q: %+v, %v", text, c, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || c.Files != nil):
			t.Errorf("%q: %v", text, err)
		}
	}
	silent, all := Silent(), Config{}
	if len(silent.files(false)) != 0 || silent.journals() != nil || len(all.files(true)) >= len(all.files(false)) {
		t.Error("the silent configuration reads, or a journal does not stand for its files")
	}
}
