package console

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestParseReadsEvents(t *testing.T) {
	const body = ": hello\n\nid: 7\nevent: alert\ndata: {\"id\":\"a\"}\n\nevent: host\ndata: {}\n\nid: 9\n\ndata: cut off"
	var got []string
	err := parse(strings.NewReader(body), func(c Change) {
		if c.Arrived.IsZero() {
			t.Error("a change without a time of arrival")
		}
		got = append(got, c.ID+"|"+c.Name+"|"+string(c.Data))
	})
	if !errors.Is(err, io.EOF) {
		t.Errorf("err = %v", err)
	}
	if want := "7|alert|{\"id\":\"a\"} |host|{}"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", strings.Join(got, " "), want)
	}
}
