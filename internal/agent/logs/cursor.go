package logs

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Mark is a place in a log: behind what has been read.
type Mark struct {
	// Device, Inode and the checksum of the first HeadSize bytes tell which
	// file it is, also when it has been renamed or copied.
	Device   uint64 `json:"device,omitempty"`
	Inode    uint64 `json:"inode,omitempty"`
	Head     uint64 `json:"head,omitempty"`
	HeadSize int    `json:"head_size,omitempty"`
	Offset   int64  `json:"offset,omitempty"`
	// Entries of a file of the journal.
	Entries uint64 `json:"entries,omitempty"`
}

// Marks are the places of all logs, by path, or by the id of a journal's file.
type Marks map[string]Mark

// cursorFile holds two states: what had been read before a batch of events was
// put into the spool, and what has been once it is there. Which of them holds
// is told by the spool: whether it has the batch's last number. So a line is
// read exactly once also if the agent is killed between the two writes.
type cursorFile struct {
	Boot   string `json:"boot"`
	Seq    uint64 `json:"seq"`
	Before Marks  `json:"before"`
	After  Marks  `json:"after"`
}

// Cursor keeps the marks of what has been spooled. It belongs to the goroutine
// that records the events.
type Cursor struct {
	file    string
	waiting []place
	current Marks
	written Marks
	dirty   bool
}

// place is a mark to be reached when an event has been recorded.
type place struct {
	log  string
	mark Mark
}

// maxMarks bounds the logs remembered. Lines of those beyond are told, and told
// again after a restart.
const maxMarks = 4096

// NewCursor returns a cursor that is not kept.
func NewCursor() *Cursor { return &Cursor{current: Marks{}} }

// OpenCursor reads the marks. last tells the last sequence number spooled of a
// boot. first says that there is no cursor yet.
func OpenCursor(dir string, last func(boot string) uint64) (c *Cursor, first bool, err error) {
	c = &Cursor{file: filepath.Join(dir, "logs.cursor"), current: Marks{}}
	text, err := os.ReadFile(c.file)
	if errors.Is(err, os.ErrNotExist) {
		return c, true, nil
	}
	var kept cursorFile
	if err == nil {
		err = json.Unmarshal(text, &kept)
	}
	if err != nil {
		return c, true, fmt.Errorf("read the places in the logs, which are read from their ends: %w", err)
	}
	marks := kept.Before
	if last(kept.Boot) >= kept.Seq {
		marks = kept.After
	}
	for log, mark := range marks {
		c.current[log] = mark
	}
	c.written = clone(c.current)
	return c, false, nil
}

func clone(m Marks) Marks {
	out := make(Marks, len(m))
	for log, mark := range m {
		out[log] = mark
	}
	return out
}

// Marks returns a copy of the places.
func (c *Cursor) Marks() Marks { return clone(c.current) }

// Prune forgets the files that are gone, and the journal's files whose id is
// not among ids.
func (c *Cursor) Prune(ids map[string]bool) {
	for log := range c.current {
		id, journal := strings.CutPrefix(log, journalLog(""))
		if _, err := os.Stat(log); journal && !ids[id] || !journal && errors.Is(err, os.ErrNotExist) {
			delete(c.current, log)
		}
	}
}

// Begin notes where a log begins to be read.
func (c *Cursor) Begin(log string, mark Mark) {
	if len(c.current) < maxMarks {
		c.current[log], c.dirty = mark, true
	}
}

// Await notes the place behind an event that will be recorded. Events are
// recorded in the order of Await.
func (c *Cursor) Await(log string, mark Mark) { c.waiting = append(c.waiting, place{log, mark}) }

// Recorded says that the next of the awaited events goes into the batch.
func (c *Cursor) Recorded() {
	if len(c.waiting) == 0 {
		return
	}
	next := c.waiting[0]
	c.waiting = c.waiting[1:]
	if _, known := c.current[next.log]; known || len(c.current) < maxMarks {
		c.current[next.log], c.dirty = next.mark, true
	}
}

// Commit writes the places down before the batch whose last number is seq is
// spooled. It does nothing where no line was read.
func (c *Cursor) Commit(boot string, seq uint64) error {
	if !c.dirty {
		return nil
	}
	text, err := json.Marshal(cursorFile{Boot: boot, Seq: seq, Before: c.written, After: c.current})
	if err != nil {
		return fmt.Errorf("keep the places in the logs: %w", err)
	}
	next := c.file + ".new"
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return fmt.Errorf("keep the places in the logs: %w", err)
	}
	if err := os.Rename(next, c.file); err != nil {
		return fmt.Errorf("keep the places in the logs: %w", err)
	}
	c.written, c.dirty = clone(c.current), false
	return nil
}
