package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockFile keeps laboratories apart: the paths of the report are fixed, so that
// only one intrusion can happen on a machine at a time.
const lockFile = "/run/baize-lab.lock"

// lock waits for its turn. Closing the file gives it up.
func lock(ctx context.Context) (*os.File, error) {
	file, err := os.OpenFile(lockFile, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			file.Close()
			return nil, fmt.Errorf("lock %s: %w", lockFile, err)
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, fmt.Errorf("another laboratory is running: %w", ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}
