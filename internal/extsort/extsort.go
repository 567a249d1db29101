// Package extsort sorts more records than fit in memory: what exceeds a
// budget is sorted and spilled to temporary files, which are merged in the
// end. The sort is stable: equal keys keep the order in which they were added.
package extsort

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"github.com/klauspost/compress/zstd"
)

const (
	// defaultBudget is how many bytes of records are in memory at once.
	defaultBudget = 48 << 20
	// overhead is what a record costs beside its bytes.
	overhead = 64
	// maxRuns are merged at once; each costs a file and a decompressor.
	maxRuns = 128
	// window of the compression, which bounds what a decompressor holds.
	window = 64 << 10
	// maxField bounds a key or value read back, in bytes.
	maxField = 1 << 30
)

// Record is one thing to sort. Keys compare as bytes.
type Record struct{ Key, Value []byte }

// Sorter sorts records. Make one with New; Close removes its files.
type Sorter struct {
	dir     string
	budget  int
	size    int
	records []Record
	runs    []*os.File
	err     error
}

// New returns a sorter that spills to dir.
func New(dir string) *Sorter { return &Sorter{dir: dir, budget: defaultBudget} }

// WithBudget sets how many bytes of records are in memory at once.
func (s *Sorter) WithBudget(bytes int) *Sorter {
	s.budget = bytes
	return s
}

// Add takes a record in and keeps its slices.
func (s *Sorter) Add(key, value []byte) error {
	s.records = append(s.records, Record{key, value})
	if s.size += len(key) + len(value) + overhead; s.size >= s.budget {
		return s.spill()
	}
	return nil
}

