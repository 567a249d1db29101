package sensor

import (
	"os"
	"strconv"
	"time"

	"baize/internal/event"

	"golang.org/x/sys/unix"
)

// requested looks for what became of a request through io_uring, which was told
// before it was carried out. A file that was there before was opened, not made.
func (s *settler) requested(r *Record, ahead int64) (int, answered) {
	if r.Kind == event.FileUnlink {
		return -1, nil
	}
	fd := s.open(r)
	if fd < 0 {
		return -1, nil
	}
	if r.Kind == event.FileCreate && !bornSince(fd, ahead+int64(r.Mono)) {
		r.Kind = event.FileOpen
	}
	if r.Kind == event.FileOpen && r.Task.MountNS == s.mountNS {
		if name, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd)); err == nil {
			r.File.Path = name
		}
	}
	return fd, r.File.settle
}

// bornSince tells whether a file was made at or after a time of the real-time
// clock; where the file system does not keep it, whether it changed since.
func bornSince(fd int, since int64) bool {
	var st unix.Statx_t
	err := unix.Statx(fd, "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, unix.STATX_BTIME, &st)
	if err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return changedSince(fd, since)
	}
	return st.Btime.Sec*int64(time.Second)+int64(st.Btime.Nsec) >= since-int64(clockSlack)
}

// settled drops the opens through io_uring that nobody asked for, now that it is
// known what they led to.
func (j *joiner) settled(batch []Record) []Record {
	kept := batch[:0]
	for i := range batch {
		if r := &batch[i]; r.Ring && r.Kind == event.FileOpen && !j.watched(r) {
			j.counts.left(event.ClassFile)
			continue
		}
		kept = append(kept, batch[i])
	}
	return kept
}
