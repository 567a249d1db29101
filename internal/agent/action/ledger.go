package action

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"baize/internal/agent/tree"
	"baize/internal/event"
	"baize/internal/response"
)

// ledgerFile is where what can be undone is kept, within the agent's state.
const ledgerFile = "undo.json"

// maxRecords bounds what can be undone. Nothing is forgotten to make room: with
// as many in force the next action is refused.
const maxRecords = 256

var errNoRecord = errors.New("there is nothing to undo under that name")

// record is what undoes an action. It is on disk before the action begins.
type record struct {
	// ID is that of the command.
	ID     string    `json:"id"`
	Action string    `json:"action"`
	Time   time.Time `json:"time"`
	Boot   string    `json:"boot"`
	// Acting : the action has not ended. Read back at start it was interrupted,
	// and is undone.
	Acting bool `json:"acting,omitempty"`
	// Process and Groups of a tree.
	Process event.ProcessKey `json:"process,omitzero"`
	Groups  []tree.Group     `json:"groups,omitempty"`
	Count   int              `json:"count,omitempty"`
	// File that was taken away.
	File *takenFile `json:"file,omitempty"`
	// Lines that were removed.
	Lines *takenLines `json:"lines,omitempty"`
}

// ledger is the records in the order of the actions. It is safe for concurrent use.
type ledger struct {
	path string

	mu      sync.Mutex
	records []record
}

// readLedger reads the records. One that cannot be read is an error: what is
// frozen would stay so with nobody who knows.
func readLedger(dir string) (*ledger, error) {
	l := &ledger{path: filepath.Join(dir, ledgerFile)}
	text, err := os.ReadFile(l.path)
	if errors.Is(err, os.ErrNotExist) {
		return l, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &l.records)
	}
	if err != nil {
		return nil, fmt.Errorf("what can be undone: %s: %w", l.path, err)
	}
	return l, nil
}

// put adds a record, or what is newly known of one, and returns once it is on disk.
func (l *ledger) put(r record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	after := slices.Clone(l.records)
	at := slices.IndexFunc(after, func(old record) bool { return old.ID == r.ID })
	switch {
	case at >= 0:
		after[at] = r
	case len(after) >= maxRecords:
		return refuse("%d actions can be undone here, which is as many as are kept: undo some", maxRecords)
	default:
		after = append(after, r)
	}
	return l.save(after)
}

// drop removes a record.
func (l *ledger) drop(id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.save(slices.DeleteFunc(slices.Clone(l.records), func(r record) bool { return r.ID == id }))
}

// get returns the record of an action.
func (l *ledger) get(id string, action string) (record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.records {
		if r.ID == id && r.Action == action && !r.Acting {
			return r, nil
		}
	}
	return record{}, refuse("%s %q: %w", action, id, errNoRecord)
}

func (l *ledger) all() []record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.records)
}

// save replaces the file whole: after a crash it is the old one or the new one.
func (l *ledger) save(records []record) error {
	text, err := json.Marshal(records)
	if err == nil {
		err = replace(l.path, append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("keep what can be undone: %w", err)
	}
	l.records = records
	return nil
}

// replace writes a file of the agent's state so that a crash leaves the old or the
// new content.
func replace(path string, text []byte) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// show is a record as the server sees it.
func (r *record) show() response.Record {
	shown := response.Record{ID: r.ID, Action: r.Action, Time: r.Time.Format(time.RFC3339), Count: r.Count, Subject: r.Process.String()}
	if r.File != nil {
		shown.Subject, shown.Size = r.File.Path, r.File.Size
	}
	if r.Lines != nil {
		shown.Subject, shown.Size = r.Lines.Path, r.Lines.Size
	}
	return shown
}
