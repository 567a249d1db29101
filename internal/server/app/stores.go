package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"baize/internal/server/bulk"
	"baize/internal/server/bus"
	"baize/internal/server/ca"
	"baize/internal/server/state"
)

// stores are what is on disk.
type stores struct {
	bus       *bus.Bus
	state     *state.DB
	authority *ca.Authority
	blobs     *bulk.Store
	// evidence has the content of evidence alone.
	evidence *bulk.Store
}

// openStores opens the log first: its lock is what keeps a second server out.
func openStores(ctx context.Context, c *Config) (*stores, error) {
	if err := ownDir(c.dir("")); err != nil {
		return nil, err
	}
	log, err := bus.Open(ctx, bus.Config{Dir: c.dir("bus"), MaxAge: c.Retention.LogAge, MaxBytes: c.Retention.LogBytes})
	if errors.Is(err, bus.ErrBusy) {
		err = fmt.Errorf("%w: another server runs in %s: %w", ErrPrerequisite, c.dir(""), err)
	}
	if err != nil {
		return nil, err
	}
	s := &stores{bus: log}
	if err := s.open(ctx, c); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *stores) open(ctx context.Context, c *Config) (err error) {
	if s.state, err = state.Open(ctx, c.dir("state.db")); err != nil {
		return err
	}
	if s.authority, err = ca.Open(c.dir("ca"), time.Now()); err != nil {
		return err
	}
	if s.blobs, err = bulk.Open(c.dir("blobs"), bulk.Quota{Host: c.Retention.BlobBytes}, time.Now); err != nil {
		return err
	}
	s.evidence, err = bulk.Open(c.dir("evidence"), bulk.Quota{Host: c.Retention.BlobBytes, All: c.Retention.EvidenceBytes}, time.Now)
	return err
}

func (s *stores) close() error {
	var err error
	if s.state != nil {
		err = s.state.Close()
	}
	s.bus.Close()
	return err
}

// ownDir makes the server's directory, which nobody else may read.
func ownDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("%w: state directory: %w", ErrPrerequisite, err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("%w: state directory: %w: it must belong to the user that runs the server", ErrPrerequisite, err)
	}
	return nil
}
