package event

import (
	"encoding/json"
	"errors"
	"testing"
)

func TestProcessKeyRoundTrip(t *testing.T) {
	key := ProcessKey{Host: "h1", Boot: "b-1", PID: 1234, Start: 987654321}
	parsed, err := ParseProcessKey(key.String())
	if err != nil || parsed != key {
		t.Fatalf("ParseProcessKey(%q) = %v, %v", key, parsed, err)
	}
}

func TestFileKeyRoundTrip(t *testing.T) {
	key := FileKey{Host: "h1", Device: MakeDevice(254, 3), Inode: 77, Gen: 4}
	if got := key.String(); got != "h1/254:3/77/4" {
		t.Fatalf("String() = %q", got)
	}
	parsed, err := ParseFileKey(key.String())
	if err != nil || parsed != key {
		t.Fatalf("ParseFileKey(%q) = %v, %v", key, parsed, err)
	}
}

func TestMalformedKeysNameThePart(t *testing.T) {
	for _, text := range []string{"h1/b/x/1", "h1/b/1", "h1/b/1/-2", "/////", "h/b/4294967296/0"} {
		if _, err := ParseProcessKey(text); !errors.Is(err, ErrKey) {
			t.Errorf("ParseProcessKey(%q) = %v, want ErrKey", text, err)
		}
	}
	for _, text := range []string{"h1/254/1/1", "h1/1:2/x/1", "h1/1:2/3", "h1/99999:0/1/1"} {
		if _, err := ParseFileKey(text); !errors.Is(err, ErrKey) {
			t.Errorf("ParseFileKey(%q) = %v, want ErrKey", text, err)
		}
	}
}

func TestZeroKeysAreOmitted(t *testing.T) {
	line, err := json.Marshal(Event{Kind: EngineTick, Process: &Process{PID: 1}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"time":"0001-01-01T00:00:00Z","kind":"engine.tick","process":{"pid":1}}`
	if string(line) != want {
		t.Fatalf("got  %s\nwant %s", line, want)
	}
}
