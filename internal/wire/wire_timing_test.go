package wire

import (
	"fmt"
	"testing"
	"time"

	"baize/internal/event"
)

// workload is 1,000 events as a busy host sends them: each process forks,
// executes, opens, connects and exits below the same service.
func workload() []*event.Event {
	var events []*event.Event
	service := event.ProcessKey{Host: "h1", Boot: "0b-1", PID: 700, Start: 5_000_000_000}
	context := &event.Context{ID: "service:" + service.String(), Kind: "service", Root: service, Service: "web.service"}
	user := &event.User{ID: 33, Name: "www-data"}
	for pid := uint32(2000); len(events) < 1000; pid++ {
		p := &event.Process{
			Key: event.ProcessKey{Host: "h1", Boot: "0b-1", PID: pid, Start: 6_000_000_000 + uint64(pid)*1_000_000}, PID: pid,
			Executable: "/usr/bin/curl", Args: []string{"curl", "-s", "-o", "/dev/shm/x", fmt.Sprintf("http://203.0.113.9/%d", pid)},
			WorkingDirectory: "/srv/www", User: user, Context: context,
			Parent:    &event.Process{Key: service, PID: 700, Executable: "/usr/lib/jvm/bin/java", CommandLine: "java -jar /srv/app.jar", User: user},
			Ancestors: []event.Process{{Key: event.ProcessKey{Host: "h1", Boot: "0b-1", PID: 1, Start: 1}, PID: 1, Executable: "/usr/lib/systemd/systemd"}},
		}
		p.CommandLine = "curl -s -o /dev/shm/x " + p.Args[4]
		for _, kind := range []event.Kind{event.ProcessFork, event.ProcessExec, event.FileOpen, event.NetworkConnect, event.ProcessExit} {
			ev := &event.Event{Org: "default", Host: testOrigin.Host, Boot: "0b-1", Seq: uint64(len(events) + 1), Time: time.Unix(1_700_000_000, int64(pid)*1000), Kind: kind, Process: p}
			if kind == event.FileOpen {
				ev.File = &event.File{Path: fmt.Sprintf("/srv/www/%d", pid), Inode: event.FileKey{Host: "h1", Device: 4, Inode: uint64(pid)}, Mode: "0644"}
			}
			events = append(events, ev)
		}
	}
	return events
}

func BenchmarkEncode(b *testing.B) {
	events := workload()
	var list []byte
	for b.Loop() {
		list = list[:0]
		for _, ev := range events {
			list, _ = AppendEvent(list, ev)
		}
	}
	perEvent(b, len(events))
	b.ReportMetric(float64(len(list))/float64(len(events)), "B/event")
}

func BenchmarkDecode(b *testing.B) {
	events := workload()
	list, err := EncodeList(events)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeList(list, testOrigin); err != nil {
			b.Fatal(err)
		}
	}
	perEvent(b, len(events))
}

func BenchmarkUnpack(b *testing.B) {
	events := workload()
	body, err := Pack(events)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Unpack(body, testOrigin); err != nil {
			b.Fatal(err)
		}
	}
	perEvent(b, len(events))
	b.ReportMetric(float64(len(body))/float64(len(events)), "B/event")
}

func perEvent(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
}
