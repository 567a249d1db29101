package sensor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"
)

// writes reports files closed after writing. fanotify sees what system calls do
// not: closes at exit, by dup2, of the last shared mapping, and by io_uring. It
// tells the pid and opens the file; a program of ours makes a record of both.
// Where it belongs among the records of the ring, see place.
type writes struct {
	fd      int
	marks   *marks
	asks    *ebpf.Map
	program *ebpf.Program
	answers *ringbuf.Reader
	counts  *counters
	ring    *position
	// wake is an eventfd that ends a wait.
	wake int

	// draining serialises readers of the group, with raw.
	draining sync.Mutex
	raw      ringbuf.Record

	mu sync.Mutex
	// waiting are records that Run has not placed yet.
	waiting []written
	// mounters are processes that mounted something since the last look.
	mounters map[uint32]bool
	err      error
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

// mounted has the mounts of a process looked at soon.
func (w *writes) mounted(pid uint32) {
	w.mu.Lock()
	if len(w.mounters) < mountersMax {
		w.mounters[pid] = true
	}
	w.mu.Unlock()
	w.rouse()
}

func (w *writes) rouse() { _, _ = unix.Write(w.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}) }

const (
	// writtenMax is ASKED_MAX of bpf/fileop.h.
	writtenMax = 32
	// gather lets a busy writer's events gather, within the flush time.
	gather = time.Millisecond
	// behind is how long run leaves the events to the kernel while Run is behind.
	behind = 10 * time.Millisecond
	// remark is how soon new mounts are looked for without a hint.
	remark = 2 * time.Second
	// mountersMax bounds the processes to look at; the rest wait for remark.
	mountersMax = 64
	// waitingMax bounds the records that wait to be placed; more wait in the
	// kernel, whose queue has no bound.
	waitingMax = 4096
	// flushReads bounds the reads of a flush.
	flushReads = 32
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
	askHome
)

// openWrites makes the fanotify group and its first marks.
func openWrites(l *loader, c *counters, ring *position) (*writes, error) {
	program, err := l.load(sensorProgOnWritten)
	if err != nil {
		return nil, err
	}
	answers, err := ringbuf.NewReader(l.maps[sensorMapAnswers])
	if err != nil {
		return nil, fmt.Errorf("map the ring of answers: %w", err)
	}
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_NOTIF|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK|unix.FAN_UNLIMITED_QUEUE,
		unix.O_RDONLY|unix.O_LARGEFILE|unix.O_CLOEXEC|unix.O_NOATIME)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("fanotify: %w", err), answers.Close())
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, errors.Join(err, unix.Close(fd), answers.Close())
	}
	w := &writes{
		fd: fd, marks: newMarks(fd), asks: l.maps[sensorMapAsks], program: program, answers: answers, counts: c,
		ring: ring, wake: wake, mounters: map[uint32]bool{}, raw: ringbuf.Record{RawSample: make([]byte, 0, 1<<10)},
	}
	w.note(w.marks.update())
	return w, nil
}

func (w *writes) close() error {
	return errors.Join(unix.Close(w.fd), unix.Close(w.wake), w.answers.Close())
}

// run takes events as they come until ctx ends: a file may not be there for long.
func (w *writes) run(ctx context.Context) {
	defer hurry()()
	defer context.AfterFunc(ctx, w.rouse)()
	table, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		w.note(err)
		return
	}
	defer table.Close()
	for ctx.Err() == nil {
		w.wait(int(table.Fd()))
		if !w.drain(ctx, -1) {
			// Run is behind, and takes what is in the kernel when it comes to it.
			time.Sleep(behind)
		}
	}
}

// wait sleeps until there are events, a mount changed, or it is time to look
// for mounts elsewhere.
func (w *writes) wait(table int) {
	fds := []unix.PollFd{
		{Fd: int32(w.fd), Events: unix.POLLIN},
		{Fd: int32(table), Events: unix.POLLPRI},
		{Fd: int32(w.wake), Events: unix.POLLIN},
	}
	if _, err := unix.Poll(fds, int(remark.Milliseconds())); err != nil && !errors.Is(err, unix.EINTR) {
		w.note(err)
	}
	if fds[2].Revents != 0 {
		_, _ = unix.Read(w.wake, make([]byte, 8))
		w.lookAtMounters()
	}
	if fds[1].Revents&unix.POLLPRI != 0 || w.marks.due(time.Now()) {
		w.note(w.marks.update())
	}
	if fds[0].Revents != 0 {
		time.Sleep(gather)
	}
}

// lookAtMounters marks what processes have just mounted.
func (w *writes) lookAtMounters() {
	w.mu.Lock()
	pids := w.mounters
	w.mounters = map[uint32]bool{}
	w.mu.Unlock()
	for pid := range pids {
		dir := "/proc/" + strconv.FormatUint(uint64(pid), 10)
		if err := w.marks.search(dir, dir+"/root", map[string]bool{}); err != nil {
			// It has ended: whoever uses its mounts comes up in all of them.
			w.note(w.marks.update())
			return
		}
	}
}

// drain reads until the queue is empty, or at most so many times; false means
// that no more may wait.
func (w *writes) drain(ctx context.Context, most int) bool {
	w.draining.Lock()
	defer w.draining.Unlock()
	var buf [writtenMax * unix.FAN_EVENT_METADATA_LEN]byte
	for ; ctx.Err() == nil && most != 0; most-- {
		if w.full() {
			return false
		}
		n, err := unix.Read(w.fd, buf[:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if errors.Is(err, unix.EAGAIN) || n == 0 {
			return true
		}
		if err != nil {
			// The event whose file could not be opened is gone from the queue.
			w.counts.writesLost.Add(1)
			continue
		}
		w.batch(buf[:n])
	}
	return true
}

// batch makes records of the events of one read.
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
		return
	}
	w.answered()
}

// answered takes the records that the program made.
func (w *writes) answered() {
	due := w.ring.end()
	w.answers.SetDeadline(time.Unix(1, 0))
	for {
		if err := w.answers.ReadInto(&w.raw); err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				w.note(fmt.Errorf("read the ring of answers: %w", err))
			}
			break
		}
		r, err := decode(w.raw.RawSample)
		if err != nil {
			w.counts.malformed.Add(1)
			continue
		}
		w.mu.Lock()
		w.waiting = append(w.waiting, written{r, due})
		w.mu.Unlock()
	}
	w.ring.rouse()
}
