package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"baize/internal/server/policy"
	"baize/internal/server/state"
)

func packDir(t *testing.T, pairs ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(pairs); i += 2 {
		file := filepath.Join(dir, pairs[i])
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(pairs[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func imageRule(id, image string) string {
	return fmt.Sprintf("title: T %s\nid: %s\nlevel: low\nlogsource: {product: linux, category: process_creation}\ndetection:\n  s: {Image: %s}\n  condition: s\n", id, id, image)
}

func TestPacksOnTheCommandLine(t *testing.T) {
	startStand(t)
	dir := packDir(t, "linux/a.yml", imageRule("a", "/bin/a"), "linux/a.test", "not sent", "lists/x.txt", "one\n")
	if out := ran(t, "rules", "push", dir, "--pack", "local"); !strings.Contains(out, "pack local is at version 1, in force: 1 files, 1 rules") {
		t.Errorf("%s", out)
	}
	bad := packDir(t, "bad.yml", "title: Bad\n", "b.yml", imageRule("b", "/bin/b"))
	if _, status, problem := runBaize(t, "", "rules", "push", bad, "--pack", "local"); status != exitNo || !strings.Contains(problem, "local/bad.yml:1: rule has no logsource") {
		t.Errorf("%d %s", status, problem)
	}
	out := ran(t, "rules", "push", bad, "--pack", "local", "--skip-invalid")
	if !strings.Contains(out, "left out, invalid  bad.yml:1: ") || !strings.Contains(out, "version 2") {
		t.Errorf("%s", out)
	}
	if got := lines[policy.Version](t, ran(t, "rules", "versions", "local", "--json")); len(got) != 2 || got[0].Number != 2 || len(got[0].Report.Invalid) != 1 {
		t.Errorf("%+v", got)
	}
	if out = ran(t, "rules", "versions", "local"); !strings.Contains(out, "push") {
		t.Errorf("%s", out)
	}
	if out = ran(t, "rules", "restore", "local", "1"); !strings.Contains(out, "at version 1") {
		t.Errorf("%s", out)
	}
	if out = ran(t, "rules", "list", "--pack", "local"); !strings.Contains(out, "T a") || strings.Contains(out, "T b") {
		t.Errorf("%s", out)
	}
	if out = ran(t, "rules", "disable", "a"); !strings.Contains(out, "rule a is disabled") || !strings.Contains(ran(t, "rules", "list", "--pack", "local"), "false") {
		t.Errorf("%s", out)
	}
	ran(t, "rules", "enable", "a")
	if out = ran(t, "rules", "disable", "--pack", "local"); !strings.Contains(out, "disabled") {
		t.Errorf("%s", out)
	}
	if got := lines[policy.Pack](t, ran(t, "rules", "list", "--packs", "--json")); len(got) != 2 || got[0].Name != policy.BuiltIn || got[1].Enabled {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(ran(t, "rules", "list", "--packs"), "built-in") || ran(t, "rules", "source", "a") != imageRule("a", "/bin/a") {
		t.Error("the list of packs, or a source, is not what was pushed")
	}
	if out = ran(t, "rules", "reload"); out != "" {
		t.Errorf("%s", out)
	}
}

func TestPackCommandsSayWhatIsWrong(t *testing.T) {
	startStand(t)
	for want, c := range map[string]struct {
		status int
		args   []string
	}{
		"has no rules":           {exitUsage, []string{"rules", "push", t.TempDir(), "--pack", "p"}},
		"reading rules":          {exitUnreachable, []string{"rules", "push", "/does/not/exist", "--pack", "p"}},
		"none of baize":          {exitUsage, []string{"rules", "push", packDir(t, "a.yml", imageRule("a", "/a")), "--pack", "baize"}},
		"is not logged in":       {exitUnreachable, []string{"rules", "push", packDir(t, "a.yml", imageRule("a", "/a")), "--pack", "p", "--server", "https://other.example"}},
		"required flag":          {exitUsage, []string{"rules", "push", "."}},
		"no number":              {exitUsage, []string{"rules", "restore", "baize", "x"}},
		"version 9":              {exitNo, []string{"rules", "restore", "baize", "9"}},
		`rule "none"`:            {exitNo, []string{"rules", "enable", "none"}},
		`pack "none"`:            {exitNo, []string{"rules", "versions", "none"}},
		"rules or a selection":   {exitUsage, []string{"exceptions", "preview"}},
		"reading the selection":  {exitUnreachable, []string{"exceptions", "preview", "--selection", "/does/not/exist"}},
		"life is not a duration": {exitUsage, []string{"exceptions", "add", "--rule", "a", "--reason", "r", "--life", "0s"}},
		`proposal "none"`:        {exitNo, []string{"exceptions", "proposals", "accept", "none", "--reason", "r", "--life", "1h"}},
		`exception "none"`:       {exitNo, []string{"exceptions", "remove", "none"}},
	} {
		if out, status, problem := runBaize(t, "", c.args...); status != c.status || !strings.Contains(problem, want) {
			t.Errorf("%v: %d %q %s", c.args, status, problem, out)
		}
	}
}

func TestExceptionsOnTheCommandLine(t *testing.T) {
	startStand(t)
	selection := "Event.Kind|startswith: ''\n"
	out, status, problem := runBaize(t, selection, "exceptions", "preview", "--selection", "-", "--since", "2026-01-01T00:00:00Z", "--host", "*")
	if status != 0 || !strings.Contains(out, "alerts (") || !strings.Contains(out, "sample") {
		t.Fatalf("%d %s %s", status, problem, out)
	}
	file := filepath.Join(packDir(t, "s.yml", "Image|endswith: /rsync\n"), "s.yml")
	id := strings.TrimSpace(ran(t, "exceptions", "add", "--rule", "a", "--host", "db-*", "--selection", file, "--reason", "the backup", "--life", "24h", "--owner", "ann"))
	list := lines[struct {
		state.Exception
		State string `json:"state"`
	}](t, ran(t, "exceptions", "list", "--json"))
	if len(list) != 1 || list[0].ID != id || list[0].Owner != "ann" || list[0].State != "active" || list[0].Selection != "Image|endswith: /rsync\n" || time.Until(list[0].Expires) < 23*time.Hour {
		t.Errorf("%+v", list)
	}
	if out = ran(t, "exceptions", "list"); !strings.Contains(out, "the backup") || !strings.Contains(out, "db-*") {
		t.Errorf("%s", out)
	}
	if out = ran(t, "exceptions", "hidden", id); !strings.HasPrefix(out, "TIME") {
		t.Errorf("%s", out)
	}
	ran(t, "exceptions", "remove", id)
	if out = ran(t, "exceptions", "list"); !strings.Contains(out, "removed") {
		t.Errorf("%s", out)
	}
	if out = ran(t, "exceptions", "proposals"); !strings.HasPrefix(out, "ID") {
		t.Errorf("%s", out)
	}
	ran(t, "exceptions", "proposals", "dismiss", "p1")
	ran(t, "exceptions", "proposals", "reconsider", "p1")
}
