package intrusions

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"baize/internal/event"
	"baize/internal/event/eventio"
)

// Labels of one recording.
type Labels struct {
	Name  string `json:"name"`
	About string `json:"about"`
	// Recorded is when, Began when the intruder came.
	Recorded time.Time `json:"recorded"`
	Began    time.Time `json:"began"`
	// Advanced are the times that were let pass without waiting: everything that
	// was recorded after At is told as if it had happened so much later.
	Advanced   []Advance   `json:"advanced,omitempty"`
	Intrusions []Intrusion `json:"intrusions"`
}

// Advance of the clock between two parts of a recording.
type Advance struct {
	At time.Time     `json:"at"`
	By time.Duration `json:"by_ns"`
}

// Intrusion is what one intruder did on one host.
type Intrusion struct {
	Host string `json:"host"`
	// Actor is who, where one intruder is on several hosts or several are at work.
	Actor string `json:"actor,omitempty"`
	// Benign : it is somebody's work, and no intrusion.
	Benign bool `json:"benign,omitempty"`
	// Entry is the process in which the intruder came in.
	Entry Process `json:"entry"`
	// Processes that he started, or that ran because of what he left.
	Processes []Process `json:"processes"`
	// Behind are the processes that he came in through: a service, a daemon of
	// logins or jobs. They are no part of the intrusion, and right to show.
	Behind []Process `json:"behind,omitempty"`
	Files  []File    `json:"files,omitempty"`
	// Reads are the sensitive files that he read.
	Reads []string `json:"reads,omitempty"`
	// Peers that his processes called, as address:port; Sources are addresses that
	// he came from.
	Peers   []string `json:"peers,omitempty"`
	Names   []string `json:"names,omitempty"`
	Sources []string `json:"sources,omitempty"`
}

// persists reports whether something of it runs again later.
func (i *Intrusion) persists() bool {
	return slices.ContainsFunc(i.Files, func(f File) bool { return f.Persists })
}

// lateral reports whether it reached another host of ours.
func (i *Intrusion) lateral() bool {
	return slices.ContainsFunc(i.Peers, func(peer string) bool { return strings.HasPrefix(peer, "10.") })
}

// Process as the kernel told of its fork: pid, and start in nanoseconds since
// boot, a little after the start that the kernel keeps.
type Process struct {
	PID   uint32 `json:"pid"`
	Start uint64 `json:"start"`
	// Program is what it executed last, "" for a mere fork.
	Program string `json:"program,omitempty"`
}

// startSlack is how much later than the start that the kernel keeps its notice
// of the fork may say, in nanoseconds. A number comes again after seconds.
const startSlack = 100e6

// Is reports whether it is the process of a key.
func (p *Process) Is(key event.ProcessKey) bool {
	apart := int64(p.Start) - int64(key.Start)
	return p.PID == key.PID && apart < startSlack && apart > -startSlack
}

func among(list []Process, key event.ProcessKey) bool {
	return slices.ContainsFunc(list, func(p Process) bool { return p.Is(key) })
}

// Has reports whether a process is the intruder's.
func (i *Intrusion) Has(key event.ProcessKey) bool { return among(i.Processes, key) }

// File that the intruder made or changed, under all the names that it had.
type File struct {
	Paths []string `json:"paths"`
	// Inode and Device ("major:minor") by stat, where there was time for one.
	Inode  uint64 `json:"inode,omitempty"`
	Device string `json:"device,omitempty"`
	// Persists : it makes something run later.
	Persists bool `json:"persists,omitempty"`
}

// Extensions of the files of a recording.
const (
	EventsExtension = ".ndjson.zst"
	LabelsExtension = ".json"
)

// Recording is a recording on disk.
type Recording struct {
	Labels
	// Events is the file with them.
	Events string
}

// Load reads the labels of all recordings of a directory, in the order of their
// names.
func Load(dir string) ([]Recording, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*"+EventsExtension))
	if err != nil {
		return nil, err
	}
	var all []Recording
	for _, name := range names {
		r := Recording{Events: name}
		text, err := os.ReadFile(strings.TrimSuffix(name, EventsExtension) + LabelsExtension)
		if err != nil {
			return nil, fmt.Errorf("labels: %w", err)
		}
		if err := json.Unmarshal(text, &r.Labels); err != nil {
			return nil, fmt.Errorf("labels of %s: %w", name, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// Write writes a recording: the events and their labels.
func Write(dir string, events []*event.Event, labels *Labels) (err error) {
	text, err := json.Marshal(labels)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, labels.Name+LabelsExtension), append(text, '\n'), 0o644); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, labels.Name+EventsExtension))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	packed, err := zstd.NewWriter(f, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(8<<20))
	if err != nil {
		return err
	}
	out := eventio.NewWriter(packed)
	for _, ev := range events {
		if err := out.Write(ev); err != nil {
			return err
		}
	}
	return errors.Join(out.Flush(), packed.Close())
}
