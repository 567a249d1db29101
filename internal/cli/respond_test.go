package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// served is a server that answers by path, and keeps what was asked in order.
type served struct {
	paths  []string
	bodies []map[string]any
}

func serving(t *testing.T, answers map[string]string) *served {
	t.Helper()
	s := &served{}
	answering(t, func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		_ = json.NewDecoder(r.Body).Decode(&body)
		path := strings.TrimPrefix(r.URL.RequestURI(), "/api/v1")
		s.paths, s.bodies = append(s.paths, path), append(s.bodies, body)
		_, _ = w.Write([]byte(answers[path]))
	})
	return s
}

const (
	seenTree  = `{"state":"done","tree":{"dry_run":true,"members":[{"key":"h1/b1/7/9","name":"kworker","executable":"/dev/shm/kworker","inode":"h1/0:25/7/0"}],"count":3}}`
	seenTaken = `{"state":"done","taken":{"dry_run":true,"path":"/dev/shm/kworker","inode":"h1/0:25/7/0","sha256":"ab","size":912,"running":["h1/b1/7/9"],"links":1}}`
	doneAct   = `{"id":"r-1","host":"h1","action":"freeze","subject":"h1/b1/7/9","state":"done"}`
)

func TestRespondActsOnWhatTheDryRunSaw(t *testing.T) {
	s := serving(t, map[string]string{"/responses/preview": seenTree, "/responses": doneAct})
	out, status, problem := runBaize(t, "yes\n", "respond", "freeze", "h1", "h1/b1/7/9", "--reason", "it beacons", "--incident", "i1")
	if status != 0 || !strings.Contains(out, "r-1  freeze of h1/b1/7/9 on h1: done") {
		t.Fatalf("%d: %s%s", status, out, problem)
	}
	if s.paths[1] != "/responses" || s.bodies[1]["inode"] != "h1/0:25/7/0" || s.bodies[1]["process"] != "h1/b1/7/9" || s.bodies[1]["reason"] != "it beacons" || s.bodies[0]["inode"] != nil {
		t.Errorf("%v %v", s.paths, s.bodies)
	}
	s = serving(t, map[string]string{"/responses/preview": seenTaken, "/responses/proposals": strings.Replace(doneAct, "done", "proposed", 1)})
	ran(t, "respond", "quarantine", "h1", "/dev/shm/kworker", "--reason", "x", "--propose", "--container", "c1")
	if s.paths[1] != "/responses/proposals" || s.bodies[1]["sha256"] != "ab" || s.bodies[1]["container"] != "c1" {
		t.Errorf("%v %v", s.paths, s.bodies)
	}
	s = serving(t, map[string]string{"/responses/preview": `{"state":"done","reverted":{"path":"/etc/crontab","lines":[4]}}`, "/responses": doneAct})
	ran(t, "respond", "revert", "h1", "/etc/crontab", "--line", "a", "--line", "b", "--reason", "x", "--yes")
	if lines, _ := s.bodies[1]["lines"].([]any); len(lines) != 2 || lines[1] != "b" {
		t.Errorf("%v", s.bodies)
	}
}

// Nothing is done without a reason, a yes, or against a host that would refuse.
func TestRespondDoesNothing(t *testing.T) {
	answers := map[string]string{"/responses/preview": seenTree}
	for want, c := range map[string]struct {
		in     string
		status int
		args   []string
	}{
		"say why":          {"yes\n", exitUsage, []string{"kill", "h1", "h1/b1/7/9"}},
		"nobody is there":  {"", exitUsage, []string{"kill", "h1", "h1/b1/7/9", "--reason", "x"}},
		"nothing was done": {"no\n", exitNo, []string{"kill", "h1", "h1/b1/7/9", "--reason", "x"}},
		"what to remove":   {"", exitUsage, []string{"revert", "h1", "/x", "--reason", "x"}},
	} {
		s := serving(t, answers)
		if _, status, problem := runBaize(t, c.in, append([]string{"respond"}, c.args...)...); status != c.status || !strings.Contains(problem, want) {
			t.Errorf("%s: %d %s", want, status, problem)
		}
		if len(s.paths) > 1 {
			t.Errorf("%s: %v", want, s.paths)
		}
	}
	for answer, want := range map[string]string{
		`{"state":"done","tree":{"members":[],"count":1,"refused":"process 1 is protected"}}`: "would refuse: process 1 is protected",
		`{"state":"refused","detail":"gone"}`:                                                 "answered refused: gone",
	} {
		s := serving(t, map[string]string{"/responses/preview": answer})
		if _, status, problem := runBaize(t, "", "respond", "kill", "h1", "h1/b1/1/9", "--reason", "x", "--yes"); status != exitNo || !strings.Contains(problem, want) || len(s.paths) != 1 {
			t.Errorf("%d %s %v", status, problem, s.paths)
		}
	}
	s := serving(t, answers)
	if out := ran(t, "respond", "freeze", "h1", "h1/b1/7/9", "--dry-run"); !strings.Contains(out, "/dev/shm/kworker") || !strings.Contains(out, "3 processes") || !strings.Contains(out, "and 2 more") || len(s.paths) != 1 {
		t.Errorf("%s %v", out, s.paths)
	}
}

func TestRespondUndoAndList(t *testing.T) {
	undone := strings.Replace(doneAct, "done", "undone", 1)
	for command, path := range map[string]string{"thaw": "/responses/r-1/undo", "restore": "/responses/r-1/undo", "undo": "/responses/r-1/undo", "approve": "/responses/r-1/approve"} {
		s := serving(t, map[string]string{path: undone})
		if out := ran(t, "respond", command, "r-1"); s.paths[0] != path || !strings.Contains(out, "undone") {
			t.Errorf("%s: %v %s", command, s.paths, out)
		}
	}
	serving(t, map[string]string{"/responses/r-1/undo": strings.Replace(doneAct, "}", `,"undo_detail":"busy"}`, 1)})
	if _, status, problem := runBaize(t, "", "respond", "thaw", "r-1"); status != exitNo || !strings.Contains(problem, "not undone: busy") {
		t.Errorf("%d %s", status, problem)
	}
	serving(t, map[string]string{"/responses/r-1/undo/preview": `{"state":"done","undone":{"record":"c1","action":"freeze","count":3}}`})
	if out := ran(t, "respond", "thaw", "r-1", "--dry-run"); !strings.Contains(out, "3 processes go on") {
		t.Error(out)
	}
	asked := asking(t, `{"items":[`+doneAct+`]}`)
	if out := ran(t, "respond", "list", "--incident", "i1"); !strings.Contains(out, "freeze") || !strings.Contains(asked.path, "incident=i1") {
		t.Errorf("%s %s", asked.path, out)
	}
	asking(t, `{"records":[{"id":"c1","action":"freeze","time":"2026-01-02T03:04:05Z","subject":"h1/b1/7/9","count":3}],"count":1}`)
	if out := ran(t, "respond", "records", "h1"); !strings.Contains(out, "c1") {
		t.Error(out)
	}
	asking(t, doneAct)
	if out := ran(t, "respond", "show", "r-1"); out != doneAct+"\n" {
		t.Error(out)
	}
}
