package sensor

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// marks are the file systems that fanotify watches for closes after writing.
// A mark covers a whole file system, wherever it is mounted; only its first
// mount has to be found, in whatever mount namespace. Marking again changes
// nothing, and a device number may meanwhile mean another file system: so every
// update marks all.
type marks struct {
	group int
	next  time.Time
	// failed says why file systems could not be marked, by device.
	failed map[string]error
}

func newMarks(group int) *marks { return &marks{group: group, failed: map[string]error{}} }

// due tells whether it is time to look for new mounts.
func (m *marks) due(now time.Time) bool { return !now.Before(m.next) }

// update marks the mounts of this mount namespace, and those of one process of
// every other.
func (m *marks) update() error {
	m.next = time.Now().Add(remark)
	clear(m.failed)
	done := map[string]bool{}
	if err := m.search("/proc/self", "", done); err != nil {
		return err
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return fmt.Errorf("look for mount namespaces: %w", err)
	}
	namespaces := map[uint64]bool{}
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		m.searchProcess(filepath.Join("/proc", e.Name()), namespaces, done)
	}
	return m.failure()
}

// failure names the file systems whose writes are not seen.
func (m *marks) failure() error {
	var errs []error
	for _, device := range slices.Sorted(maps.Keys(m.failed)) {
		errs = append(errs, m.failed[device])
	}
	return errors.Join(errs...)
}

// searchProcess searches the mount namespace of a process, each once.
func (m *marks) searchProcess(dir string, namespaces map[uint64]bool, done map[string]bool) {
	var st unix.Stat_t
	if err := unix.Stat(dir+"/ns/mnt", &st); err != nil || namespaces[st.Ino] {
		return
	}
	namespaces[st.Ino] = true
	// It may have ended meanwhile; another process of the namespace comes up
	// at the next update.
	_ = m.search(dir, dir+"/root", done)
}

// search marks the file systems of one mount table that are not done.
func (m *marks) search(dir, root string, done map[string]bool) error {
	f, err := os.Open(dir + "/mountinfo")
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		mt, ok := parseMount(lines.Text())
		if !ok || done[mt.device] || !watchable(mt) {
			continue
		}
		if err := m.mark(root+mt.point, mt.fs); err != nil {
			m.failed[mt.device] = fmt.Errorf("%s (%s): %w", mt.point, mt.fs, err)
			continue
		}
		delete(m.failed, mt.device)
		done[mt.device] = true
	}
	return lines.Err()
}

func (m *marks) mark(point, fs string) error {
	err := unix.FanotifyMark(m.group, unix.FAN_MARK_ADD|unix.FAN_MARK_FILESYSTEM, unix.FAN_CLOSE_WRITE, unix.AT_FDCWD, point)
	if err != nil || fs != "devtmpfs" && filepath.Base(point) != "dev" {
		return err
	}
	return m.ignoreDevices(point)
}

// devices that everybody writes to; they are never files.
var devices = []string{"null", "zero", "full", "tty", "ptmx", "console", "random", "urandom", "kmsg"}

// ignoreDevices spares the cost of events that would be dropped anyway.
func (m *marks) ignoreDevices(point string) error {
	for _, d := range devices {
		name := filepath.Join(point, d)
		var st unix.Stat_t
		if unix.Lstat(name, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFCHR {
			continue
		}
		err := unix.FanotifyMark(m.group, unix.FAN_MARK_ADD|unix.FAN_MARK_IGNORED_MASK|unix.FAN_MARK_IGNORED_SURV_MODIFY,
			unix.FAN_CLOSE_WRITE, unix.AT_FDCWD, name)
		if err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("ignore %s: %w", name, err)
		}
	}
	return nil
}

// mount is a line of mountinfo.
type mount struct {
	device, point, fs string
	readOnly          bool
}

// parseMount reads a line of /proc/PID/mountinfo (proc(5)).
func parseMount(line string) (mount, bool) {
	left, right, ok := strings.Cut(line, " - ")
	l, r := strings.Fields(left), strings.Fields(right)
	if !ok || len(l) < 6 || len(r) < 3 {
		return mount{}, false
	}
	readOnly := false
	for o := range strings.SplitSeq(r[2], ",") {
		readOnly = readOnly || o == "ro"
	}
	return mount{device: l[2], point: unescape(l[4]), fs: r[0], readOnly: readOnly}, true
}

// unescape undoes the octal escapes of mountinfo.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// pseudo file systems hold no files that anyone writes and keeps; the remote
// ones report what other hosts do.
var pseudo = map[string]bool{
	"proc": true, "sysfs": true, "cgroup": true, "cgroup2": true, "devpts": true, "debugfs": true,
	"tracefs": true, "securityfs": true, "bpf": true, "pstore": true, "efivarfs": true, "configfs": true,
	"mqueue": true, "hugetlbfs": true, "autofs": true, "binfmt_misc": true, "nsfs": true, "rpc_pipefs": true,
	"fusectl": true, "squashfs": true, "iso9660": true, "erofs": true, "selinuxfs": true,
	"nfs": true, "nfs4": true, "cifs": true, "smb3": true, "9p": true, "ceph": true, "afs": true,
}

func watchable(m mount) bool {
	return !m.readOnly && !pseudo[m.fs] && !strings.HasPrefix(m.fs, "fuse")
}
