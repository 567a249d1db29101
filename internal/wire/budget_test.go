package wire

import (
	"errors"
	"runtime"
	"strconv"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"baize/internal/event"
)

// field appends a length-delimited field.
func field(list []byte, number protowire.Number, body []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(list, number, protowire.BytesType), body)
}

// fill repeats what add appends until the list is as large as it may be.
func fill(add func(body []byte, i int) []byte) []byte {
	var body []byte
	for i := 0; len(body) < MaxList-1024; i++ {
		body = add(body, i)
	}
	return body
}

// numbered is a message with the field 2 set to i: no two are equal.
func numbered(i int) []byte { return protowire.AppendVarint([]byte{2 << 3}, uint64(i)) }

// bombs are lists within MaxList that ask for far more memory than they have
// bytes: what root on one host would send to end the server.
func bombs() map[string][]byte {
	one := func(body []byte) []byte { return field(nil, 1, body) }
	process := func(body []byte) []byte { return field(nil, 4, body) }
	return map[string][]byte{
		"processes": one(fill(func(body []byte, i int) []byte { return field(body, 4, numbered(i)) })),
		"ancestors": fill(func(body []byte, i int) []byte {
			line := field(nil, 30, numbered(i))
			for range event.MaxAncestors - 1 {
				line = field(line, 30, nil)
			}
			return field(body, 1, process(line))
		}),
		"arguments": one(process(fill(func(body []byte, _ int) []byte { return field(body, 7, nil) }))),
		"environment": one(process(fill(func(body []byte, i int) []byte {
			return field(body, 20, field(nil, 1, protowire.AppendVarint(nil, uint64(i))))
		}))),
	}
}

func TestMemoryOfAListIsBounded(t *testing.T) {
	for name, list := range bombs() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := DecodeList(list, testOrigin)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrTooLarge) || !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %d bytes are taken: %v", name, len(list), err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 4*MaxMemory {
			t.Errorf("%s: %d bytes are allocated, %d are allowed", name, took, MaxMemory)
		}
	}
}

func TestWhatComesBeforeTheBoundIsKept(t *testing.T) {
	list := append(field(nil, 1, []byte{1 << 3, 7}), bombs()["processes"]...)
	events, err := DecodeList(list[:min(len(list), MaxList)], testOrigin)
	if len(events) != 1 || events[0].Seq != 7 || err == nil {
		t.Errorf("%d events, %v", len(events), err)
	}
}

func TestALargeHonestListFits(t *testing.T) {
	var events []*event.Event
	for i := range 20_000 {
		key := event.ProcessKey{Host: testOrigin.Host.ID, Boot: testOrigin.Boot, PID: uint32(i), Start: uint64(i)}
		parent := event.ProcessKey{Host: testOrigin.Host.ID, Boot: testOrigin.Boot, PID: uint32(i / 2), Start: 1}
		events = append(events, &event.Event{
			Host: testOrigin.Host, Boot: testOrigin.Boot, Seq: uint64(i + 1), Kind: event.ProcessExec,
			Process: &event.Process{
				Key: key, Executable: "/usr/bin/env", Args: []string{"env", "-i", strconv.Itoa(i)}, Env: map[string]string{"PATH": "/bin"},
				Parent: &event.Process{Key: parent, Executable: "/bin/sh"}, Ancestors: make([]event.Process, event.MaxAncestors),
			},
		})
	}
	list, err := EncodeList(events)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := DecodeList(list, testOrigin); err != nil || len(got) != len(events) {
		t.Errorf("%d of %d events in %d bytes: %v", len(got), len(events), len(list), err)
	}
}
