package bus

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"baize/internal/event"
	"baize/internal/wire"
)

// busy fills a log with batches of two events of h1, between which another host
// speaks and the engine ticks; event N is N seconds after the start.
func busy(t *testing.T, b *Bus, events int) {
	t.Helper()
	var last, lastOther uint64
	for i := 0; i < events; i += 2 {
		last = publishEvents(t, b, "h1", "b1", uint64(i+1), last, uint64(i+1), uint64(i+2))
		lastOther = publishEvents(t, b, "h2", "b1", uint64(i+1), lastOther, uint64(i+1), uint64(i+2))
		if err := b.PublishControl(t.Context(), start, &event.Event{Kind: event.EngineTick, Time: start}); err != nil {
			t.Fatal(err)
		}
	}
}

func publishEvents(t *testing.T, b *Bus, host, boot string, first, after uint64, seqs ...uint64) uint64 {
	t.Helper()
	var events []*event.Event
	for _, seq := range seqs {
		events = append(events, &event.Event{
			Seq: seq, Time: start.Add(time.Duration(seq) * time.Second), Kind: event.ProcessExec,
			Process: &event.Process{PID: uint32(100 + seq%3)},
		})
	}
	body, err := wire.Pack(events)
	if err != nil {
		t.Fatal(err)
	}
	o := wire.Origin{Org: "default", Host: event.Host{ID: host, Name: host}, Boot: boot}
	return publish(t, b, Batch{Origin: o, First: first, Last: seqs[len(seqs)-1], Received: start, Body: body}, after)
}

func seqs(events []*event.Event) string {
	list := []uint64{}
	for _, ev := range events {
		list = append(list, ev.Seq)
	}
	return fmt.Sprint(list)
}

func TestAroundAPlace(t *testing.T) {
	b := open(t, t.TempDir())
	busy(t, b, 40)
	third := func(ev *event.Event) bool { return ev.Process.PID == 100 }
	for _, c := range []struct {
		name           string
		place          Place
		want           string
		at             int
		earlier, later bool
	}{
		{"a number within a message", Place{Boot: "b1", Seq: 20, Before: 3, After: 3}, "[17 18 19 20 21 22]", 3, true, true},
		{"a time", Place{Time: start.Add(20 * time.Second), Before: 3, After: 3}, "[17 18 19 20 21 22]", 3, true, true},
		{"a time between events", Place{Time: start.Add(20*time.Second + 1), Before: 1, After: 1}, "[20 21]", 1, true, true},
		{"the first", Place{Boot: "b1", Seq: 1, Before: 5, After: 2}, "[1 2]", 0, false, true},
		{"the last", Place{Boot: "b1", Seq: 40, Before: 2, After: 5}, "[38 39 40]", 2, true, false},
		{"all of it", Place{Boot: "b1", Seq: 20, Before: 19, After: 21}, seqs(readHost(t, b, "h1")), 19, false, false},
		{"before everything", Place{Time: start.Add(-time.Hour), Before: 5, After: 1}, "[1]", 0, false, true},
		{"after everything", Place{Time: start.Add(time.Hour), Before: 2, After: 5}, "[39 40]", 2, true, false},
		{"nothing before", Place{Boot: "b1", Seq: 20, After: 1}, "[20]", 0, true, true},
		{"one process", Place{Boot: "b1", Seq: 20, Before: 2, After: 2, Keep: third}, "[15 18 21 24]", 2, true, true},
	} {
		c.place.Host = "h1"
		near, err := b.Around(t.Context(), c.place)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := seqs(near.Events); got != c.want || near.At != c.at || near.Earlier != c.earlier || near.Later != c.later {
			t.Errorf("%s: %s at %d, earlier %t, later %t", c.name, got, near.At, near.Earlier, near.Later)
		}
		for _, ev := range near.Events {
			if ev.Host.ID != "h1" {
				t.Errorf("%s: an event of host %s", c.name, ev.Host.ID)
			}
		}
	}
}

