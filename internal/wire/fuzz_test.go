package wire

import (
	"errors"
	"reflect"
	"testing"
)

// Whatever decodes must encode and decode to the same again.
func FuzzDecodeList(f *testing.F) {
	list, err := AppendEvent(nil, (&filler{source: &whole{}}).event())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(list)
	f.Add(append(list, list...))
	f.Add([]byte{0x0a, 0})
	f.Fuzz(func(t *testing.T, list []byte) {
		events, _ := DecodeList(list, testOrigin)
		for _, ev := range events {
			again, err := AppendEvent(nil, ev)
			if errors.Is(err, ErrMalformed) {
				continue // a foreign writer may say what we would not
			}
			back, err := DecodeList(again, testOrigin)
			if err != nil || len(back) != 1 || !reflect.DeepEqual(ev, back[0]) {
				t.Fatalf("%v\n%+v\n%+v", err, ev, back)
			}
		}
	})
}

func FuzzUnpack(f *testing.F) {
	list, _ := AppendEvent(nil, (&filler{source: &whole{}}).event())
	body, _ := Compress(list)
	f.Add(body)
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := Unpack(body, testOrigin)
		if err == nil && len(events) > MaxEvents {
			t.Fatalf("%d events", len(events))
		}
	})
}
