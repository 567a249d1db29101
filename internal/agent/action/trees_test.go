package action

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"baize/internal/agent/container"
	"baize/internal/agent/procfs"
	"baize/internal/agent/tree"
	"baize/internal/event"
	"baize/internal/response"
	baizev1 "baize/proto/baize/v1"
)

// may sets the host's policy.
func (h *host) may(t *testing.T, policy string) *host {
	t.Helper()
	if err := os.WriteFile(filepath.Join(h.options.Dir, PolicyFile), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	return h
}

const mayAll = "allow: [observe, collect, contain, kill, clean]\n"

// shell is a tree of three: a shell and two that sleep.
type shell struct {
	key  event.ProcessKey
	pids []uint32
}

func newShell(t *testing.T) *shell {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", "sleep 300 & sleep 300 & wait")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	pid := uint32(cmd.Process.Pid)
	s := &shell{key: keyOfProcess(t, pid)}
	eventually(t, "it has two children", func() bool {
		s.pids = append([]uint32{pid}, procfs.FS{}.Children(pid)...)
		return len(s.pids) == 3 && name(s.pids[1]) == "sleep" && name(s.pids[2]) == "sleep"
	})
	return s
}

func name(pid uint32) string {
	s, _ := procfs.FS{}.Stat(pid)
	return s.Name
}

func keyOfProcess(t *testing.T, pid uint32) event.ProcessKey {
	t.Helper()
	started, err := procfs.FS{}.Start(pid)
	must(t, err)
	return event.ProcessKey{Host: "h1", Boot: "b1", PID: pid, Start: started + 123} // the sensor's is finer
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come about that ", what)
		}
	}
}

func cgroupsOf(t *testing.T, pid uint32) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	must(t, err)
	return string(text)
}

// held reports whether all of the shell are in groups that hold.
func (s *shell) held(t *testing.T) bool {
	t.Helper()
	n := 0
	for _, pid := range s.pids {
		if strings.Contains(cgroupsOf(t, pid), "/"+container.HeldPrefix) {
			n++
		}
	}
	if n != 0 && n != len(s.pids) {
		t.Errorf("%d of %d are held", n, len(s.pids))
	}
	return n > 0
}

func (s *shell) runs(pid uint32) bool {
	stat, err := procfs.FS{}.Stat(pid)
	return err == nil && stat.State != 'Z'
}

func decodeAs[T any](t *testing.T, result *baizev1.CommandResult) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(result.GetDetail()), &v); err != nil || result.GetState() != Done {
		t.Fatalf("%v: %s", err, result)
	}
	return v
}

// meant are the arguments for an action on the shell, as a dry run tells them.
func (s *shell) meant(t *testing.T, h *host, action string) map[string]string {
	t.Helper()
	planned := decodeAs[response.Tree](t, h.asked(t, action, map[string]string{"process": s.key.String(), "dry_run": "true"}))
	if !planned.DryRun || planned.Count != 3 || planned.Refused != "" || planned.Members[0].Key.PID != s.key.PID || planned.Members[0].Inode.IsZero() || planned.Record != "" {
		t.Fatalf("%+v", planned)
	}
	if s.held(t) {
		t.Fatal("a dry run holds")
	}
	return map[string]string{"process": s.key.String(), "inode": planned.Members[0].Inode.String()}
}

