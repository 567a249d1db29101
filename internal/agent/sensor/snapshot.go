package sensor

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
)

// Limits of what is read from /proc, those of the programs.
const (
	argsMax = 8191
	envMax  = 192 << 10
)

// Snapshot delivers one exec record with ColdStart for each process that lives
// now, kernel threads included, parents before their children. Taken after Open
// it leaves no gap: what starts meanwhile is in the ring.
func (s *Sensor) Snapshot(ctx context.Context, emit func([]Record)) error {
	var all []Record
	err := s.iterate(ctx, func(batch []Record) { all = append(all, batch...) })
	if err != nil {
		return err
	}
	// The kernel lists them by pid, and pids wrap. A parent is older than its
	// child, even one that adopted it.
	slices.SortStableFunc(all, func(a, b Record) int { return cmp.Compare(a.Task.Start, b.Task.Start) })
	for batch := range slices.Chunk(all, batchLeast) {
		for i := range batch {
			if !batch[i].Task.KernelThread {
				readMemory(&batch[i])
			}
		}
		s.settler.settle(batch)
		emit(batch)
	}
	return ctx.Err()
}

// iterate delivers the processes as the kernel alone describes them.
func (s *Sensor) iterate(ctx context.Context, emit func([]Record)) error {
	s.iterating.Lock()
	defer s.iterating.Unlock()
	f, err := s.iterator.Open()
	if err != nil {
		return fmt.Errorf("open the task iterator: %w", err)
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 64<<10)
	var batch []Record
	for ctx.Err() == nil {
		r, err := nextTask(in)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		batch = append(batch, r)
		if len(batch) == batchLeast {
			emit(batch)
			batch = nil
		}
	}
	if len(batch) > 0 {
		emit(batch)
	}
	return ctx.Err()
}

// nextTask reads one record of the iterator.
func nextTask(in *bufio.Reader) (Record, error) {
	head, err := in.Peek(recordSize)
	if errors.Is(err, io.EOF) && len(head) == 0 {
		return Record{}, io.EOF
	}
	if err != nil {
		return Record{}, fmt.Errorf("read the task iterator: %w", err)
	}
	size := order.Uint32(head)
	if size < recordSize || size > 32<<10 {
		return Record{}, fmt.Errorf("%w: task of %d bytes", ErrRecord, size)
	}
	raw := make([]byte, size)
	if _, err := io.ReadFull(in, raw); err != nil {
		return Record{}, fmt.Errorf("read the task iterator: %w", err)
	}
	return decode(raw)
}

// readMemory fills argv and environment. A process in a pid namespace that this
// one does not see, or that ended meanwhile, has none.
func readMemory(r *Record) {
	dir := "/proc/" + strconv.Itoa(int(r.Task.PID))
	if args, err := readSome(dir+"/cmdline", argsMax); err == nil {
		r.Exec.Args = splitNUL(args)
		r.Exec.ArgsTruncated = len(args) == argsMax
	}
	env, err := readSome(dir+"/environ", envMax)
	if err != nil {
		return
	}
	r.Exec.EnvTruncated = len(env) == envMax
	for v := range bytes.SplitSeq(env, []byte{0}) {
		if wantedEnv(v) {
			r.Exec.Env = append(r.Exec.Env, string(v))
		}
	}
}

var envPrefixes = [][]byte{[]byte("LD_PRELOAD="), []byte("LD_LIBRARY_PATH="), []byte("SSH_CONNECTION=")}

func wantedEnv(v []byte) bool {
	for _, prefix := range envPrefixes {
		if bytes.HasPrefix(v, prefix) {
			return true
		}
	}
	return false
}

// readSome reads at most n bytes of a file.
func readSome(name string, n int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, n))
}
