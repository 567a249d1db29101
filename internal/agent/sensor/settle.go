package sensor

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"baize/internal/event"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// settler finds the inodes behind names that a system call was given. The
// kernel has no hook here that shows the file itself, so the name is looked up
// right afterwards, in the caller's root, and the file only counts if it has
// changed no earlier than the call. The lookup is served from the kernel's
// cache or not at all: it cannot hang on a slow or hostile file system.
type settler struct {
	// mu : a snapshot settles beside Run.
	mu      sync.Mutex
	asks    *ebpf.Map
	program *ebpf.Program
	// mountNS is the mount namespace of this process.
	mountNS uint32
	// home is the host's root directory.
	home int
	// root is the last process's root directory.
	root    int
	rootPID uint32
}

// clockSlack is how far a file's time may lie before the call's: the kernel
// stamps files by the tick.
const clockSlack = 20 * time.Millisecond

// resolveCached is RESOLVE_CACHED of linux/openat2.h.
const resolveCached = 0x20

func newSettler(l *loader) (*settler, error) {
	program, err := l.load(sensorProgOnDescribe)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Stat("/proc/self/ns/mnt", &st); err != nil {
		return nil, err
	}
	s := &settler{asks: l.maps[sensorMapAsks], program: program, mountNS: uint32(st.Ino), root: -1}
	return s, s.findHome(l)
}

// settle completes the records of a batch.
func (s *settler) settle(batch []Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var a asked
	var of [writtenMax]answered
	flush := func() {
		s.describe(&a, of[:a.Count])
		a.Count = 0
	}
	ahead := realAhead()
	for i := range batch {
		fd, take := s.question(&batch[i], ahead)
		if fd < 0 {
			continue
		}
		a.Files[a.Count], of[a.Count] = askedFile{FD: int32(fd)}, take
		if a.Count++; a.Count == writtenMax {
			flush()
		}
	}
	flush()
	s.closeRoot()
}

// answered takes what the kernel knows of a file that was asked for.
type answered func(*FileRef)

// question opens the file that a record asks for, -1 if it asks for none.
func (s *settler) question(r *Record, ahead int64) (int, answered) {
	if r.Kind == event.ProcessExec && r.Exec != nil && r.Exec.Image.Foreign {
		return s.atHome(&r.Exec.Image), r.Exec.Image.compare
	}
	if unknownYet(r) {
		return s.requested(r, ahead)
	}
	if !unsettled(r) {
		return -1, nil
	}
	fd := s.open(r)
	if fd >= 0 && !changedSince(fd, ahead+int64(r.Mono)) {
		_ = unix.Close(fd)
		return -1, nil
	}
	return fd, r.File.settle
}

// unsettled tells whether only a name is known of a file that should be there.
func unsettled(r *Record) bool {
	if r.File == nil || !r.File.FromUser || r.File.Inode != 0 {
		return false
	}
	switch r.Kind {
	case event.FileRename, event.FileLink, event.FileCreate, event.FileAttributes:
		return true
	}
	return false
}

// open looks the name up; -1 if there is no file, or not in the cache.
func (s *settler) open(r *Record) int {
	name := r.File.Path
	if r.Kind == event.FileRename || r.Kind == event.FileLink {
		name = r.File.NewPath
	}
	how := unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | resolveCached | unix.RESOLVE_NO_MAGICLINKS,
	}
	if r.Kind != event.FileAttributes && r.Kind != event.FileOpen {
		how.Flags |= unix.O_NOFOLLOW
	}
	root := s.rootOf(&r.Task)
	if root < 0 || !strings.HasPrefix(name, "/") {
		return -1
	}
	fd, err := unix.Openat2(root, name, &how)
	if err != nil {
		return -1
	}
	return fd
}

// rootOf opens a process's root. One that has ended had this process's own, if
// it was in the same mount namespace.
func (s *settler) rootOf(t *Task) int {
	if s.root >= 0 && s.rootPID == t.PID {
		return s.root
	}
	s.closeRoot()
	dir := "/proc/" + strconv.FormatUint(uint64(t.PID), 10) + "/root"
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_CLOEXEC|unix.O_DIRECTORY, 0)
	if err != nil && t.MountNS == s.mountNS {
		fd, err = unix.Open("/", unix.O_PATH|unix.O_CLOEXEC|unix.O_DIRECTORY, 0)
	}
	if err != nil {
		return -1
	}
	s.root, s.rootPID = fd, t.PID
	return fd
}

func (s *settler) closeRoot() {
	if s.root >= 0 {
		_ = unix.Close(s.root)
		s.root = -1
	}
}

// describe fills in the files behind the descriptors and closes them.
func (s *settler) describe(a *asked, of []answered) {
	if a.Count == 0 {
		return
	}
	err := s.asks.Put(uint32(askDescribe), a)
	if err == nil {
		_, err = s.program.Run(&ebpf.RunOptions{})
	}
	for _, f := range a.Files[:a.Count] {
		_ = unix.Close(int(f.FD))
	}
	var answer asked
	if err == nil {
		err = s.asks.Lookup(uint32(askDescribe), &answer)
	}
	if err != nil {
		return
	}
	for i, take := range of {
		found, _ := decodeFile(answer.Files[i].Info[:])
		take(found)
	}
}

// settle takes over the file that the name led to. The bits that a change of
// mode asked for stay: another may have come since.
func (f *File) settle(found *FileRef) {
	found.Path = f.Path
	if f.Change == changes[changeMode] {
		found.Mode = found.Mode&modeMask | f.Mode
	}
	f.FileRef = *found
}

// changedSince tells whether a file's status changed at or after a time of the
// real-time clock, asking no remote server.
func changedSince(fd int, since int64) bool {
	var st unix.Statx_t
	err := unix.Statx(fd, "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, unix.STATX_CTIME, &st)
	if err != nil {
		return false
	}
	return st.Ctime.Sec*int64(time.Second)+int64(st.Ctime.Nsec) >= since-int64(clockSlack)
}

// realAhead is the real-time clock minus the boot clock, in nanoseconds.
func realAhead() int64 { return time.Now().UnixNano() - int64(boottime()) }
