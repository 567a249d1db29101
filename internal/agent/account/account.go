// Package account names users. A uid means what the passwd file of the
// process's own root says, which in a container is not the host's.
package account

import (
	"bufio"
	"container/list"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"baize/internal/agent/procfs"
)

const (
	// maxFile bounds a passwd file, in bytes; what is behind it is not read.
	maxFile = 1 << 20
	// maxUsers bounds the names kept of one file.
	maxUsers = 4096
	// maxTables bounds the mount namespaces remembered; the least recently
	// used one goes.
	maxTables = 256
	// recheck is how often a file's modification time is compared.
	recheck = 2 * time.Second
)

// Names finds user names. It is for one goroutine.
type Names struct {
	proc   procfs.FS
	tables map[uint32]*list.Element
	order  *list.List // of *table, most recently used first
}

// table is the passwd file of one mount namespace.
type table struct {
	mountNS  uint32
	checked  time.Time
	modified time.Time
	names    map[uint32]string
}

// New returns an empty Names.
func New(proc procfs.FS) *Names {
	return &Names{proc: proc, tables: map[uint32]*list.Element{}, order: list.New()}
}

// Name is the name of uid for a process of a mount namespace, "" where its
// passwd file cannot be read or has none.
func (n *Names) Name(now time.Time, pid, mountNS, uid uint32) string {
	t := n.table(mountNS)
	if t.checked.IsZero() || now.Sub(t.checked) >= recheck {
		n.refresh(t, now, pid)
	}
	return t.names[uid]
}

func (n *Names) table(mountNS uint32) *table {
	if e := n.tables[mountNS]; e != nil {
		n.order.MoveToFront(e)
		return e.Value.(*table)
	}
	if n.order.Len() >= maxTables {
		last := n.order.Back()
		delete(n.tables, last.Value.(*table).mountNS)
		n.order.Remove(last)
	}
	t := &table{mountNS: mountNS}
	n.tables[mountNS] = n.order.PushFront(t)
	return t
}

// refresh reads the file again if it changed. A process that is gone leaves
// the table as it was, to be read through the next one.
func (n *Names) refresh(t *table, now time.Time, pid uint32) {
	f, err := n.proc.OpenIn(pid, "/etc/passwd")
	if err != nil {
		return
	}
	defer f.Close()
	t.checked = now
	info, err := f.Stat()
	if err != nil || t.names != nil && info.ModTime().Equal(t.modified) {
		return
	}
	t.modified, t.names = info.ModTime(), parse(f)
}

func parse(f *os.File) map[uint32]string {
	names := map[uint32]string{}
	lines := bufio.NewScanner(io.LimitReader(f, maxFile))
	for lines.Scan() && len(names) < maxUsers {
		fields := strings.SplitN(lines.Text(), ":", 4)
		if len(fields) < 4 || fields[0] == "" {
			continue
		}
		uid, err := strconv.ParseUint(fields[2], 10, 32)
		if _, taken := names[uint32(uid)]; err != nil || taken {
			continue // the first line of a uid names it, as getpwuid does
		}
		names[uint32(uid)] = fields[0]
	}
	return names
}
