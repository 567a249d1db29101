package sensor

import (
	"os"
	"time"

	"baize/internal/event"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// pidnsInitial is PROC_PID_INIT_INO, the inode of the initial pid namespace.
const pidnsInitial = 0xeffffffc

// joiner completes records with what another record told: the task behind a
// bare pid, the class of a watched path. Run owns it.
type joiner struct {
	table   *table
	watches []Watch
	counts  *counters
	// ns is the pid namespace whose numbers fanotify gives, 0 for the initial.
	ns uint32
	// limited sensors leave out who is not in the table; others count it.
	limited bool
	// mounted is told of processes that mounted something.
	mounted func(pid uint32)
	// discards are what the kernel need not tell again for a while.
	discards *ebpf.Map
}

// join completes r, and tells whether it is to be delivered.
func (j *joiner) join(r *Record) bool {
	j.table.learn(r)
	switch r.Kind {
	case event.KernelMount:
		j.mounted(r.Task.PID)
		return r.Request != MountDetached
	case event.FileCloseWrite:
		return j.writer(r)
	case event.FileOpen:
		// A request through io_uring is known by name only until it is settled.
		return unknownYet(r) || j.watched(r)
	case event.NetworkConnect:
		return r.File == nil || j.watched(r)
	case event.ProcessPtrace:
		j.target(r)
	case event.KernelBPF:
		j.ofAgent(r)
	}
	return true
}

// ofAgent makes the agent the target of who reaches for its maps and links.
func (j *joiner) ofAgent(r *Record) {
	if task, ok := j.table.find(j.ns, uint32(os.Getpid())); ok && r.Flags&bpfOurs != 0 {
		r.Child = &task
	}
}

// watched classifies the file of a record, and tells whether it is of interest.
// Settings of the kernel are read all the time.
func (j *joiner) watched(r *Record) bool {
	f := r.File
	f.Watch = watchOf(j.watches, f)
	if f.Watch == "" || f.Watch == WatchSetting && f.Flags&unix.O_ACCMODE == unix.O_RDONLY {
		j.discard(r.way)
		return false
	}
	return true
}

// discardFor is how long the kernel may leave out what led to nothing.
const discardFor = 10 * time.Second

// discard has the kernel leave out opens of a file that no watch covers, as long
// as nothing on the way to it changes. It may fail: then they come again.
func (j *joiner) discard(way uint64) {
	if way != 0 && j.discards != nil {
		_ = j.discards.Put(way, boottime()+uint64(discardFor))
	}
}

// writer finds who closed a file.
func (j *joiner) writer(r *Record) bool {
	task, ok := j.table.find(j.ns, r.targetPID)
	if !ok {
		if !j.limited {
			j.counts.writesLost.Add(1)
		}
		return false
	}
	r.Task = task
	return true
}

// target finds whom a tracer reached for where the kernel side could not.
func (j *joiner) target(r *Record) {
	if r.Child != nil {
		return
	}
	ns := r.Task.PIDNS
	if ns == pidnsInitial {
		ns = 0
	}
	if task, ok := j.table.find(ns, r.targetPID); ok {
		r.Child = &task
	}
}

// ownPIDNamespace is the namespace of this process, 0 for the initial one.
func ownPIDNamespace() uint32 {
	var st unix.Stat_t
	if err := unix.Stat("/proc/self/ns/pid", &st); err != nil || st.Ino == pidnsInitial {
		return 0
	}
	return uint32(st.Ino)
}
