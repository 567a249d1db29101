package app

import (
	"testing"

	"baize/internal/event"
	"baize/internal/provenance"
)

func TestWhatIsAskedFor(t *testing.T) {
	i := &provenance.Intrusion{
		Host: event.Host{ID: "h1"}, Stages: []provenance.Stage{{Stage: "download"}, {Stage: "execution", Alert: "a-1"}},
		Files: []provenance.File{
			{Path: "/dev/shm/kworker", SHA256: "ab", Executed: true},
			{Path: "/tmp/tool", SHA256: "cd", Executable: true},
			{Path: "/tmp/notes", SHA256: "ef"},
			{Path: "/tmp/unread", Executed: true},
			{Path: "/tmp/gone", SHA256: "01", Executed: true, Gone: true},
			{Path: "memfd:x", SHA256: "23", Executed: true, Memory: true},
		},
	}
	got := droppedBy(i)
	if len(got) != 2 || got[0].Path != "/dev/shm/kworker" || got[1].Path != "/tmp/tool" || got[0].Host != "h1" || got[0].SHA256 != "ab" || got[0].Alert != "a-1" {
		t.Errorf("%+v", got)
	}
}
