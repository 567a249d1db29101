package evidence

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/goccy/go-yaml"

	"baize/internal/event"
	"baize/internal/response"
	"baize/internal/server/state"
)

// Policy says what the server asks for by itself.
type Policy struct {
	// DroppedFiles : the file that an alert of level high or above says was
	// brought in.
	DroppedFiles bool `yaml:"dropped_files"`
}

// LoadPolicy reads the section "evidence" of a server's policy file. Without a
// file nothing is asked for; one that cannot be understood is an error.
func LoadPolicy(file string) (Policy, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return Policy{}, nil
	}
	var whole struct {
		Evidence Policy `yaml:"evidence"`
	}
	if err == nil {
		err = yaml.UnmarshalWithOptions(text, &whole, yaml.Strict())
	}
	if err != nil {
		return Policy{}, fmt.Errorf("policy of the server, %s: %w", file, err)
	}
	return whole.Evidence, nil
}

// maxDropped bounds the files that policy may ask for and has not yet; what
// comes beyond is not asked for, and logged.
const maxDropped = 256

// byDropped is who asks by Policy.DroppedFiles.
const byDropped = "policy:dropped_files"

// Dropped is a file that an alert says was brought to a host.
type Dropped struct {
	Host, Path, Container string
	Inode                 event.FileKey
	// SHA256 of its content, where that is known.
	SHA256 string
	// Alert is the id, Level the level of the alert.
	Alert, Level string
}

// Dropped asks for a file if policy says so, and never blocks. The same content
// of the same file is asked for once.
func (s *Store) Dropped(d Dropped) {
	if !s.deps.Policy.DroppedFiles || d.Level != "high" && d.Level != "critical" || d.Path == "" {
		return
	}
	select {
	case s.dropped <- d:
	default:
		s.deps.Log.Warn("evidence: too many files at once, one is not asked for", "host", d.Host, "path", d.Path, "alert", d.Alert)
	}
}

// Run asks for dropped files until the context ends.
func (s *Store) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case d := <-s.dropped:
			if err := s.ask(ctx, d); err != nil && ctx.Err() == nil {
				s.deps.Log.Warn("evidence: dropped file is not asked for", "host", d.Host, "path", d.Path, "alert", d.Alert, "error", err)
			}
		}
	}
}

// ask does not wait for the answer: the next host may be quicker.
func (s *Store) ask(ctx context.Context, d Dropped) error {
	known, err := s.deps.State.EvidenceKnown(ctx, state.Evidence{Host: d.Host, Path: d.Path, Inode: d.Inode.String(), SHA256: d.SHA256, By: byDropped})
	if err != nil || known {
		return err
	}
	_, err = s.Collect(ctx, Request{
		Host: d.Host, What: response.CollectFile, Path: d.Path, Container: d.Container, Inode: d.Inode, SHA256: d.SHA256, Alert: d.Alert,
	}, byDropped, 0)
	return err
}
