package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

func TestExitStatus(t *testing.T) {
	for want, err := range map[int]error{
		0: nil,
		1: fmt.Errorf("checking: %w", no("2 of 3 failed")),
		2: errors.New("unknown flag"),
		3: unreachable("reading %s: %w", "x", fs.ErrNotExist),
	} {
		if got := ExitStatus(err); got != want {
			t.Errorf("ExitStatus(%v) = %d, want %d", err, got, want)
		}
	}
	if !errors.Is(unreachable("reading: %w", fs.ErrNotExist), fs.ErrNotExist) {
		t.Error("the cause is lost")
	}
}
