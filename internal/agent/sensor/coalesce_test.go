package sensor

import (
	"net/netip"
	"testing"

	"baize/internal/event"
)

// The order of what happened to one thing is kept: only repeats that nothing came
// between are told as one.
func TestRepeatsKeepTheOrderOfThings(t *testing.T) {
	file := func(kind event.Kind, pid uint32, inode uint64) Record {
		return Record{Kind: kind, Task: Task{PID: pid}, File: &File{FileRef: FileRef{Inode: inode, Path: "/f"}}}
	}
	exec := func(pid uint32, inode uint64) Record {
		return Record{Kind: event.ProcessExec, Task: Task{PID: pid}, Exec: &Exec{Image: FileRef{Inode: inode}}}
	}
	connect := func(result int32, port uint16, transport string) Record {
		return Record{Kind: event.NetworkConnect, Result: result, Socket: &Socket{
			Transport: transport, Remote: netip.AddrPortFrom(netip.MustParseAddr("198.51.100.1"), port),
		}}
	}
	write := func(pid uint32, inode uint64) Record { return file(event.FileCloseWrite, pid, inode) }
	root := write(1, 5)
	root.Task.Credentials.EUID = 7
	for name, step := range map[string]struct {
		batch []Record
		want  []uint64
	}{
		"the same":                        {[]Record{write(1, 5), write(1, 5), write(1, 5)}, []uint64{3}},
		"other files between":             {[]Record{write(1, 5), write(1, 6), write(1, 5), write(1, 6)}, []uint64{2, 2}},
		"another process's":               {[]Record{write(1, 5), write(2, 5), write(1, 5)}, []uint64{0, 0, 0}},
		"executed between":                {[]Record{write(1, 5), exec(2, 5), write(1, 5), write(1, 5)}, []uint64{0, 0, 2}},
		"its process executed another":    {[]Record{write(1, 5), exec(1, 9), write(1, 5)}, []uint64{0, 0, 0}},
		"renamed between":                 {[]Record{write(1, 5), file(event.FileRename, 3, 5), write(1, 5)}, []uint64{0, 0, 0}},
		"as another user":                 {[]Record{write(1, 5), root}, []uint64{0, 0}},
		"removals":                        {[]Record{file(event.FileUnlink, 1, 0), file(event.FileUnlink, 1, 0)}, []uint64{0, 0}},
		"forks":                           {[]Record{{Kind: event.ProcessFork}, {Kind: event.ProcessFork}}, []uint64{0, 0}},
		"failed connections":              {[]Record{connect(-111, 80, "tcp"), connect(-111, 81, "tcp"), connect(-111, 80, "tcp")}, []uint64{2, 0}},
		"connections that came about":     {[]Record{connect(0, 80, "tcp"), connect(0, 80, "tcp")}, []uint64{0, 0}},
		"sockets of datagrams to one":     {[]Record{connect(0, 53, "udp"), connect(0, 53, "udp")}, []uint64{2}},
		"the same question under another": {[]Record{asking("\x00\x01a"), asking("\x00\x02a"), asking("\x00\x03b")}, []uint64{2, 0}},
	} {
		c := &counters{}
		got := newRepeats(c).coalesce(step.batch)
		total, joined := uint64(0), uint64(0)
		for i := range got {
			total += max(got[i].Count, 1)
			if len(got) == len(step.want) && got[i].Count != step.want[i] {
				t.Errorf("%s: record %d counts %d, want %d", name, i, got[i].Count, step.want[i])
			}
		}
		for i := range c.coalesced {
			joined += c.coalesced[i].Load()
		}
		if len(got) != len(step.want) || total != uint64(len(step.batch)) || joined != total-uint64(len(got)) {
			t.Errorf("%s: %d records for %d, %d of them joined, want %d records", name, len(got), total, joined, len(step.want))
		}
	}
}

func asking(payload string) Record {
	return Record{Kind: event.DNSQuery, DNS: &DNSMessage{Payload: []byte(payload)}}
}

// A file that is written again is told of as it is in the end.
func TestARepeatedWriteHasTheLastSize(t *testing.T) {
	write := func(size uint64) Record {
		return Record{Kind: event.FileCloseWrite, File: &File{FileRef: FileRef{Inode: 5, Size: size}}}
	}
	got := newRepeats(&counters{}).coalesce([]Record{write(1), write(9)})
	if len(got) != 1 || got[0].File.Size != 9 || got[0].Count != 2 {
		t.Errorf("%+v", got)
	}
}
