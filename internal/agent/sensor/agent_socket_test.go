package sensor

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"baize/internal/event"
)

// The sockets of ssh agents have names that no list can hold.
func TestSSHAgents(t *testing.T) {
	l := shared(t)
	root := t.TempDir()
	connect := func(name string) string {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		s, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		return path
	}
	others := []string{connect("other/agent.4711"), connect("ssh-x/agents.4711"), connect("ssh-x/agent")}
	for _, name := range []string{"ssh-x/agent.4711", ".ssh/agent/s.Ab1.agent.Cd2", "ssh-agent.socket", "keyring/ssh", "S.gpg-agent.ssh"} {
		path := connect(name)
		r := l.await(name, func(r *Record) bool {
			return ofPID(event.NetworkConnect, syscall.Getpid())(r) && r.File != nil && r.File.Path == path
		})
		if r.Socket.Transport != "unix" || !r.Socket.Initiated || r.File.Watch != WatchSSHAgent || r.File.Inode == 0 {
			t.Errorf("%+v to %+v", r.Socket, r.File)
		}
	}
	// They came before the last of those that were told.
	for _, path := range others {
		if seen, _ := l.matching(func(r *Record) bool { return r.File != nil && r.Kind == event.NetworkConnect && r.File.Path == path }); len(seen) > 0 {
			t.Errorf("%s is told as %s", path, seen[0].File.Watch)
		}
	}
}
