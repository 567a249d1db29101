package action

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"baize/internal/response"
)

const crontab = "# jobs\n0 3 * * * backup --password=hunter2\n\n* * * * * /dev/shm/kworker --token=s3cretvalue\r\n@reboot x"

func jsonLines(lines ...string) string {
	text, _ := json.Marshal(lines)
	return string(text)
}

func TestRevertAndReapply(t *testing.T) {
	state := t.TempDir()
	h, path := start(t, state).may(t, mayAll), trojan(t, t.TempDir())
	must(t, os.WriteFile(path, []byte(crontab), 0o600))
	must(t, unix.Chmod(path, 0o6751))
	before := snapshot(t, path)
	// As the sensor told it: without the secret.
	added, n := h.options.Redactor.Text("* * * * * /dev/shm/kworker --token=s3cretvalue")
	if n != 1 {
		t.Fatal("nothing is secret")
	}
	meant := map[string]string{"path": path, "lines": jsonLines(added)}
	dry := map[string]string{"path": path, "lines": jsonLines(added), "dry_run": "true"}
	planned := decodeAs[response.Reverted](t, h.asked(t, response.ActionRevert, dry))
	if !planned.DryRun || planned.Refused != "" || len(planned.Lines) != 1 || planned.Lines[0] != 4 || snapshot(t, path) != before {
		t.Errorf("%+v", planned)
	}
	done := decodeAs[response.Reverted](t, h.asked(t, response.ActionRevert, meant))
	text, err := os.ReadFile(path)
	if err != nil || string(text) != "# jobs\n0 3 * * * backup --password=hunter2\n\n@reboot x" || digestOf(string(text)) != done.After || done.Before != digestOf(crontab) || done.Record != "c" {
		t.Errorf("%q, %v, %+v", text, err, done)
	}
	if after := snapshot(t, path); !strings.Contains(after, " 6751 1234:4321 ") || !strings.Contains(after, "trusted.mark") {
		t.Errorf("it lost something: %s", after)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
	h.expect(t, h.envelope(t, response.ActionRevert, meant), Refused, "does not hold the line")
	h = start(t, state)
	decodeAs[response.Undone](t, h.asked(t, response.ActionReapply, map[string]string{"record": "c"}))
	if after := snapshot(t, path); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	if names, _ := os.ReadDir(filepath.Join(state, "vault")); len(names) != 1 || len(h.records.all()) != 0 {
		t.Errorf("left: %v", names)
	}
}

func TestRevertTouchesNothingElse(t *testing.T) {
	h, path := start(t, t.TempDir()).may(t, mayAll), filepath.Join(t.TempDir(), "rc")
	write(t, path, "if a\nx\nfi\nif b\nx\nfi\n")
	before := snapshot(t, path)
	for want, arguments := range map[string]map[string]string{
		"more often":           {"path": path, "lines": jsonLines("fi")},
		"does not hold":        {"path": path, "lines": jsonLines("if a", "y")},
		"no lines are named":   {"path": path, "lines": "[]"},
		"lines: ":              {"path": path, "lines": "x"},
		"want an absolute one": {"path": "rc", "lines": jsonLines("x")},
		"no such file":         {"path": path + "x", "lines": jsonLines("x")},
	} {
		h.expect(t, h.envelope(t, response.ActionRevert, arguments), Refused, want)
		if snapshot(t, path) != before || len(h.records.all()) != 0 {
			t.Errorf("%s: it was touched", want)
		}
	}
	h.asked(t, response.ActionRevert, map[string]string{"path": path, "lines": jsonLines("if b", "x", "fi")})
	if text, _ := os.ReadFile(path); string(text) != "if a\nx\nfi\n" {
		t.Errorf("%q", text)
	}
	// Who edits it afterwards keeps what he wrote.
	write(t, path, "if a\nx\nfi\nmine\n")
	h.expect(t, h.envelope(t, response.ActionReapply, map[string]string{"record": "c"}), Refused, "changed since")
	if text, _ := os.ReadFile(path); string(text) != "if a\nx\nfi\nmine\n" {
		t.Errorf("%q", text)
	}
}

// Somebody saves the file while lines are being removed: his is what stays.
func TestAFileSavedInTheMiddle(t *testing.T) {
	h, dir := start(t, t.TempDir()).may(t, mayAll), t.TempDir()
	path := filepath.Join(dir, "rc")
	for what, save := range map[string]func(){
		"replaced": func() { write(t, path+"2", "mine"); must(t, os.Rename(path+"2", path)) },
		"written":  func() { write(t, path, "mine") },
	} {
		write(t, path, "evil\nx\n")
		s, err := h.spotOf(place{path: path})
		must(t, err)
		file, err := s.open()
		must(t, err)
		a, err := attributesOf(file)
		must(t, err)
		var was unix.Stat_t
		must(t, unix.Fstat(int(file.Fd()), &was))
		err = exchange(s, "c", file, &was, &a, func(io.Writer) error { save(); return nil })
		if err == nil || !strings.Contains(err.Error(), "meanwhile") {
			t.Errorf("%s: %v", what, err)
		}
		must(t, s.remove("c"))
		if text, _ := os.ReadFile(path); string(text) != "mine" {
			t.Errorf("%s: %q", what, text)
		}
		_ = file.Close()
		s.close()
	}
}

func TestARevertThatWasInterrupted(t *testing.T) {
	for what, there := range map[string]bool{"before": false, "exchanged": true} {
		dir, path := t.TempDir(), filepath.Join(t.TempDir(), "rc")
		h := start(t, dir).may(t, mayAll)
		write(t, path, "evil\nx\n")
		decodeAs[response.Reverted](t, h.asked(t, response.ActionRevert, map[string]string{"path": path, "lines": jsonLines("evil")}))
		r := h.records.all()[0]
		r.Acting = true
		must(t, h.records.put(r))
		other := filepath.Join(filepath.Dir(path), hidden("c"))
		if there {
			write(t, other, "evil\nx\n")
		} else {
			write(t, other, "half")
			write(t, path, "evil\nx\n")
		}
		h = start(t, dir)
		text, _ := os.ReadFile(path)
		if there != (string(text) == "x\n") || there != (len(h.records.all()) == 1) {
			t.Errorf("%s: %q, %+v", what, text, h.records.all())
		}
		if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
			t.Errorf("%s: left %v", what, left)
		}
		if there {
			decodeAs[response.Undone](t, h.asked(t, response.ActionReapply, map[string]string{"record": "c"}))
		}
		if text, _ = os.ReadFile(path); string(text) != "evil\nx\n" {
			t.Errorf("%s: %q", what, text)
		}
	}
}
