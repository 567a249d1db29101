package procfs

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
)

// tcpListen is TCP_LISTEN as /proc/net/tcp prints it.
const tcpListen = "0A"

// Listeners returns the processes that hold a listening TCP socket in their
// own network namespace. It walks every descriptor of every process once.
func (fs FS) Listeners(pids []uint32) map[uint32]bool {
	listening := map[string]map[string]bool{} // by network namespace: "socket:[inode]"
	servers := map[uint32]bool{}
	for _, pid := range pids {
		ns, err := os.Readlink(fs.path(pid, "ns/net"))
		if err != nil {
			continue
		}
		if listening[ns] == nil {
			listening[ns] = fs.listeningSockets(pid)
		}
		if len(listening[ns]) > 0 && fs.holds(pid, listening[ns]) {
			servers[pid] = true
		}
	}
	return servers
}

func (fs FS) listeningSockets(pid uint32) map[string]bool {
	sockets := map[string]bool{}
	for _, name := range []string{"net/tcp", "net/tcp6"} {
		f, err := os.Open(fs.path(pid, name))
		if err != nil {
			continue
		}
		parseListening(f, sockets, "")
		_ = f.Close()
	}
	return sockets
}

// parseListening adds "socket:[INODE]" for each listening line of /proc/net/tcp
// whose local address ends in port.
func parseListening(r io.Reader, sockets map[string]bool, port string) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) > 9 && fields[3] == tcpListen && strings.HasSuffix(fields[1], port) {
			sockets["socket:["+fields[9]+"]"] = true
		}
	}
}

// maxFds bounds the descriptors looked at per process.
const maxFds = 4096

func (fs FS) holds(pid uint32, sockets map[string]bool) bool {
	dir, err := os.Open(fs.path(pid, "fd"))
	if err != nil {
		return false
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(maxFds)
	for _, name := range names {
		if link, err := os.Readlink(fs.path(pid, "fd/"+name)); err == nil && sockets[link] {
			return true
		}
	}
	return false
}

// PIDs lists the processes of the mount.
func (fs FS) PIDs() ([]uint32, error) {
	root := fs.Root
	if root == "" {
		root = "/proc"
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	var pids []uint32
	for _, entry := range entries {
		if pid, err := strconv.ParseUint(entry.Name(), 10, 32); err == nil {
			pids = append(pids, uint32(pid))
		}
	}
	return pids, nil
}
