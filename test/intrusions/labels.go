package intrusions

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
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
