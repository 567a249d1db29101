package agent_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"baize/internal/event"
)

// serving is a service that starts a shell, retitling what the shell starts: it
// puts other names on itself. Both wait for a word on a pipe.
const (
	serving = `use IO::Socket::INET;
my $l = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die;
exec '/bin/sh', '-c', shift unless fork;
wait`
	retitling = `$0 = "[kworker/9:1]"; open(P, "<", shift); <P>; $0 = "[kworker/9:2]"; sleep 20`
)

// After a restart what lives is what it was: the shell of a service is in its
// web shell's context, and a program that renamed itself is no other.
func TestWhatLivesIsKnownAfterARestart(t *testing.T) {
	perl, err := exec.LookPath("perl")
	if err != nil {
		t.Skip("needs perl")
	}
	h := newHost(t)
	dir := t.TempDir()
	service, first, second := filepath.Join(dir, "service"), filepath.Join(dir, "first"), filepath.Join(dir, "second")
	h.sh(fmt.Sprintf("cp %s %s; mkfifo %s %s", perl, service, first, second))
	renamer := filepath.Join(dir, "renamer")
	if err := os.WriteFile(renamer, []byte(retitling), 0o600); err != nil {
		t.Fatal(err)
	}
	job := fmt.Sprintf("%s %s %s & read word < %s; /bin/true after; kill $!", perl, renamer, first, second)
	server := exec.Command(service, "-e", serving, job)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	shell := h.find("the shell", func(ev *event.Event) bool {
		return ev.Kind == event.ProcessExec && ev.Process.Parent != nil && int(ev.Process.Parent.PID) == server.Process.Pid
	}).Process
	if shell.Context.Kind != event.ContextWebShell {
		t.Fatalf("the shell is in %+v", shell.Context)
	}
	h.find("the first title", func(ev *event.Event) bool {
		return ev.Kind == event.ProcessRename && ev.Process.CommandLine == "[kworker/9:1]"
	})
	if err := h.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := h.process.Wait(); err != nil {
		t.Fatal(err)
	}
	h.start()
	// What is told live comes after the agent has taken stock.
	h.sh("/bin/true again")
	h.find("something live", func(ev *event.Event) bool {
		return ev.Kind == event.ProcessExec && ev.Process.CommandLine == "/bin/true again"
	})
	h.sh("echo > " + first)
	renamed := h.find("the second title", func(ev *event.Event) bool {
		return ev.Kind == event.ProcessRename && ev.Process.CommandLine == "[kworker/9:2]"
	}).Process
	if renamed.Executable != perl || renamed.Parent.Executable != shell.Executable || renamed.OldCommandLine != "[kworker/9:1]" {
		t.Errorf("%+v, parent %+v", renamed, renamed.Parent)
	}
	h.sh("echo > " + second)
	after := h.find("what the shell did then", func(ev *event.Event) bool {
		return ev.Kind == event.ProcessExec && ev.Process.CommandLine == "/bin/true after"
	}).Process
	for _, p := range []*event.Process{renamed, after} {
		if c := p.Context; c == nil || *c != *shell.Context {
			t.Errorf("%s is in %+v, was in %+v", p.CommandLine, c, shell.Context)
		}
	}
}
