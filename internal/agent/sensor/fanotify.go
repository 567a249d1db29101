package sensor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// writes reports files closed after writing. fanotify sees what system calls do
// not: closes at exit, by dup2, of the last shared mapping, and by io_uring. It
// tells the pid and opens the file; a program of ours reads both into the ring,
// so that these records come in order with all others.
type writes struct {
	fd      int
	marks   *marks
	asks    *ebpf.Map
	program *ebpf.Program
	counts  *counters

	mu  sync.Mutex
	err error
}

// note keeps what keeps writes from being seen, nil once it works.
func (w *writes) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
}

// state is the last note.
func (w *writes) state() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

const (
	// writtenMax is ASKED_MAX of bpf/fileop.h.
	writtenMax = 64
	// gather lets a busy writer's events gather, within the flush time.
	gather = time.Millisecond
	// remark is how soon new mounts are looked for without a hint.
	remark = 2 * time.Second
)

// askedFile is struct asked_file and asked is struct asked of bpf/fileop.h.
type askedFile struct {
	FD   int32
	PID  uint32
	Mono uint64
	Info [fileSize]byte
}

type asked struct {
	Count, Pad uint32
	Files      [writtenMax]askedFile
}

// Keys of the asks map.
const (
	askWritten = iota
	askDescribe
)

// openWrites makes the fanotify group and its first marks.
func openWrites(l *loader, c *counters) (*writes, error) {
	program, err := l.load(sensorProgOnWritten)
	if err != nil {
		return nil, err
	}
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_NOTIF|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK|unix.FAN_UNLIMITED_QUEUE,
		unix.O_RDONLY|unix.O_LARGEFILE|unix.O_CLOEXEC|unix.O_NOATIME)
	if err != nil {
		return nil, fmt.Errorf("fanotify: %w", err)
	}
	w := &writes{fd: fd, marks: newMarks(fd), asks: l.maps[sensorMapAsks], program: program, counts: c}
	w.note(w.marks.update())
	return w, nil
}

func (w *writes) close() error { return unix.Close(w.fd) }

// run moves events into the ring until ctx ends.
func (w *writes) run(ctx context.Context) {
	stop, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		w.note(err)
		return
	}
	defer unix.Close(stop)
	end := context.AfterFunc(ctx, func() { _, _ = unix.Write(stop, []byte{1, 0, 0, 0, 0, 0, 0, 0}) })
	defer end()
	table, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		w.note(err)
		return
	}
	defer table.Close()
	for ctx.Err() == nil {
		w.wait(stop, int(table.Fd()))
		w.drain(ctx)
	}
}

// wait sleeps until there are events, a mount changed, or it is time to look
// for mounts elsewhere.
func (w *writes) wait(stop, table int) {
	fds := []unix.PollFd{
		{Fd: int32(w.fd), Events: unix.POLLIN},
		{Fd: int32(table), Events: unix.POLLPRI},
		{Fd: int32(stop), Events: unix.POLLIN},
	}
	_, err := unix.Poll(fds, int(remark.Milliseconds()))
	if err != nil && !errors.Is(err, unix.EINTR) {
		w.note(err)
	}
	if fds[1].Revents != 0 || w.marks.due(time.Now()) {
		w.note(w.marks.update())
	}
	if fds[0].Revents != 0 {
		time.Sleep(gather)
	}
}

// drain reads until the queue is empty.
func (w *writes) drain(ctx context.Context) {
	var buf [writtenMax * int(unsafe.Sizeof(unix.FanotifyEventMetadata{}))]byte
	for ctx.Err() == nil {
		n, err := unix.Read(w.fd, buf[:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if errors.Is(err, unix.EAGAIN) || n == 0 {
			return
		}
		if err != nil {
			// The event whose file could not be opened is gone from the queue.
			w.counts.writesLost.Add(1)
			continue
		}
		w.batch(buf[:n])
	}
}

// batch puts the events of one read into the ring.
func (w *writes) batch(events []byte) {
	var a asked
	now := boottime()
	for len(events) >= unix.FAN_EVENT_METADATA_LEN {
		size := order.Uint32(events)
		if size < unix.FAN_EVENT_METADATA_LEN || int(size) > len(events) {
			break
		}
		mask, fd, pid := order.Uint64(events[8:]), int32(order.Uint32(events[16:])), order.Uint32(events[20:])
		events = events[size:]
		if mask&unix.FAN_Q_OVERFLOW != 0 {
			w.counts.writesLost.Add(1)
			continue
		}
		if fd >= 0 {
			a.Files[a.Count] = askedFile{FD: fd, PID: pid, Mono: now}
			a.Count++
		}
	}
	w.put(&a)
	for _, f := range a.Files[:a.Count] {
		_ = unix.Close(int(f.FD))
	}
}

func (w *writes) put(a *asked) {
	if a.Count == 0 {
		return
	}
	err := w.asks.Put(uint32(askWritten), a)
	if err == nil {
		_, err = w.program.Run(&ebpf.RunOptions{})
	}
	if err != nil {
		w.counts.writesLost.Add(uint64(a.Count))
	}
}