func TestFreezeAndThaw(t *testing.T) {
	dir := t.TempDir()
	h, s := start(t, dir).may(t, mayAll), newShell(t)
	before := cgroupsOf(t, s.key.PID)
	frozen := decodeAs[response.Tree](t, h.asked(t, response.ActionFreeze, s.meant(t, h, response.ActionFreeze)))
	if frozen.Count != 3 || frozen.Waiting || frozen.Hierarchy != tree.Unified || frozen.Record != "c" || !s.held(t) {
		t.Fatalf("%+v", frozen)
	}
	h = start(t, dir) // what can be undone outlives the agent
	listed := decodeAs[response.Records](t, h.asked(t, response.ActionRecords, nil))
	if listed.Count != 1 || listed.Records[0].Subject != s.key.String() || listed.Records[0].Count != 3 {
		t.Errorf("%+v", listed)
	}
	if undone := decodeAs[response.Undone](t, h.asked(t, response.ActionThaw, map[string]string{"record": "c", "dry_run": "true"})); undone.Count != 3 || !undone.DryRun || !s.held(t) {
		t.Errorf("%+v", undone)
	}
	if undone := decodeAs[response.Undone](t, h.asked(t, response.ActionThaw, map[string]string{"record": "c"})); undone.Count != 3 || undone.Detail != "" {
		t.Errorf("%+v", undone)
	}
	if after := cgroupsOf(t, s.key.PID); after != before || s.held(t) {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	h.expect(t, h.envelope(t, response.ActionThaw, map[string]string{"record": "c"}), Refused, "nothing to undo")
}

func TestKillATree(t *testing.T) {
	h, s := start(t, t.TempDir()).may(t, mayAll), newShell(t)
	frozen := h.asked(t, response.ActionFreeze, s.meant(t, h, response.ActionFreeze))
	meant := map[string]string{"process": s.key.String(), "inode": decodeAs[response.Tree](t, frozen).Members[0].Inode.String()}
	c := command(h.counter + 1)
	c.Id, c.Action, c.Arguments = "k", response.ActionKill, meant
	killed := decodeAs[response.Tree](t, h.Obey(t.Context(), sign(t, key, c)))
	if killed.Count != 3 || killed.Waiting {
		t.Errorf("%+v", killed)
	}
	for _, pid := range s.pids {
		if s.runs(pid) {
			t.Errorf("process %d runs", pid)
		}
	}
	if listed := decodeAs[response.Records](t, h.asked(t, response.ActionRecords, nil)); listed.Count != 0 {
		t.Errorf("left on record: %+v", listed)
	}
}

// Only the process that is meant is touched: by number, start and executable.
func TestAnotherProcessIsNotTouched(t *testing.T) {
	h, s := start(t, t.TempDir()).may(t, mayAll), newShell(t)
	meant := s.meant(t, h, response.ActionKill)
	for want, change := range map[string]func(map[string]string){
		"does not run any more": func(a map[string]string) {
			later := s.key
			later.Start += 20 * procfs.TickNanos
			a["process"] = later.String()
		},
		"executes": func(a map[string]string) {
			other, err := event.ParseFileKey(a["inode"])
			must(t, err)
			other.Inode++
			a["inode"] = other.String()
		},
		"another host or boot": func(a map[string]string) {
			other := s.key
			other.Boot = "b0"
			a["process"] = other.String()
		},
		"name what it executes": func(a map[string]string) { delete(a, "inode") },
		"no process is named":   func(a map[string]string) { delete(a, "process") },
	} {
		arguments := map[string]string{"process": meant["process"], "inode": meant["inode"]}
		change(arguments)
		for _, action := range []string{response.ActionKill, response.ActionFreeze} {
			h.expect(t, h.envelope(t, action, arguments), Refused, want)
		}
	}
	if s.held(t) || !s.runs(s.key.PID) || len(h.records.all()) != 0 {
		t.Error("it was touched")
	}
}

// What keeps the host alive and reachable is refused, as root and as a member,
// and a dry run says so.
func TestWhatIsProtected(t *testing.T) {
	h, s := start(t, t.TempDir()).may(t, mayAll), newShell(t)
	self := keyOfProcess(t, uint32(os.Getpid()))
	initial := keyOfProcess(t, 1)
	kernel := keyOfProcess(t, 2)
	for want, process := range map[string]event.ProcessKey{"init": initial, "kernel thread": kernel, "is protected: the agent": self} {
		planned := decodeAs[response.Tree](t, h.asked(t, response.ActionKill, map[string]string{"process": process.String(), "dry_run": "true"}))
		if !strings.Contains(planned.Refused, want) {
			t.Errorf("%s: %+v", want, planned)
		}
		inode := planned.Members[0].Inode
		if process == kernel {
			inode = event.FileKey{Host: "h1", Device: 1, Inode: 1}
		}
		result := h.asked(t, response.ActionFreeze, map[string]string{"process": process.String(), "inode": inode.String()})
		if result.GetState() != Refused {
			t.Errorf("%s: %s", want, result)
		}
	}
	// The one who executes what the owner named, and every tree that he is in.
	sleep, err := filepath.EvalSymlinks("/bin/sleep")
	must(t, err)
	meant := s.meant(t, h, response.ActionKill)
	h.may(t, mayAll+"protect: {executables: ["+sleep+"]}\n")
	h.expect(t, h.envelope(t, response.ActionKill, meant), Refused, "policy names "+sleep)
	h.expect(t, h.envelope(t, response.ActionFreeze, meant), Refused, "is protected")
	h.may(t, "allow: [observe]\n")
	h.expect(t, h.envelope(t, response.ActionFreeze, meant), Refused, "does not allow")
	if planned := decodeAs[response.Tree](t, h.asked(t, response.ActionKill, map[string]string{"process": s.key.String(), "dry_run": "true"})); !strings.Contains(planned.Refused, `class "kill"`) {
		t.Errorf("%+v", planned)
	}
	if s.held(t) || !s.runs(s.pids[2]) {
		t.Error("something was done")
	}
}

// An agent that was killed in the middle undoes what it began.
func TestWhatWasInterruptedIsUndone(t *testing.T) {
	dir := t.TempDir()
	h, s := start(t, dir).may(t, mayAll), newShell(t)
	decodeAs[response.Tree](t, h.asked(t, response.ActionFreeze, s.meant(t, h, response.ActionFreeze)))
	r := h.records.all()[0]
	r.Acting = true
	must(t, h.records.put(r))
	must(t, syscall.Kill(int(s.pids[1]), syscall.SIGSTOP)) // as for a tree that grows
	h = start(t, dir)
	if s.held(t) || len(h.records.all()) != 0 {
		t.Error("it is held still")
	}
	eventually(t, "it runs", func() bool { stat, err := procfs.FS{}.Stat(s.pids[1]); return err == nil && stat.State == 'S' })
	if last := h.reported[len(h.reported)-1]; last.Action.State != Failed || !strings.Contains(last.Action.Detail, "undone") {
		t.Errorf("%+v", last.Action)
	}
}

// Nothing is done that could not be undone: a full or read-only disk.
func TestNoRecordNoAction(t *testing.T) {
	h, s := start(t, t.TempDir()).may(t, mayAll), newShell(t)
	meant := s.meant(t, h, response.ActionFreeze)
	h.records.path = filepath.Join(h.options.Dir, "gone", ledgerFile)
	result := h.asked(t, response.ActionFreeze, meant)
	if result.GetState() == Done || !strings.Contains(result.GetDetail(), "keep what can be undone") || s.held(t) {
		t.Errorf("%s", result)
	}
	h.records.path = filepath.Join(h.options.Dir, ledgerFile)
	for i := range maxRecords {
		must(t, h.records.put(record{ID: fmt.Sprint(i), Action: response.ActionQuarantine, Boot: "b1"}))
	}
	h.expect(t, h.envelope(t, response.ActionFreeze, meant), Refused, "as many as are kept")
	if s.held(t) {
		t.Error("it is held")
	}
}

func TestRecordsOfAnotherBoot(t *testing.T) {
	dir := t.TempDir()
	h, s := start(t, dir).may(t, mayAll), newShell(t)
	decodeAs[response.Tree](t, h.asked(t, response.ActionFreeze, s.meant(t, h, response.ActionFreeze)))
	r := h.records.all()[0]
	r.Boot = "b0"
	must(t, h.records.put(r))
	again := start(t, dir)
	if len(again.records.all()) != 0 || !s.held(t) {
		t.Error("a group of another boot is touched")
	}
	must(t, tree.Free(t.Context(), tree.Finder{}, r.Groups))
	must(t, os.WriteFile(filepath.Join(dir, ledgerFile), []byte("["), 0o600))
	if _, err := New(h.options); err == nil {
		t.Error("records that cannot be read are taken for none")
	}
}
