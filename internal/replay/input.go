package replay

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/klauspost/compress/zstd"

	"baize/internal/event"
	"baize/internal/event/eventio"
	"baize/internal/extsort"
)

// ErrFormat reports a file of a form that replay does not read.
var ErrFormat = errors.New("unsupported form")

// errDisorder ends a pass over files that turned out not to be in order.
var errDisorder = errors.New("events are out of order")

// stdin is the name that stands for standard input.
const stdin = "-"

// parquetMagic begins, and ends, every Parquet file.
var parquetMagic = []byte("PAR1")

// input is one file, opened as often as a pass needs it.
type input struct {
	name string
	file *os.File
	// owned : the file is a copy of standard input.
	owned bool
	// reported is the last line that was reported as bad.
	reported int
}

// openInput opens a file by name. Standard input is copied to dir first: it
// may have to be read twice.
func openInput(name string, standard io.Reader, dir string) (*input, error) {
	if name != stdin {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		return checked(&input{name: name, file: file})
	}
	file, err := os.CreateTemp(dir, "baize-stdin-*")
	if err != nil {
		return nil, err
	}
	in := &input{name: "stdin", file: file, owned: true}
	if err := copyCompressed(file, standard); err != nil {
		return nil, errors.Join(fmt.Errorf("read stdin: %w", err), in.close())
	}
	return checked(in)
}

// copyCompressed copies NDJSON compressed, and anything else as it is.
func copyCompressed(file io.Writer, in io.Reader) error {
	buffered := bufio.NewReaderSize(in, 1<<20)
	if first, _ := buffered.Peek(1); len(first) == 0 || first[0] != '{' {
		_, err := io.Copy(file, buffered)
		return err
	}
	z, err := zstd.NewWriter(file, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(1<<20), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	_, err = io.Copy(z, buffered)
	return errors.Join(err, z.Close())
}

// checked refuses what is no file of events.
func checked(in *input) (*input, error) {
	info, err := in.file.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a directory", in.name)
	}
	if err != nil {
		return nil, errors.Join(err, in.close())
	}
	magic := make([]byte, len(parquetMagic))
	if n, _ := in.file.ReadAt(magic, 0); bytes.Equal(magic[:n], parquetMagic) {
		return nil, errors.Join(fmt.Errorf("%w: %s is Parquet, which is not read yet: give NDJSON", ErrFormat, in.name), in.close())
	}
	return in, nil
}

func (in *input) close() error {
	err := in.file.Close()
	if in.owned {
		err = errors.Join(err, os.Remove(in.file.Name()))
	}
	return err
}

// each calls do for every event in the order of the file, with its line, which
// is valid during the call. Bad lines are reported once and left out.
func (in *input) each(bad func(error), do func(ev *event.Event, line []byte) error) error {
	if _, err := in.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("%s: %w", in.name, err)
	}
	r, err := eventio.NewReader(in.file)
	if err != nil {
		return fmt.Errorf("%s: %w", in.name, err)
	}
	defer func() { _ = r.Close() }() // reading only: nothing is lost
	for {
		ev, line, err := next(r)
		if ev != nil {
			if err := do(ev, line); err != nil {
				return err
			}
			continue
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		at, isLine := errors.AsType[*eventio.LineError](err)
		if !isLine {
			return fmt.Errorf("%s: line %d: %w", in.name, r.Line(), err)
		}
		if at.Line > in.reported {
			in.reported = at.Line
			bad(fmt.Errorf("%s: %w", in.name, err))
		}
	}
}

// next is eventio.Reader.Next that also returns the line.
func next(r *eventio.Reader) (*event.Event, []byte, error) {
	for {
		line, err := r.NextLine()
		if err != nil {
			return nil, nil, err
		}
		if len(line) == 0 {
			continue
		}
		ev, err := eventio.Parse(line)
		if err != nil {
			return nil, nil, &eventio.LineError{Line: r.Line(), Err: err}
		}
		return ev, line, nil
	}
}

// order is how events of one replay are ordered.
type order uint8

const (
	byTime order = iota // (time, host, seq): files of other makers
	byBus               // the position in the log
)

// key orders events: keys compare as bytes.
func (o order) key(ev *event.Event) []byte {
	if o == byBus {
		bus := uint64(0)
		if ev.Ingest != nil {
			bus = ev.Ingest.Bus
		}
		return binary.BigEndian.AppendUint64(nil, bus)
	}
	// Seconds and nanoseconds apart hold every year; the sign bit is turned so
	// that times before 1970 come first.
	key := binary.BigEndian.AppendUint64(make([]byte, 0, 32), uint64(ev.Time.Unix())^1<<63)
	key = binary.BigEndian.AppendUint32(key, uint32(ev.Time.Nanosecond()))
	key = append(key, ev.Host.ID...)
	key = append(key, 0)
	return binary.BigEndian.AppendUint64(key, ev.Seq)
}

// orderOf looks at the first event of each file: only if all carry the log's
// positions do they count.
func orderOf(inputs []*input) (order, error) {
	first := errors.New("first event")
	for _, in := range inputs {
		o := byTime
		err := in.each(func(error) {}, func(ev *event.Event, _ []byte) error {
			if ev.Ingest != nil && ev.Ingest.Bus > 0 {
				o = byBus
			}
			return first
		})
		in.reported = 0
		if err != nil && !errors.Is(err, first) {
			return 0, err
		}
		if errors.Is(err, first) && o == byTime {
			return byTime, nil
		}
	}
	return byBus, nil
}

// streamed passes over one file that is taken to be in order; errDisorder says
// that it is not.
func streamed(in *input, o order, bad func(error), do func(*event.Event) error) error {
	var last []byte
	return in.each(bad, func(ev *event.Event, _ []byte) error {
		key := o.key(ev)
		switch c := bytes.Compare(key, last); {
		case c < 0:
			return errDisorder
		case c == 0 && o == byBus && last != nil:
			return nil // the same record of the log twice
		}
		last = key
		return do(ev)
	})
}

// sorted passes over all files in one order, through temporary files in dir.
func sorted(inputs []*input, o order, dir string, bad func(error), do func(*event.Event) error) (err error) {
	sorter := extsort.New(dir)
	defer func() { err = errors.Join(err, sorter.Close()) }()
	for _, in := range inputs {
		err := in.each(bad, func(ev *event.Event, line []byte) error { return sorter.Add(o.key(ev), slices.Clone(line)) })
		if err != nil {
			return err
		}
	}
	var last []byte
	for r := range sorter.All() {
		if o == byBus && last != nil && bytes.Equal(r.Key, last) {
			continue
		}
		last = r.Key
		ev, err := eventio.Parse(r.Value)
		if err != nil {
			return fmt.Errorf("read sorted events: %w", err)
		}
		if err := do(ev); err != nil {
			return err
		}
	}
	return sorter.Err()
}