// spill writes the records in memory to a run of their own.
func (s *Sorter) spill() error {
	s.sort()
	run, err := s.write(func(yield func(Record) bool) {
		for _, r := range s.records {
			if !yield(r) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	clear(s.records)
	s.records, s.size = s.records[:0], 0
	s.runs = append(s.runs, run)
	if len(s.runs) < maxRuns {
		return nil
	}
	return s.compact()
}

// compact merges all runs into one.
func (s *Sorter) compact() error {
	merged, err := s.write(s.All())
	if err = errors.Join(err, s.err); err != nil {
		return err
	}
	err = s.closeRuns()
	s.runs = []*os.File{merged}
	return err
}

func (s *Sorter) sort() {
	slices.SortStableFunc(s.records, func(a, b Record) int { return bytes.Compare(a.Key, b.Key) })
}

// write makes a run. The file has no name: it is gone when it is closed.
func (s *Sorter) write(records iter.Seq[Record]) (*os.File, error) {
	file, err := os.CreateTemp(s.dir, "baize-sort-*")
	if err != nil {
		return nil, fmt.Errorf("spill: %w", err)
	}
	if err := errors.Join(os.Remove(file.Name()), writeRun(file, records)); err != nil {
		return nil, errors.Join(fmt.Errorf("spill: %w", err), file.Close())
	}
	return file, nil
}

func writeRun(file io.Writer, records iter.Seq[Record]) error {
	z, err := zstd.NewWriter(file, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(window), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	var failed error
	var head [2 * binary.MaxVarintLen64]byte
	for r := range records {
		n := binary.PutUvarint(head[:], uint64(len(r.Key)))
		n += binary.PutUvarint(head[n:], uint64(len(r.Value)))
		for _, part := range [][]byte{head[:n], r.Key, r.Value} {
			if _, failed = z.Write(part); failed != nil {
				return errors.Join(failed, z.Close())
			}
		}
	}
	return z.Close()
}

// All yields the records in order. Err says afterwards whether all were read.
// It may be called again; nothing may be added meanwhile.
func (s *Sorter) All() iter.Seq[Record] {
	return func(yield func(Record) bool) {
		s.sort()
		h, err := s.open()
		defer h.close()
		if err != nil {
			s.err = err
			return
		}
		for len(h.cursors) > 0 {
			top := h.cursors[0]
			if !yield(top.head) {
				return
			}
			if err := h.advance(); err != nil {
				s.err = err
				return
			}
		}
	}
}

// Err is what kept All from reading everything.
func (s *Sorter) Err() error { return s.err }

// Close removes the files.
func (s *Sorter) Close() error {
	s.records = nil
	return s.closeRuns()
}

func (s *Sorter) closeRuns() error {
	var err error
	for _, run := range s.runs {
		err = errors.Join(err, run.Close())
	}
	s.runs = nil
	return err
}

func (s *Sorter) open() (*merge, error) {
	h := &merge{}
	for i, run := range s.runs {
		c, err := openRun(run, i)
		if err != nil {
			return h, err
		}
		h.add(c)
	}
	h.add(&cursor{order: len(s.runs), memory: s.records})
	return h, h.start()
}

// cursor reads one run, or the records in memory, which were added last.
type cursor struct {
	order  int
	head   Record
	memory []Record
	in     *bufio.Reader
	close  func()
}

func openRun(run *os.File, order int) (*cursor, error) {
	if _, err := run.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read spilled records: %w", err)
	}
	z, err := zstd.NewReader(run, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(1<<20))
	if err != nil {
		return nil, fmt.Errorf("read spilled records: %w", err)
	}
	return &cursor{order: order, in: bufio.NewReaderSize(z, 16<<10), close: z.Close}, nil
}

// next reads the next record into head; io.EOF is the end.
func (c *cursor) next() error {
	if c.in == nil {
		if len(c.memory) == 0 {
			return io.EOF
		}
		c.head, c.memory = c.memory[0], c.memory[1:]
		return nil
	}
	key, err := binary.ReadUvarint(c.in)
	if err != nil {
		return err // io.EOF between records
	}
	value, err := binary.ReadUvarint(c.in)
	if err != nil || key > maxField || value > maxField {
		return damaged(err)
	}
	data := make([]byte, key+value)
	if _, err := io.ReadFull(c.in, data); err != nil {
		return damaged(err)
	}
	c.head = Record{Key: data[:key:key], Value: data[key:]}
	return nil
}

// damaged is an end within a record, which is never io.EOF.
func damaged(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("spilled record is damaged: %w", err)
}

// merge is a heap of cursors, the least record on top.
type merge struct {
	cursors []*cursor
	opened  []*cursor
}

func (m *merge) add(c *cursor) { m.opened = append(m.opened, c) }

func (m *merge) start() error {
	for _, c := range m.opened {
		switch err := c.next(); {
		case errors.Is(err, io.EOF):
		case err != nil:
			return err
		default:
			m.cursors = append(m.cursors, c)
		}
	}
	heap.Init(m)
	return nil
}

// advance replaces the top by its cursor's next record.
func (m *merge) advance() error {
	err := m.cursors[0].next()
	switch {
	case err == nil:
		heap.Fix(m, 0)
	case errors.Is(err, io.EOF):
		heap.Pop(m)
	default:
		return err
	}
	return nil
}

func (m *merge) close() {
	for _, c := range m.opened {
		if c.close != nil {
			c.close()
		}
	}
}

// Len implements heap.Interface.
func (m *merge) Len() int { return len(m.cursors) }

// Less implements heap.Interface: by key, then by order of adding.
func (m *merge) Less(i, j int) bool {
	if c := bytes.Compare(m.cursors[i].head.Key, m.cursors[j].head.Key); c != 0 {
		return c < 0
	}
	return m.cursors[i].order < m.cursors[j].order
}

// Swap implements heap.Interface.
func (m *merge) Swap(i, j int) { m.cursors[i], m.cursors[j] = m.cursors[j], m.cursors[i] }

// Push implements heap.Interface.
func (m *merge) Push(c any) { m.cursors = append(m.cursors, c.(*cursor)) }

// Pop implements heap.Interface.
func (m *merge) Pop() any {
	last := m.cursors[len(m.cursors)-1]
	m.cursors = m.cursors[:len(m.cursors)-1]
	return last
}
