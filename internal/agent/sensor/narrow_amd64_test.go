package sensor

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"baize/internal/event"

	"golang.org/x/sys/unix"
)

// files32 is a program that does one of everything in a directory.
func files32(at func(string) string) []byte {
	return program32(
		call32{open32, []any{at("first"), unix.O_CREAT | unix.O_WRONLY, 0o600}},
		call32{rename32, []any{at("first"), at("second")}},
		call32{link32, []any{at("second"), at("third")}},
		call32{symlink32, []any{"/target", at("soft")}},
		call32{mkdir32, []any{at("dir"), 0o700}},
		call32{chmod32, []any{at("second"), 0o4755}},
		call32{lchown32, []any{at("second"), 1, 1}},
		call32{setxattr32, []any{at("second"), "trusted.baize", "1", 1, 0}},
		call32{truncate32, []any{at("second"), 100}},
		call32{memfd32, []any{"narrow", 0}},
		call32{open32, []any{"/etc/shadow", unix.O_RDONLY, 0}},
		call32{unlink32, []any{at("third")}},
		call32{rmdir32, []any{at("dir")}},
		call32{setuid32, []any{65534}},
	)
}

// What 32-bit code does to files and users is told as that of any other.
func TestCallsOf32BitPrograms(t *testing.T) {
	l := shared(t)
	if !l.mediated() {
		return // counted as loss: TestHiddenCalls
	}
	for _, dir := range []string{t.TempDir(), inMemory(t)} {
		at := func(name string) string { return filepath.Join(dir, name) }
		image := at("program")
		if err := os.WriteFile(image, files32(at), 0o755); err != nil {
			t.Fatal(err)
		}
		pid := run(t, image)
		second := inode(t, at("second"))
		for _, want := range []struct {
			kind    event.Kind
			path    string
			newPath string
			inode   uint64
			change  string
		}{
			{event.FileCreate, "first", "", second, ""},
			{event.FileRename, "first", at("second"), second, ""},
			{event.FileLink, "second", at("third"), second, ""},
			{event.FileCreate, "soft", "/target", inode(t, at("soft")), ""},
			{event.FileCreate, "dir", "", 0, ""},
			{event.FileAttributes, "second", "", second, "mode"},
			{event.FileAttributes, "second", "", second, "owner"},
			{event.FileAttributes, "second", "", second, "size"},
			{event.FileAttributes, "second", "", second, "xattr"},
			{event.FileUnlink, "third", "", second, ""},
			{event.FileUnlink, "dir", "", 0, ""},
		} {
			is := func(r *Record) bool {
				return ofPID(want.kind, pid)(r) && r.File.Path == at(want.path) && r.File.Change == want.change
			}
			r := l.await(string(want.kind)+" of "+want.path+" "+want.change, is)
			if r.File.NewPath != want.newPath || r.File.FromUser != (want.change == "xattr") || r.Ring || want.inode != 0 && r.File.Inode != want.inode {
				t.Errorf("%s of %s: %+v", want.kind, want.path, r.File)
			}
			if all, _ := l.matching(is); len(all) != 1 {
				t.Errorf("%s of %s %s is told %d times", want.kind, want.path, want.change, len(all))
			}
		}
		if r := l.fileOf(event.FileOpen, pid, "/etc/shadow"); r.File.Watch != WatchCredentials {
			t.Errorf("open %+v", r.File)
		}
		if r := l.await("the memfd", ofPID(event.MemfdCreate, pid)); r.File.Path != "memfd:narrow" || !r.File.Memfd {
			t.Errorf("memfd %+v", r.File)
		}
		if r := l.requestOf(event.ProcessCredentials, pid, 0); r.OldCredentials.UID != 0 || r.Task.Credentials.UID != 65534 {
			t.Errorf("from %+v to %+v", r.OldCredentials, r.Task.Credentials)
		}
	}
}

// A connect to a runtime is seen from 32-bit code as well.
func TestConnectsOf32BitPrograms(t *testing.T) {
	l := shared(t)
	if !l.mediated() {
		return // counted as loss: TestHiddenCalls
	}
	socket := filepath.Join(t.TempDir(), "docker.sock")
	s, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	image := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(image, unix32(socket), 0o755); err != nil {
		t.Fatal(err)
	}
	pid := run(t, image)
	if r := l.await("the connect", ofPID(event.NetworkConnect, pid)); r.File.Watch != WatchRuntime {
		t.Errorf("%+v", r.File)
	}
}

// unix32 is a program that connects to a unix socket.
func unix32(path string) []byte {
	address := string(words(nil, uint16(unix.AF_UNIX))) + path
	return program32(
		call32{socket32, []any{unix.AF_UNIX, unix.SOCK_STREAM, 0}},
		// The first free descriptor: the test starts it with three.
		call32{connect32, []any{3, address, len(address) + 1}},
	)
}

// What 32-bit code does is seen where it shows: at the next fork or exec the
// user is another, and no system call was seen that explains it. A whole 32-bit
// program is counted as a loss.
func TestHiddenCalls(t *testing.T) {
	l := shared(t)
	image := filepath.Join(t.TempDir(), "hidden")
	if err := os.WriteFile(image, elf64(hiddenSetuid), 0o755); err != nil {
		t.Fatal(err)
	}
	pid := run(t, image)
	request := uint32(CredentialsUnexplained)
	if l.mediated() {
		request = 0 // the call itself is seen
	}
	r := l.requestOf(event.ProcessCredentials, pid, request)
	if r.OldCredentials.UID != 0 || r.Task.Credentials.UID != 65534 {
		t.Errorf("from %+v to %+v", r.OldCredentials, r.Task.Credentials)
	}
	before := compatLosses(t, l)
	files, conversations := before[classFile], before[classNetwork]
	if err := os.WriteFile(image, elf32(exit32), 0o755); err != nil {
		t.Fatal(err)
	}
	l.await("the 32-bit program", ofPID(event.ProcessExec, run(t, image)))
	after := compatLosses(t, l)
	if after[classProcess] <= before[classProcess] || after[classKernel] <= before[classKernel] {
		t.Errorf("losses %v before and %v after a 32-bit program", before, after)
	}
	if seen := after[classFile] == files && after[classNetwork] == conversations; seen != l.mediated() {
		t.Errorf("losses of files and conversations: %v before, %v after", before, after)
	}
}

// compatLosses are the losses to 32-bit code by class.
func compatLosses(t *testing.T, l *lab) (out [classCount]uint64) {
	t.Helper()
	counts, err := l.sensor.counts.read()
	if err != nil {
		t.Fatal(err)
	}
	for i := range out {
		out[i] = counts[i][outcomeCompat]
	}
	return out
}