func readHost(t *testing.T, b *Bus, host string) (of []*event.Event) {
	t.Helper()
	for _, ev := range readAll(t, b, 0) {
		if ev.Host.ID == host {
			of = append(of, ev)
		}
	}
	return of
}

// A number belongs to its boot.
func TestAroundIsOfOneBoot(t *testing.T) {
	b := open(t, t.TempDir())
	publishEvents(t, b, "h1", "b1", 1, 0, 1, 2, 3)
	publishEvents(t, b, "h1", "b2", 1, 0, 1, 2, 3)
	near, err := b.Around(t.Context(), Place{Host: "h1", Boot: "b2", Seq: 2, Before: 9, After: 9})
	if err != nil || seqs(near.Events) != "[1 2 3]" || near.Events[0].Boot != "b2" {
		t.Fatalf("%+v, %v", near, err)
	}
	if near, err = b.Around(t.Context(), Place{Host: "h9", Time: start, Before: 9, After: 9}); err != nil || len(near.Events) != 0 || near.Earlier || near.Later {
		t.Errorf("of a host that was never seen: %+v, %v", near, err)
	}
}

// A rare process in a long log: the look ends at its bound and says so.
func TestAroundIsBounded(t *testing.T) {
	b := open(t, t.TempDir())
	var last uint64
	for i := range uint64(2*maxNear + 600) {
		last = publishEvents(t, b, "h1", "b1", i+1, last, i+1)
	}
	none := func(*event.Event) bool { return false }
	near, err := b.Around(t.Context(), Place{Host: "h1", Boot: "b1", Seq: maxNear + 300, Before: 5, After: 5, Keep: none})
	if err != nil || len(near.Events) != 0 || !near.Earlier || !near.Later {
		t.Fatalf("%+v, %v", near, err)
	}
}

func TestAroundSelectsNoOtherHost(t *testing.T) {
	b := open(t, t.TempDir())
	busy(t, b, 2)
	for _, p := range []Place{{Host: "*"}, {Host: ">"}, {Host: ""}, {Host: "h1.b1"}, {Host: "h1", Boot: "*"}, {Host: "h1", Seq: 1}} {
		if near, err := b.Around(t.Context(), p); !errors.Is(err, ErrPlace) {
			t.Errorf("%+v: %+v, %v", p, near, err)
		}
	}
}

func TestHistoryOfAHost(t *testing.T) {
	b := open(t, t.TempDir())
	busy(t, b, 10)
	read := func(until uint64, most int) (got []*event.Event, cut bool) {
		t.Helper()
		_, cut, err := b.History(t.Context(), Span{"h1", until, 1000}, func(ev *event.Event) bool {
			got = append(got, ev)
			return len(got) < most
		})
		if err != nil {
			t.Fatal(err)
		}
		return got, cut
	}
	all, cut := read(^uint64(0), 100)
	if seqs(all) != "[1 2 3 4 5 6 7 8 9 10]" || cut {
		t.Fatalf("%s, cut %v", seqs(all), cut)
	}
	if got, _ := read(all[4].Ingest.Bus, 100); seqs(got) != "[1 2 3 4 5]" {
		t.Errorf("up to an event: %s", seqs(got))
	}
	if got, _ := read(^uint64(0), 3); seqs(got) != "[1 2 3]" {
		t.Errorf("as long as wanted: %s", seqs(got))
	}
	var got []*event.Event
	earlier, cut, err := b.History(t.Context(), Span{"h1", all[9].Ingest.Bus, 4}, func(ev *event.Event) bool { got = append(got, ev); return true })
	if err != nil || !earlier || cut || seqs(got) != "[7 8 9 10]" {
		t.Errorf("the last messages: %s, earlier %v, cut %v, %v", seqs(got), earlier, cut, err)
	}
	if _, _, err := b.History(t.Context(), Span{Host: "h.1"}, nil); !errors.Is(err, ErrPlace) {
		t.Errorf("another subject: %v", err)
	}
}
