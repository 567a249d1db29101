package eventio

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"baize/internal/event"
)

// Writer writes events as NDJSON. Flush after the last one.
type Writer struct {
	out *bufio.Writer
}

// NewWriter writes to w.
func NewWriter(w io.Writer) *Writer { return &Writer{out: bufio.NewWriterSize(w, 64<<10)} }

// Write appends one line. Equal events are equal lines.
func (w *Writer) Write(ev *event.Event) error {
	line, err := json.Marshal(ev)
	if err != nil {
		return fmt.Errorf("event %d of boot %s: %w", ev.Seq, ev.Boot, err)
	}
	_, err = w.out.Write(append(line, '\n'))
	return err
}

// Flush hands everything written to the underlying writer.
func (w *Writer) Flush() error { return w.out.Flush() }
