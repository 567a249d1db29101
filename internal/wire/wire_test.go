package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	"baize/internal/event"
	baizev1 "baize/proto/baize/v1"
)

func roundTrip(t interface {
	Helper()
	Fatal(...any)
}, events ...*event.Event,
) []*event.Event {
	t.Helper()
	body, err := Pack(events)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := Unpack(body, testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// A field of package event that the codec forgets is lost here.
func TestEveryFieldSurvives(t *testing.T) {
	ev := (&filler{source: &whole{}}).event()
	for _, path := range zeroFields(reflect.ValueOf(ev).Elem(), "event") {
		t.Errorf("the filler left %s empty", path)
	}
	got := roundTrip(t, ev)
	if len(got) != 1 || !reflect.DeepEqual(ev, got[0]) {
		t.Fatalf("a field was lost:\n%s", difference(t, ev, got[0]))
	}
}

// zeroFields names the fields of structs reachable at the top that hold nothing.
func zeroFields(v reflect.Value, path string) []string {
	var zero []string
	for i := range v.NumField() {
		name := path + "." + v.Type().Field(i).Name
		field := v.Field(i)
		if field.IsZero() && name != "event.Ingest" {
			zero = append(zero, name)
		}
		if field.Kind() == reflect.Pointer && field.Elem().Kind() == reflect.Struct && path == "event" && !field.IsNil() {
			zero = append(zero, zeroFields(field.Elem(), name)...)
		}
	}
	return zero
}

func difference(t *testing.T, want, got *event.Event) string {
	t.Helper()
	a, _ := json.MarshalIndent(want, "", " ")
	b, _ := json.MarshalIndent(got, "", " ")
	left, right := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range min(len(left), len(right)) {
		if left[i] != right[i] {
			return "want " + left[i] + "\ngot  " + right[i]
		}
	}
	return string(b)
}

func TestRandomEventsSurvive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := []*event.Event{(&filler{source: drawn{t}}).event(), (&filler{source: drawn{t}}).event()}
		got := roundTrip(t, append(events, events...)...)
		for i, ev := range append(events, events...) {
			if !reflect.DeepEqual(ev, got[i]) {
				want, _ := json.Marshal(ev)
				have, _ := json.Marshal(got[i])
				t.Fatalf("event %d\nwant %s\ngot  %s", i, want, have)
			}
		}
	})
}

// What the wire yields must equal what its JSON yields, or a replay of the
// exported log would see another log than the live engine.
func TestWireAndJSONAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ev := (&filler{source: drawn{t}}).event()
		line, err := json.Marshal(ev)
		if err != nil {
			t.Fatal(err)
		}
		var read event.Event
		if err := json.Unmarshal(line, &read); err != nil {
			t.Fatal(err)
		}
		if got := roundTrip(t, ev)[0]; !reflect.DeepEqual(&read, got) {
			t.Fatalf("json %s", line)
		}
	})
}

// The generated messages read what we write, and we read what they write, with
// no field of the proto file left out.
func TestAgreesWithGeneratedCode(t *testing.T) {
	full := &baizev1.Event{}
	fillProto(full.ProtoReflect(), 0)
	list, err := proto.Marshal(&baizev1.EventList{Events: []*baizev1.Event{full}})
	if err != nil {
		t.Fatal(err)
	}
	events, err := DecodeList(list, testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	again, err := EncodeList(events)
	if err != nil {
		t.Fatal(err)
	}
	var back baizev1.EventList
	if err := proto.Unmarshal(again, &back); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(full, back.Events[0]) {
		t.Fatalf("want %v\ngot  %v", full, back.Events[0])
	}
}

func fillProto(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if f.Message() != nil && !f.IsMap() && depth > 2 {
			continue
		}
		switch {
		case f.IsMap():
			m.Mutable(f).Map().Set(protoreflect.ValueOfString("LD_PRELOAD").MapKey(), protoreflect.ValueOfString("/x.so"))
		case f.IsList() && f.Message() != nil:
			fillProto(m.Mutable(f).List().AppendMutable().Message(), depth+1)
		case f.IsList():
			m.Mutable(f).List().Append(protoreflect.ValueOfString("arg"))
		case f.Message() != nil:
			fillProto(m.Mutable(f).Message(), depth+1)
		default:
			m.Set(f, protoValue(f))
		}
	}
}

func protoValue(f protoreflect.FieldDescriptor) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(-7)
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(-70_000)
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(4242)
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(1 << 40)
	case protoreflect.BytesKind:
		if f.Name() == "ip" {
			return protoreflect.ValueOfBytes([]byte{203, 0, 113, 9})
		}
		return protoreflect.ValueOfBytes(bytes.Repeat([]byte{0xab}, 32))
	}
	return protoreflect.ValueOfString(string(f.Name()))
}

func TestEqualPartsAreShared(t *testing.T) {
	first, second := (&filler{source: &whole{}}).event(), (&filler{source: &whole{}}).event()
	got := roundTrip(t, first, second)
	if got[0].Process != got[1].Process || got[0].Container != got[1].Container {
		t.Fatal("equal processes of one batch are not one value")
	}
}

func TestInvalidUTF8IsReplaced(t *testing.T) {
	ev := &event.Event{Org: testOrigin.Org, Host: testOrigin.Host, Boot: testOrigin.Boot, File: &event.File{Path: "/tmp/\xff\xfeé"}}
	if got := roundTrip(t, ev)[0].File.Path; got != "/tmp/\ufffd\ufffdé" {
		t.Fatalf("path %q", got)
	}
	list, _ := EncodeList([]*event.Event{ev})
	hostile := bytes.Replace(list, []byte("é"), []byte("\xff\xff"), 1)
	events, err := DecodeList(hostile, testOrigin)
	if err != nil || events[0].File.Path != "/tmp/\ufffd\ufffd\ufffd\ufffd" {
		t.Fatalf("%v, %v", events, err)
	}
}

func TestListsConcatenate(t *testing.T) {
	var list []byte
	for seq := range uint64(3) {
		var err error
		if list, err = AppendEvent(list, &event.Event{Seq: seq + 1}); err != nil {
			t.Fatal(err)
		}
	}
	events, err := DecodeList(list, testOrigin)
	if err != nil || len(events) != 3 || events[2].Seq != 3 || events[2].Host.Name != "web-1" {
		t.Fatalf("%v, %v", events, err)
	}
}

func TestOfIsTheOriginOfAnEvent(t *testing.T) {
	if got := Of((&filler{source: &whole{}}).event()); got != testOrigin {
		t.Fatalf("Of = %+v", got)
	}
}

func placed(t *testing.T, err error, index int, field string) {
	t.Helper()
	place, ok := errors.AsType[*EventError](err)
	if !ok || place.Index != index || place.Field != field || !errors.Is(err, ErrMalformed) {
		t.Fatalf("error %v; want event %d, field %s", err, index, field)
	}
}
