package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"

	"baize/internal/event"
	baizev1 "baize/proto/baize/v1"
)

func TestEncodeNamesTheField(t *testing.T) {
	big := 1 << 40
	deep := &event.Process{}
	for range 12 {
		deep = &event.Process{Parent: deep}
	}
	cases := map[string]event.Event{
		"process.key":         {Process: &event.Process{Key: event.ProcessKey{Host: "h2", Boot: testOrigin.Boot, PID: 1}}},
		"process.parent.key":  {Process: &event.Process{Parent: &event.Process{Key: event.ProcessKey{Host: "h1", Boot: "other"}}}},
		"file.target.inode":   {File: &event.File{Target: &event.File{Inode: event.FileKey{Host: "h9"}}}},
		"file.hash.sha256":    {File: &event.File{Hash: &event.Hash{SHA256: "ABCD"}}},
		"process.hash.sha256": {Process: &event.Process{Hash: &event.Hash{SHA256: strings.Repeat("zz", 32)}}},
		"source.ip":           {Source: &event.Endpoint{IP: netip.MustParseAddr("fe80::1%eth0")}},
		"dns.rcode":           {DNS: &event.DNS{Rcode: &big}},
		"time":                {Time: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)},
		"process.ancestors":   {Process: &event.Process{Ancestors: make([]event.Process, event.MaxAncestors+1)}},
		"process.context":     {Process: &event.Process{Context: &event.Context{ID: "made-up", Kind: "login"}}},

		"process.context.parent_kind": {Process: &event.Process{Context: &event.Context{Parent: "made-up"}}},

		"process" + strings.Repeat(".parent", 8): {Process: deep},
	}
	for field, ev := range cases {
		ev.Host, ev.Boot = testOrigin.Host, testOrigin.Boot
		_, err := EncodeList([]*event.Event{{}, &ev})
		placed(t, err, 1, field)
	}
}

func TestFailedAppendLeavesTheListAlone(t *testing.T) {
	list, _ := AppendEvent(nil, &event.Event{Seq: 1})
	got, err := AppendEvent(list, &event.Event{Seq: 2, File: &event.File{Hash: &event.Hash{SHA256: "x"}}})
	if err == nil || !bytes.Equal(got, list) {
		t.Fatalf("%x, %v", got, err)
	}
}

func encodeProto(t *testing.T, events ...*baizev1.Event) []byte {
	t.Helper()
	list, err := proto.Marshal(&baizev1.EventList{Events: events})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestDecodeNamesTheFieldAndKeepsTheRest(t *testing.T) {
	deep := &baizev1.File{}
	for range 12 {
		deep = &baizev1.File{Target: deep}
	}
	many := &baizev1.Process{Ancestors: make([]*baizev1.Process, event.MaxAncestors+1)}
	for i := range many.Ancestors {
		many.Ancestors[i] = &baizev1.Process{}
	}
	cases := map[string]*baizev1.Event{
		"destination.ip":                      {Destination: &baizev1.Endpoint{Ip: []byte{1, 2, 3}}},
		"process.stdin.remote.port":           {Process: &baizev1.Process{Stdin: &baizev1.Descriptor{Remote: &baizev1.Endpoint{Port: 70_000}}}},
		"process.parent.hash.sha256":          {Process: &baizev1.Process{Parent: &baizev1.Process{Hash: &baizev1.Hash{Sha256: []byte{1}}}}},
		"file" + strings.Repeat(".target", 8): {File: deep},
		"process.ancestors":                   {Process: many},
	}
	for field, bad := range cases {
		events, err := DecodeList(encodeProto(t, &baizev1.Event{Seq: 1}, bad, &baizev1.Event{Seq: 3}), testOrigin)
		placed(t, err, 1, field)
		if len(events) != 2 || events[1].Seq != 3 {
			t.Errorf("%s: the other events: %v", field, events)
		}
	}
}

func TestWrongWireTypes(t *testing.T) {
	// Each is one event: field numbers of event.proto with another wire type.
	cases := map[string][]byte{
		"seq":         {0x0a, 1, 'x'},
		"kind":        {0x18, 1},
		"process":     {0x20, 1},
		"process.key": {0x22, 2, 0x08, 1},
		"process.pid": {0x22, 6, 0x10, 0xff, 0xff, 0xff, 0xff, 0x7f},
		"source.ip":   {0x3a, 2, 0x08, 1},
	}
	for field, raw := range cases {
		list := append([]byte{0x0a, byte(len(raw))}, raw...)
		_, err := DecodeList(list, testOrigin)
		placed(t, err, 0, field)
	}
}

func TestUnknownFieldsAreSkipped(t *testing.T) {
	raw := []byte{0x08, 7, 0xfa, 0x3f, 2, 'h', 'i', 0x81, 0x40, 1, 2, 3, 4, 5, 6, 7, 8}
	events, err := DecodeList(append([]byte{0x0a, byte(len(raw))}, raw...), testOrigin)
	if err != nil || len(events) != 1 || events[0].Seq != 7 {
		t.Fatalf("%v, %v", events, err)
	}
}

func TestABrokenListKeepsWhatCameBefore(t *testing.T) {
	list := encodeProto(t, &baizev1.Event{Seq: 1}, &baizev1.Event{Seq: 2})
	events, err := DecodeList(list[:len(list)-1], testOrigin)
	if len(events) != 1 || !errors.Is(err, ErrMalformed) {
		t.Fatalf("%v, %v", events, err)
	}
}

func TestReportsAreBounded(t *testing.T) {
	bad := bytes.Repeat([]byte{0x0a, 3, 0x0a, 1, 'x'}, 100)
	_, err := DecodeList(bad, testOrigin)
	if n := strings.Count(err.Error(), "\n") + 1; n != maxReported {
		t.Fatalf("%d reports", n)
	}
}

func TestEmptyEventsCannotFillMemory(t *testing.T) {
	events, err := DecodeList(bytes.Repeat([]byte{0x0a, 0}, MaxEvents+10), testOrigin)
	if len(events) != MaxEvents || !errors.Is(err, ErrMalformed) {
		t.Fatalf("%d events, %v", len(events), err)
	}
}

func TestDecompressedSizeIsBounded(t *testing.T) {
	w, _ := zstd.NewWriter(nil)
	bomb := w.EncodeAll(make([]byte, MaxList+1), nil)
	if _, err := Decompress(bomb); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("a frame that says its size: %v", err)
	}
	var streamed bytes.Buffer
	s, _ := zstd.NewWriter(&streamed)
	for range 33 {
		if _, err := s.Write(make([]byte, MaxList/32)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Decompress(streamed.Bytes()); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("a frame that does not: %v", err)
	}
	if _, err := Compress(make([]byte, MaxList+1)); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("Compress: %v", err)
	}
}

func TestGarbageBodies(t *testing.T) {
	header := binary.LittleEndian.AppendUint32(nil, 0xFD2FB528)
	for _, body := range [][]byte{[]byte("not zstd"), header, append(header, 0xff, 0xff, 0xff)} {
		if _, err := Unpack(body, testOrigin); !errors.Is(err, ErrMalformed) {
			t.Errorf("%x: %v", body, err)
		}
	}
}
